/*
 * Aliases as a CSV file (RFC 4180, by libcsv), for spreadsheets:
 * user,destinations,expires,note,keep_copy,state.
 *
 * Reading wants a header line with at least user and destinations, in any order; destinations are
 * separated by blanks, an empty expires is never, an empty keep_copy is false, an empty state is
 * active for a new alias and no change for one that is there.
 */
#ifndef POSTIGO_FORMAT_ALIAS_CSV_H
#define POSTIGO_FORMAT_ALIAS_CSV_H

#include "base/source_text.h"
#include "base/strbuf.h"
#include "format/import_rows.h"

/* Adds the rows of the file to `rows`. `now` is what durations in expires begin at. The bytes may
 * be hostile. */
void alias_csv_read(const struct source_text *source, int64_t now, struct arena *arena,
	struct import_rows *rows);

/* Adds the header line. */
void alias_csv_print_header(struct strbuf *buffer);

/* Adds one alias as a line. */
void alias_csv_print(const struct alias_entry *entry, struct strbuf *buffer);

#endif
