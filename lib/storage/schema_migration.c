/* Our own tables beside PostfixAdmin's, made and changed by numbered steps. Numbers are never used twice, and what was published is never changed. */
#include "storage/schema_private.h"

#include "base/message.h"

#define SQLITE_KEY "VARCHAR(255) COLLATE NOCASE NOT NULL PRIMARY KEY"
#define SQLITE_END ""
#define MARIADB_KEY "VARCHAR(255) NOT NULL PRIMARY KEY"
#define MARIADB_END " ENGINE = InnoDB DEFAULT CHARACTER SET latin1 COLLATE latin1_general_ci"

#define VERSION_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {postigo_schema} (version BIGINT NOT NULL PRIMARY KEY, what VARCHAR(255) NOT NULL, " \
	"applied DATETIME NOT NULL)" D##_END
#define DOMAIN_SETTINGS_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {postigo_domain} (domain " D##_KEY ", default_quota BIGINT NOT NULL DEFAULT 0)" D##_END

static const struct schema_migration migrations[] = {
	{1, N_("settings of a domain that PostfixAdmin has no column for")},
};

const struct schema_migration *schema_migrations(size_t *ret_count)
{
	*ret_count = ARRAY_LENGTH(migrations);
	return migrations;
}

int64_t schema_version_newest(void)
{
	return migrations[ARRAY_LENGTH(migrations) - 1].number;
}

static bool apply(struct sql_connection *sql, int64_t number, struct error *err)
{
	const struct schema_statement statements[] = {
		{SQL(DOMAIN_SETTINGS_TABLE(SQLITE)), SQL(DOMAIN_SETTINGS_TABLE(MARIADB))},
	};

	_Static_assert(ARRAY_LENGTH(statements) == ARRAY_LENGTH(migrations), "a migration has a text");
	return schema_run(sql, &statements[number - 1], err);
}

struct run {
	int64_t now;
};

static bool make_version_table(struct sql_connection *sql, struct error *err)
{
	const struct schema_statement statement = {SQL(VERSION_TABLE(SQLITE)), SQL(VERSION_TABLE(MARIADB))};

	return schema_run(sql, &statement, err);
}

static bool read_version(struct sql_connection *sql, int64_t *ret_version, struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;

	if (sql_find(sql, SQL("SELECT MAX(version) FROM {postigo_schema}"), SQL_NO_VALUES, &row, err) != LOOKUP_FOUND)
		return false;
	*ret_version = sql_column_integer(row, 0);
	return true;
}

/* Its row comes behind the change: where a schema change is no part of a transaction, one that was cut off is done over, which every statement here allows. */
static bool apply_one(struct sql_connection *sql, const struct schema_migration *migration, int64_t now, struct error *err)
{
	struct error failure;

	if (!apply(sql, migration->number, err))
		return false;
	if (sql_execute(sql, SQL("INSERT INTO {postigo_schema} (version, what, applied) VALUES (?, ?, ?)"),
		    SQL_VALUES(sql_integer(migration->number), sql_text(migration->what), sql_time(now)), NULL, &failure) ||
		failure.code == ERROR_ALREADY_EXISTS)
		return true;
	*err = failure;
	return false;
}

static bool apply_all(struct sql_connection *sql, void *context, struct error *err)
{
	const struct run *run = context;
	int64_t version = 0;

	if (!make_version_table(sql, err) || !read_version(sql, &version, err))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(migrations); i++) {
		if (migrations[i].number > version && !apply_one(sql, &migrations[i], run->now, err))
			return false;
	}
	return true;
}

bool schema_migrate(struct sql_connection *sql, int64_t now, struct error *err)
{
	struct run run = {now};

	if (sql_can(sql, SQL_TRANSACTIONAL_SCHEMA))
		return sql_transact(sql, apply_all, &run, err);
	return apply_all(sql, &run, err);
}
