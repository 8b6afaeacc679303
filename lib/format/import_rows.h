/*
 * What a file says about aliases, row by row, before anybody judges it: the common form of all
 * files that are imported.
 *
 * A reader (alias_csv, alias_import_json, alias_import_runv, postfix_virtual) collects every fault
 * with its line instead of stopping at the first; texts may be hostile until the rules have passed
 * them.
 */
#ifndef POSTIGO_FORMAT_IMPORT_ROWS_H
#define POSTIGO_FORMAT_IMPORT_ROWS_H

#include "base/arena.h"
#include "format/alias_entry.h"

#define IMPORT_ROWS_MAX 100000
#define IMPORT_FILE_MAX ((size_t)64 << 20) /* bytes */

/* Which optional members of an entry a row gives. */
enum import_given {
	IMPORT_EXPIRES = 1 << 0,
	IMPORT_NOTE = 1 << 1,
	IMPORT_KEEP_COPY = 1 << 2,
	IMPORT_STATUS = 1 << 3,
	IMPORT_UID = 1 << 4,
	IMPORT_ALIAS = 1 << 5,
	IMPORT_CREATED = 1 << 6,
	IMPORT_UPDATED = 1 << 7,
	IMPORT_APPROVED_BY = 1 << 8,
	IMPORT_REQUEST_ID = 1 << 9,
	IMPORT_SOURCE = 1 << 10,
};

struct import_fault {
	const char *field;  /* as the file calls it, or "row" */
	const char *detail; /* a clause; may quote the file: print through printable */
	struct import_fault *next;
};

struct import_row {
	size_t line;    /* from 1 */
	unsigned given; /* of enum import_given */
	struct alias_entry entry; /* what is given, and "" for the other texts */
	struct import_fault *faults;
};

struct import_rows {
	struct import_row *items;
	size_t count;
	size_t capacity;
	bool broken; /* the file could not be read to its end; its last row's fault says where */
	bool full;   /* it has more than IMPORT_ROWS_MAX rows */
};

/* Adds an empty row for `line`; valid until the next is added. NULL when the list is full, which is
 * noted. */
struct import_row *import_rows_add(struct import_rows *rows, struct arena *arena, size_t line);

/* Adds a row that says why the file cannot be read any further. */
void import_rows_break(struct import_rows *rows, struct arena *arena, size_t line,
	const char *detail);

/* Adds a fault at the end of a row's; `field` is kept, `detail` copied. */
void import_row_fault(struct import_row *row, struct arena *arena, const char *field,
	const char *detail);

/* Parses a time of RFC 3339 in UTC, also with a fraction (dropped) or "+00:00" for "Z", as Python
 * writes it. False for anything else. */
must_check bool import_time_parse(const char *text, int64_t *ret_seconds);

#endif
