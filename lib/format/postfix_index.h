/*
 * How many rows the index of a Postfix map holds by its own books. Both formats have been fixed for more than ten years; the first bytes of the file suffice, where
 * listing the rows through postmap takes as long as looking all of them up.
 */
#ifndef POSTIGO_FORMAT_POSTFIX_INDEX_H
#define POSTIGO_FORMAT_POSTFIX_INDEX_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POSTFIX_INDEX_HEAD ((size_t)66 << 10) /* bytes that are enough for any index */

/* Counts the rows of a constant database (cdb) from the head of its file. False when it is too short. */
must_check bool cdb_row_count(const unsigned char *head, size_t length, int64_t *ret_rows);

/*
 * Counts the rows of an LMDB file from its head: what the newer of its two meta pages says. False when it is not of data version 1 as a 64-bit little-endian
 * machine writes it; then the rows have to be listed.
 */
must_check bool lmdb_row_count(const unsigned char *head, size_t length, int64_t *ret_rows);

#endif
