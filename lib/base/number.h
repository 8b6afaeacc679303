/* Numbers from texts: the whole text or nothing. No other code of the house parses a number. */
#ifndef POSTIGO_BASE_NUMBER_H
#define POSTIGO_BASE_NUMBER_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

/* Parses decimal digits with an optional '-' into an int64. False for blanks, '+', "-0", leading zeros and overflow. */
must_check bool parse_int64(const char *text, int64_t *ret_value);

/* Parses an unsigned 32-bit decimal without sign or leading zeros: a uid or gid below (uint32_t)-1. */
must_check bool parse_id(const char *text, uint32_t *ret_value);

/* Parses a file mode such as "0640", "640" or "0o640" (octal) up to 07777. */
must_check bool parse_octal_mode(const char *text, unsigned *ret_mode);

/*
 * Parses a duration such as "30", "90s", "10m", "12h", "30d" or "2y" (365 days) into seconds.
 * False for signs, blanks, fractions and values above INT64_MAX.
 */
must_check bool parse_duration(const char *text, int64_t *ret_seconds);

#endif
