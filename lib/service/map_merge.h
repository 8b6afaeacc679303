/* Two texts of rows side by side: what is only in the first, only in the second, or in both with another value. */
#ifndef POSTIGO_SERVICE_MAP_MERGE_H
#define POSTIGO_SERVICE_MAP_MERGE_H

#include "service/map_text.h"

enum map_merge_kind {
	MAP_ROW_SAME,
	MAP_ROW_ADDED,
	MAP_ROW_CHANGED,
	MAP_ROW_REMOVED,
};

struct map_merge_row {
	enum map_merge_kind kind;
	struct span key;
	struct span before; /* of no bytes where there is none */
	struct span after;
	size_t wanted; /* number of the row in the second text; none for a removed one */
};

struct map_merge {
	const struct map_text *live;
	const struct map_text *wanted;
	size_t live_row;
	size_t wanted_row;
};

/* Takes the next row of either, in ascending order. False at the end of both. */
bool map_merge_next(struct map_merge *merge, struct map_merge_row *ret_row);

#endif
