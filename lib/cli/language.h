/*
 * The language of texts for people: the environment's, or the server's where the environment names
 * none.
 *
 * Called once before the first text; a second time when the configuration is known. Numbers are
 * always written as in C.
 */
#ifndef POSTIGO_CLI_LANGUAGE_H
#define POSTIGO_CLI_LANGUAGE_H

#include "base/compiler.h"

#include <stdbool.h>

#define LANGUAGE_MAX 5 /* bytes of "pt" or "pt_BR" */

/*
 * Sets locale and catalogue. `server_language` is settings.language: used when the environment's
 * locale is C or POSIX, or is not installed; NULL or "" = none, then texts are English. Changes
 * LANGUAGE in the process's environment.
 */
void language_begin(const char *server_language);

/* Whether the environment says that the terminal shows UTF-8: lines are drawn with it then, with ASCII otherwise. Texts are UTF-8 in any case. */
bool language_draws_in_utf8(void);

/* Writes the language that texts are in as "xx" or "xx_XX"; "" when no such name is known. */
void language_current(char ret_language[LANGUAGE_MAX + 1]);

#endif
