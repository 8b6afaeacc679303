/*
 * Aliases from JSON: the array that `member export --format json` prints, and the store of runv (an
 * object username → entry).
 *
 * Both are walked item by item, so that each has its line and memory stays flat. The bytes may be
 * hostile.
 */
#ifndef POSTIGO_FORMAT_ALIAS_IMPORT_JSON_H
#define POSTIGO_FORMAT_ALIAS_IMPORT_JSON_H

#include "base/source_text.h"
#include "format/import_rows.h"

/* Adds the aliases of an exported array to `rows`; only user and destinations must be there. */
void alias_import_json_read(const struct source_text *source, struct arena *arena,
	struct import_rows *rows);

/* Adds the entries of runv's store to `rows`, with their times, status and approver. Members that
 * runv does not write are left alone. */
void alias_import_runv_read(const struct source_text *source, struct arena *arena,
	struct import_rows *rows);

#endif
