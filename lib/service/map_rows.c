#include "service/map_rows.h"

#include "base/message.h"
#include "format/email_address.h"
#include "format/postfix_map.h"
#include "format/printable.h"

#include <string.h>

#define ROWS_A_CLEARING 64 /* entries parsed into the arena before it is emptied */

struct row_writer {
	const struct map_rows *rows;
	struct arena arena;
	struct strbuf line;
	struct strbuf previous; /* key */
};

#define cleanup_row_writer __attribute__((cleanup(row_writer_close)))

static void row_writer_close(struct row_writer *writer)
{
	arena_clear(&writer->arena);
	strbuf_clear(&writer->line);
	strbuf_clear(&writer->previous);
}

static bool refuse_entry(struct row_writer *writer, const struct alias_entry *entry,
	const char *fault, struct error *err)
{
	error_set(err, ERROR_DATABASE, _("the entry of %s cannot stand in a map"),
		printable_text(entry->username, &writer->arena));
	return error_why(err, "%s", fault);
}

static bool check_key(struct row_writer *writer, const struct alias_entry *entry, struct error *err)
{
	const char *at = strchr(entry->alias, '@');
	const char *previous = strbuf_text(&writer->previous);

	if (!at || at == entry->alias) {
		map_rails_hit(writer->rows->rails, RAIL_BARE_KEY, entry->alias,
			_("a key must have a local part and a domain"));
		return true;
	}
	if (strcmp(at + 1, writer->rows->store->domain) != 0)
		return refuse_entry(writer, entry, _("its alias is not of the store's domain"),
			err);
	if (*previous && postfix_map_compare(previous, entry->alias) >= 0)
		return refuse_entry(writer, entry, _("its alias is not in order, or there twice"),
			err);
	if (settings_reserve_name(writer->rows->settings, entry->username))
		map_rails_hit(writer->rows->rails, RAIL_RESERVED, entry->alias,
			_("the name belongs to the server"));
	return true;
}

void map_row_complete(struct alias_entry *entry, struct arena *arena)
{
	if (!entry->keep_copy)
		return;
	for (size_t i = 0; i < entry->destinations.count; i++) {
		if (email_address_equal(entry->destinations.items[i], entry->alias))
			return;
	}
	string_list_add(&entry->destinations, arena, entry->alias);
}

static bool write_row(struct row_writer *writer, struct alias_entry *entry, struct error *err)
{
	const char *fault;
	size_t key_length = strlen(entry->alias);

	if (!check_key(writer, entry, err))
		return false;
	map_row_complete(entry, &writer->arena);
	if (!postfix_map_row_check(entry->alias, &entry->destinations, &fault))
		return refuse_entry(writer, entry, fault, err);
	strbuf_reset(&writer->previous);
	strbuf_append(&writer->previous, entry->alias, key_length);
	strbuf_reset(&writer->line);
	postfix_map_row_append(&writer->line, entry->alias, &entry->destinations);
	map_walk_row(writer->rows->walk, strbuf_text(&writer->line), key_length,
		writer->line.length);
	return map_stage_add(writer->rows->stage, strbuf_text(&writer->line), writer->line.length,
		err);
}

bool map_rows_write(const struct map_rows *rows, struct error *err)
{
	struct row_writer writer cleanup_row_writer = {.rows = rows};
	struct alias_cursor cursor;

	alias_store_rewind(rows->store, &cursor);
	for (size_t number = 1;; number++) {
		struct alias_entry entry;
		enum lookup_result result = alias_store_next(&cursor, &writer.arena, &entry, err);

		if (result == LOOKUP_FAILED)
			return false;
		if (result == LOOKUP_NOT_FOUND)
			break;
		if (entry.status == ALIAS_ACTIVE && !write_row(&writer, &entry, err))
			return false;
		if (number % ROWS_A_CLEARING == 0)
			arena_clear(&writer.arena);
	}
	map_walk_end(rows->walk);
	return true;
}
