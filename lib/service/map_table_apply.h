/* Makes the rows of ours in a table the wanted ones: one transaction, of statements for many rows each. */
#ifndef POSTIGO_SERVICE_MAP_TABLE_APPLY_H
#define POSTIGO_SERVICE_MAP_TABLE_APPLY_H

#include "service/map_table.h"

struct map_table_apply {
	struct map_table *table;
	struct map_table_mark before; /* the mark when `live` was read */
	const struct map_text *live;
	const struct map_text *wanted;
	int64_t missing;
	const struct string_list *released; /* keys that are to be ours no more */
	struct map_table_stamp stamp;
	const char *digest; /* of the wanted text, for the mark */
	bool stale;	    /* set when the table is not any more as `live` has it: look again */
};

/*
 * Locks the mark and each row that is to change, sees that they are what they were, changes them, reads them back, and commits. Nothing is changed after a failure,
 * except where sql_commit() says so. Fails with deadlock, database, or what a row is refused with; and with `stale` set when somebody was faster.
 */
must_check bool map_table_apply(struct map_table_apply *apply, struct error *err);

#endif
