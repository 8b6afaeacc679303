/*
 * Passwords from people and scripts: typed twice at the terminal, or one line of standard input. Never from arguments or the environment.
 */
#ifndef POSTIGO_CLI_PASSWORD_INPUT_H
#define POSTIGO_CLI_PASSWORD_INPUT_H

#include "base/error.h"
#include "base/secret.h"

/*
 * Reads one line from standard input, without its line end; what comes behind it is not read. Fails with config (standard input is a terminal), usage (too long) or filesystem.
 * An empty line gives an empty secret.
 */
must_check bool password_read_line(struct secret *ret_password, struct error *err);

/* Asks at the terminal until the same is typed twice, three times at most. Fails with usage (no terminal, never the same) or interrupted. */
must_check bool password_ask(struct secret *ret_password, struct error *err);

#define PASSWORD_GENERATED_GROUPS 4
#define PASSWORD_GENERATED_BYTES 20 /* random bytes that password_spell() wants */

/* Spells random bytes as a password of a hundred bits that can be read aloud: four groups of five letters and digits. */
void password_spell(const unsigned char random[PASSWORD_GENERATED_BYTES], struct secret *ret_password);

#endif
