/* The tables that Postfix asks: where they are, whose, how old, and what is wrong with them. Never
 * their content. */
#include "base/message.h"
#include "format/postfix_index.h"
#include "format/secret_mask.h"
#include "format/timestamp.h"
#include "service/check_stack.h"
#include "service/mail_stack_table.h"
#include "service/map_sync_file.h"
#include "service/postfix_instance.h"
#include "system/trusted_file.h"

#include <fcntl.h>
#include <string.h>

#define OUTPUT_LIMIT ((size_t)64 << 10)
#define TABLES_MAX 256

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(word, words[i]) == 0)
			return true;
	}
	return false;
}

static const char *const indexed[] = {"hash", "btree", "lmdb", "cdb", "dbm", "sdbm"};
static const char *const plain[] = {"texthash", "cidr", "pcre", "regexp"};
static const char *const queries[] = {"mysql", "pgsql", "sqlite", "ldap", "memcache"};
static const char *const others[] = {"static", "inline", "environ", "nis", "tcp", "socketmap",
	"randmap"};

#define IS_ONE_OF(word, words) is_one_of(word, words, ARRAY_LENGTH(words))

/* "inet:" and "unix:" of milters and policy services look like tables and are none. */
static bool is_table_type(const char *type)
{
	return IS_ONE_OF(type, indexed) || IS_ONE_OF(type, plain) || IS_ONE_OF(type, queries) ||
	       IS_ONE_OF(type, others);
}

static const char *table_name(const struct mail_stack *stack, const struct stack_table *table)
{
	return arena_printf(stack->arena, "%s:%s", table->type, table->path);
}

/* The group that Postfix reads files with. */
static const char *reading_group(const struct mail_stack *stack, const struct stack_table *table)
{
	return check_word(&stack->check, stack_value(table->instance, "mail_owner"));
}

/* ---------------------------------------------------------------- files */

static void cure_by_mode(struct mail_stack *stack, const struct stack_table *table,
	const char *path)
{
	const char *word = check_word(&stack->check, path);

	check_cure(&stack->check, "chgrp %s %s && chmod 0640 %s", reading_group(stack, table), word,
		word);
}

static void look_at_directory(struct mail_stack *stack, const struct stack_table *table)
{
	const char *slash = strrchr(table->path, '/');
	int fd cleanup_close = -1;
	struct error failure;

	if (!slash || slash == table->path || !stack->privileged)
		return;
	if (!trusted_path_open(arena_strndup(stack->arena, table->path,
				       (size_t)(slash - table->path)),
		    &fd, &failure))
		check_failed(&stack->check, "postfix.map-directory", &failure);
}

static void note_missing(struct mail_stack *stack, const struct stack_table *table)
{
	check_find(&stack->check, FINDING_ERROR, "postfix.table-missing",
		_("the table %s is missing: Postfix puts off mail that needs it"),
		table_name(stack, table));
	check_evidence(&stack->check, "%s", table->parameter);
	check_advice(&stack->check, _("make %s, or take it out of %s"), table->path,
		table->parameter);
}

static const char *index_path(const struct mail_stack *stack, const struct stack_table *table)
{
	const struct map_type *type =
		map_type_find(strcmp(table->type, "btree") == 0 ? "hash" : table->type);

	return type && *type->suffix ? arena_printf(stack->arena, "%s%s", table->path, type->suffix)
				     : NULL;
}

/* What the head of the index says, as far as its format tells. */
static void count_rows(const struct mail_stack *stack, const struct stack_table *table,
	const char *path)
{
	const struct map_type *type = map_type_find(table->type);
	unsigned char *head = arena_alloc(stack->arena, POSTFIX_INDEX_HEAD);
	int fd cleanup_close = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t length = fd >= 0 ? pread(fd, head, POSTFIX_INDEX_HEAD, 0) : -1;
	int64_t rows;

	if (length > 0 && type && type->count && type->count(head, (size_t)length, &rows))
		json_set_integer(table->json, "rows", rows);
}

static bool count_line(void *context, const char *bytes, size_t length)
{
	int64_t *rows = context;

	for (size_t i = 0; i < length; i++)
		*rows += bytes[i] == '\n';
	return true;
}

/* postmap -s prints a row a line: with --deep only, it reads the whole table. */
static void list_rows(const struct mail_stack *stack, const struct stack_table *table)
{
	const char *const argv[] = {"/usr/sbin/postmap", "-c", table->instance->config_directory,
		"-s", table_name(stack, table), NULL};
	int64_t rows = 0;
	struct process_request request = {
		.argv = argv,
		.timeout_ms = 10000,
		.output_limit = OUTPUT_LIMIT,
		.sink = count_line,
		.context = &rows,
	};
	struct process_result result = {0};
	struct error failure;

	if (trusted_program_check(argv[0], &failure) &&
		process_run(&request, stack->arena, &result, &failure) &&
		process_succeeded(&result))
		json_set_integer(table->json, "rows", rows);
	else
		(void)stack_error(stack, argv[4],
			result.end == PROCESS_TIMED_OUT ? STACK_TIMEOUT : STACK_ERROR,
			_("its rows could not be listed"));
}

static void look_at_index(struct mail_stack *stack, const struct stack_table *table)
{
	struct consistency_check *check = &stack->check;
	const char *path = index_path(stack, table);
	const char *name = table_name(stack, table);
	struct json *json;
	struct stat status;

	if (!path)
		return;
	json = json_set(table->json, "index", json_new_object());
	stack_set(stack, json, "path", path);
	switch (stack_set_file(stack, json, path, &status)) {
	case STACK_OK:
		break;
	case STACK_MISSING:
		check_find(check, FINDING_ERROR, "postfix.index-missing",
			_("the index of %s is missing: Postfix puts off mail that needs it"), name);
		check_evidence(check, "%s", path);
		check_cure(check, "postmap %s", check_word(check, name));
		return;
	case STACK_DENIED:
	case STACK_TIMEOUT:
	case STACK_ERROR:
		return;
	}
	if (check_index_older(check, path, &status, &table->status))
		check_cure(check, "postmap %s", check_word(check, name));
	if (check_map_readable(check, path, &status))
		cure_by_mode(stack, table, path);
	count_rows(stack, table, path);
	if (stack->request->deep && !json_get(table->json, "rows"))
		list_rows(stack, table);
}

static void look_at_type(struct mail_stack *stack, const struct stack_table *table)
{
	if (strcmp(table->type, "hash") == 0 || strcmp(table->type, "btree") == 0) {
		check_find(&stack->check, FINDING_INFO, "postfix.hash-table",
			_("%s is a Berkeley DB table, which newer systems no longer have"),
			table_name(stack, table));
		check_advice(&stack->check, _("write it as lmdb, and name it so in %s"),
			table->parameter);
	}
	if (strcmp(table->parameter, "virtual_alias_maps") == 0 &&
		(table->proxied || strcmp(table->type, "texthash") == 0)) {
		check_find(&stack->check, FINDING_INFO, "postfix.reload-needed",
			_("what changes in %s is not seen before a reload"),
			table_name(stack, table));
		check_evidence(&stack->check, "%s", table->proxied ? "proxy:" : "texthash:");
		check_cure(&stack->check, "postfix reload");
	}
}

/* ---------------------------------------------------------------- all of them */

/* Our own map is judged by `check`, whose cures know what it should be. */
static bool is_ours(const struct mail_stack *stack, const char *path)
{
	const struct settings *settings = stack->check.settings;

	return settings && settings->sync.enabled && strcmp(settings->sync.path, path) == 0;
}

static void look_at_file(struct mail_stack *stack, struct stack_table *table)
{
	switch (stack_set_file(stack, table->json, table->path, &table->status)) {
	case STACK_OK:
		break;
	case STACK_MISSING:
		/* Postfix reads the index; its text may be elsewhere. */
		if (!IS_ONE_OF(table->type, indexed) || !index_path(stack, table) ||
			!stack_exists(index_path(stack, table)))
			note_missing(stack, table);
		return;
	case STACK_DENIED:
	case STACK_TIMEOUT:
	case STACK_ERROR:
		return;
	}
	if (!S_ISREG(table->status.st_mode)) {
		(void)stack_error(stack, table->path, STACK_ERROR, _("it is no regular file"));
		return;
	}
	look_at_directory(stack, table);
	if (IS_ONE_OF(table->type, queries)) {
		stack_look_at_query(stack, table);
		return;
	}
	if (IS_ONE_OF(table->type, indexed))
		look_at_index(stack, table);
}

static void set_problems(struct mail_stack *stack, struct json *object, size_t first)
{
	struct json *codes;

	if (stack->check.report.count == first)
		return;
	codes = json_set(object, "problems", json_new_array());
	for (size_t i = first; i < stack->check.report.count; i++)
		stack_add(stack, codes, stack->check.report.findings[i].id);
}

struct walk {
	struct mail_stack *stack;
	const struct stack_instance *instance;
	struct json *list;
	struct string_list seen; /* their files were judged */
};

static void look_at_table(struct walk *walk, const char *parameter,
	const struct postfix_table *found)
{
	struct mail_stack *stack = walk->stack;
	const char *colon = strchr(found->name, ':');
	struct stack_table table = {
		.instance = walk->instance,
		.parameter = parameter,
		.type = arena_strndup(stack->arena, found->name, (size_t)(colon - found->name)),
		.path = colon + 1,
		.proxied = found->proxied,
	};
	size_t first = stack->check.report.count;

	if (!is_table_type(table.type) || json_count(walk->list) >= TABLES_MAX)
		return;
	table.json = json_add(walk->list, json_new_object());
	stack_set(stack, table.json, "parameter", parameter);
	stack_set(stack, table.json, "spec",
		secret_mask_value(parameter,
			arena_printf(stack->arena, "%s%s", found->proxied ? "proxy:" : "",
				found->name),
			stack->arena));
	stack_set(stack, table.json, "type", table.type);
	json_set_boolean(table.json, "proxied", found->proxied);
	if (table.path[0] != '/')
		return;
	stack_set(stack, table.json, "path", table.path);
	if (string_list_contains(&walk->seen, table.path) || is_ours(stack, table.path)) {
		(void)stack_set_file(stack, table.json, table.path, &table.status);
		return;
	}
	string_list_add(&walk->seen, stack->arena, table.path);
	look_at_file(stack, &table);
	look_at_type(stack, &table);
	set_problems(stack, table.json, first);
}

static bool may_hold_tables(const char *name)
{
	static const char *const ends[] = {"_maps", "_map", "_domains", "_checks", "_restrictions",
		"mydestination", "mynetworks", "_clients", "_access"};
	size_t length = strlen(name);

	for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
		size_t end = strlen(ends[i]);

		if (length >= end && strcmp(name + length - end, ends[i]) == 0)
			return true;
	}
	return false;
}

static void look_at_value(struct walk *walk, const char *name, const char *value)
{
	struct string_list items = STRING_LIST_INIT;
	struct postfix_tables tables = {.count = 0};

	postfix_list_split(&items, walk->stack->arena, value);
	postfix_tables_add(&tables, walk->stack->arena, &items, "");
	for (size_t i = 0; i < tables.count; i++)
		look_at_table(walk, name, &tables.items[i]);
}

static bool has_query(const struct json *list, const char *parameter)
{
	for (const struct json *table = json_first(list); table; table = json_next(table)) {
		const char *type = json_get_text(table, "type");

		if (strcmp(json_get_text(table, "parameter"), parameter) == 0 &&
			(strcmp(type, "mysql") == 0 || strcmp(type, "pgsql") == 0))
			return true;
	}
	return false;
}

void stack_look_at_tables(struct mail_stack *stack, const struct stack_instance *instance,
	const char *set)
{
	struct walk walk = {
		.stack = stack,
		.instance = instance,
		.list = json_set(instance->json, "tables", json_new_array()),
	};
	struct string_list lines = STRING_LIST_INIT;
	struct string_list names = STRING_LIST_INIT;

	string_list_split(&lines, stack->arena, set, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		size_t length = strcspn(lines.items[i], " =");
		const char *name = arena_strndup(stack->arena, lines.items[i], length);
		const char *value = lines.items[i] + length;

		string_list_add(&names, stack->arena, name);
		if (may_hold_tables(name))
			look_at_value(&walk, name, value + strspn(value, " ="));
	}
	if (!string_list_contains(&names, "alias_maps"))
		look_at_value(&walk, "alias_maps", stack_value(instance, "alias_maps"));
	if (!has_query(walk.list, "virtual_alias_maps"))
		return;
	check_find(&stack->check, FINDING_INFO, "postfix.backend-choice",
		_("aliases are read from a database: members' aliases may stand beside it in a "
		  "map"));
	check_evidence(&stack->check, "virtual_alias_maps = %s",
		secret_mask_value("virtual_alias_maps", stack_value(instance, "virtual_alias_maps"),
			stack->arena));
	check_cure(&stack->check, "postigo-admin proposed-config");
}
