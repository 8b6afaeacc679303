#include "base/message.h"
#include "storage/sql_driver.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

/* ---------------------------------------------------------------- errors */

static enum sql_failure kind_of(int status)
{
	switch (status & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return SQL_FAILURE_DEADLOCK;
	case SQLITE_CONSTRAINT:
		if (status == SQLITE_CONSTRAINT_UNIQUE || status == SQLITE_CONSTRAINT_PRIMARYKEY ||
			status == SQLITE_CONSTRAINT_ROWID)
			return SQL_FAILURE_DUPLICATE;
		return SQL_FAILURE_CONSTRAINT;
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return SQL_FAILURE_CONSTRAINT;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return SQL_FAILURE_DENIED;
	default:
		return SQL_FAILURE_OTHER;
	}
}

/* Fills `err` from the state of the handle. Returns false. */
static bool fail(struct sql_connection *sql, struct error *err)
{
	sqlite3 *handle = sql->handle;
	int status = sqlite3_extended_errcode(handle);
	enum sql_failure kind = kind_of(status);

	switch (kind) {
	case SQL_FAILURE_DEADLOCK:
		error_set(err, ERROR_DEADLOCK, _("the database is locked by somebody else"));
		error_fix(err, _("try again; what holds it can be found with: fuser FILE"));
		break;
	case SQL_FAILURE_DUPLICATE:
		error_set(err, ERROR_ALREADY_EXISTS, _("the database has such a row already"));
		break;
	case SQL_FAILURE_CONSTRAINT:
		error_set(err, ERROR_RULE, _("the database refuses the row"));
		break;
	case SQL_FAILURE_DENIED:
		error_set(err, ERROR_DATABASE, _("the database file must not be written"));
		error_fix(err, _("check owner and mode of the file and its directory, and whether its file system is mounted read-only"));
		break;
	case SQL_FAILURE_NONE:
	case SQL_FAILURE_LOST:
	case SQL_FAILURE_OUTCOME_UNKNOWN:
	case SQL_FAILURE_OTHER:
		error_set(err, ERROR_DATABASE, _("the database failed"));
		if ((status & 0xff) == SQLITE_NOTADB || (status & 0xff) == SQLITE_CORRUPT)
			error_fix(err, _("the file is damaged or no SQLite database: put a backup in its place"));
		break;
	}
	error_why(err, "SQLite: %s", sqlite3_errmsg(handle));
	return sql_failed(sql, kind);
}

/* ---------------------------------------------------------------- connections */

static void close_connection(struct sql_connection *sql)
{
	(void)sqlite3_close_v2(sql->handle);
	sql->handle = NULL;
}

/* SQLite makes its journal beside the file, so root uses no database in a directory where others could lay one there. */
static bool open_directory(const char *path, int *ret_fd, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX];

	if (!slash || slash == path || (size_t)(slash - path) >= sizeof(directory))
		return error_set(err, ERROR_CONFIG, _("\"%s\" is no path for a database"), path);
	memcpy(directory, path, (size_t)(slash - path));
	directory[slash - path] = '\0';
	if (geteuid() == 0)
		return trusted_path_open(directory, ret_fd, err);
	*ret_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_fd < 0)
		return error_set_errno(err, ERROR_DATABASE, errno, _("cannot open the directory %s"), directory);
	return true;
}

static bool check_file(int directory, const struct sql_settings *settings, struct error *err)
{
	const char *name = strrchr(settings->path, '/') + 1;
	int fd cleanup_close = -1;

	if (settings->create) {
		fd = openat(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
		if (fd < 0)
			return error_set_errno(err, ERROR_DATABASE, errno, _("cannot make the database %s"), settings->path);
	}
	if (faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return true;
	error_set_errno(err, ERROR_DATABASE, errno, _("there is no database %s"), settings->path);
	return error_fix(err, _("make it with: postigo-admin schema init; or correct database.path"));
}

static bool prepare_session(struct sql_connection *sql, const struct sql_settings *settings, struct error *err)
{
	sqlite3 *handle = sql->handle;
	int keep_wal = 1;

	/* What an unfriendly schema could make a statement do beyond itself stays off. */
	(void)sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_busy_timeout(handle, (int)settings->lock_timeout_ms);
	/* Those who may only read could not make these files anew. */
	(void)sqlite3_file_control(handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keep_wal);
	/* The second statement is the first to read the file. */
	if (sqlite3_exec(handle, "PRAGMA foreign_keys = ON", NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_exec(handle, "SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL) != SQLITE_OK)
		return fail(sql, err);
	return true;
}

static bool open_connection(struct sql_connection *sql, const struct sql_settings *settings, struct error *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int directory cleanup_close = -1;
	sqlite3 *handle = NULL;

	if (!open_directory(settings->path, &directory, err) || !check_file(directory, settings, err))
		return false;
	if (sqlite3_open_v2(settings->path, &handle, flags, NULL) != SQLITE_OK && !handle)
		out_of_memory();
	sql->handle = handle;
	if (sqlite3_errcode(handle) != SQLITE_OK)
		fail(sql, err);
	else if (prepare_session(sql, settings, err))
		return true;
	close_connection(sql);
	return error_prefix(err, "%s", settings->path);
}

/* ---------------------------------------------------------------- statements */

static bool prepare(struct sql_statement *statement, const char *text, struct error *err)
{
	sqlite3_stmt *handle = NULL;
	const char *rest = "";

	if (sqlite3_prepare_v2(statement->sql->handle, text, -1, &handle, &rest) != SQLITE_OK) {
		fail(statement->sql, err);
		return error_prefix(err, "%.60s", text);
	}
	statement->handle = handle;
	if (!handle || *rest)
		return error_set(err, ERROR_BUG, "not one SQL statement: %.80s", text);
	statement->parameters = (unsigned)sqlite3_bind_parameter_count(handle);
	statement->columns = (unsigned)sqlite3_column_count(handle);
	return true;
}

static int bind(sqlite3_stmt *handle, int number, const struct sql_value *value)
{
	switch (value->type) {
	case SQL_NULL:
		return sqlite3_bind_null(handle, number);
	case SQL_INTEGER:
		return sqlite3_bind_int64(handle, number, value->integer);
	case SQL_TEXT:
		return sqlite3_bind_text64(handle, number, value->bytes, value->length, SQLITE_TRANSIENT, SQLITE_UTF8);
	case SQL_TIME:
		return sqlite3_bind_text64(handle, number, value->time, value->length, SQLITE_TRANSIENT, SQLITE_UTF8);
	case SQL_BYTES:
		/* A NULL pointer would bind NULL, which no bytes at all are not. */
		return sqlite3_bind_blob64(handle, number, value->length ? value->bytes : "", value->length, SQLITE_TRANSIENT);
	}
	return SQLITE_MISUSE;
}

static bool start(struct sql_statement *statement, struct sql_values values, struct error *err)
{
	sqlite3_stmt *handle = statement->handle;
	sqlite3 *connection = statement->sql->handle;
	sqlite3_int64 before = sqlite3_total_changes64(connection);
	int status;

	(void)sqlite3_reset(handle);
	for (size_t i = 0; i < values.count; i++) {
		if (bind(handle, (int)i + 1, &values.items[i]) != SQLITE_OK)
			return fail(statement->sql, err);
	}
	if (statement->columns > 0)
		return true;
	status = sqlite3_step(handle);
	if (status != SQLITE_DONE) {
		fail(statement->sql, err);
		(void)sqlite3_reset(handle);
		return false;
	}
	(void)sqlite3_reset(handle);
	/* The count of the last change outlives it: a statement that changed nothing may find an older one's. */
	statement->changed = sqlite3_total_changes64(connection) > before ? sqlite3_changes64(connection) : 0;
	return true;
}

static void read_cell(sqlite3_stmt *handle, int column, struct sql_cell *ret_cell)
{
	*ret_cell = (struct sql_cell){.type = SQL_NULL};
	switch (sqlite3_column_type(handle, column)) {
	case SQLITE_NULL:
		return;
	case SQLITE_INTEGER:
		ret_cell->type = SQL_INTEGER;
		ret_cell->integer = sqlite3_column_int64(handle, column);
		return;
	default: /* SQLite's text of a BLOB is its bytes, and a terminator */
		ret_cell->type = SQL_BYTES;
		ret_cell->bytes = (const char *)sqlite3_column_text(handle, column);
		ret_cell->length = (size_t)sqlite3_column_bytes(handle, column);
		if (!ret_cell->bytes)
			out_of_memory();
	}
}

static enum sql_step step(struct sql_statement *statement, struct error *err)
{
	sqlite3_stmt *handle = statement->handle;

	switch (sqlite3_step(handle)) {
	case SQLITE_ROW:
		for (unsigned i = 0; i < statement->columns; i++)
			read_cell(handle, (int)i, &statement->cells[i]);
		return SQL_ROW;
	case SQLITE_DONE:
		return SQL_END;
	default:
		fail(statement->sql, err);
		return SQL_FAILED;
	}
}

static void reset(struct sql_statement *statement)
{
	(void)sqlite3_reset(statement->handle);
}

static void finish(struct sql_statement *statement)
{
	(void)sqlite3_finalize(statement->handle);
	statement->handle = NULL;
}

/* ---------------------------------------------------------------- transactions */

static bool run(struct sql_connection *sql, const char *text, struct error *err)
{
	return sqlite3_exec(sql->handle, text, NULL, NULL, NULL) == SQLITE_OK || fail(sql, err);
}

/* IMMEDIATE: a reader that became a writer half way could only fail when another one waits. */
static bool begin(struct sql_connection *sql, struct error *err)
{
	return run(sql, "BEGIN IMMEDIATE", err);
}

static bool commit(struct sql_connection *sql, struct error *err)
{
	return run(sql, "COMMIT", err);
}

/* SQLite itself has rolled back what it could not go on with. */
static void rollback(struct sql_connection *sql)
{
	if (!sqlite3_get_autocommit(sql->handle))
		(void)sqlite3_exec(sql->handle, "ROLLBACK", NULL, NULL, NULL);
}

const struct sql_driver sql_sqlite = {
	.name = "sqlite",
	.capabilities = SQL_ON_CONFLICT | SQL_TRANSACTIONAL_SCHEMA,
	.quote = '"',
	.open = open_connection,
	.close = close_connection,
	.prepare = prepare,
	.start = start,
	.step = step,
	.reset = reset,
	.finish = finish,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
};
