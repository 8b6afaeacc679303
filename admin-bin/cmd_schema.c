/* schema: the tables of the mail database, made, brought up to date, looked at. */
#include "admin_json.h"
#include "admin_mail.h"
#include "base/message.h"
#include "service/mail_database.h"

static struct json *result_json(const struct mail_database_result *result, bool dry_run)
{
	struct json *object = json_new_object();

	json_set_boolean(object, "changed", result->changed);
	if (dry_run)
		json_set_boolean(object, "would_change", result->acts.count > 0);
	json_set(object, "acts", admin_list_json(&result->acts));
	json_set_integer(object, "level", result->level);
	json_set_integer(object, "schema", result->version);
	return object;
}

static int prepare(struct admin *admin, const struct command_line *line, bool create)
{
	struct mail_database_request request = {
		.credentials_file = command_value(line, "admin-dsn"),
		.create = create,
		.dry_run = command_has(line, "dry-run"),
		.now = admin->now,
	};
	struct mail_database_result result = {.changed = false};
	struct json *document cleanup_json = NULL;
	struct error err;

	if (!admin_load_settings(admin, line, &err) ||
		!mail_database_prepare(&admin->settings, &request, &admin->arena, &result, &err))
		return output_error(&admin->output, &err);
	if (result.newer)
		output_warn(&admin->output, _("the database was made by a newer postigo (schema %lld); it was left as it is"),
			(long long)result.version);
	document = result_json(&result, request.dry_run);
	output_json(&admin->output, document);
	for (size_t i = 0; i < result.acts.count; i++)
		output_say(&admin->output, "%s", result.acts.items[i]);
	if (result.acts.count == 0)
		output_say(&admin->output, _("Nothing to do."));
	else if (request.dry_run)
		output_say(&admin->output, _("Nothing was done."));
	return ERROR_NONE;
}

int command_schema_init(void *context, const struct command_line *line)
{
	return prepare(context, line, true);
}

int command_schema_migrate(void *context, const struct command_line *line)
{
	return prepare(context, line, false);
}

/* ---------------------------------------------------------------- status */

static struct json *missing_json(const struct schema *schema)
{
	struct json *names = json_new_array();

	for (unsigned i = 0; i < SCHEMA_TABLES; i++) {
		if (!schema_has_table(schema, (enum schema_table)i))
			json_add(names, json_new_text(schema_table_name((enum schema_table)i)));
	}
	for (unsigned i = 0; i < SCHEMA_COLUMNS; i++) {
		if (!schema_has_column(schema, (enum schema_column)i))
			json_add(names, json_new_text(schema_column_name((enum schema_column)i)));
	}
	return names;
}

static struct json *pending_json(const struct schema *schema)
{
	struct json *pending = json_new_array();
	size_t count;
	const struct schema_migration *migrations = schema_migrations(&count);

	for (size_t i = 0; i < count; i++) {
		struct json *object;

		if (migrations[i].number <= schema->version)
			continue;
		object = json_add(pending, json_new_object());
		json_set_integer(object, "number", migrations[i].number);
		json_set_text(object, "what", migrations[i].what);
	}
	return pending;
}

static struct json *status_json(const struct settings *settings, const struct schema *schema)
{
	struct json *object = json_new_object();
	struct error err;

	json_set_text(object, "engine", settings->database.engine);
	json_set_boolean(object, "usable", schema_require(schema, &err));
	json_set_integer(object, "level", schema->level);
	json_set_integer(object, "level_newest", SCHEMA_LEVEL_NEWEST);
	json_set_integer(object, "schema", schema->version);
	json_set_integer(object, "schema_newest", schema_version_newest());
	json_set(object, "pending", pending_json(schema));
	json_set(object, "missing", missing_json(schema));
	return object;
}

static void print_number(struct admin *admin, const char *title, const char *key, int64_t number)
{
	output_field(&admin->output, title, key, arena_printf(&admin->arena, "%lld", (long long)number));
}

static void print_status(struct admin *admin, const struct schema *schema, const struct json *status)
{
	struct output *output = &admin->output;
	struct error err;

	output_field(output, _("engine"), "engine", json_get_text(status, "engine"));
	output_field(output, _("usable"), "usable", output_word(output, schema_require(schema, &err) ? N_("yes") : N_("no")));
	print_number(admin, _("PostfixAdmin"), "level", schema->level);
	print_number(admin, _("postigo"), "schema", schema->version);
	for (const struct json *item = json_first(json_get(status, "pending")); item; item = json_next(item))
		output_field(output, _("pending"), "pending", output_word(output, json_get_text(item, "what")));
	for (const struct json *item = json_first(json_get(status, "missing")); item; item = json_next(item))
		output_field(output, _("missing"), "missing", json_text(item));
}

int command_schema_status(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct schema schema = {0};
	struct json *status cleanup_json = NULL;
	struct error err;

	if (!admin_load_settings(admin, line, &err) || !mail_database_read(&admin->settings, &admin->arena, &schema, &err))
		return output_error(&admin->output, &err);
	status = status_json(&admin->settings, &schema);
	output_json(&admin->output, status);
	print_status(admin, &schema, status);
	return ERROR_NONE;
}
