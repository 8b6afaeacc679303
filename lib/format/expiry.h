/* When something ends, as people write it: a moment, a day, or a time from now. */
#ifndef POSTIGO_FORMAT_EXPIRY_H
#define POSTIGO_FORMAT_EXPIRY_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Parses "2027-01-31T12:00:00Z", "2027-01-31" (the last second of that day, UTC) or a duration with its unit such as "30d" (from `now` on) into seconds since
 * the epoch. False for anything else, and for what lies beyond the year 9999. Does not ask whether the moment is over.
 */
must_check bool expiry_parse(const char *text, int64_t now, int64_t *ret_seconds);

#endif
