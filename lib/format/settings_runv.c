#include "format/settings_runv.h"

#include "base/ascii.h"
#include "base/message.h"
#include "base/number.h"
#include "format/config.h"
#include "format/json_items.h"
#include "format/nearest_word.h"

#include <string.h>

#define DEFAULT_DOMAIN "runv.club"
#define DEFAULT_PATH "/etc/postfix/runv-member-aliases"
#define MODE_ALLOWED 0664U
#define MODE_EVERYBODY 0004U

static const struct json_rules file_rules = {.bytes = CONFIG_FILE_MAX,
	.depth = 8,
	.comments = true};
static const struct json_rules item_rules = {.bytes = CONFIG_FILE_MAX, .depth = 9};

/* One translation on its way. */
struct translation {
	struct arena *arena;
	const char *path;
	size_t line; /* of the key at hand */
	size_t backend_line;
	bool is_mysql;
	const char *alias_file; /* "" = not named */
	size_t alias_file_line;
	const char *map_file; /* Postfix's table, "" = not named */
	size_t map_file_line;
	struct json *table; /* what becomes section "sync_table" when it is mysql */
	struct json *document;
	struct json *sync;
	struct settings_runv result;
};

static bool fail(const struct translation *translation, const char *key, const char *wanted,
	struct error *err)
{
	error_set(err, ERROR_CONFIG, _("%s:%zu: \"%s\" must be %s"), translation->path,
		translation->line, key, wanted);
	return error_field(err, key);
}

static void warn(struct translation *translation, const char *key, const char *text)
{
	string_list_add(&translation->result.warnings, translation->arena,
		arena_printf(translation->arena, "%s:%zu: \"%s\": %s", translation->path,
			translation->line, key, text));
}

static void note_origin(struct translation *translation, const char *section, const char *key,
	size_t line)
{
	struct settings_runv *result = &translation->result;

	if (result->origin_count == SETTINGS_RUNV_ORIGINS)
		return;
	result->origins[result->origin_count++] = (struct settings_runv_origin){
		.section = section,
		.key = key,
		.origin = arena_printf(translation->arena, "%s:%zu", translation->path, line),
	};
}

/* ---------------------------------------------------------------- runv's keys */

static bool take_boolean(struct translation *translation, const struct json *member,
	bool *ret_value, struct error *err)
{
	return json_boolean(member, ret_value) ||
	       fail(translation, json_key(member), _("true or false"), err);
}

static bool take_enabled(struct translation *translation, const struct json *member,
	struct error *err)
{
	bool value;

	if (!take_boolean(translation, member, &value, err))
		return false;
	json_set_boolean(translation->sync, "enabled", value);
	note_origin(translation, "sync", "enabled", translation->line);
	return true;
}

static bool take_backend(struct translation *translation, const struct json *member,
	struct error *err)
{
	const char *text = json_text(member);

	if (!text)
		return fail(translation, "backend", _("a text"), err);
	if (ascii_equal_nocase(text, "postfix-mysql")) {
		json_set_text(translation->sync, "type", "mysql");
		translation->is_mysql = true;
	} else if (ascii_equal_nocase(text, "postfix-hash")) {
		json_set_text(translation->sync, "type", "hash");
	} else {
		error_set(err, ERROR_CONFIG, _("%s:%zu: the backend \"%s\" is not supported"),
			translation->path, translation->line, text);
		error_field(err, "backend");
		return error_fix(err, "\"backend\": \"postfix-hash\"");
	}
	note_origin(translation, "sync", "type", translation->line);
	translation->backend_line = translation->line;
	return true;
}

static bool take_path(struct translation *translation, const struct json *member, struct error *err)
{
	const char *text = json_text(member);

	if (!text || text[0] != '/')
		return fail(translation, json_key(member), _("an absolute path"), err);
	translation->alias_file = arena_strdup(translation->arena, text);
	translation->alias_file_line = translation->line;
	return true;
}

/* "0o644" as runv writes it, and the number that its loader made of it. */
static bool take_mode(struct translation *translation, const struct json *member, struct error *err)
{
	const char *text = json_text(member);
	int64_t number = 0;
	unsigned mode = 0;

	if (text ? !parse_octal_mode(text, &mode)
		 : !json_integer(member, &number) || number < 1 || number > 07777)
		return fail(translation, "file_mode", _("a mode such as \"0640\""), err);
	if (!text)
		mode = (unsigned)number;
	if (mode == 0 || (mode & ~MODE_ALLOWED) != 0)
		return fail(translation, "file_mode",
			_("a mode without write permission for others, such as \"0640\""), err);
	if (mode & MODE_EVERYBODY)
		warn(translation, "file_mode",
			_("everybody on this server can read where members' mail goes, and can "
			  "hold mail up by locking the map; "
			  "write \"0640\""));
	translation->result.mode = mode;
	note_origin(translation, "sync", "mode", translation->line);
	return true;
}

static bool take_check_maps(struct translation *translation, const struct json *member,
	struct error *err)
{
	bool value;

	if (!take_boolean(translation, member, &value, err))
		return false;
	if (!value)
		warn(translation, "check_maps",
			_("is ignored: whether Postfix uses the map is always checked"));
	return true;
}

static bool take_run_postmap(struct translation *translation, const struct json *member,
	struct error *err)
{
	bool value;

	if (!take_boolean(translation, member, &value, err))
		return false;
	if (!value)
		warn(translation, "run_postmap",
			_("is ignored: a map without its index would answer nothing"));
	return true;
}

static bool take_command(struct translation *translation, const struct json *member,
	const char *warning, struct error *err)
{
	if (!json_is_array(member) && !json_is_null(member))
		return fail(translation, json_key(member), _("an array of texts"), err);
	if (json_is_array(member))
		warn(translation, json_key(member), warning);
	return true;
}

static bool take_postmap_command(struct translation *translation, const struct json *member,
	struct error *err)
{
	return take_command(translation, member,
		_("is replaced: the index is built beside the live one by Postfix's own postmap, "
		  "then renamed"),
		err);
}

static bool take_reload_command(struct translation *translation, const struct json *member,
	struct error *err)
{
	return take_command(translation, member,
		_("is replaced by \"postfix reload\", where the map's type needs it"), err);
}

static bool take_reload(struct translation *translation, const struct json *member,
	struct error *err)
{
	bool value;

	if (!take_boolean(translation, member, &value, err))
		return false;
	json_set_text(translation->sync, "reload", value ? "auto" : "never");
	note_origin(translation, "sync", "reload", translation->line);
	return true;
}

static bool take_auto_sync(struct translation *translation, const struct json *member,
	struct error *err)
{
	bool value;

	if (!take_boolean(translation, member, &value, err))
		return false;
	json_set_boolean(translation->sync, "after_approve", value);
	note_origin(translation, "sync", "after_approve", translation->line);
	return true;
}

static bool take_domain(struct translation *translation, const struct json *member,
	struct error *err)
{
	const char *text = json_text(member);

	if (!text)
		return fail(translation, "domain", _("a text"), err);
	json_set_text(translation->document, "domain", text);
	note_origin(translation, "", "domain", translation->line);
	return true;
}

static bool take_map_file(struct translation *translation, const struct json *member, struct error *err)
{
	const char *text = json_text(member);

	if (!text || (*text && *text != '/'))
		return fail(translation, json_key(member), _("an absolute path"), err);
	translation->map_file = arena_strdup(translation->arena, text);
	translation->map_file_line = translation->line;
	return true;
}

/* Which rows are ours stands in a table of our own, and not in a column. */
static bool take_mysql(struct translation *translation, const struct json *member, struct error *err)
{
	static const char *const columns[] = {"table", "address_column", "goto_column", "active_column", "active_value"};

	if (!json_is_object(member))
		return fail(translation, json_key(member), _("an object, such as {\"key\": \"value\"}"), err);
	for (const struct json *item = json_first(member); item; item = json_next(item)) {
		size_t i = 0;

		if (strcmp(json_key(item), "map_file") == 0) {
			if (!take_map_file(translation, item, err))
				return false;
			continue;
		}
		while (i < ARRAY_LENGTH(columns) && strcmp(columns[i], json_key(item)) != 0)
			i++;
		if (i == ARRAY_LENGTH(columns))
			warn(translation, json_key(item), _("is ignored: which rows are ours stands in a table of our own"));
		else if (json_text(item))
			json_set_text(translation->table, columns[i], json_text(item));
		else
			return fail(translation, columns[i], _("a text"), err);
	}
	return true;
}

/* User and password are those of the file by which Postfix reads the table. */
static void finish_mysql(struct translation *translation)
{
	struct json *database;

	if (!translation->is_mysql)
		return;
	database = json_set(translation->document, "database", json_new_object());
	json_set_text(database, "engine", "mariadb");
	note_origin(translation, "database", "engine", translation->backend_line);
	json_set(translation->document, "sync_table", json_copy(translation->table));
	if (!*translation->map_file)
		return;
	json_set_text(database, "credentials_file", translation->map_file);
	note_origin(translation, "database", "credentials_file", translation->map_file_line);
	translation->alias_file = translation->map_file;
	translation->alias_file_line = translation->map_file_line;
}

static const struct runv_key {
	const char *name;
	bool (*take)(struct translation *translation, const struct json *member, struct error *err);
} keys[] = {
	{"enabled", take_enabled},
	{"backend", take_backend},
	{"virtual_alias_file", take_path},
	{"file_mode", take_mode},
	{"check_maps", take_check_maps},
	{"run_postmap", take_run_postmap},
	{"postmap_command", take_postmap_command},
	{"reload_postfix", take_reload},
	{"reload_command", take_reload_command},
	{"auto_sync_on_approve", take_auto_sync},
	{"domain", take_domain},
	{"mysql_map_file", take_map_file},
	{"mysql", take_mysql},
};

static bool fail_unknown(const struct translation *translation, const char *key, struct error *err)
{
	const char *names[ARRAY_LENGTH(keys)];
	const char *nearest;

	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
		names[i] = keys[i].name;
	nearest = nearest_word(key, names, ARRAY_LENGTH(keys));
	if (nearest)
		error_set(err, ERROR_CONFIG, _("%s:%zu: unknown key \"%s\"; did you mean \"%s\"?"),
			translation->path, translation->line, key, nearest);
	else
		error_set(err, ERROR_CONFIG, _("%s:%zu: unknown key \"%s\""), translation->path,
			translation->line, key);
	error_field(err, key);
	return error_why(err,
		_("a file with \"backend\" and without sections is read as runv's configuration"));
}

static bool take_member(struct translation *translation, const struct json *member,
	struct error *err)
{
	const char *key = json_key(member);

	if (strncmp(key, "x-", 2) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		if (strcmp(keys[i].name, key) == 0)
			return keys[i].take(translation, member, err);
	}
	return fail_unknown(translation, key, err);
}

/* ---------------------------------------------------------------- the file */

/* A copy without comments, ready to be walked. False when it is no JSON object. */
static bool prepare(const struct source_text *source, struct strbuf *text,
	struct json_items *ret_items)
{
	struct json_fault fault;

	if (!json_gate(source->text, source->length, &file_rules, &fault))
		return false;
	strbuf_append(text, source->text, source->length);
	json_blank_comments(text->text, text->length);
	return json_items_begin(ret_items, text->text, text->length) && ret_items->members;
}

static bool is_section(const char *key)
{
	static const char *const sections[] = {"members", "policy", "sync", "maps", "sync_table", "database"};

	for (size_t i = 0; i < ARRAY_LENGTH(sections); i++) {
		if (strcmp(sections[i], key) == 0)
			return true;
	}
	return false;
}

bool settings_runv_matches(const struct source_text *source)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct json *document cleanup_json = NULL;
	struct json_items items;
	struct error ignored;

	if (!prepare(source, &text, &items) ||
		!json_parse(text.text, text.length, &item_rules, &document, &ignored))
		return false;
	for (const struct json *member = json_first(document); member; member = json_next(member)) {
		if (is_section(json_key(member)))
			return false;
	}
	return json_get(document, "backend") != NULL;
}

static bool take_all(struct translation *translation, struct json_items *items, struct error *err)
{
	struct json_item item;

	while (json_items_next(items, &item)) {
		struct json *json cleanup_json = NULL;

		translation->line = item.line;
		if (!json_item_parse(items, &item, &item_rules, &json, err))
			return error_prefix(err, "%s", translation->path);
		if (!take_member(translation, json_first(json), err))
			return false;
	}
	return true;
}

/* What runv takes when its file is silent, where that is not our own default. */
static void fill_defaults(struct translation *translation)
{
	size_t line = translation->backend_line;

	if (!json_get(translation->document, "domain")) {
		json_set_text(translation->document, "domain", DEFAULT_DOMAIN);
		note_origin(translation, "", "domain", line);
	}
	if (!json_get(translation->sync, "enabled")) {
		json_set_boolean(translation->sync, "enabled", false);
		note_origin(translation, "sync", "enabled", line);
	}
	json_set_text(translation->sync, "path", *translation->alias_file ? translation->alias_file : DEFAULT_PATH);
	note_origin(translation, "sync", "path", *translation->alias_file ? translation->alias_file_line : line);
	if (!json_get(translation->sync, "after_approve")) {
		json_set_boolean(translation->sync, "after_approve", false);
		note_origin(translation, "sync", "after_approve", line);
	}
}

static void print_native(struct translation *translation)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	json_print(translation->document, &text);
	translation->result.native = (struct source_text){
		.path = translation->path,
		.text = arena_strdup(translation->arena, text.text),
		.length = text.length,
	};
}

bool settings_runv_translate(const struct source_text *source, struct arena *arena,
	struct settings_runv *ret_translation, struct error *err)
{
	struct json *document cleanup_json = json_new_object();
	struct json *table cleanup_json = json_new_object();
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct translation translation = {
		.alias_file = "",
		.map_file = "",
		.table = table,
		.arena = arena,
		.path = source->path,
		.document = document,
		.sync = json_set(document, "sync", json_new_object()),
	};
	struct json_items items;

	if (!prepare(source, &text, &items))
		return error_set(err, ERROR_CONFIG, _("%s: must be an object: { … }"),
			source->path);
	if (!take_all(&translation, &items, err))
		return false;
	finish_mysql(&translation);
	fill_defaults(&translation);
	print_native(&translation);
	*ret_translation = translation.result;
	return true;
}
