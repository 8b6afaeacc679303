#include "storage/sql_mariadb_private.h"

#include "base/message.h"

#include <string.h>

#define FIRST_CAPACITY 256 /* bytes of a column before it was seen that it needs more */

/* Where the library puts one column of a row. */
struct result_column {
	struct strbuf buffer;
	char *bytes; /* of the buffer; NULL = a number */
	size_t capacity;
	long long integer;
	unsigned long length;
	my_bool null;
	my_bool cut;
};

struct mariadb_statement {
	MYSQL_STMT *handle;
	MYSQL_BIND *parameters;
	MYSQL_BIND *results;
	struct result_column *columns;
	unsigned column_count;
	bool grown; /* the library has to be told of larger buffers */
};

static bool fail(struct sql_statement *statement, struct error *err)
{
	const struct mariadb_statement *own = statement->handle;
	MYSQL *connection = statement->sql->handle;

	if (mysql_stmt_errno(own->handle) != 0)
		return mariadb_fail(statement->sql, mysql_stmt_errno(own->handle), mysql_stmt_error(own->handle), err);
	/* What the server says in place of a row is noted there only. */
	return mariadb_fail(statement->sql, mysql_errno(connection), mysql_error(connection), err);
}

static void *allocate(size_t count, size_t size)
{
	/* One more, so that none of nothing is not NULL. */
	void *memory = calloc(count + 1, size);

	if (!memory)
		out_of_memory();
	return memory;
}

/* ---------------------------------------------------------------- prepare */

/* Numbers that fit come as numbers, all else as the text or the bytes that it is. */
static bool is_number(const MYSQL_FIELD *field)
{
	switch (field->type) {
	case MYSQL_TYPE_TINY:
	case MYSQL_TYPE_SHORT:
	case MYSQL_TYPE_LONG:
	case MYSQL_TYPE_INT24:
	case MYSQL_TYPE_YEAR:
		return true;
	case MYSQL_TYPE_LONGLONG:
		return (field->flags & UNSIGNED_FLAG) == 0;
	default:
		return false;
	}
}

static void make_room(struct result_column *column, size_t capacity)
{
	column->bytes = strbuf_reserve(&column->buffer, capacity);
	column->capacity = capacity;
}

static void point_to(MYSQL_BIND *bind, struct result_column *column)
{
	bind->buffer_type = column->bytes ? MYSQL_TYPE_STRING : MYSQL_TYPE_LONGLONG;
	bind->buffer = column->bytes ? (void *)column->bytes : (void *)&column->integer;
	bind->buffer_length = column->bytes ? column->capacity : sizeof(column->integer);
	bind->length = &column->length;
	bind->is_null = &column->null;
	bind->error = &column->cut;
}

static void make_columns(struct mariadb_statement *own, MYSQL_RES *description)
{
	const MYSQL_FIELD *fields = mysql_fetch_fields(description);

	own->column_count = mysql_num_fields(description);
	own->results = allocate(own->column_count, sizeof(*own->results));
	own->columns = allocate(own->column_count, sizeof(*own->columns));
	for (unsigned i = 0; i < own->column_count; i++) {
		struct result_column *column = &own->columns[i];

		if (!is_number(&fields[i]))
			make_room(column, FIRST_CAPACITY);
		point_to(&own->results[i], column);
	}
	own->grown = true;
}

bool mariadb_prepare(struct sql_statement *statement, const char *text, struct error *err)
{
	MYSQL *connection = statement->sql->handle;
	struct mariadb_statement *own = allocate(1, sizeof(*own));
	MYSQL_RES *description;

	statement->handle = own;
	own->handle = mysql_stmt_init(connection);
	if (!own->handle)
		return mariadb_fail(statement->sql, mysql_errno(connection), mysql_error(connection), err);
	if (mysql_stmt_prepare(own->handle, text, strlen(text)) != 0) {
		fail(statement, err);
		return error_prefix(err, "%.60s", text);
	}
	statement->parameters = (unsigned)mysql_stmt_param_count(own->handle);
	own->parameters = allocate(statement->parameters, sizeof(*own->parameters));
	description = mysql_stmt_result_metadata(own->handle);
	if (description)
		make_columns(own, description);
	mysql_free_result(description);
	statement->columns = own->column_count;
	return true;
}

/* ---------------------------------------------------------------- start */

static void bind_value(MYSQL_BIND *bind, const struct sql_value *value)
{
	/* The library only reads what it is given here. */
	union {
		const void *constant;
		void *data;
	} bytes = {.constant = value->bytes};

	*bind = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_NULL};
	switch (value->type) {
	case SQL_NULL:
		return;
	case SQL_INTEGER:
		bytes.constant = &value->integer;
		bind->buffer_type = MYSQL_TYPE_LONGLONG;
		break;
	case SQL_TEXT:
		bind->buffer_type = MYSQL_TYPE_STRING;
		break;
	case SQL_TIME:
		bytes.constant = value->time;
		bind->buffer_type = MYSQL_TYPE_STRING;
		break;
	case SQL_BYTES:
		bind->buffer_type = MYSQL_TYPE_BLOB;
		break;
	}
	if (!bytes.constant)
		bytes.constant = "";
	bind->buffer = bytes.data;
	bind->buffer_length = value->length;
}

bool mariadb_start(struct sql_statement *statement, struct sql_values values, struct error *err)
{
	struct mariadb_statement *own = statement->handle;

	for (size_t i = 0; i < values.count; i++)
		bind_value(&own->parameters[i], &values.items[i]);
	if ((values.count > 0 && mysql_stmt_bind_param(own->handle, own->parameters)) ||
		mysql_stmt_execute(own->handle) != 0)
		return fail(statement, err);
	statement->changed = (int64_t)mysql_stmt_affected_rows(own->handle);
	own->grown = true;
	return true;
}

/* ---------------------------------------------------------------- step */

/* Fetches again the columns of this row that did not fit, into buffers that they fit into. */
static bool fetch_rest(struct mariadb_statement *own)
{
	for (unsigned i = 0; i < own->column_count; i++) {
		struct result_column *column = &own->columns[i];

		if (!column->bytes || column->null || column->length < column->capacity)
			continue;
		make_room(column, column->length * 2);
		point_to(&own->results[i], column);
		own->grown = true;
		if (mysql_stmt_fetch_column(own->handle, &own->results[i], i, 0) != 0)
			return false;
	}
	return true;
}

static void fill_cells(struct sql_statement *statement)
{
	const struct mariadb_statement *own = statement->handle;

	for (unsigned i = 0; i < own->column_count; i++) {
		struct result_column *column = &own->columns[i];
		struct sql_cell *cell = &statement->cells[i];

		*cell = (struct sql_cell){.type = SQL_NULL};
		if (column->null)
			continue;
		cell->type = column->bytes ? SQL_BYTES : SQL_INTEGER;
		cell->integer = column->integer;
		cell->bytes = column->bytes;
		cell->length = column->length;
		if (column->bytes)
			column->bytes[column->length] = '\0';
	}
}

enum sql_step mariadb_step(struct sql_statement *statement, struct error *err)
{
	struct mariadb_statement *own = statement->handle;
	int status;

	if (own->grown && mysql_stmt_bind_result(own->handle, own->results)) {
		fail(statement, err);
		return SQL_FAILED;
	}
	own->grown = false;
	status = mysql_stmt_fetch(own->handle);
	if (status == MYSQL_NO_DATA)
		return SQL_END;
	if ((status != 0 && status != MYSQL_DATA_TRUNCATED) || !fetch_rest(own)) {
		fail(statement, err);
		return SQL_FAILED;
	}
	fill_cells(statement);
	return SQL_ROW;
}

void mariadb_reset(struct sql_statement *statement)
{
	struct mariadb_statement *own = statement->handle;

	(void)mysql_stmt_free_result(own->handle);
}

void mariadb_finish(struct sql_statement *statement)
{
	struct mariadb_statement *own = statement->handle;

	if (!own)
		return;
	if (own->handle)
		(void)mysql_stmt_close(own->handle);
	for (unsigned i = 0; i < own->column_count; i++)
		strbuf_clear(&own->columns[i].buffer);
	free(own->columns);
	free(own->results);
	free(own->parameters);
	free(own);
	statement->handle = NULL;
}
