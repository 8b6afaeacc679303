/* From the store's entries to the rows of a map: rows = f(store, configuration), streamed in flat memory. */
#ifndef POSTIGO_SERVICE_MAP_ROWS_H
#define POSTIGO_SERVICE_MAP_ROWS_H

#include "base/error.h"
#include "format/settings.h"
#include "service/map_rails.h"
#include "service/map_stage.h"
#include "service/map_walk.h"
#include "storage/alias_store.h"

struct map_rows {
	const struct alias_store *store;
	const struct settings *settings;
	struct map_stage *stage; /* takes the text */
	struct map_walk *walk;	 /* runs beside it */
	struct map_rails *rails; /* learns of keys that must not be */
};

/*
 * Writes the row of every active entry to the stage; with keep_copy the alias itself is its last destination, where Postfix's expansion ends. Every row is checked
 * again, whatever the store says. Fails with database or filesystem.
 */
must_check bool map_rows_write(const struct map_rows *rows, struct error *err);

/* Rows that differ from the live text in few places. */
struct map_splice {
	const struct string_list *names; /* usernames whose entries may have changed, sorted */
	int64_t live;	      /* rows of the live text, beside which the walk was opened */
	struct strbuf *changed; /* takes the rows that are new or different, without the others */
};

/*
 * Writes the same text as map_rows_write() from the live one, which must be ours, by looking only at the entries of `names`. *ret_fit is false when that is not enough: a
 * row goes, or one forwards to another alias of ours, so that rows change their meaning that are not named; the stage is not to be used then. Fails as
 * map_rows_write().
 */
must_check bool map_rows_splice(const struct map_rows *rows, const struct map_splice *splice, bool *ret_fit,
	struct error *err);

/* Completes the destinations of an entry to those of its row: with keep_copy the alias itself comes last. */
void map_row_complete(struct alias_entry *entry, struct arena *arena);

#endif
