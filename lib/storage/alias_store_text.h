/*
 * The store's file as text (store format 1), without any file: header, lines, whole.
 *
 * In form, the file is a header line, one line an entry, and "}}"; then it is searched and read
 * line by line. In any other layout it is parsed whole once and rendered in form.
 */
#ifndef POSTIGO_STORAGE_ALIAS_STORE_TEXT_H
#define POSTIGO_STORAGE_ALIAS_STORE_TEXT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "format/alias_entry.h"
#include "format/alias_line.h"

#include <stddef.h>
#include <stdint.h>

#define STORE_FOOTER "}}\n"

struct store_header {
	int64_t generation;
	const char *domain;
	const char *updated; /* timestamp */
	const char *writer;
};

/* A file in form, borrowed. */
struct store_text {
	const char *bytes;
	size_t start; /* of the first entry's line */
	size_t end;   /* of the entries: where the footer starts */
	struct store_header header;
};

/* Adds the header's line with its newline. */
void store_header_print(const struct store_header *header, struct strbuf *buffer);

/*
 * Checks header and footer of a file in form, byte by byte; the entries are not looked at. The
 * header's texts live in `arena`. Fails with database.
 */
must_check bool store_text_open(struct store_text *text, const char *bytes, size_t length,
	struct arena *arena, struct error *err);

/* Offset of the line of `username`, or where it would stand. O(log n). */
size_t store_text_position(const struct store_text *text, const char *username);

/* Length of the line at `offset` with its newline when it is that of `username`, else 0. */
size_t store_text_line(const struct store_text *text, size_t offset, const char *username);

/*
 * Reads the entry at `*offset`, which must be below text->end, and moves on to the next line. Fails
 * with database, naming the line.
 */
must_check bool store_text_entry(const struct store_text *text, size_t *offset,
	struct arena *arena, struct alias_entry *ret_entry, struct error *err);

/*
 * The same in place: the spans are of the text, or of `arena` for a line that is not in canonical
 * form. Fails with database, naming the line.
 */
must_check bool store_text_next(const struct store_text *text, size_t *offset, struct arena *arena,
	struct alias_line *ret_line, struct error *err);

/* Reads every entry and checks their order; flat memory. Fails with database. */
must_check bool store_text_check(const struct store_text *text, struct error *err);

/*
 * Parses a file of any layout whole and adds its rendition in form to `buffer`. Takes a multiple of
 * `length` in memory. Fails with database.
 */
must_check bool store_text_reshape(
	const char *bytes, size_t length, struct strbuf *buffer, struct error *err);

#endif
