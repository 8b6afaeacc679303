#include "storage/schema.h"

#include "base/message.h"
#include "base/strbuf.h"

#include <string.h>

/* ---------------------------------------------------------------- names */

static const struct {
	const char *name;
	bool ours;     /* takes no prefix */
	bool required; /* by every command */
} tables[SCHEMA_TABLES] = {
	[SCHEMA_CONFIG] = {"config", false, false},
	[SCHEMA_ADMIN] = {"admin", false, false},
	[SCHEMA_DOMAIN] = {"domain", false, true},
	[SCHEMA_DOMAIN_ADMINS] = {"domain_admins", false, true},
	[SCHEMA_MAILBOX] = {"mailbox", false, true},
	[SCHEMA_ALIAS] = {"alias", false, true},
	[SCHEMA_ALIAS_DOMAIN] = {"alias_domain", false, true},
	[SCHEMA_QUOTA] = {"quota", false, false},
	[SCHEMA_QUOTA2] = {"quota2", false, true},
	[SCHEMA_LOG] = {"log", false, true},
	[SCHEMA_VACATION] = {"vacation", false, false},
	[SCHEMA_VACATION_NOTIFICATION] = {"vacation_notification", false, false},
	[SCHEMA_FETCHMAIL] = {"fetchmail", false, false},
	[SCHEMA_DKIM] = {"dkim", false, false},
	[SCHEMA_DKIM_SIGNING] = {"dkim_signing", false, false},
	[SCHEMA_TOTP_EXCEPTION] = {"totp_exception_address", false, false},
	[SCHEMA_APP_PASSWORD] = {"mailbox_app_password", false, false},
	[SCHEMA_ADMIN_PREFERENCES] = {"admin_preferences", false, false},
	[SCHEMA_POSTIGO_DOMAIN] = {"postigo_domain", true, false},
	[SCHEMA_POSTIGO_SCHEMA] = {"postigo_schema", true, false},
};

static const struct {
	enum schema_table table;
	const char *column;
	const char *name;
} columns[SCHEMA_COLUMNS] = {
	[SCHEMA_DOMAIN_PASSWORD_EXPIRY] = {SCHEMA_DOMAIN, "password_expiry", "domain.password_expiry"},
	[SCHEMA_MAILBOX_PASSWORD_EXPIRY] = {SCHEMA_MAILBOX, "password_expiry", "mailbox.password_expiry"},
	[SCHEMA_MAILBOX_TOTP_SECRET] = {SCHEMA_MAILBOX, "totp_secret", "mailbox.totp_secret"},
	[SCHEMA_MAILBOX_SMTP_ACTIVE] = {SCHEMA_MAILBOX, "smtp_active", "mailbox.smtp_active"},
	[SCHEMA_ALIAS_DESCRIPTION] = {SCHEMA_ALIAS, "description", "alias.description"},
	[SCHEMA_ALIAS_DOMAIN_DESCRIPTION] = {SCHEMA_ALIAS_DOMAIN, "description", "alias_domain.description"},
};

const char *schema_table_name(enum schema_table table)
{
	return tables[table].name;
}

const char *schema_column_name(enum schema_column column)
{
	return columns[column].name;
}

bool schema_has_table(const struct schema *schema, enum schema_table table)
{
	return (schema->tables >> table & 1U) != 0;
}

bool schema_has_column(const struct schema *schema, enum schema_column column)
{
	return (schema->columns >> column & 1U) != 0;
}

static bool define_names(struct sql_connection *sql, const char *prefix, struct sql_identifier names[SCHEMA_TABLES],
	struct error *err)
{
	for (size_t i = 0; i < SCHEMA_TABLES; i++) {
		struct strbuf name cleanup_strbuf = STRBUF_INIT;

		if (!tables[i].ours)
			strbuf_append_text(&name, prefix);
		strbuf_append_text(&name, tables[i].name);
		if (!sql_identifier_parse(strbuf_text(&name), &names[i])) {
			error_set(err, ERROR_CONFIG, _("\"%s\" cannot be the name of a table"), strbuf_text(&name));
			error_fix(err, _("let database.table_prefix be short, of letters, digits and \"_\""));
			return error_field(err, "database.table_prefix");
		}
		sql_define(sql, tables[i].name, &names[i]);
	}
	return true;
}

/* ---------------------------------------------------------------- what is there */

static bool query_columns(struct sql_connection *sql, struct sql_statement **ret_rows, struct error *err)
{
	if (sql_can(sql, SQL_INFORMATION_SCHEMA))
		return sql_query(sql,
			SQL("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"),
			SQL_NO_VALUES, ret_rows, err);
	return sql_query(sql,
		SQL("SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type IN ('table', 'view')"),
		SQL_NO_VALUES, ret_rows, err);
}

static void note_column(const struct sql_identifier names[SCHEMA_TABLES], const char *table, const char *column,
	struct schema *schema)
{
	size_t found = 0;

	while (found < SCHEMA_TABLES && strcmp(names[found].text, table) != 0)
		found++;
	if (found == SCHEMA_TABLES)
		return;
	schema->tables |= 1U << found;
	for (size_t i = 0; i < SCHEMA_COLUMNS; i++) {
		if (columns[i].table == found && strcmp(columns[i].column, column) == 0)
			schema->columns |= 1U << i;
	}
}

static bool read_columns(struct sql_connection *sql, const struct sql_identifier names[SCHEMA_TABLES],
	struct schema *schema, struct error *err)
{
	struct sql_statement *rows cleanup_sql_statement = NULL;
	enum sql_step step;

	if (!query_columns(sql, &rows, err))
		return false;
	while ((step = sql_step(rows, err)) == SQL_ROW) {
		const char *table = sql_column_text(rows, 0);
		const char *column = sql_column_text(rows, 1);

		if (table && column)
			note_column(names, table, column, schema);
	}
	return step == SQL_END;
}

static bool read_number(struct sql_connection *sql, struct sql_text text, int64_t *ret_number, struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;

	switch (sql_find(sql, text, SQL_NO_VALUES, &row, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FOUND:
		break;
	}
	*ret_number = sql_column_integer(row, 0);
	return true;
}

static bool read_numbers(struct sql_connection *sql, struct schema *schema, struct error *err)
{
	if (schema_has_table(schema, SCHEMA_CONFIG) &&
		!read_number(sql, SQL("SELECT value FROM {config} WHERE name = 'version'"), &schema->level, err))
		return false;
	return !schema_has_table(schema, SCHEMA_POSTIGO_SCHEMA) ||
	       read_number(sql, SQL("SELECT MAX(version) FROM {postigo_schema}"), &schema->version, err);
}

bool schema_read(struct sql_connection *sql, const char *prefix, struct schema *ret_schema, struct error *err)
{
	struct sql_identifier names[SCHEMA_TABLES] = {0};
	struct schema schema = {.level = 0};

	if (!define_names(sql, prefix, names, err) || !read_columns(sql, names, &schema, err) ||
		!read_numbers(sql, &schema, err))
		return false;
	*ret_schema = schema;
	return true;
}

/* ---------------------------------------------------------------- what must be there */

bool schema_require(const struct schema *schema, struct error *err)
{
	for (size_t i = 0; i < SCHEMA_TABLES; i++) {
		if (!tables[i].required || schema_has_table(schema, (enum schema_table)i))
			continue;
		error_set(err, ERROR_DATABASE, _("the database lacks the table \"%s\""), tables[i].name);
		if (schema->tables == 0)
			return error_fix(err, "postigo-admin schema init");
		error_why(err, _("it is not there, or the database's user may not see it"));
		return error_fix(err, "postigo-admin schema status");
	}
	if (schema->level == 0 || schema->level >= SCHEMA_LEVEL_OLDEST)
		return true;
	error_set(err, ERROR_DATABASE, _("the database has PostfixAdmin's schema %lld, which is too old"),
		(long long)schema->level);
	error_why(err, _("the oldest that is known is %d"), SCHEMA_LEVEL_OLDEST);
	return error_fix(err, _("let PostfixAdmin upgrade it (setup.php)"));
}

bool schema_require_column(const struct schema *schema, enum schema_column column, struct error *err)
{
	if (schema_has_column(schema, column))
		return true;
	error_set(err, ERROR_CONFIG, _("this database has no column %s"), columns[column].name);
	error_why(err, _("its schema is older than the column (%lld)"), (long long)schema->level);
	return error_fix(err, _("let PostfixAdmin upgrade it (setup.php), or leave the option out"));
}
