/* Times as RFC 3339 texts in UTC, "2026-05-19T23:55:18Z", without the C library's time zones (links into postigo-drop). */
#ifndef POSTIGO_FORMAT_TIMESTAMP_H
#define POSTIGO_FORMAT_TIMESTAMP_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define TIMESTAMP_LENGTH 20 /* bytes without the terminator */

/* Writes `seconds` since the epoch into `ret_text`. Years 1970 to 9999; what lies outside is clamped. */
void timestamp_format(int64_t seconds, char ret_text[TIMESTAMP_LENGTH + 1]);

/* Parses exactly the form above. False for anything else, including impossible dates. */
must_check bool timestamp_parse(const char *text, int64_t *ret_seconds);

#endif
