#include "service/map_merge.h"

#include "format/postfix_map.h"

/* Which of the two is next: negative the live one, positive the wanted one, zero both. */
static int compare_next(const struct map_merge *merge)
{
	struct span live;
	struct span wanted;

	if (merge->live_row == merge->live->rows)
		return 1;
	if (merge->wanted_row == merge->wanted->rows)
		return -1;
	live = map_text_row(merge->live, merge->live_row).key;
	wanted = map_text_row(merge->wanted, merge->wanted_row).key;
	return postfix_map_compare_bytes(live.bytes, live.length, wanted.bytes, wanted.length);
}

bool map_merge_next(struct map_merge *merge, struct map_merge_row *ret_row)
{
	struct map_merge_row row = {.kind = MAP_ROW_SAME};
	int order;

	if (merge->live_row == merge->live->rows && merge->wanted_row == merge->wanted->rows)
		return false;
	order = compare_next(merge);
	if (order <= 0) {
		struct map_text_row live = map_text_row(merge->live, merge->live_row++);

		row.key = live.key;
		row.before = live.value;
	}
	if (order >= 0) {
		struct map_text_row wanted = map_text_row(merge->wanted, merge->wanted_row);

		row.key = wanted.key;
		row.after = wanted.value;
		row.wanted = merge->wanted_row++;
	}
	if (order < 0)
		row.kind = MAP_ROW_REMOVED;
	else if (order > 0)
		row.kind = MAP_ROW_ADDED;
	else if (!span_equal(row.before, row.after))
		row.kind = MAP_ROW_CHANGED;
	*ret_row = row;
	return true;
}
