#include "service/map_dangling.h"

#include "base/ascii.h"
#include "base/message.h"
#include "format/email_address.h"
#include "service/map_sync_result.h"
#include "service/postfix_domains.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS_FIRST 64

/* ---- which alias domains are served */

/* What is known of domains: the names that may be served, and those that were looked up already. */
struct served_domains {
	struct map_verdicts *verdicts;
	struct string_list maybe; /* sorted, lower case */
	struct string_list served;
	struct string_list other;
	bool unknown; /* a source could not be asked */
};

static struct span domain_of(struct span address)
{
	const char *at = memrchr(address.bytes, '@', address.length);

	if (!at)
		return (struct span){address.bytes, 0};
	return (struct span){at + 1, (size_t)(address.bytes + address.length - at) - 1};
}

static const char *lower_text(struct span text, struct arena *arena)
{
	char *lower = arena_strndup(arena, text.bytes, text.length);

	for (char *byte = lower; *byte; byte++)
		*byte = ascii_to_lower(*byte);
	return lower;
}

/* All destinations' domains, one after the other; equal neighbours once. */
struct domain_questions {
	struct served_domains *domains;
	size_t row;
	struct span rest;
	struct span last;
};

static bool next_domain(void *context, struct span *ret_key)
{
	struct domain_questions *questions = context;
	const struct map_text *text = &questions->domains->verdicts->text;
	struct span address;

	for (;;) {
		while (map_text_next_address(&questions->rest, &address)) {
			struct span domain = domain_of(address);

			if (domain.length == 0 || span_equal(domain, questions->last))
				continue;
			questions->last = domain;
			*ret_key = domain;
			return true;
		}
		if (questions->row == text->rows)
			return false;
		questions->rest = map_text_row(text, questions->row++).value;
	}
}

static bool take_domain(void *context, struct span key, struct span value)
{
	struct domain_questions *questions = context;
	struct served_domains *domains = questions->domains;
	const char *name = lower_text(key, domains->verdicts->arena);

	(void)value;
	if (!string_list_contains(&domains->maybe, name))
		string_list_add(&domains->maybe, domains->verdicts->arena, name);
	return true;
}

static void note_unknown(struct map_verdicts *verdicts, const char *table,
	const struct error *failure)
{
	map_sync_result_note(verdicts->rails->result, verdicts->arena, "unknown-map", table,
		arena_printf(verdicts->arena,
			_("which destinations of ours exist is not known: %s"),
			*failure->why ? failure->why : failure->what));
}

static void ask_for_domains(struct served_domains *domains, const char *table)
{
	struct map_verdicts *verdicts = domains->verdicts;
	struct domain_questions context = {.domains = domains};
	const struct postfix_questions questions = {
		.next = next_domain,
		.take = take_domain,
		.context = &context,
		.count = verdicts->text.rows,
	};
	struct error failure;

	if (postfix_table_ask(verdicts->instance, table, &questions, verdicts->arena, &failure))
		return;
	note_unknown(verdicts, table, &failure);
	domains->unknown = true;
}

static void find_domains(struct served_domains *domains)
{
	struct map_verdicts *verdicts = domains->verdicts;
	struct string_list names = STRING_LIST_INIT;
	struct postfix_tables tables = {.count = 0};
	struct error failure;

	if (!postfix_alias_domain_sources(verdicts->instance, verdicts->arena, &names, &tables,
		    &failure)) {
		note_unknown(verdicts, "", &failure);
		domains->unknown = true;
		return;
	}
	for (size_t i = 0; i < tables.count && !domains->unknown; i++)
		ask_for_domains(domains, tables.items[i].name);
	for (size_t i = 0; i < names.count; i++)
		string_list_add(&domains->maybe, verdicts->arena,
			lower_text(span_of(names.items[i]), verdicts->arena));
	string_list_sort(&domains->maybe);
}

static int compare_name(const void *key, const void *item)
{
	const struct span *wanted = key;
	const char *const *name = item;
	int order = strncasecmp(wanted->bytes, *name, wanted->length);

	if (order != 0)
		return order;
	return (*name)[wanted->length] == '\0' ? 0 : -1;
}

/* An exclusion may take out again what a name or a table has put in: only the list as a whole tells. */
static bool is_served(struct served_domains *domains, struct span domain)
{
	struct map_verdicts *verdicts = domains->verdicts;
	const char *const *found = NULL;
	struct error failure;

	if (domains->maybe.count > 0)
		found = bsearch(&domain, domains->maybe.items, domains->maybe.count,
			sizeof(*domains->maybe.items), compare_name);
	if (!found || string_list_contains(&domains->other, *found))
		return false;
	if (string_list_contains(&domains->served, *found))
		return true;
	if (postfix_list_has_domain(verdicts->instance, POSTFIX_ALIAS_DOMAINS, *found,
		    verdicts->arena, &failure) != LOOKUP_FOUND) {
		string_list_add(&domains->other, verdicts->arena, *found);
		return false;
	}
	string_list_add(&domains->served, verdicts->arena, *found);
	return true;
}

/* ---- the destinations in them */

static void add_item(struct map_dangling *dangling, size_t row, struct span address)
{
	if (dangling->count == dangling->capacity) {
		dangling->capacity = dangling->capacity ? dangling->capacity * 2 : ITEMS_FIRST;
		dangling->items =
			reallocarray(dangling->items, dangling->capacity, sizeof(*dangling->items));
		if (!dangling->items)
			out_of_memory();
	}
	dangling->items[dangling->count++] =
		(struct local_destination){.row = row, .address = address};
}

static void collect(struct map_dangling *dangling, struct served_domains *domains)
{
	const struct map_verdicts *verdicts = dangling->verdicts;
	struct span last = {NULL, 0}; /* domain: mostly the next address has the same */
	bool served = false;

	for (size_t i = 0; i < verdicts->text.rows; i++) {
		struct map_text_row row = map_text_row(&verdicts->text, i);
		struct span address;

		map_text_pass(&verdicts->text, i);
		while (map_text_next_address(&row.value, &address)) {
			struct span domain = domain_of(address);

			if (!last.bytes || !span_equal(domain, last)) {
				served = is_served(domains, domain);
				last = domain;
			}
			if (served && !span_equal(address, row.key))
				add_item(dangling, i, address);
		}
	}
}

/* The keys under which Postfix looks for a destination. */
enum key_form {
	KEY_WHOLE,
	KEY_PLAIN, /* without extension */
	KEY_DOMAIN,
	KEY_FORMS,
};

struct key_cursor {
	const struct map_dangling *dangling;
	size_t item;
	unsigned form;
	char key[EMAIL_ADDRESS_MAX + 1];
	size_t length;
};

/* Writes the key of one form; an address without extension is its plain form, too. */
static void write_key(struct key_cursor *cursor, struct span address, unsigned form)
{
	const char *delimiters = cursor->dangling->verdicts->instance->recipient_delimiter;
	struct span domain = domain_of(address);
	size_t local = address.length - domain.length - 1;

	if (form == KEY_DOMAIN)
		local = 0;
	for (size_t i = 1; form == KEY_PLAIN && i < local; i++) {
		if (strchr(delimiters, address.bytes[i]))
			local = i;
	}
	for (size_t i = 0; i < local; i++)
		cursor->key[i] = ascii_to_lower(address.bytes[i]);
	cursor->key[local] = '@';
	for (size_t i = 0; i < domain.length; i++)
		cursor->key[local + 1 + i] = ascii_to_lower(domain.bytes[i]);
	cursor->length = local + 1 + domain.length;
}

static bool advance(struct key_cursor *cursor)
{
	if (cursor->item == cursor->dangling->count)
		return false;
	write_key(cursor, cursor->dangling->items[cursor->item].address, cursor->form);
	if (++cursor->form == KEY_FORMS) {
		cursor->form = KEY_WHOLE;
		cursor->item++;
	}
	return true;
}

/* Answers come in the order of the questions: a second cursor goes the same way to meet them. */
struct key_questions {
	struct key_cursor asked;
	struct key_cursor answered;
};

static bool next_key(void *context, struct span *ret_key)
{
	struct key_questions *questions = context;

	if (!advance(&questions->asked))
		return false;
	*ret_key = (struct span){questions->asked.key, questions->asked.length};
	return true;
}

static bool take_key(void *context, struct span key, struct span value)
{
	struct key_questions *questions = context;
	struct key_cursor *cursor = &questions->answered;

	(void)value;
	for (;;) {
		size_t item = cursor->item;

		if (!advance(cursor))
			return false;
		if (span_equal((struct span){cursor->key, cursor->length}, key)) {
			cursor->dangling->items[item].answered = true;
			return true;
		}
	}
}

static bool ask_table(const struct map_dangling *dangling, const char *table)
{
	const struct map_verdicts *verdicts = dangling->verdicts;
	struct key_questions context = {{.dangling = dangling}, {.dangling = dangling}};
	const struct postfix_questions questions = {
		.next = next_key,
		.take = take_key,
		.context = &context,
		.count = dangling->count * KEY_FORMS,
	};
	struct error ignored;

	/* The rails on clashes have asked this table, too, and warned of it. */
	return postfix_table_ask(verdicts->instance, table, &questions, verdicts->arena, &ignored);
}

static bool ask_all(struct map_dangling *dangling)
{
	const struct postfix_instance *instance = dangling->verdicts->instance;
	struct postfix_tables tables = {.count = 0};

	postfix_tables_add(&tables, dangling->verdicts->arena, &instance->alias_maps,
		instance->own_map);
	for (size_t i = 0; i < tables.count; i++) {
		if (postfix_table_is_at(&tables.items[i], instance->own_map))
			continue;
		if (tables.items[i].piped || !ask_table(dangling, tables.items[i].name))
			return false;
	}
	return true;
}

void map_dangling_open(struct map_dangling *dangling, struct map_verdicts *verdicts)
{
	struct served_domains domains = {.verdicts = verdicts};

	*dangling = (struct map_dangling){.verdicts = verdicts};
	if (verdicts->text.rows == 0)
		return;
	find_domains(&domains);
	if (domains.unknown || domains.maybe.count == 0)
		return;
	collect(dangling, &domains);
	if (dangling->count > 0 && !ask_all(dangling))
		dangling->count = 0;
}

void map_dangling_judge(struct map_dangling *dangling)
{
	struct map_verdicts *verdicts = dangling->verdicts;

	for (size_t i = 0; i < dangling->count; i++) {
		const struct local_destination *item = &dangling->items[i];
		struct span key = map_text_row(&verdicts->text, item->row).key;
		const char *detail = "";
		size_t row;

		if (item->answered || map_verdicts_refused(verdicts, item->row) ||
			map_verdicts_resolve(verdicts, item->address, &row))
			continue;
		if (map_rails_lists(verdicts->rails, key))
			detail = arena_printf(verdicts->arena,
				_("%.*s does not exist; mail to it would be bounced"),
				(int)item->address.length, item->address.bytes);
		map_verdicts_refuse(verdicts, item->row, RAIL_DANGLING, detail);
	}
}

void map_dangling_close(struct map_dangling *dangling)
{
	free(dangling->items);
	dangling->items = NULL;
	dangling->count = 0;
}
