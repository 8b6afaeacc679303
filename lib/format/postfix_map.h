/*
 * The text of a Postfix map as we write it: fixed comment lines, then one "key<TAB>value" line a row, strictly ascending.
 *
 * Order: bytewise, except that "@" sorts before every other byte, so that the order of addresses within a domain is that of their local parts and the store can be
 * streamed into the map.
 */
#ifndef POSTIGO_FORMAT_POSTFIX_MAP_H
#define POSTIGO_FORMAT_POSTFIX_MAP_H

#include "base/compiler.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "base/string_list.h"

#include <stdbool.h>
#include <stddef.h>

#define POSTFIX_MAP_LINE_MAX 4096 /* bytes */

/* The comment lines at the top: no date, so equal rows are equal files. Static. */
const char *postfix_map_header(void);

/* Negative, zero or positive as `left` sorts before, with or after `right`. */
int postfix_map_compare(const char *left, const char *right);

/* The same for keys that are not terminated. */
int postfix_map_compare_bytes(const char *left, size_t left_length, const char *right, size_t right_length);

/*
 * Whether a row may stand in a map: lower-case ASCII key of the destination grammar, at least one destination, each by the grammar. The last judge before root writes;
 * whatever the store says. False names the fault (static, untranslated).
 */
must_check bool postfix_map_row_check(const char *key, const struct string_list *destinations, const char **ret_fault);

/* A row that borrows its texts. */
struct postfix_map_row {
	struct span key;
	const struct span *destinations;
	size_t count;
	bool addresses; /* all of them passed email_address_check_span() */
};

/* postfix_map_row_check() of a row in spans; addresses that were checked when the entry was read are not checked twice. */
must_check bool postfix_map_spans_check(const struct postfix_map_row *row, const char **ret_fault);

/* postfix_map_row_append() of a row in spans. */
void postfix_map_spans_append(struct strbuf *buffer, const struct postfix_map_row *row);

/* Adds "key<TAB>d1, d2\n". The row must have passed postfix_map_row_check(). */
void postfix_map_row_append(struct strbuf *buffer, const char *key, const struct string_list *destinations);

/*
 * Reads the row at `text` (up to `length` bytes, starting at a line). The key is the first *ret_key bytes, the value the *ret_value bytes behind the TAB that follows,
 * *ret_line the length of the line with its newline. False at the end or for a line that is not ours (then *ret_line is the line's length, 0 at the end, and the
 * others are untouched). `text` may be anything.
 */
must_check bool postfix_map_row_read(const char *text, size_t length, size_t *ret_key, size_t *ret_value, size_t *ret_line);

#endif
