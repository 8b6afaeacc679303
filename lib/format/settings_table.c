#include "format/settings_table.h"

#include "base/ascii.h"
#include "base/message.h"
#include "format/sql_identifier.h"

#include <stddef.h>
#include <string.h>

#define NAME(member, is_column, may_be_empty)                                                      \
	{                                                                                          \
#member, offsetof(struct sync_table_settings, member), is_column, may_be_empty           \
	}

static const struct name_field {
	const char *key;
	size_t offset;
	bool is_column;
	bool may_be_empty;
} names[] = {
	NAME(table, false, false),
	NAME(address_column, true, false),
	NAME(goto_column, true, false),
	NAME(domain_column, true, true),
	NAME(active_column, true, true),
	NAME(created_column, true, true),
	NAME(modified_column, true, true),
	NAME(owner_table, false, false),
	NAME(meta_table, false, false),
	NAME(domain_table, false, true),
};

static const char *name_of(const struct sync_table_settings *table, const struct name_field *field)
{
	const void *member = (const char *)table + field->offset;

	return *(const char *const *)member;
}

static bool fail(const char *key, const char **ret_key, const char *name, const char *why, struct error *err)
{
	*ret_key = key;
	error_set(err, ERROR_CONFIG, _("\"%s\" cannot be what \"%s\" names"), name, key);
	error_why(err, "%s", why);
	return error_field(err, key);
}

static bool check_name(const struct name_field *field, const char *name, const char **ret_key, struct error *err)
{
	struct sql_identifier identifier;

	if ((field->may_be_empty && !*name) || sql_identifier_parse(name, &identifier))
		return true;
	return fail(field->key, ret_key, name, _("a name has letters, digits and \"_\", at most 64"), err);
}

/* Whether one of the columns above, or an earlier one of the list, has the name that ends at `length`. */
static bool is_named(const struct sync_table_settings *table, size_t before, const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		const char *other = name_of(table, &names[i]);

		if (names[i].is_column && strlen(other) == length && strncasecmp(other, name, length) == 0)
			return true;
	}
	for (size_t i = 0; i < before; i++) {
		const char *other = table->static_columns.items[i];

		if (strcspn(other, "=") == length && strncasecmp(other, name, length) == 0)
			return true;
	}
	return false;
}

static bool check_static(const struct sync_table_settings *table, size_t number, const char **ret_key, struct error *err)
{
	const char *item = table->static_columns.items[number];
	size_t length = strcspn(item, "=");
	char name[SQL_IDENTIFIER_MAX + 1] = "";
	struct sql_identifier identifier;

	if (item[length] == '=' && length <= SQL_IDENTIFIER_MAX)
		memcpy(name, item, length);
	if (!sql_identifier_parse(name, &identifier))
		return fail("static", ret_key, item, _("it is no \"column=value\""), err);
	if (is_named(table, number, item, length))
		return fail("static", ret_key, item, _("the column has a value already"), err);
	return true;
}

static bool check_engine(const struct settings *settings, const char **ret_key, struct error *err)
{
	bool mysql = strcmp(settings->sync.type, "mysql") == 0;

	if (strcmp(settings->database.engine, mysql ? "mariadb" : "sqlite") == 0)
		return true;
	*ret_key = "engine";
	error_set(err, ERROR_CONFIG, _("\"database.engine\" is %s, and \"sync.type\" is %s"), settings->database.engine,
		settings->sync.type);
	error_fix(err, mysql ? "\"database\": {\"engine\": \"mariadb\"}" : "\"database\": {\"engine\": \"sqlite\"}");
	return error_field(err, "database.engine");
}

static bool check_unique(const struct sync_table_settings *table, size_t number, const char **ret_key, struct error *err)
{
	const char *name = name_of(table, &names[number]);

	for (size_t i = 0; i < number; i++) {
		if (*name && names[i].is_column == names[number].is_column && ascii_equal_nocase(name_of(table, &names[i]), name))
			return fail(names[number].key, ret_key, name, _("it is named twice"), err);
	}
	return true;
}

bool settings_table_check(const struct settings *settings, const char **ret_key, struct error *err)
{
	const struct sync_table_settings *table = &settings->sync_table;

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (!check_name(&names[i], name_of(table, &names[i]), ret_key, err) || !check_unique(table, i, ret_key, err))
			return false;
	}
	for (size_t i = 0; i < table->static_columns.count; i++) {
		if (!check_static(table, i, ret_key, err))
			return false;
	}
	return !settings_sync_is_sql(settings) || check_engine(settings, ret_key, err);
}
