#include "service/postfix_table.h"

#include "base/message.h"
#include "base/strbuf.h"
#include "service/postfix_instance.h"
#include "system/process.h"

#include <string.h>
#include <sys/stat.h>

#define OUTPUT_LIMIT ((size_t)64 << 10)
#define ANSWER_MAX ((size_t)1 << 20) /* bytes of one line */
#define TABLES_FIRST 8
#define NESTING_MAX 8
#define KEYS_AN_ALLOWANCE 100000 /* keys for which postmap gets ALLOWANCE_MS more */
#define ALLOWANCE_MS 30000

static bool is_separator(char byte)
{
	return byte == ',' || byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static size_t piece_length(const char *text)
{
	size_t length = 0;
	int depth = 0;

	for (; text[length] && (depth > 0 || !is_separator(text[length])); length++) {
		if (text[length] == '{')
			depth++;
		else if (text[length] == '}' && depth > 0)
			depth--;
	}
	return length;
}

void postfix_list_split(struct string_list *list, struct arena *arena, const char *value)
{
	while (*value) {
		size_t length = piece_length(value);

		if (length > 0)
			string_list_add_bytes(list, arena, value, length);
		value += length;
		while (is_separator(*value))
			value++;
	}
}

/* ---- from a list to its tables */

/* What an item hands down to the tables in it. */
struct expansion {
	struct postfix_tables *tables;
	struct arena *arena;
	const char *own_path;
	struct postfix_table inherited;
	int depth;
};

static void add_table(struct postfix_tables *tables, struct arena *arena,
	const struct postfix_table *table)
{
	struct postfix_table *old = tables->items;

	if (tables->count == tables->capacity) {
		tables->capacity = tables->capacity ? tables->capacity * 2 : TABLES_FIRST;
		tables->items = arena_alloc_array(arena, tables->capacity, sizeof(*old));
		if (old)
			memcpy(tables->items, old, tables->count * sizeof(*old));
	}
	tables->items[tables->count++] = *table;
}

static const char *after_prefix(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

/* The pieces between the outer braces of `text`, or none. */
static void split_braces(struct string_list *pieces, struct arena *arena, const char *text)
{
	const char *open = strchr(text, '{');
	const char *close = strrchr(text, '}');

	if (open && close && open < close)
		postfix_list_split(pieces, arena,
			arena_strndup(arena, open + 1, (size_t)(close - open) - 1));
}

/* NOLINTBEGIN(misc-no-recursion): maps of maps, as deep as NESTING_MAX */
static void expand(const struct expansion *expansion, const char *item);

static void expand_members(const struct expansion *expansion, const char *text, bool piped)
{
	struct expansion inner = *expansion;
	struct string_list pieces = STRING_LIST_INIT;

	inner.depth++;
	inner.inherited.piped |= piped;
	split_braces(&pieces, inner.arena, text);
	for (size_t i = 0; i < pieces.count; i++)
		expand(&inner, pieces.items[i]);
}

static bool names_path(const struct expansion *expansion, const char *text)
{
	struct postfix_tables members = {.count = 0};
	struct expansion inner = *expansion;

	inner.tables = &members;
	expand_members(&inner, text, true);
	for (size_t i = 0; i < members.count; i++) {
		if (postfix_table_is_at(&members.items[i], expansion->own_path))
			return true;
	}
	return false;
}

static void expand(const struct expansion *expansion, const char *item)
{
	struct expansion inner = *expansion;
	const char *rest;

	if (inner.depth > NESTING_MAX)
		return;
	for (; (rest = after_prefix(item, "proxy:")) != NULL; item = rest)
		inner.inherited.proxied = true;
	rest = after_prefix(item, "unionmap:");
	if (rest || item[0] == '{') {
		expand_members(&inner, rest ? rest : item, false);
		return;
	}
	rest = after_prefix(item, "pipemap:");
	if (rest && names_path(&inner, rest)) {
		expand_members(&inner, rest, true);
		return;
	}
	if (!strchr(item, ':'))
		return;
	inner.inherited.name = arena_strdup(inner.arena, item);
	add_table(inner.tables, inner.arena, &inner.inherited);
}
/* NOLINTEND(misc-no-recursion) */

void postfix_tables_add(struct postfix_tables *tables, struct arena *arena,
	const struct string_list *list, const char *own_path)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct expansion expansion = {
			.tables = tables,
			.arena = arena,
			.own_path = own_path,
			.inherited = {.place = i},
		};

		expand(&expansion, list->items[i]);
	}
}

bool postfix_table_is_at(const struct postfix_table *table, const char *path)
{
	const char *colon = strchr(table->name, ':');

	return colon && strcmp(colon + 1, path) == 0;
}

/* ---- asking */

struct conversation {
	const struct postfix_questions *questions;
	struct span pending; /* what is left of the key that is being sent */
	bool newline;	     /* which it still lacks */
	struct strbuf line;  /* an answer that has come in part */
	bool confused;
};

static size_t send_keys(void *context, char *buffer, size_t size)
{
	struct conversation *talk = context;
	size_t filled = 0;

	while (filled < size) {
		size_t part = size - filled;

		if (talk->pending.length == 0 && talk->newline) {
			buffer[filled++] = '\n';
			talk->newline = false;
			continue;
		}
		if (talk->pending.length == 0 &&
			!talk->questions->next(talk->questions->context, &talk->pending))
			break;
		talk->newline = true;
		if (part > talk->pending.length)
			part = talk->pending.length;
		memcpy(buffer + filled, talk->pending.bytes, part);
		talk->pending.bytes += part;
		talk->pending.length -= part;
		filled += part;
	}
	return filled;
}

static bool take_line(struct conversation *talk, struct span line)
{
	const char *tab = memchr(line.bytes, '\t', line.length);
	struct span key;
	struct span value;

	if (!tab)
		return false;
	key = (struct span){line.bytes, (size_t)(tab - line.bytes)};
	value = (struct span){tab + 1, line.length - key.length - 1};
	return talk->questions->take(talk->questions->context, key, value);
}

static bool receive(void *context, const char *bytes, size_t length)
{
	struct conversation *talk = context;

	while (length > 0) {
		const char *newline = memchr(bytes, '\n', length);
		size_t part = newline ? (size_t)(newline - bytes) : length;

		strbuf_append(&talk->line, bytes, part);
		if (newline && !take_line(talk, (struct span){strbuf_text(&talk->line),
						       talk->line.length}))
			talk->confused = true;
		if (talk->confused || talk->line.length > ANSWER_MAX)
			return false;
		if (newline) {
			strbuf_reset(&talk->line);
			part++;
		}
		bytes += part;
		length -= part;
	}
	return true;
}

static bool ask_failed(const struct process_request *request, const struct process_result *result,
	struct arena *arena, struct error *err)
{
	const char *text = result->errors ? result->errors : "";
	const char *first = arena_strndup(arena, text, strcspn(text, "\n"));

	error_set(err, ERROR_MTA_COMMAND, _("%s failed: %s"), request->argv[0],
		process_describe(request, result, arena));
	if (*first)
		error_why(err, "%s", first);
	return false;
}

static bool may_ask(const struct postfix_instance *instance, struct error *err)
{
	return !instance->tables_unasked ||
	       error_set(err, ERROR_MTA_COMMAND, _("tables are not asked here"));
}

/* With exit status 1 postmap found nothing, or could not look; only the latter says something. */
static bool found_nothing(const struct process_result *result)
{
	return result->end == PROCESS_EXITED && result->status == 1 && !*result->errors;
}

/* Runs postmap, whose lines go to questions->take. */
static bool converse(const struct process_request *words, const struct postfix_questions *questions,
	struct arena *arena, struct error *err)
{
	struct conversation talk = {.questions = questions, .line = STRBUF_INIT};
	struct process_request request = *words;
	struct process_result result = {0};
	bool run;
	bool whole;

	request.timeout_ms += (int)(questions->count / KEYS_AN_ALLOWANCE) * ALLOWANCE_MS;
	request.output_limit = OUTPUT_LIMIT;
	request.sink = receive;
	request.context = &talk;
	run = process_run(&request, arena, &result, err);
	whole = talk.line.length == 0;
	strbuf_clear(&talk.line);
	if (!run)
		return false;
	if (talk.confused)
		return error_set(err, ERROR_MTA_COMMAND, _("the answers of %s are not understood"),
			request.argv[request.source ? 5 : 4]);
	if ((process_succeeded(&result) && whole) || found_nothing(&result))
		return true;
	return ask_failed(&request, &result, arena, err);
}

bool postfix_table_ask(const struct postfix_instance *instance, const char *table,
	const struct postfix_questions *questions, struct arena *arena, struct error *err)
{
	const char *const argv[] = {instance->postmap, "-c", instance->config_directory, "-q", "-",
		table, NULL};
	const struct process_request request = {
		.argv = argv,
		.timeout_ms = instance->timeout_ms,
		.source = send_keys,
	};

	return may_ask(instance, err) && converse(&request, questions, arena, err);
}

/* The types whose keys are looked up as they stand and can be listed, with their files. */
static const char *const listed_types[][2] = {
	{"hash:", ".db"},
	{"btree:", ".db"},
	{"lmdb:", ".lmdb"},
	{"texthash:", ""},
};

bool postfix_table_is_smaller(const char *table, size_t bytes, struct arena *arena)
{
	struct stat status;

	for (size_t i = 0; i < ARRAY_LENGTH(listed_types); i++) {
		const char *path = after_prefix(table, listed_types[i][0]);

		if (path)
			return stat(arena_printf(arena, "%s%s", path, listed_types[i][1]),
				       &status) == 0 &&
			       S_ISREG(status.st_mode) && (size_t)status.st_size < bytes;
	}
	return false;
}

bool postfix_table_list(const struct postfix_instance *instance, const char *table,
	const struct postfix_questions *questions, struct arena *arena, struct error *err)
{
	const char *const argv[] = {instance->postmap, "-c", instance->config_directory, "-s",
		table, NULL};
	const struct process_request request = {.argv = argv, .timeout_ms = instance->timeout_ms};

	return may_ask(instance, err) && converse(&request, questions, arena, err);
}

enum lookup_result postfix_table_has(const struct postfix_instance *instance, const char *table,
	const char *key, struct arena *arena, struct error *err)
{
	const char *const argv[] = {instance->postmap, "-c", instance->config_directory, "-q", key,
		table, NULL};
	struct process_request request = {
		.argv = argv,
		.timeout_ms = instance->timeout_ms,
		.output_limit = OUTPUT_LIMIT,
	};
	struct process_result result = {0};

	if (!may_ask(instance, err) || !process_run(&request, arena, &result, err))
		return LOOKUP_FAILED;
	if (process_succeeded(&result))
		return LOOKUP_FOUND;
	if (found_nothing(&result))
		return LOOKUP_NOT_FOUND;
	(void)ask_failed(&request, &result, arena, err);
	return LOOKUP_FAILED;
}
