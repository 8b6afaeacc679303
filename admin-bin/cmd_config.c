/* config show, get, check: what the program reads its settings as. */
#include "admin.h"
#include "base/message.h"
#include "base/number.h"
#include "format/nearest_word.h"
#include "format/printable.h"

#include <string.h>

static const char *field_name(const struct config_field *field, struct arena *arena)
{
	return field->section[0] ? arena_printf(arena, "%s.%s", field->section, field->key)
				 : field->key;
}

static struct json *list_json(const char *text, struct arena *arena)
{
	struct string_list items = STRING_LIST_INIT;
	struct json *array = json_new_array();

	string_list_split(&items, arena, text, " ");
	for (size_t i = 0; i < items.count; i++)
		json_add(array, json_new_text(items.items[i]));
	return array;
}

/* The value as the file would say it. */
static struct json *value_json(const struct config_field *field, const struct settings *settings,
	struct arena *arena)
{
	const char *text = config_value_text(field, settings, arena);
	int64_t number;

	switch (field->type) {
	case CONFIG_BOOLEAN:
		return json_new_boolean(strcmp(text, "true") == 0);
	case CONFIG_INTEGER:
		return parse_int64(text, &number) ? json_new_integer(number) : json_new_text(text);
	case CONFIG_LIST:
		return list_json(text, arena);
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_CHOICE:
	case CONFIG_DURATION:
	case CONFIG_MODE:
		break;
	}
	return json_new_text(text);
}

static struct json *field_json(struct admin *admin, size_t index)
{
	const struct config_field *field = &settings_table()->fields[index];
	struct json *object = json_new_object();

	json_set_text(object, "key", field_name(field, &admin->arena));
	json_set(object, "value", value_json(field, &admin->settings, &admin->arena));
	json_set_text(object, "origin", admin->origins[index]);
	return object;
}

int command_config_show(void *context, const struct command_line *line)
{
	static const struct output_column columns[] = {
		{"key", N_("KEY"), COLUMN_TEXT},
		{"text", N_("VALUE"), COLUMN_TEXT},
		{"origin", N_("FROM"), COLUMN_TEXT},
	};
	struct admin *admin = context;
	const struct config_table *table = settings_table();
	struct json *document cleanup_json = json_new_array();
	struct json *rows cleanup_json = json_new_array();
	struct error err;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	for (size_t i = 0; i < table->count; i++) {
		struct json *row = json_add(rows, field_json(admin, i));

		json_add(document, field_json(admin, i));
		json_set_text(row, "text",
			config_value_text(&table->fields[i], &admin->settings, &admin->arena));
	}
	output_rows(&admin->output, document, rows, columns,
		ARRAY_LENGTH(columns) - (command_has(line, "origin") ? 0 : 1), "");
	return ERROR_NONE;
}

static bool find_key(struct admin *admin, const char *key, size_t *ret_index, struct error *err)
{
	const struct config_table *table = settings_table();
	const char **names = arena_alloc_array(&admin->arena, table->count, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; i < table->count; i++) {
		names[i] = field_name(&table->fields[i], &admin->arena);
		if (strcmp(names[i], key) != 0)
			continue;
		*ret_index = i;
		return true;
	}
	nearest = nearest_word(key, names, table->count);
	error_set(err, ERROR_NOT_FOUND, _("there is no setting \"%s\""), key);
	if (nearest) {
		error_why(err, _("did you mean \"%s\"?"), nearest);
		return error_fix(err, "postigo-admin config get %s", nearest);
	}
	return error_fix(err, "postigo-admin config show");
}

int command_config_get(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct json *object cleanup_json = NULL;
	const char *text;
	struct error err;
	size_t index = 0;

	if (!admin_load_settings(admin, line, &err) ||
		!find_key(admin, line->operands.items[0], &index, &err))
		return output_error(&admin->output, &err);
	object = field_json(admin, index);
	text = config_value_text(&settings_table()->fields[index], &admin->settings, &admin->arena);
	output_json(&admin->output, object);
	output_say(&admin->output, "%s", printable_text(text, &admin->arena));
	return ERROR_NONE;
}

int command_config_check(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct json *document cleanup_json = json_new_object();
	struct json *files = json_set(document, "files", json_new_array());
	struct json *warnings = json_set(document, "warnings", json_new_array());
	struct error err;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	for (size_t i = 0; i < admin->file_count; i++) {
		json_add(files, json_new_text(admin->files[i].path));
		output_say(&admin->output, _("read %s"),
			printable_text(admin->files[i].path, &admin->arena));
	}
	for (size_t i = 0; i < admin->settings.warnings.count; i++)
		json_add(warnings, json_new_text(admin->settings.warnings.items[i]));
	json_set_boolean(document, "ok", true);
	json_set_text(document, "domain", admin->settings.domain);
	output_json(&admin->output, document);
	output_say(&admin->output, _("The configuration is good: aliases in %s."),
		admin->settings.domain);
	return ERROR_NONE;
}
