/*
 * Sizes of mailboxes: bytes in mailbox.quota and quota2, megabytes in the limits of a domain.
 */
#ifndef POSTIGO_FORMAT_QUOTA_H
#define POSTIGO_FORMAT_QUOTA_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUOTA_TEXT_LENGTH 24	 /* bytes without the terminator */
#define QUOTA_MEGABYTE 1048576	 /* PostfixAdmin's other habit is 1024000 */
#define QUOTA_NONE ((int64_t)-1) /* of a limit: no mailbox may have any */

/* Parses "0" (unlimited), bytes, or a number with B, K, M, G or T (powers of 1024). False for signs, blanks, fractions, "GiB" and what exceeds INT64_MAX. */
must_check bool quota_parse(const char *text, int64_t *ret_bytes);

/* Parses the limit of a domain: as quota_parse(), or "-1". Whole megabytes of `multiplier` bytes come out; what is no multiple is refused. */
must_check bool quota_parse_limit(const char *text, int64_t multiplier, int64_t *ret_megabytes);

/* Writes bytes for people: "5.0G", "1.5K", "512B"; 0 is "0B". */
void quota_format(int64_t bytes, char ret_text[QUOTA_TEXT_LENGTH + 1]);

/* Writes what quota_parse() reads back without loss: "5G", "1536K", "1023". */
void quota_format_exact(int64_t bytes, char ret_text[QUOTA_TEXT_LENGTH + 1]);

/* The bytes of a domain's limit, at most INT64_MAX. 0 and QUOTA_NONE stay what they are. */
int64_t quota_limit_bytes(int64_t megabytes, int64_t multiplier);

/* Used bytes in percent of a quota above 0, rounded down, at most INT64_MAX. */
int64_t quota_percent(int64_t used, int64_t quota);

/* Whether a domain's limit can only be bytes that were written where megabytes belong: nobody gives a mailbox ten terabytes. */
bool quota_limit_is_suspect(int64_t megabytes);

#endif
