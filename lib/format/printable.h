/*
 * The one way by which text that somebody else wrote reaches a terminal or a log.
 *
 * Control bytes, invalid UTF-8, C1, bidirectional and zero-width characters, line separators, private and unassigned code points come
 * out as \xNN or \u{NNNN}; a backslash comes out doubled. Everything else is kept.
 */
#ifndef POSTIGO_FORMAT_PRINTABLE_H
#define POSTIGO_FORMAT_PRINTABLE_H

#include "base/arena.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

/* Adds `text` in printable form. */
void printable_append(struct strbuf *buffer, const char *text, size_t length);

/* Returns `text` in printable form, in the arena. */
const char *printable_text(const char *text, struct arena *arena) must_check;

/* Whether `text` is UTF-8 and would come out unchanged, backslashes apart: the rule for notes and reasons. */
bool printable_is_clean(const char *text);

/* Whether the code point may stand on a terminal as it is. */
bool printable_code_point(uint32_t code_point);

#endif
