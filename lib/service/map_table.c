#include "service/map_table.h"

#include "base/ascii.h"
#include "base/message.h"
#include "service/map_table_private.h"

#include <string.h>

/* ---------------------------------------------------------------- names */

/* A list of columns in the making. */
struct columns {
	struct sql_identifier items[MAP_TABLE_COLUMNS];
	size_t count;
};

/* Names that the configuration has checked; "" is none. */
static void add_column(struct columns *columns, const char *name)
{
	if (*name && columns->count < MAP_TABLE_COLUMNS && sql_identifier_parse(name, &columns->items[columns->count]))
		columns->count++;
}

static void define(struct sql_connection *sql, const char *name, const char *text)
{
	struct sql_identifier identifier;

	if (sql_identifier_parse(text, &identifier))
		sql_define(sql, name, &identifier);
}

static void define_names(struct sql_connection *sql, const struct sync_table_settings *settings)
{
	struct columns all = {.count = 0};
	struct columns changing = {.count = 0};

	define(sql, "alias", settings->table);
	define(sql, "owner", settings->owner_table);
	define(sql, "meta", settings->meta_table);
	define(sql, "domains", settings->domain_table);
	define(sql, "address", settings->address_column);
	define(sql, "goto", settings->goto_column);
	/* Where nothing tells live rows, some column must stand in its place; it is not looked at. */
	define(sql, "active", *settings->active_column ? settings->active_column : settings->address_column);
	add_column(&changing, settings->goto_column);
	add_column(&changing, settings->active_column);
	add_column(&changing, settings->modified_column);
	sql_define_list(sql, "changing", changing.items, changing.count);
	add_column(&all, settings->address_column);
	add_column(&all, settings->domain_column);
	add_column(&all, settings->created_column);
	for (size_t i = 0; i < changing.count; i++)
		all.items[all.count++] = changing.items[i];
	for (size_t i = 0; i < settings->static_columns.count; i++) {
		const char *item = settings->static_columns.items[i];
		char name[SQL_IDENTIFIER_MAX + 1] = "";

		if (strcspn(item, "=") < sizeof(name))
			memcpy(name, item, strcspn(item, "="));
		add_column(&all, name);
	}
	sql_define_list(sql, "columns", all.items, all.count);
}

/* ---------------------------------------------------------------- opening */

bool map_table_open(struct map_table *table, const struct settings *settings, const struct sql_settings *place,
	struct error *err)
{
	table->settings = &settings->sync_table;
	table->domain = settings->domain;
	if (table->settings->static_columns.count > MAP_TABLE_STATIC)
		return error_set(err, ERROR_CONFIG, _("\"sync_table.static\" names more than %d columns"), MAP_TABLE_STATIC);
	if (!sql_open(place, &table->sql, err))
		return false;
	define_names(table->sql, table->settings);
	return true;
}

void map_table_close(struct map_table *table)
{
	sql_close(&table->sql);
}

/* Which of the tables are there. */
struct presence {
	bool alias;
	bool owner;
	bool meta;
};

static bool fail_engine(const char *name, const char *engine, struct error *err)
{
	error_set(err, ERROR_CONFIG, _("the table %s is of the kind %s, which knows no transactions"), name, engine);
	error_why(err, _("a sync that is interrupted would leave half of its rows"));
	return error_fix(err, "ALTER TABLE %s ENGINE=InnoDB", name);
}

static bool note_table(const struct map_table *table, const struct sql_statement *row, struct presence *presence,
	struct error *err)
{
	const struct sync_table_settings *settings = table->settings;
	const char *name = sql_column_text(row, 0);
	const char *engine = sql_column_text(row, 1);

	if (ascii_equal_nocase(name, settings->table))
		presence->alias = true;
	else if (ascii_equal_nocase(name, settings->owner_table))
		presence->owner = true;
	else
		presence->meta = true;
	if (!sql_can(table->sql, SQL_STORAGE_ENGINES) || (engine && strcmp(engine, "InnoDB") == 0))
		return true;
	return fail_engine(name, engine ? engine : _("a view"), err);
}

static bool list_tables(struct map_table *table, struct sql_statement **ret_rows, struct error *err)
{
	const struct sync_table_settings *settings = table->settings;
	const struct sql_value names[] = {sql_text(settings->table), sql_text(settings->owner_table),
		sql_text(settings->meta_table)};
	const struct sql_values values = {names, ARRAY_LENGTH(names)};

	if (sql_can(table->sql, SQL_INFORMATION_SCHEMA))
		return sql_query(table->sql,
			SQL("SELECT table_name, engine FROM information_schema.tables "
			    "WHERE table_schema = DATABASE() AND table_name IN (?, ?, ?)"),
			values, ret_rows, err);
	return sql_query(table->sql, SQL("SELECT name, '' FROM sqlite_schema WHERE name IN (?, ?, ?)"), values, ret_rows, err);
}

bool map_table_check(struct map_table *table, struct error *err)
{
	struct sql_statement *rows cleanup_sql_statement = NULL;
	struct presence presence = {.alias = false};
	enum sql_step step = SQL_END;

	if (!list_tables(table, &rows, err))
		return false;
	while ((step = sql_step(rows, err)) == SQL_ROW) {
		if (!note_table(table, rows, &presence, err))
			return false;
	}
	if (step == SQL_FAILED)
		return false;
	table->ready = presence.owner && presence.meta;
	if (presence.alias)
		return true;
	error_set(err, ERROR_DATABASE, _("the database has no table %s"), table->settings->table);
	error_field(err, "sync_table.table");
	return error_fix(err, _("correct database.dbname or sync_table.table"));
}

/* ---------------------------------------------------------------- our own tables */

/* The keys compare as those of the table itself, whatever it was made with. */
static bool create_owner(struct map_table *table, struct error *err)
{
	if (sql_can(table->sql, SQL_STORAGE_ENGINES))
		return sql_execute(table->sql,
			SQL("CREATE TABLE IF NOT EXISTS {owner} (PRIMARY KEY (address), "
			    "goto_sha256 CHAR(64) NOT NULL DEFAULT '', generation BIGINT NOT NULL DEFAULT 0, "
			    "installed_at DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00', "
			    "old_active VARCHAR(64), old_modified VARCHAR(64)) ENGINE = InnoDB "
			    "SELECT {address} AS address, NULLIF({goto}, {goto}) AS old_goto FROM {alias} WHERE 1 = 0"),
			SQL_NO_VALUES, NULL, err);
	return sql_execute(table->sql,
		SQL("CREATE TABLE IF NOT EXISTS {owner} (address TEXT NOT NULL PRIMARY KEY, goto_sha256 TEXT NOT NULL, "
		    "generation INTEGER NOT NULL, installed_at TEXT NOT NULL, old_goto TEXT, old_active TEXT, old_modified TEXT)"),
		SQL_NO_VALUES, NULL, err);
}

static bool create_meta(struct map_table *table, struct error *err)
{
	if (sql_can(table->sql, SQL_STORAGE_ENGINES))
		return sql_execute(table->sql,
			SQL("CREATE TABLE IF NOT EXISTS {meta} (id INTEGER NOT NULL PRIMARY KEY, generation BIGINT NOT NULL, "
			    "digest CHAR(64) NOT NULL) ENGINE = InnoDB"),
			SQL_NO_VALUES, NULL, err);
	return sql_execute(table->sql,
		SQL("CREATE TABLE IF NOT EXISTS {meta} (id INTEGER NOT NULL PRIMARY KEY, generation INTEGER NOT NULL, "
		    "digest TEXT NOT NULL)"),
		SQL_NO_VALUES, NULL, err);
}

/* The row that two hosts which write for the first time meet at. */
static bool create_mark(struct map_table *table, struct error *err)
{
	struct error failure;

	if (sql_execute(table->sql, SQL("INSERT INTO {meta} (id, generation, digest) VALUES (1, 0, '')"), SQL_NO_VALUES, NULL,
		    &failure) ||
		sql_last_failure(table->sql) == SQL_FAILURE_DUPLICATE)
		return true;
	*err = failure;
	return false;
}

bool map_table_create(struct map_table *table, struct error *err)
{
	if (table->ready)
		return true;
	if (!create_owner(table, err) || !create_meta(table, err) || !create_mark(table, err)) {
		if (sql_last_failure(table->sql) == SQL_FAILURE_DENIED)
			error_fix(err, _("let the database's user make tables once: GRANT CREATE ON DATABASE.* TO …"));
		return error_prefix(err, _("the tables that say which rows are ours cannot be made"));
	}
	table->ready = true;
	return true;
}

/* ---------------------------------------------------------------- the mark */

bool map_table_read_mark(struct map_table *table, bool lock, struct map_table_mark *ret_mark, struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;
	struct map_table_mark mark = {.generation = 0};
	enum lookup_result result;
	const char *digest;

	if (lock && sql_can(table->sql, SQL_ROW_LOCKS))
		result = sql_find(table->sql, SQL("SELECT generation, digest FROM {meta} WHERE id = 1 FOR UPDATE"), SQL_NO_VALUES,
			&row, err);
	else
		result = sql_find(table->sql, SQL("SELECT generation, digest FROM {meta} WHERE id = 1"), SQL_NO_VALUES, &row, err);
	if (result == LOOKUP_FAILED)
		return false;
	if (result == LOOKUP_FOUND) {
		mark.generation = sql_column_integer(row, 0);
		digest = sql_column_text(row, 1);
		if (digest && digest_is_valid(digest))
			memcpy(mark.digest, digest, sizeof(mark.digest));
	}
	*ret_mark = mark;
	return true;
}

bool map_table_write_mark(struct map_table *table, const struct map_table_mark *mark, struct error *err)
{
	const struct sql_value row[] = {sql_integer(mark->generation), sql_text(mark->digest)};
	const struct sql_values values = {row, ARRAY_LENGTH(row)};
	int64_t rows;

	if (!sql_execute(table->sql, SQL("UPDATE {meta} SET generation = ?, digest = ? WHERE id = 1"), values, &rows, err))
		return false;
	return rows > 0 || sql_execute(table->sql, SQL("INSERT INTO {meta} (id, generation, digest) VALUES (1, ?, ?)"), values,
				   NULL, err);
}

/* ---------------------------------------------------------------- PostfixAdmin's domains */

bool map_table_judge_domain(struct map_table *table, int64_t aliases, struct arena *arena, const char **ret_refusal,
	const char **ret_warning, struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;
	const char *name = table->settings->domain_table;
	int64_t most;

	*ret_refusal = NULL;
	*ret_warning = NULL;
	if (!*name)
		return true;
	switch (sql_find(table->sql, SQL("SELECT active, backupmx, aliases FROM {domains} WHERE domain = ?"),
		SQL_VALUES(sql_text(table->domain)), &row, err)) {
	case LOOKUP_FAILED:
		return error_field(err, "sync_table.domain_table");
	case LOOKUP_NOT_FOUND:
		*ret_refusal = arena_printf(arena, _("the table %s does not know %s"), name, table->domain);
		return true;
	case LOOKUP_FOUND:
		break;
	}
	most = sql_column_integer(row, 2);
	if (!sql_column_boolean(row, 0) || sql_column_boolean(row, 1))
		*ret_refusal = arena_printf(arena, _("%s is not active in the table %s, or only relayed"), table->domain, name);
	else if (most < 0 || (most > 0 && aliases > most))
		*ret_warning = arena_printf(arena, _("the table %s allows %s at most %jd aliases"), name, table->domain,
			(intmax_t)(most < 0 ? 0 : most));
	return true;
}

/* ---------------------------------------------------------------- adopt and release */

static bool find_foreign(struct map_table *table, const char *address, struct sql_statement **ret_row, struct error *err)
{
	struct sql_statement *owned cleanup_sql_statement = NULL;

	switch (sql_find(table->sql, SQL("SELECT address FROM {owner} WHERE address = ?"), SQL_VALUES(sql_text(address)), &owned, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_FOUND:
		return error_set(err, ERROR_ALREADY_EXISTS, _("the row of %s is ours already"), address);
	case LOOKUP_NOT_FOUND:
		break;
	}
	switch (sql_find(table->sql, SQL("SELECT {changing} FROM {alias} WHERE {address} = ?"), SQL_VALUES(sql_text(address)), ret_row, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return error_set(err, ERROR_NOT_FOUND, _("the table %s has no row for %s"), table->settings->table, address);
	case LOOKUP_FOUND:
		break;
	}
	return true;
}

bool map_table_adopt(struct map_table *table, const char *address, const struct map_table_stamp *stamp, struct arena *arena,
	const char **ret_before, struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;
	const struct sync_table_settings *settings = table->settings;
	char digest[DIGEST_HEX_LENGTH + 1];
	const char *active = NULL;
	const char *modified = NULL;
	unsigned column = 1;

	if (!find_foreign(table, address, &row, err))
		return false;
	*ret_before = map_table_column(row, 0, arena);
	if (*settings->active_column)
		active = map_table_column(row, column++, arena);
	if (*settings->modified_column)
		modified = map_table_column(row, column, arena);
	digest_bytes(*ret_before, strlen(*ret_before), digest);
	return sql_execute(table->sql,
		SQL("INSERT INTO {owner} (address, goto_sha256, generation, installed_at, old_goto, old_active, old_modified) "
		    "VALUES (?, ?, ?, ?, ?, ?, ?)"),
		SQL_VALUES(sql_text(address), sql_text(digest), sql_integer(stamp->generation), sql_time(stamp->now),
			sql_text(*ret_before), sql_text(active), sql_text(modified)),
		NULL, err);
}

bool map_table_release(struct map_table *table, const char *address, struct error *err)
{
	int64_t rows;

	if (!sql_execute(table->sql, SQL("DELETE FROM {owner} WHERE address = ?"), SQL_VALUES(sql_text(address)), &rows, err))
		return false;
	return rows > 0 || error_set(err, ERROR_NOT_FOUND, _("the row of %s is not ours"), address);
}
