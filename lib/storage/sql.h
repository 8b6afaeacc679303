/*
 * One door to SQLite and MariaDB: prepare, bind typed values, step, column.
 *
 *	struct sql_connection *sql cleanup_sql = NULL;
 *	struct sql_statement *rows cleanup_sql_statement = NULL;
 *
 *	if (!sql_open(&settings, &sql, err) || !sql_query(sql, SQL("SELECT …"), SQL_VALUES(…), &rows, err))
 *		return false;
 *	while ((step = sql_step(rows, err)) == SQL_ROW)
 *		name = sql_column_copy(rows, 0, arena);
 *	if (step == SQL_FAILED)
 *		return false;
 *
 * Rows stream, a result is never held whole. While a stream is open its connection does nothing else: any other call fails with bug, on every driver alike. Read to
 * the end or close first; sql_find() leaves no stream open. A column that does not hold what it is read as (a text as a number) reads as 0 or "", and the next
 * call on the connection fails with database, so that nothing is committed on the ground of it.
 *
 * Codes, besides bug for misuse: already_exists (unique key), rule_violation (another constraint, a value that does not fit its column), deadlock (also: a lock was not
 * had in time), database (all else: absent, refused, lost, damaged). An error inside a transaction, other than already_exists and rule_violation, ends it: what
 * follows fails until the scope is left.
 */
#ifndef POSTIGO_STORAGE_SQL_H
#define POSTIGO_STORAGE_SQL_H

#include "base/arena.h"
#include "base/error.h"
#include "storage/sql_settings.h"
#include "storage/sql_value.h"

struct sql_connection;
struct sql_statement;

#define cleanup_sql __attribute__((cleanup(sql_close)))
#define cleanup_sql_statement __attribute__((cleanup(sql_statement_close)))

/* What a dialect can do; statements are chosen by it, never by a driver's name. */
enum sql_capability {
	SQL_ON_CONFLICT = 1 << 0,	/* INSERT … ON CONFLICT (key) DO UPDATE SET … = excluded.… */
	SQL_ON_DUPLICATE_KEY = 1 << 1,	/* INSERT … ON DUPLICATE KEY UPDATE … = VALUES(…) */
	SQL_ROW_LOCKS = 1 << 2,		/* SELECT … FOR UPDATE; without it a transaction locks all from its start */
	SQL_INFORMATION_SCHEMA = 1 << 3, /* tables and columns are listed there; else by PRAGMA */
	SQL_STORAGE_ENGINES = 1 << 4,	/* a table may be of a kind that knows no transactions */
	SQL_DROP_TEMPORARY = 1 << 5,	/* DROP TEMPORARY TABLE, which ends no transaction */
	SQL_TRANSACTIONAL_SCHEMA = 1 << 6, /* a change of the schema is part of its transaction */
	SQL_CHARACTER_SETS = 1 << 7, /* columns have character sets: CONVERT(… USING utf8mb4) */
};

/* Why the last call on a connection failed, where the error's code does not tell enough. */
enum sql_failure {
	SQL_FAILURE_NONE,
	SQL_FAILURE_DUPLICATE,
	SQL_FAILURE_CONSTRAINT,
	SQL_FAILURE_DEADLOCK,
	SQL_FAILURE_LOST,	     /* the connection is gone; open another one */
	SQL_FAILURE_OUTCOME_UNKNOWN, /* it was lost during COMMIT: all or nothing was written. Look before doing it again */
	SQL_FAILURE_DENIED,	     /* the user may not do that */
	SQL_FAILURE_OTHER,
};

/* Opens a connection: SQLite's file must be there unless the settings say create. Fails with config or database. */
must_check bool sql_open(const struct sql_settings *settings, struct sql_connection **ret_sql, struct error *err);

/* Closes a connection and all its statements, undoing what was not committed; NULL is fine. */
void sql_close(struct sql_connection **sql);

/* Whether the connection's dialect has the capability. */
bool sql_can(const struct sql_connection *sql, enum sql_capability capability);

/* Why the last call failed. */
enum sql_failure sql_last_failure(const struct sql_connection *sql);

/* Lets {name} in later texts stand for `identifier`, which is copied; `name` is static. Again replaces it. */
void sql_define(struct sql_connection *sql, const char *name, const struct sql_identifier *identifier);

/* Lets {name} and its forms stand for a list of at least one; else as sql_define(). */
void sql_define_list(struct sql_connection *sql, const char *name, const struct sql_identifier *identifiers, size_t count);

/* Runs a statement that gives no rows. `ret_rows` (may be NULL) is how many rows it found to change, equal ones included. */
must_check bool sql_execute(struct sql_connection *sql, struct sql_text text, struct sql_values values, int64_t *ret_rows,
	struct error *err);

/* Starts a statement that gives rows, before the first. The caller closes it. */
must_check bool sql_query(struct sql_connection *sql, struct sql_text text, struct sql_values values,
	struct sql_statement **ret_rows, struct error *err);

/* Looks for one row: found (positioned on it, and whatever came behind it is dropped), not found, or failed. The caller closes it. */
must_check enum lookup_result sql_find(struct sql_connection *sql, struct sql_text text, struct sql_values values,
	struct sql_statement **ret_row, struct error *err);

enum sql_step {
	SQL_ROW,
	SQL_END,
	SQL_FAILED,
};

/* Goes to the next row. Columns of the one before are void. */
must_check enum sql_step sql_step(struct sql_statement *statement, struct error *err);

/* Prepares a statement to be run many times with sql_run(). */
must_check bool sql_prepare(struct sql_connection *sql, struct sql_text text, struct sql_statement **ret_statement,
	struct error *err);

/* Runs a prepared statement that gives no rows. */
must_check bool sql_run(struct sql_statement *statement, struct sql_values values, int64_t *ret_rows, struct error *err);

/* Closes a statement wherever it stands; NULL is fine. */
void sql_statement_close(struct sql_statement **statement);

/* Columns of the current row, from 0. NULL reads as 0, false or a NULL pointer. Texts are valid until the next step or close. */
bool sql_column_is_null(const struct sql_statement *row, unsigned column);
bool sql_column_is_integer(const struct sql_statement *row, unsigned column);
int64_t sql_column_integer(const struct sql_statement *row, unsigned column);
bool sql_column_boolean(const struct sql_statement *row, unsigned column);
const char *sql_column_text(const struct sql_statement *row, unsigned column);
const char *sql_column_bytes(const struct sql_statement *row, unsigned column);
size_t sql_column_length(const struct sql_statement *row, unsigned column); /* of text or bytes */
/* A DATETIME in UTC as seconds since the epoch. */
int64_t sql_column_time(const struct sql_statement *row, unsigned column);
/* The text, copied into the arena. */
const char *sql_column_copy(const struct sql_statement *row, unsigned column, struct arena *arena);

#endif
