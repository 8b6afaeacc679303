#include "service/map_sync_state.h"

#include "base/message.h"
#include "format/json.h"
#include "format/postfix_map.h"
#include "system/atomic_file.h"
#include "system/trusted_file.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

enum field_type {
	FIELD_INTEGER,
	FIELD_BOOLEAN,
	FIELD_TEXT,
	FIELD_DIGEST,
	FIELD_DIGEST_OR_EMPTY,
};

#define FIELD(name, kind)                                                                          \
	{                                                                                          \
#name, kind, offsetof(struct map_sync_state, name)                                 \
	}

static const struct state_field {
	const char *key;
	enum field_type type;
	size_t offset;
} state_fields[] = {
	FIELD(generation, FIELD_INTEGER),
	FIELD(rows, FIELD_INTEGER),
	FIELD(refused, FIELD_INTEGER),
	FIELD(installed, FIELD_INTEGER),
	FIELD(reload_owed, FIELD_BOOLEAN),
	FIELD(type, FIELD_TEXT),
	FIELD(path, FIELD_TEXT),
	FIELD(store, FIELD_TEXT),
	FIELD(postfix, FIELD_TEXT),
	FIELD(store_digest, FIELD_DIGEST),
	FIELD(config, FIELD_DIGEST),
	FIELD(text, FIELD_DIGEST),
	FIELD(index, FIELD_DIGEST_OR_EMPTY),
};

static bool read_text(const struct state_field *field, const struct json *value,
	struct arena *arena, const char **ret_text)
{
	const char *text = json_text(value);
	bool digest_wanted = field->type == FIELD_DIGEST ||
			     (field->type == FIELD_DIGEST_OR_EMPTY && text && *text);

	if (!text || (digest_wanted && !digest_is_valid(text)))
		return false;
	*ret_text = arena_strdup(arena, text);
	return true;
}

static bool read_field(const struct state_field *field, const struct json *json,
	struct arena *arena, struct map_sync_state *state)
{
	const struct json *value = json_get(json, field->key);
	void *member = (char *)state + field->offset;

	switch (field->type) {
	case FIELD_INTEGER:
		return json_integer(value, member) && *(int64_t *)member >= 0;
	case FIELD_BOOLEAN:
		return json_boolean(value, member);
	case FIELD_TEXT:
	case FIELD_DIGEST:
	case FIELD_DIGEST_OR_EMPTY:
		return read_text(field, value, arena, member);
	}
	return false;
}

static bool read_fields(const struct json *json, struct arena *arena,
	struct map_sync_state *ret_state, struct error *err)
{
	struct map_sync_state state = {.generation = 0};
	int64_t format;

	if (!json_integer(json_get(json, "format"), &format) || format != MAP_SYNC_STATE_FORMAT)
		return error_set(err, ERROR_DATABASE, _("the format is not %d"),
			MAP_SYNC_STATE_FORMAT);
	for (size_t i = 0; i < ARRAY_LENGTH(state_fields); i++) {
		if (!read_field(&state_fields[i], json, arena, &state))
			return error_set(err, ERROR_DATABASE, _("\"%s\" is missing or not valid"),
				state_fields[i].key);
	}
	if (json_count(json) != ARRAY_LENGTH(state_fields) + 1)
		return error_set(err, ERROR_DATABASE, _("there are unknown members"));
	*ret_state = state;
	return true;
}

bool map_sync_state_parse(const char *text, size_t length, struct arena *arena,
	struct map_sync_state *ret_state, struct error *err)
{
	static const struct json_rules rules = {.bytes = MAP_SYNC_STATE_MAX, .depth = 1};
	struct json *json cleanup_json = NULL;

	if (!json_parse(text, length, &rules, &json, err)) {
		err->code = ERROR_DATABASE;
		return false;
	}
	return read_fields(json, arena, ret_state, err);
}

void map_sync_state_print(const struct map_sync_state *state, struct strbuf *buffer)
{
	struct json *json cleanup_json = json_new_object();

	json_set_integer(json, "format", MAP_SYNC_STATE_FORMAT);
	for (size_t i = 0; i < ARRAY_LENGTH(state_fields); i++) {
		const struct state_field *field = &state_fields[i];
		const void *member = (const char *)state + field->offset;

		switch (field->type) {
		case FIELD_INTEGER:
			json_set_integer(json, field->key, *(const int64_t *)member);
			break;
		case FIELD_BOOLEAN:
			json_set_boolean(json, field->key, *(const bool *)member);
			break;
		case FIELD_TEXT:
		case FIELD_DIGEST:
		case FIELD_DIGEST_OR_EMPTY:
			json_set_text(json, field->key, *(const char *const *)member);
			break;
		}
	}
	json_print_pretty(json, buffer);
	strbuf_append_char(buffer, '\n');
}

enum lookup_result map_sync_state_read(int directory, const char *name, struct arena *arena,
	struct map_sync_state *ret_state, struct error *err)
{
	const char *text;
	size_t length;
	enum lookup_result result =
		trusted_file_read(directory, name, MAP_SYNC_STATE_MAX, arena, &text, &length, err);

	if (result == LOOKUP_FAILED)
		err->code = ERROR_DATABASE;
	if (result == LOOKUP_FOUND && !map_sync_state_parse(text, length, arena, ret_state, err))
		return LOOKUP_FAILED;
	return result;
}

bool map_sync_state_write(int directory, const char *name, const struct map_sync_state *state,
	struct error *err)
{
	static const struct atomic_file_settings settings = {.mode = 0600};
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	map_sync_state_print(state, &text);
	return atomic_file_replace(directory, name, &settings, strbuf_text(&text), text.length,
		err);
}

static void add_list(struct strbuf *buffer, const char *key, const struct string_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		strbuf_printf(buffer, "%s %s\n", key, list->items[i]);
}

static void add_table(struct strbuf *buffer, const struct settings *settings)
{
	const struct sync_table_settings *table = &settings->sync_table;
	const struct database_settings *database = &settings->database;

	strbuf_printf(buffer, "table %s %s %s\ncolumns %s %s %s %s=%s %s %s\ndrift %s\n", table->table, table->owner_table,
		table->meta_table, table->address_column, table->goto_column, table->domain_column, table->active_column,
		table->active_value, table->created_column, table->modified_column, table->on_drift);
	strbuf_printf(buffer, "domains %s\n", table->domain_table);
	add_list(buffer, "static", &table->static_columns);
	strbuf_printf(buffer, "database %s %s %s %s:%jd %s %s\n", database->engine, database->path, database->socket,
		database->host, (intmax_t)database->port, database->dbname, database->credentials_file);
}

void map_sync_config_digest(const struct settings *settings, const char *type,
	char ret_hex[DIGEST_HEX_LENGTH + 1])
{
	const struct sync_settings *sync = &settings->sync;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	strbuf_append_text(&text, postfix_map_header());
	strbuf_printf(&text, "domain %s\ntype %s\npath %s\nmode %o\ngroup %s\npostfix %s\n",
		settings->domain, type, sync->path, sync->mode, sync->group,
		sync->postfix_config_directory);
	strbuf_printf(&text, "require-reference %d\n", sync->require_reference);
	strbuf_printf(&text, "allow-divert %d\nlocal-destinations %d\n", sync->allow_divert,
		settings->policy.allow_local_destinations);
	add_list(&text, "reserved", &settings->policy.reserved_add);
	add_list(&text, "free", &settings->policy.reserved_remove);
	if (settings_sync_is_sql(settings))
		add_table(&text, settings);
	digest_bytes(strbuf_text(&text), text.length, ret_hex);
}

const char *file_identity(int directory, const char *name, struct arena *arena)
{
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return "";
	return arena_printf(arena, "%ju:%ju:%jd:%jd.%09ld:%jd.%09ld", (uintmax_t)status.st_dev,
		(uintmax_t)status.st_ino, (intmax_t)status.st_size, (intmax_t)status.st_mtim.tv_sec,
		status.st_mtim.tv_nsec, (intmax_t)status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}
