#include "service/map_clash.h"

#include "base/message.h"
#include "format/printable.h"
#include "service/map_sync_result.h"

#include <string.h>

#define SHADOWS_NOTED 20
#define LISTED_LEAST 1000 /* rows; fewer are asked for */

/* How a table stands to our map. */
enum clash_side {
	CLASH_BEFORE,  /* earlier in virtual_alias_maps, or ours is not in there at all */
	CLASH_BEHIND,
	CLASH_MAILBOX, /* in virtual_mailbox_maps */
};

struct clash {
	struct map_verdicts *verdicts;
	const char *table;
	enum clash_side side;
	size_t next;
	bool listed; /* the table tells all it has, not only what it was asked for */
	int64_t shadows;
};

static bool next_key(void *context, struct span *ret_key)
{
	struct clash *clash = context;

	if (clash->next == clash->verdicts->text.rows)
		return false;
	map_text_pass(&clash->verdicts->text, clash->next);
	*ret_key = map_text_row(&clash->verdicts->text, clash->next++).key;
	return true;
}

static bool same_addresses(struct span left, struct span right)
{
	struct span one;
	struct span other;

	for (;;) {
		bool more = map_text_next_address(&left, &one);

		if (map_text_next_address(&right, &other) != more)
			return false;
		if (!more)
			return true;
		if (one.length != other.length ||
			strncasecmp(one.bytes, other.bytes, one.length) != 0)
			return false;
	}
}

/* With its own address among the destinations a row leaves the mailbox its mail. */
static bool keeps_copy(struct map_text_row row)
{
	struct span address;

	while (map_text_next_address(&row.value, &address)) {
		if (address.length == row.key.length &&
			strncasecmp(address.bytes, row.key.bytes, address.length) == 0)
			return true;
	}
	return false;
}

static void note_shadow(struct clash *clash, struct span key)
{
	struct map_verdicts *verdicts = clash->verdicts;

	if (++clash->shadows > SHADOWS_NOTED)
		return;
	map_sync_result_note(verdicts->rails->result, verdicts->arena, "shadowed",
		arena_strndup(verdicts->arena, key.bytes, key.length),
		arena_printf(verdicts->arena, _("%s answers first, so that our row does nothing"),
			clash->table));
}

static void refuse(struct clash *clash, size_t number, enum map_rail rail, struct span value)
{
	struct map_verdicts *verdicts = clash->verdicts;
	struct arena *arena = verdicts->arena;
	const char *detail;

	if (!map_rails_lists(verdicts->rails, map_text_row(&verdicts->text, number).key))
		detail = "";
	else if (rail == RAIL_CLASH_ALIAS)
		detail = arena_printf(arena, _("%s has another answer: %s"), clash->table,
			printable_text(arena_strndup(arena, value.bytes, value.length), arena));
	else
		detail = arena_printf(arena, _("%s has a mailbox that would get no mail"),
			clash->table);
	map_verdicts_refuse(verdicts, number, rail, detail);
}

static bool take_answer(void *context, struct span key, struct span value)
{
	struct clash *clash = context;
	struct map_verdicts *verdicts = clash->verdicts;
	struct map_text_row row;
	size_t number;

	if (!map_text_find(&verdicts->text, key, &number))
		return clash->listed;
	row = map_text_row(&verdicts->text, number);
	switch (clash->side) {
	case CLASH_BEFORE:
		note_shadow(clash, key);
		break;
	case CLASH_BEHIND:
		if (!same_addresses(row.value, value))
			refuse(clash, number, RAIL_CLASH_ALIAS, value);
		break;
	case CLASH_MAILBOX:
		if (!keeps_copy(row))
			refuse(clash, number, RAIL_CLASH_MAILBOX, value);
		break;
	}
	return true;
}

static void ask(struct map_verdicts *verdicts, const char *table, enum clash_side side)
{
	struct clash clash = {
		.verdicts = verdicts,
		.table = table,
		.side = side,
		.listed = verdicts->text.rows >= LISTED_LEAST &&
			  postfix_table_is_smaller(table, verdicts->text.length, verdicts->arena),
	};
	const struct postfix_questions questions = {
		.next = next_key,
		.take = take_answer,
		.context = &clash,
		.count = verdicts->text.rows,
	};
	struct error failure;
	bool answered = clash.listed ? postfix_table_list(verdicts->instance, table, &questions,
					       verdicts->arena, &failure)
				     : postfix_table_ask(verdicts->instance, table, &questions,
					       verdicts->arena, &failure);

	if (!answered)
		map_sync_result_note(verdicts->rails->result, verdicts->arena, "unknown-map", table,
			arena_printf(verdicts->arena,
				_("what %s says about our aliases is not known: %s"), table,
				*failure.why ? failure.why : failure.what));
	if (clash.shadows > SHADOWS_NOTED)
		map_sync_result_note(verdicts->rails->result, verdicts->arena, "shadowed", "",
			arena_printf(verdicts->arena, _("%s answers %jd of our keys first"), table,
				(intmax_t)clash.shadows));
}

/* The place of our map in the list; SIZE_MAX when it is not there, and so behind everything. */
static size_t own_place(const struct map_verdicts *verdicts, const struct postfix_tables *tables)
{
	for (size_t i = 0; i < tables->count; i++) {
		if (postfix_table_is_at(&tables->items[i], verdicts->instance->own_map))
			return tables->items[i].place;
	}
	return SIZE_MAX;
}

static void ask_alias_maps(struct map_verdicts *verdicts)
{
	struct postfix_tables tables = {.count = 0};
	size_t own;

	postfix_tables_add(&tables, verdicts->arena, &verdicts->instance->alias_maps,
		verdicts->instance->own_map);
	own = own_place(verdicts, &tables);
	for (size_t i = 0; i < tables.count; i++) {
		const struct postfix_table *table = &tables.items[i];

		if (table->piped || postfix_table_is_at(table, verdicts->instance->own_map))
			continue;
		ask(verdicts, table->name, table->place < own ? CLASH_BEFORE : CLASH_BEHIND);
	}
}

static void ask_mailbox_maps(struct map_verdicts *verdicts)
{
	struct postfix_tables tables = {.count = 0};

	postfix_tables_add(&tables, verdicts->arena, &verdicts->instance->mailbox_maps,
		verdicts->instance->own_map);
	for (size_t i = 0; i < tables.count; i++) {
		if (!tables.items[i].piped)
			ask(verdicts, tables.items[i].name, CLASH_MAILBOX);
	}
}

void map_clash_judge(struct map_verdicts *verdicts)
{
	if (verdicts->text.rows == 0)
		return;
	ask_alias_maps(verdicts);
	if (!verdicts->settings->sync.allow_divert)
		ask_mailbox_maps(verdicts);
}
