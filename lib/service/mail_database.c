#include "service/mail_database.h"

#include "base/message.h"
#include "system/account.h"
#include "system/file_access.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define GROUP_DAEMONS "postigo"
#define GROUP_DOVECOT "dovecot"

/* ---------------------------------------------------------------- opening */

static bool open_as(const struct settings *settings, const struct mail_database_request *request, struct arena *arena,
	struct sql_connection **ret_sql, struct error *err)
{
	struct database_settings database = settings->database;
	struct sql_settings place = {.driver = NULL};

	if (request->credentials_file)
		database.credentials_file = request->credentials_file;
	if (!sql_settings_read(&database, arena, &place, err))
		return false;
	place.create = request->create;
	return sql_open(&place, ret_sql, err);
}

static bool open_and_read(const struct settings *settings, const struct mail_database_request *request, struct arena *arena,
	struct sql_connection **ret_sql, struct schema *ret_schema, struct error *err)
{
	struct sql_connection *sql cleanup_sql = NULL;

	if (!open_as(settings, request, arena, &sql, err) ||
		!schema_read(sql, settings->database.table_prefix, ret_schema, err))
		return false;
	*ret_sql = sql;
	sql = NULL;
	return true;
}

bool mail_database_open(const struct settings *settings, struct arena *arena, struct sql_connection **ret_sql,
	struct schema *ret_schema, struct error *err)
{
	const struct mail_database_request request = {.create = false};
	struct sql_connection *sql cleanup_sql = NULL;
	struct schema schema = {0};

	if (!open_and_read(settings, &request, arena, &sql, &schema, err) || !schema_require(&schema, err))
		return false;
	*ret_schema = schema;
	*ret_sql = sql;
	sql = NULL;
	return true;
}

bool mail_database_read(const struct settings *settings, struct arena *arena, struct schema *ret_schema, struct error *err)
{
	const struct mail_database_request request = {.create = false};
	struct sql_connection *sql cleanup_sql = NULL;

	return open_and_read(settings, &request, arena, &sql, ret_schema, err);
}

/* ---------------------------------------------------------------- what is missing */

static void note_acts(const struct schema *schema, bool create, struct arena *arena, struct mail_database_result *result)
{
	size_t count;
	const struct schema_migration *migrations = schema_migrations(&count);

	if (create && schema->level == 0)
		string_list_add(&result->acts, arena,
			arena_printf(arena, _("make PostfixAdmin's tables as of level %d"), SCHEMA_LEVEL_NEWEST));
	for (size_t i = 0; i < count; i++) {
		if (migrations[i].number > schema->version)
			string_list_add(&result->acts, arena,
				arena_printf(arena, _("migration %lld: %s"), (long long)migrations[i].number, _(migrations[i].what)));
	}
	result->newer = schema->version > schema_version_newest();
}

/* Migrations stand beside PostfixAdmin's tables, not in an empty database. */
static bool has_base(const struct schema *schema, const struct mail_database_request *request, struct error *err)
{
	return request->create || schema_require(schema, err);
}

static bool make_schema(struct sql_connection *sql, const struct schema *schema, const struct mail_database_request *request,
	struct error *err)
{
	if (request->create && !schema_create(sql, schema, request->now, err))
		return false;
	return schema->version >= schema_version_newest() || schema_migrate(sql, request->now, err);
}

static bool prepare_open(const struct settings *settings, const struct mail_database_request *request, struct arena *arena,
	struct mail_database_result *result, struct error *err)
{
	struct sql_connection *sql cleanup_sql = NULL;
	struct schema schema = {0};

	if (!open_and_read(settings, request, arena, &sql, &schema, err) || !has_base(&schema, request, err))
		return false;
	note_acts(&schema, request->create, arena, result);
	if (result->acts.count > 0 && !request->dry_run) {
		if (!make_schema(sql, &schema, request, err) ||
			!schema_read(sql, settings->database.table_prefix, &schema, err))
			return false;
	}
	result->level = schema.level;
	result->version = schema.version;
	return true;
}

/* ---------------------------------------------------------------- the file of an SQLite database */

static bool let_daemons_read(const char *path, struct error *err)
{
	static const char *const names[] = {GROUP_DAEMONS, GROUP_DOVECOT};
	gid_t readers[ARRAY_LENGTH(names)];
	size_t count = 0;
	int fd cleanup_close = -1;

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		switch (group_by_name(names[i], &readers[count], err)) {
		case LOOKUP_FAILED:
			return false;
		case LOOKUP_FOUND:
			count++;
			break;
		case LOOKUP_NOT_FOUND:
			break;
		}
	}
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open %s"), path);
	return file_access_grant_groups(fd, readers, count, err) || error_prefix(err, "%s", path);
}

bool mail_database_prepare(const struct settings *settings, const struct mail_database_request *request, struct arena *arena,
	struct mail_database_result *ret_result, struct error *err)
{
	struct mail_database_result result = {.changed = false};
	const char *path = settings->database.path;
	bool makes_file = request->create && strcmp(settings->database.engine, "sqlite") == 0;
	bool is_there = !makes_file || faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;

	if (!is_there)
		string_list_add(&result.acts, arena, arena_printf(arena, _("make the database %s"), path));
	if (!is_there && request->dry_run) {
		note_acts(&(struct schema){0}, true, arena, &result);
	} else if (!prepare_open(settings, request, arena, &result, err)) {
		return false;
	}
	/* Behind the connection: to close another descriptor of the file would drop SQLite's locks on it. */
	if (makes_file && !request->dry_run && !let_daemons_read(path, err))
		return false;
	result.changed = result.acts.count > 0 && !request->dry_run;
	*ret_result = result;
	return true;
}
