/*
 * Keeps passwords out of what is shown of other programs' settings and complaints.
 *
 * Meant to hide too much rather than too little: what follows a name that announces a secret is
 * hidden whole, also where it is harmless.
 */
#ifndef POSTIGO_FORMAT_SECRET_MASK_H
#define POSTIGO_FORMAT_SECRET_MASK_H

#include "base/arena.h"

#include <stdbool.h>

#define SECRET_MASK "***"

/* Whether a setting of this name may hold a secret: "password", "api_token", "ssl_key". */
bool secret_mask_names(const char *name);

/*
 * The value of setting `name` as it may be shown, in the arena. A name that announces a secret
 * shows only the places of files ("hash:/etc/postfix/sasl_passwd"); in other values the passwords
 * of URLs and milters and what stands behind "password=" are hidden, and the content of inline: and
 * static: tables.
 */
const char *secret_mask_value(const char *name, const char *value, struct arena *arena) must_check;

/* A sentence of another program as it may be shown, in the arena: nothing in double quotes, nothing
 * behind a word that announces a secret on the same line. */
const char *secret_mask_text(const char *text, struct arena *arena) must_check;

#endif
