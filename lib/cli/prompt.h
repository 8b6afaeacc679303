/* Questions to the person at the terminal (/dev/tty, never stdin). */
#ifndef POSTIGO_CLI_PROMPT_H
#define POSTIGO_CLI_PROMPT_H

#include "base/error.h"

#include <stdbool.h>

/* Whether there is a terminal to ask on. */
bool prompt_is_possible(void);

/*
 * Asks "question [y/N] " and reads a line. Everything but y or yes (or the translated words) is no, and so is end of input.
 * Fails with usage when there is no terminal.
 */
must_check bool prompt_yes(const char *question, bool *ret_yes, struct error *err);

#endif
