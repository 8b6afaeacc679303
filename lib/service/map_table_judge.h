/* The rows of ours that are live in a table, and which of the wanted ones may not take their place: they are not ours, or not as we wrote them. */
#ifndef POSTIGO_SERVICE_MAP_TABLE_JUDGE_H
#define POSTIGO_SERVICE_MAP_TABLE_JUDGE_H

#include "service/map_draft.h"
#include "service/map_table.h"

struct map_live_rows {
	struct map_text text;
	int fd; /* the same in a file of memory */
	char *bytes;
	size_t length;
	int64_t missing; /* rows of ours that somebody has removed */
	struct string_list released; /* keys that are to be ours no more */
};

#define MAP_LIVE_ROWS_INIT {.fd = -1}

/* Reads them. Fails with database or filesystem. */
must_check bool map_live_rows_read(struct map_live_rows *live, struct map_table *table, struct error *err);

/* Frees what read has made. */
void map_live_rows_close(struct map_live_rows *live);

/* As a walk takes them. */
struct map_live_text map_live_rows_text(const struct map_live_rows *live);

struct map_table_judge {
	struct map_table *table;
	struct map_live_rows *live;
	struct map_verdicts *verdicts;
	const char *on_drift; /* refuse, overwrite, release */
};

/*
 * Refuses wanted rows whose key has a row of somebody else, or one of ours that somebody has changed. Rows of ours that are not wanted any more but were changed are
 * taken out of `live`, so that nobody removes them. Fails with database or filesystem.
 */
must_check bool map_table_judge(const struct map_table_judge *judge, struct error *err);

#endif
