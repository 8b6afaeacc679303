#include "format/username.h"
#include "storage/alias_store_private.h"
#include "storage/journal_cursor.h"

#include <string.h>

static void add_name(struct string_list *names, struct arena *arena,
	const struct journal_event *event)
{
	if (strcmp(event->from, event->to) != 0)
		string_list_add(names, arena, event->username);
}

static bool names_an_entry(const struct journal_event *event)
{
	return strcmp(event->from, event->to) == 0 || username_is_valid(event->username);
}

static void drop_twins(struct string_list *names)
{
	size_t kept = 0;

	string_list_sort(names);
	for (size_t i = 0; i < names->count; i++) {
		if (kept == 0 || strcmp(names->items[kept - 1], names->items[i]) != 0)
			names->items[kept++] = names->items[i];
	}
	names->count = kept;
}

/*
 * Backwards, line by line, each held against the hash that its successor names. What was taken back
 * by an abort names entries that did not change, which does no harm: the caller looks at each.
 */
bool alias_store_changed_since(const struct alias_store *store, int64_t generation,
	const char *digest, size_t limit, struct arena *arena, struct string_list *ret_names)
{
	struct journal_cursor cursor cleanup_journal_cursor = JOURNAL_CURSOR_INIT;
	struct string_list names = STRING_LIST_INIT;
	struct error ignored;

	if (store->reshaped || !journal_cursor_open(&cursor, &store->journal, &ignored))
		return false;
	for (size_t i = 0; i <= limit; i++) {
		struct arena scratch cleanup_arena = ARENA_INIT;
		struct journal_event event;

		if (journal_cursor_previous(&cursor, &scratch, &event, &ignored) != LOOKUP_FOUND)
			return false;
		if (event.generation == generation && strcmp(event.to, digest) == 0) {
			drop_twins(&names);
			*ret_names = names;
			return true;
		}
		if (event.generation < generation || !names_an_entry(&event))
			return false;
		add_name(&names, arena, &event);
	}
	return false;
}
