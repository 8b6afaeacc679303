#include "service/map_verdicts.h"

#include "base/ascii.h"
#include "base/message.h"
#include "format/email_address.h"
#include "format/postfix_map.h"
#include "service/map_sync_result.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_FIRST 16

/* Bits of what is given to a row. */
#define GIVEN_REFUSED 1U
#define GIVEN_FETCHED 2U /* the live map was asked for it */

void map_verdicts_open(struct map_verdicts *verdicts, const char *bytes, size_t length)
{
	map_text_open(&verdicts->text, bytes, length);
	verdicts->given = calloc(verdicts->text.rows + 1, sizeof(*verdicts->given));
	if (!verdicts->given)
		out_of_memory();
}

void map_verdicts_close(struct map_verdicts *verdicts)
{
	map_text_close(&verdicts->text);
	free(verdicts->given);
	free(verdicts->kept);
	verdicts->given = NULL;
	verdicts->kept = NULL;
}

void map_verdicts_refuse(struct map_verdicts *verdicts, size_t row, enum map_rail rail,
	const char *detail)
{
	struct span key = map_text_row(&verdicts->text, row).key;

	if (verdicts->given[row] != 0 ||
		!map_rails_refuse_row(verdicts->rails, rail, key, detail))
		return;
	verdicts->given[row] = GIVEN_REFUSED;
	verdicts->refused++;
}

bool map_verdicts_refused(const struct map_verdicts *verdicts, size_t row)
{
	return verdicts->given[row] != 0;
}

/* ---- what is live */

struct live_questions {
	struct map_verdicts *verdicts;
	size_t next;
	size_t first_new; /* of the kept rows */
};

static bool next_refused(void *context, struct span *ret_key)
{
	struct live_questions *questions = context;
	const struct map_verdicts *verdicts = questions->verdicts;

	while (questions->next < verdicts->text.rows &&
		verdicts->given[questions->next] != GIVEN_REFUSED)
		questions->next++;
	if (questions->next == verdicts->text.rows)
		return false;
	*ret_key = map_text_row(&verdicts->text, questions->next++).key;
	return true;
}

/* What is live becomes part of a map once more: it must be what a store could hold. */
static bool is_sound(struct span key, struct span value)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list destinations = STRING_LIST_INIT;
	struct span address;
	const char *fault;

	while (map_text_next_address(&value, &address))
		string_list_add_bytes(&destinations, &arena, address.bytes, address.length);
	return postfix_map_row_check(arena_strndup(&arena, key.bytes, key.length), &destinations,
		&fault);
}

static void keep(struct map_verdicts *verdicts, size_t row, struct span value)
{
	if (verdicts->kept_count == verdicts->kept_capacity) {
		size_t capacity = verdicts->kept_capacity ? verdicts->kept_capacity * 2 : KEPT_FIRST;
		struct kept_row *grown = reallocarray(verdicts->kept, capacity, sizeof(*grown));

		if (!grown)
			out_of_memory();
		verdicts->kept = grown;
		verdicts->kept_capacity = capacity;
	}
	verdicts->kept[verdicts->kept_count++] = (struct kept_row){
		.row = row,
		.value = {arena_strndup(verdicts->arena, value.bytes, value.length), value.length},
	};
}

static bool take_live(void *context, struct span key, struct span value)
{
	struct live_questions *questions = context;
	struct map_verdicts *verdicts = questions->verdicts;
	size_t row;

	if (!map_text_find(&verdicts->text, key, &row) || verdicts->given[row] != GIVEN_REFUSED)
		return false;
	if (is_sound(key, value))
		keep(verdicts, row, value);
	return true;
}

static int compare_kept(const void *left, const void *right)
{
	const struct kept_row *one = left;
	const struct kept_row *other = right;

	return (one->row > other->row) - (one->row < other->row);
}

/* The same without a question. */
static void keep_known(struct map_verdicts *verdicts)
{
	size_t live;

	for (size_t row = 0; row < verdicts->text.rows; row++) {
		if (verdicts->given[row] == GIVEN_REFUSED &&
			map_text_find(verdicts->live_rows, map_text_row(&verdicts->text, row).key, &live))
			keep(verdicts, row, map_text_row(verdicts->live_rows, live).value);
	}
}

void map_verdicts_fetch(struct map_verdicts *verdicts)
{
	struct live_questions context = {.verdicts = verdicts, .first_new = verdicts->kept_count};
	const struct postfix_questions questions = {
		.next = next_refused,
		.take = take_live,
		.context = &context,
		.count = verdicts->refused,
	};
	struct error failure;

	if (verdicts->fetched == verdicts->refused)
		return;
	verdicts->fetched = verdicts->refused;
	if (verdicts->live_rows)
		keep_known(verdicts);
	else if (verdicts->live && !postfix_table_ask(verdicts->instance, verdicts->live, &questions,
				      verdicts->arena, &failure)) {
		verdicts->kept_count = context.first_new;
		map_sync_result_note(verdicts->rails->result, verdicts->arena, "live-unknown", "",
			arena_printf(verdicts->arena,
				_("what is live cannot be asked, refused aliases are left out: %s"),
				failure.what));
		verdicts->live = NULL;
	}
	for (size_t row = 0; row < verdicts->text.rows; row++) {
		if (verdicts->given[row] == GIVEN_REFUSED)
			verdicts->given[row] |= GIVEN_FETCHED;
	}
	if (verdicts->kept_count > 1)
		qsort(verdicts->kept, verdicts->kept_count, sizeof(*verdicts->kept), compare_kept);
}

bool map_verdicts_value(const struct map_verdicts *verdicts, size_t row, struct span *ret_value)
{
	const struct kept_row wanted = {.row = row};
	const struct kept_row *found = NULL;

	if (verdicts->given[row] == 0) {
		*ret_value = map_text_row(&verdicts->text, row).value;
		return true;
	}
	if (verdicts->kept_count > 0)
		found = bsearch(&wanted, verdicts->kept, verdicts->kept_count,
			sizeof(*verdicts->kept), compare_kept);
	if (found)
		*ret_value = found->value;
	return found != NULL;
}

/* ---- addresses */

bool map_verdicts_is_own(const struct map_verdicts *verdicts, struct span address)
{
	const char *at = memrchr(address.bytes, '@', address.length);
	const char *domain = verdicts->settings->domain;
	size_t length = strlen(domain);
	size_t behind = at ? (size_t)(address.bytes + address.length - at) - 1 : 0;

	return at && behind == length && strncasecmp(at + 1, domain, length) == 0;
}

/* Postfix looks for the whole address first, then for what stands before the extension. */
bool map_verdicts_resolve(const struct map_verdicts *verdicts, struct span address, size_t *ret_row)
{
	const char *delimiters = verdicts->instance->recipient_delimiter;
	char key[EMAIL_ADDRESS_MAX + 1];
	const char *domain;
	struct span ignored;
	size_t local = 0;
	size_t row = 0;
	bool found;

	if (!map_verdicts_is_own(verdicts, address) || address.length >= sizeof(key))
		return false;
	for (size_t i = 0; i < address.length; i++)
		key[i] = ascii_to_lower(address.bytes[i]);
	found = map_text_find(&verdicts->text, (struct span){key, address.length}, &row) &&
		map_verdicts_value(verdicts, row, &ignored);
	domain = memrchr(key, '@', address.length);
	while (key + local < domain && (local == 0 || !strchr(delimiters, key[local])))
		local++;
	if (!found && key + local < domain) {
		size_t behind = (size_t)(key + address.length - domain);

		memmove(key + local, domain, behind);
		found = map_text_find(&verdicts->text, (struct span){key, local + behind}, &row) &&
			map_verdicts_value(verdicts, row, &ignored);
	}
	if (found)
		*ret_row = row;
	return found;
}

/* ---- the rows that remain */

static void append_value(struct strbuf *line, struct span value)
{
	const char *separator = "\t";
	struct span address;

	while (map_text_next_address(&value, &address)) {
		strbuf_append_text(line, separator);
		strbuf_append(line, address.bytes, address.length);
		separator = ", ";
	}
	strbuf_append_char(line, '\n');
}

bool map_verdicts_write(const struct map_verdicts *verdicts, struct map_stage *stage,
	struct map_walk *walk, struct error *err)
{
	struct strbuf line cleanup_strbuf = STRBUF_INIT;

	for (size_t i = 0; i < verdicts->text.rows; i++) {
		struct span key = map_text_row(&verdicts->text, i).key;
		struct span value;

		if (!map_verdicts_value(verdicts, i, &value))
			continue;
		strbuf_reset(&line);
		strbuf_append(&line, key.bytes, key.length);
		append_value(&line, value);
		map_walk_row(walk, strbuf_text(&line), key.length, line.length);
		if (!map_stage_add(stage, strbuf_text(&line), line.length, err))
			return false;
	}
	map_walk_end(walk);
	return true;
}
