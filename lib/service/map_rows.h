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
 * Writes the row of every active entry to the stage; with keep_copy the alias itself is its last destination, where Postfix's expansion ends. Every entry and
 * every row is checked again, whatever the store says. Fails with database or filesystem.
 */
must_check bool map_rows_write(const struct map_rows *rows, struct error *err);

/* One place of the live text that becomes different. */
struct map_patch {
	size_t offset;	 /* in the live text */
	size_t replaced; /* bytes of it that go */
	size_t added;	 /* bytes of map_splice.changed that come in their place */
};

/* Rows that differ from the live text in few places. */
struct map_splice {
	const struct string_list *names; /* usernames whose entries may have changed, sorted */
	int64_t live;	      /* rows of the live text, beside which the walk was opened */
	struct strbuf *changed; /* takes the rows that are new or different, without the others */
	struct map_patch *patches; /* room for one a name; ascending */
	size_t patch_count;
};

/*
 * Finds out by the entries of `names` alone what map_rows_write() would write differently from the live text, which must be ours; the walk and the stage know then how
 * many rows there will be. *ret_fit is false when that is not enough: a row goes, or one forwards to another alias of ours, so that rows change their meaning that
 * are not named. Fails as map_rows_write().
 */
must_check bool map_rows_plan(const struct map_rows *rows, struct map_splice *splice, bool *ret_fit,
	struct error *err);

/* Writes what was planned. Fails with filesystem. */
must_check bool map_rows_splice(const struct map_rows *rows, const struct map_splice *splice, struct error *err);

/* Completes the destinations of an entry to those of its row: with keep_copy the alias itself comes last. */
void map_row_complete(struct alias_entry *entry, struct arena *arena);

#endif
