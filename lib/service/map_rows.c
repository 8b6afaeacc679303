#include "service/map_rows.h"

#include "base/message.h"
#include "format/email_address.h"
#include "format/postfix_map.h"
#include "format/printable.h"
#include "format/username.h"

#include <string.h>

#define ROWS_A_CLEARING 64 /* entries that may use the arena before it is emptied */
#define ROW_DESTINATIONS (ALIAS_DESTINATIONS_MAX + 1)

struct row_writer {
	const struct map_rows *rows;
	struct arena arena;
	struct strbuf line;
	struct strbuf previous; /* key */
	struct span domain;
};

#define cleanup_row_writer __attribute__((cleanup(row_writer_close)))

static void row_writer_close(struct row_writer *writer)
{
	arena_clear(&writer->arena);
	strbuf_clear(&writer->line);
	strbuf_clear(&writer->previous);
}

static const char *text_of(struct row_writer *writer, struct span text)
{
	return arena_strndup(&writer->arena, text.bytes, text.length);
}

static bool refuse_entry(struct row_writer *writer, const struct alias_line *entry,
	const char *fault, struct error *err)
{
	error_set(err, ERROR_DATABASE, _("the entry of %s cannot stand in a map"),
		printable_text(text_of(writer, entry->username), &writer->arena));
	return error_why(err, "%s", fault);
}

static bool is_reserved(const struct row_writer *writer, struct span username)
{
	char name[USERNAME_MAX + 1];

	if (username.length > USERNAME_MAX)
		return false;
	memcpy(name, username.bytes, username.length);
	name[username.length] = '\0';
	return settings_reserve_name(writer->rows->settings, name);
}

static bool check_key(struct row_writer *writer, const struct alias_line *entry, struct error *err)
{
	struct span key = entry->alias;
	const struct strbuf *previous = &writer->previous;
	const char *at = memchr(key.bytes, '@', key.length);
	size_t local = at ? (size_t)(at - key.bytes) : 0;

	if (local == 0) {
		map_rails_hit(writer->rows->rails, RAIL_BARE_KEY, text_of(writer, key),
			_("a key must have a local part and a domain"));
		return true;
	}
	if (!span_equal((struct span){at + 1, key.length - local - 1}, writer->domain))
		return refuse_entry(writer, entry, _("its alias is not of the store's domain"),
			err);
	if (previous->length > 0 && postfix_map_compare_bytes(previous->text, previous->length,
					    key.bytes, key.length) >= 0)
		return refuse_entry(writer, entry, _("its alias is not in order, or there twice"),
			err);
	if (is_reserved(writer, entry->username))
		map_rails_hit(writer->rows->rails, RAIL_RESERVED, text_of(writer, key),
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

static size_t copy_destinations(struct row_writer *writer, const struct alias_line *entry,
	struct span destinations[ROW_DESTINATIONS])
{
	bool kept = !entry->keep_copy;

	for (size_t i = 0; i < entry->destination_count; i++) {
		destinations[i] = entry->destinations[i];
		kept = kept || email_address_equal(text_of(writer, destinations[i]),
				       text_of(writer, entry->alias));
	}
	if (kept)
		return entry->destination_count;
	destinations[entry->destination_count] = entry->alias;
	return entry->destination_count + 1;
}

/* In the text it would look like a copy that is kept. */
static void note_self(struct row_writer *writer, const struct alias_line *entry)
{
	struct span alias = entry->alias;

	for (size_t i = 0; i < entry->destination_count; i++) {
		struct span destination = entry->destinations[i];

		if (destination.length == alias.length &&
			strncasecmp(destination.bytes, alias.bytes, alias.length) == 0) {
			map_rails_note_self(writer->rows->rails, (size_t)writer->rows->stage->rows);
			return;
		}
	}
}

static bool write_row(struct row_writer *writer, const struct alias_line *entry, struct error *err)
{
	struct span destinations[ROW_DESTINATIONS];
	const struct postfix_map_row row = {
		.key = entry->alias,
		.destinations = destinations,
		.count = copy_destinations(writer, entry, destinations),
	};
	struct strbuf *line = &writer->line;
	const char *fault;

	if (!check_key(writer, entry, err))
		return false;
	if (!postfix_map_spans_check(&row, &fault))
		return refuse_entry(writer, entry, fault, err);
	if (!entry->keep_copy)
		note_self(writer, entry);
	strbuf_reset(&writer->previous);
	strbuf_append(&writer->previous, row.key.bytes, row.key.length);
	strbuf_reset(line);
	postfix_map_spans_append(line, &row);
	map_walk_row(writer->rows->walk, line->text, row.key.length, line->length);
	return map_stage_add(writer->rows->stage, line->text, line->length, err);
}

bool map_rows_write(const struct map_rows *rows, struct error *err)
{
	struct row_writer writer cleanup_row_writer = {
		.rows = rows,
		.domain = span_of(rows->store->domain),
	};
	struct alias_cursor cursor;

	alias_store_rewind(rows->store, &cursor);
	for (size_t number = 1;; number++) {
		struct alias_line entry;
		enum lookup_result result =
			alias_store_next_line(&cursor, &writer.arena, &entry, err);

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
