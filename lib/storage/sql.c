#include "storage/sql.h"

#include "base/message.h"
#include "base/number.h"
#include "format/timestamp.h"
#include "storage/sql_driver.h"

#include <string.h>

/* ---------------------------------------------------------------- connections */

bool sql_open(const struct sql_settings *settings, struct sql_connection **ret_sql, struct error *err)
{
	struct sql_connection *sql cleanup_sql = calloc(1, sizeof(*sql));

	if (!sql)
		out_of_memory();
	sql->driver = settings->driver;
	sql->capabilities = sql->driver->capabilities;
	sql->quote = sql->driver->quote;
	sql->lock_timeout_ms = settings->lock_timeout_ms;
	if (!sql->driver->open(sql, settings, err))
		return false;
	*ret_sql = sql;
	sql = NULL;
	return true;
}

/* Takes a statement from its connection, whichever of the two is closed first. */
static void finish(struct sql_statement *statement)
{
	struct sql_connection *sql = statement->sql;
	struct sql_statement **link = &sql->statements;

	while (*link != statement)
		link = &(*link)->next;
	*link = statement->next;
	if (sql->stream == statement)
		sql->stream = NULL;
	sql->driver->finish(statement);
	statement->sql = NULL;
}

void sql_close(struct sql_connection **sql)
{
	struct sql_connection *closing = *sql;

	if (!closing)
		return;
	while (closing->statements)
		finish(closing->statements);
	closing->driver->close(closing);
	sql_forget_names(closing);
	free(closing);
	*sql = NULL;
}

bool sql_can(const struct sql_connection *sql, enum sql_capability capability)
{
	return (sql->capabilities & capability) != 0;
}

enum sql_failure sql_last_failure(const struct sql_connection *sql)
{
	return sql->failure;
}

/* Before each call: what forbids it. */
static bool is_usable(struct sql_connection *sql, struct error *err)
{
	if (sql->stream)
		return error_set(err, ERROR_BUG, "a database connection is asked something while its rows are being read");
	if (sql->misread.code != ERROR_NONE) {
		*err = sql->misread;
		sql->misread.code = ERROR_NONE;
		sql->over = sql->in_transaction;
		return sql_failed(sql, SQL_FAILURE_OTHER);
	}
	if (sql->lost) {
		error_set(err, ERROR_DATABASE, _("the connection to the database is lost"));
		return sql_failed(sql, SQL_FAILURE_LOST);
	}
	if (sql->over)
		return error_set(err, ERROR_BUG, "a transaction that failed is carried on");
	sql->failure = SQL_FAILURE_NONE;
	return true;
}

/* After each call: a transaction does not outlive an error that its work could not have asked for. */
static bool settle(struct sql_connection *sql, bool done)
{
	bool harmless = sql->failure == SQL_FAILURE_DUPLICATE || sql->failure == SQL_FAILURE_CONSTRAINT;

	if (!done && sql->in_transaction && !harmless)
		sql->over = true;
	return done;
}

/* ---------------------------------------------------------------- statements */

void sql_statement_close(struct sql_statement **statement)
{
	struct sql_statement *closing = *statement;

	if (!closing)
		return;
	if (closing->sql)
		finish(closing);
	strbuf_clear(&closing->copy);
	free(closing->cells);
	free(closing);
	*statement = NULL;
}

bool sql_prepare(struct sql_connection *sql, struct sql_text text, struct sql_statement **ret_statement, struct error *err)
{
	struct strbuf expanded cleanup_strbuf = STRBUF_INIT;
	struct sql_statement *statement cleanup_sql_statement = NULL;

	if (!is_usable(sql, err) || !sql_expand(sql, text, &expanded, err))
		return false;
	statement = calloc(1, sizeof(*statement));
	if (!statement)
		out_of_memory();
	statement->sql = sql;
	statement->next = sql->statements;
	sql->statements = statement;
	if (!settle(sql, sql->driver->prepare(statement, strbuf_text(&expanded), err)))
		return false;
	statement->cells = calloc(statement->columns + (size_t)1, sizeof(*statement->cells));
	if (!statement->cells)
		out_of_memory();
	*ret_statement = statement;
	statement = NULL;
	return true;
}

static bool start(struct sql_statement *statement, struct sql_values values, bool gives_rows, struct error *err)
{
	struct sql_connection *sql = statement->sql;

	if (!is_usable(sql, err))
		return false;
	if (values.count != statement->parameters)
		return error_set(err, ERROR_BUG, "an SQL statement with %u parameters was given %zu values",
			statement->parameters, values.count);
	if ((statement->columns > 0) != gives_rows)
		return error_set(err, ERROR_BUG, "an SQL statement with %u columns was run as if it had %s",
			statement->columns, gives_rows ? "some" : "none");
	statement->on_row = false;
	return settle(sql, sql->driver->start(statement, values, err));
}

bool sql_run(struct sql_statement *statement, struct sql_values values, int64_t *ret_rows, struct error *err)
{
	if (!start(statement, values, false, err))
		return false;
	if (ret_rows)
		*ret_rows = statement->changed;
	return true;
}

bool sql_execute(struct sql_connection *sql, struct sql_text text, struct sql_values values, int64_t *ret_rows,
	struct error *err)
{
	struct sql_statement *statement cleanup_sql_statement = NULL;

	return sql_prepare(sql, text, &statement, err) && sql_run(statement, values, ret_rows, err);
}

bool sql_query(struct sql_connection *sql, struct sql_text text, struct sql_values values,
	struct sql_statement **ret_rows, struct error *err)
{
	struct sql_statement *statement cleanup_sql_statement = NULL;

	if (!sql_prepare(sql, text, &statement, err) || !start(statement, values, true, err))
		return false;
	sql->stream = statement;
	*ret_rows = statement;
	statement = NULL;
	return true;
}

static void end_stream(struct sql_statement *statement)
{
	statement->sql->driver->reset(statement);
	statement->sql->stream = NULL;
}

enum sql_step sql_step(struct sql_statement *statement, struct error *err)
{
	struct sql_connection *sql = statement->sql;
	enum sql_step step;

	if (!sql || sql->stream != statement) {
		error_set(err, ERROR_BUG, "rows are read after their end");
		return SQL_FAILED;
	}
	if (sql->misread.code != ERROR_NONE) {
		end_stream(statement);
		(void)is_usable(sql, err);
		return SQL_FAILED;
	}
	step = sql->driver->step(statement, err);
	statement->on_row = step == SQL_ROW;
	if (step != SQL_ROW)
		end_stream(statement);
	settle(sql, step != SQL_FAILED);
	return step;
}

/* Copies the row out of the driver's memory, so that the stream can end. */
static void keep_row(struct sql_statement *statement)
{
	size_t offset = 0;

	strbuf_reset(&statement->copy);
	for (unsigned i = 0; i < statement->columns; i++) {
		if (statement->cells[i].type == SQL_BYTES)
			strbuf_append(&statement->copy, statement->cells[i].bytes, statement->cells[i].length + 1);
	}
	for (unsigned i = 0; i < statement->columns; i++) {
		if (statement->cells[i].type != SQL_BYTES)
			continue;
		statement->cells[i].bytes = statement->copy.text + offset;
		offset += statement->cells[i].length + 1;
	}
}

enum lookup_result sql_find(struct sql_connection *sql, struct sql_text text, struct sql_values values,
	struct sql_statement **ret_row, struct error *err)
{
	struct sql_statement *statement cleanup_sql_statement = NULL;

	if (!sql_query(sql, text, values, &statement, err))
		return LOOKUP_FAILED;
	switch (sql_step(statement, err)) {
	case SQL_FAILED:
		return LOOKUP_FAILED;
	case SQL_END:
		return LOOKUP_NOT_FOUND;
	case SQL_ROW:
		break;
	}
	keep_row(statement);
	end_stream(statement);
	*ret_row = statement;
	statement = NULL;
	return LOOKUP_FOUND;
}

/* ---------------------------------------------------------------- columns */

static const struct sql_cell *cell_of(const struct sql_statement *row, unsigned column)
{
	if (!row->on_row || column >= row->columns)
		abort();
	return &row->cells[column];
}

static void misread(const struct sql_statement *row, unsigned column, const char *kind)
{
	struct error *err = &row->sql->misread;

	if (err->code != ERROR_NONE)
		return;
	error_set(err, ERROR_DATABASE, _("a row of the database holds what it should not"));
	error_why(err, _("column %u of the answer is no %s"), column + 1, kind);
	error_fix(err, "postigo-admin check");
}

bool sql_column_is_null(const struct sql_statement *row, unsigned column)
{
	return cell_of(row, column)->type == SQL_NULL;
}

bool sql_column_is_integer(const struct sql_statement *row, unsigned column)
{
	return cell_of(row, column)->type == SQL_INTEGER;
}

int64_t sql_column_integer(const struct sql_statement *row, unsigned column)
{
	const struct sql_cell *cell = cell_of(row, column);
	int64_t integer = 0;

	if (cell->type == SQL_NULL)
		return 0;
	if (cell->type == SQL_INTEGER)
		return cell->integer;
	/* Sums come as decimal numbers. */
	if (strlen(cell->bytes) != cell->length || !parse_int64(cell->bytes, &integer))
		misread(row, column, _("number"));
	return integer;
}

bool sql_column_boolean(const struct sql_statement *row, unsigned column)
{
	return sql_column_integer(row, column) != 0;
}

const char *sql_column_text(const struct sql_statement *row, unsigned column)
{
	const struct sql_cell *cell = cell_of(row, column);

	if (cell->type == SQL_NULL)
		return NULL;
	if (cell->type == SQL_BYTES && strlen(cell->bytes) == cell->length)
		return cell->bytes;
	misread(row, column, _("text"));
	return "";
}

size_t sql_column_length(const struct sql_statement *row, unsigned column)
{
	const struct sql_cell *cell = cell_of(row, column);

	return cell->type == SQL_BYTES ? cell->length : 0;
}

const char *sql_column_bytes(const struct sql_statement *row, unsigned column)
{
	const struct sql_cell *cell = cell_of(row, column);

	return cell->type == SQL_BYTES ? cell->bytes : NULL;
}

int64_t sql_column_time(const struct sql_statement *row, unsigned column)
{
	const struct sql_cell *cell = cell_of(row, column);
	char text[TIMESTAMP_LENGTH + 1];
	int64_t seconds = 0;

	if (cell->type == SQL_NULL)
		return 0;
	if (cell->type == SQL_BYTES && cell->length >= SQL_TIME_LENGTH) {
		/* A fraction of a second, which some columns keep, is left out. */
		memcpy(text, cell->bytes, SQL_TIME_LENGTH);
		text[strlen("2026-05-19")] = 'T';
		memcpy(text + SQL_TIME_LENGTH, "Z", sizeof("Z"));
		if ((cell->length == SQL_TIME_LENGTH || cell->bytes[SQL_TIME_LENGTH] == '.') &&
			timestamp_parse(text, &seconds))
			return seconds;
	}
	misread(row, column, _("time"));
	return 0;
}

const char *sql_column_copy(const struct sql_statement *row, unsigned column, struct arena *arena)
{
	const char *text = sql_column_text(row, column);

	return text ? arena_strdup(arena, text) : NULL;
}
