#include "service/map_rows.h"

#include "base/message.h"
#include "format/email_address.h"
#include "format/postfix_map.h"
#include "format/printable.h"
#include "format/username.h"
#include "system/mapped_memory.h"

#include <string.h>

#define ROWS_A_CLEARING 64 /* entries that may use the arena before it is emptied */
#define COPIED_AT_ONCE ((size_t)4 << 20) /* bytes */
#define ROW_DESTINATIONS (ALIAS_DESTINATIONS_MAX + 1)

struct row_writer {
	const struct map_rows *rows;
	struct arena arena;
	struct strbuf line;
	struct strbuf previous; /* key */
	struct span domain;
	size_t number; /* of the row, among those that are rendered */
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
			map_rails_note_self(writer->rows->rails, writer->number);
			return;
		}
	}
}

/* The row of an entry, checked, in writer->line. */
static bool render_row(struct row_writer *writer, const struct alias_line *entry, size_t *ret_key,
	struct error *err)
{
	struct span destinations[ROW_DESTINATIONS];
	const struct postfix_map_row row = {
		.key = entry->alias,
		.destinations = destinations,
		.count = copy_destinations(writer, entry, destinations),
		/* Reading the entry has checked each of them, in whatever form it was. */
		.addresses = true,
	};
	const char *fault;

	if (!check_key(writer, entry, err))
		return false;
	if (!postfix_map_spans_check(&row, &fault))
		return refuse_entry(writer, entry, fault, err);
	if (!entry->keep_copy)
		note_self(writer, entry);
	writer->number++;
	strbuf_reset(&writer->previous);
	strbuf_append(&writer->previous, row.key.bytes, row.key.length);
	strbuf_reset(&writer->line);
	postfix_map_spans_append(&writer->line, &row);
	*ret_key = row.key.length;
	return true;
}

static bool write_row(struct row_writer *writer, const struct alias_line *entry, struct error *err)
{
	struct strbuf *line = &writer->line;
	size_t key = 0;

	if (!render_row(writer, entry, &key, err))
		return false;
	map_walk_row(writer->rows->walk, line->text, key, line->length);
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

/* ---------------------------------------------------------------- few rows of many */

/* The live text with what is to be done to it. */
struct splicing {
	struct row_writer writer;
	struct map_splice *splice;
	struct span text;
	size_t done; /* bytes of it that were decided upon */
	bool fit;
};

#define cleanup_splicing __attribute__((cleanup(splicing_close)))

static void splicing_close(struct splicing *splicing)
{
	row_writer_close(&splicing->writer);
}

static size_t line_start(struct span text, size_t low, size_t offset)
{
	const char *newline = memrchr(text.bytes + low, '\n', offset - low);

	return newline ? (size_t)(newline - text.bytes) + 1 : low;
}

static size_t line_length(struct span text, size_t offset)
{
	const char *newline = offset < text.length
				      ? memchr(text.bytes + offset, '\n', text.length - offset)
				      : NULL;

	return newline ? (size_t)(newline - text.bytes) + 1 - offset : text.length - offset;
}

static int compare_line(struct span text, size_t offset, struct span key)
{
	const char *line = text.bytes + offset;
	size_t length = line_length(text, offset);
	const char *tab = memchr(line, '\t', length);

	return postfix_map_compare_bytes(line, tab ? (size_t)(tab - line) : length, key.bytes,
		key.length);
}

/* Where the row of `key` stands, or would. */
static size_t find_line(const struct splicing *splicing, struct span key)
{
	struct span text = splicing->text;
	size_t low = splicing->done;
	size_t high = text.length;

	while (low < high) {
		size_t line = line_start(text, low, low + (high - low) / 2);

		if (compare_line(text, line, key) < 0)
			low = line + line_length(text, line);
		else
			high = line;
	}
	return low;
}

/* Another alias of ours behind this one: whether it exists, and where it leads, is not for this row alone. */
static bool leads_within(const struct splicing *splicing, const struct alias_line *entry)
{
	struct span domain = splicing->writer.domain;

	for (size_t i = 0; i < entry->destination_count; i++) {
		struct span address = entry->destinations[i];
		const char *tail = address.bytes + address.length - domain.length;

		if (address.length > domain.length && tail[-1] == '@' &&
			strncasecmp(tail, domain.bytes, domain.length) == 0)
			return true;
	}
	return false;
}

static bool plan_row(struct splicing *splicing, const struct alias_line *entry, size_t offset,
	size_t replaced, struct error *err)
{
	struct row_writer *writer = &splicing->writer;
	struct map_splice *splice = splicing->splice;
	struct map_walk *walk = writer->rows->walk;
	const struct strbuf *line = &writer->line;
	size_t key = 0;

	if (!render_row(writer, entry, &key, err))
		return false;
	splicing->done = offset + replaced;
	map_walk_seek(walk, offset);
	map_walk_row(walk, line->text, key, line->length);
	strbuf_append(splice->changed, line->text, line->length);
	splice->patches[splice->patch_count++] =
		(struct map_patch){.offset = offset, .replaced = replaced, .added = line->length};
	return true;
}

static bool plan_name(struct splicing *splicing, const char *name, struct error *err)
{
	struct row_writer *writer = &splicing->writer;
	struct arena *arena = &writer->arena;
	const char *key = arena_printf(arena, "%s@%s", name, writer->rows->store->domain);
	size_t offset = find_line(splicing, span_of(key));
	size_t replaced = 0;
	struct alias_entry found;
	struct alias_line entry;
	enum lookup_result result =
		alias_store_find(writer->rows->store, name, arena, &found, err);
	bool active;

	if (result == LOOKUP_FAILED)
		return false;
	if (offset < splicing->text.length &&
		compare_line(splicing->text, offset, span_of(key)) == 0)
		replaced = line_length(splicing->text, offset);
	active = result == LOOKUP_FOUND && found.status == ALIAS_ACTIVE;
	if (!active) {
		splicing->fit = splicing->fit && replaced == 0;
		return true;
	}
	entry = alias_line_of(&found);
	splicing->fit = splicing->fit && !leads_within(splicing, &entry);
	return !splicing->fit || plan_row(splicing, &entry, offset, replaced, err);
}

bool map_rows_plan(const struct map_rows *rows, struct map_splice *splice, bool *ret_fit,
	struct error *err)
{
	struct splicing splicing cleanup_splicing = {
		.writer = {.rows = rows, .domain = span_of(rows->store->domain)},
		.splice = splice,
		.text = {rows->walk->bytes, rows->walk->length},
		/* The stage has put its own head already. */
		.done = rows->stage->head,
		.fit = true,
	};

	for (size_t i = 0; i < splice->names->count && splicing.fit; i++) {
		if (!plan_name(&splicing, splice->names->items[i], err))
			return false;
	}
	map_walk_leave(rows->walk, splice->live);
	rows->stage->rows = splice->live + rows->walk->added;
	*ret_fit = splicing.fit;
	return true;
}

/* Piece by piece, for a million rows must not be resident at once. */
static bool copy_text(const struct map_rows *rows, size_t from, size_t to, struct error *err)
{
	while (from < to) {
		size_t left = to - from;
		const struct span piece = {rows->walk->bytes + from,
			left < COPIED_AT_ONCE ? left : COPIED_AT_ONCE};

		if (!map_stage_copy(rows->stage, piece, err))
			return false;
		mapped_memory_release(piece.bytes, piece.bytes + piece.length);
		from += piece.length;
	}
	return true;
}

bool map_rows_splice(const struct map_rows *rows, const struct map_splice *splice, struct error *err)
{
	const char *changed = strbuf_text(splice->changed);
	size_t copied = rows->stage->head;

	for (size_t i = 0; i < splice->patch_count; i++) {
		const struct map_patch *patch = &splice->patches[i];

		if (!copy_text(rows, copied, patch->offset, err) ||
			!map_stage_copy(rows->stage, (struct span){changed, patch->added}, err))
			return false;
		changed += patch->added;
		copied = patch->offset + patch->replaced;
	}
	return copy_text(rows, copied, rows->walk->length, err);
}
