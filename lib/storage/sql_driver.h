/* What a database driver is to storage/sql: for this folder only. */
#ifndef POSTIGO_STORAGE_SQL_DRIVER_H
#define POSTIGO_STORAGE_SQL_DRIVER_H

#include "base/strbuf.h"
#include "storage/sql.h"

#define SQL_NAMES_MAX 32

/* One column of the current row, in the driver's memory until its next call. */
struct sql_cell {
	enum sql_type type; /* SQL_NULL, SQL_INTEGER, or SQL_BYTES for all else */
	int64_t integer;
	const char *bytes; /* terminated */
	size_t length;
};

/* What {name} stands for. */
struct sql_name {
	const char *name;
	struct sql_identifier *identifiers; /* allocated */
	size_t count;
};

struct sql_connection {
	const struct sql_driver *driver;
	void *handle;
	unsigned capabilities;
	char quote;
	int64_t lock_timeout_ms;
	struct sql_name names[SQL_NAMES_MAX];
	size_t name_count;
	struct sql_statement *statements; /* the open ones */
	struct sql_statement *stream;	  /* the one whose rows are being read */
	bool in_transaction;
	bool over;	 /* the transaction died: nothing but its end is possible */
	bool lost;	 /* the connection died */
	enum sql_failure failure;
	struct error misread; /* a column that was not what it was read as */
};

struct sql_statement {
	struct sql_connection *sql; /* NULL = was closed before the statement */
	struct sql_statement *next;
	void *handle;
	unsigned parameters;
	unsigned columns;
	struct sql_cell *cells; /* one a column */
	struct strbuf copy;	/* bytes of a row that outlives its stream */
	int64_t changed;
	bool on_row;
};

/*
 * A driver fills its own members of the structs: handle; parameters, columns (prepare), cells (step), changed (start). On failure it sets `err`, `sql->failure`, and
 * `sql->lost` when the connection is gone.
 */
struct sql_driver {
	const char *name;
	unsigned capabilities;
	char quote; /* around identifiers */
	bool (*open)(struct sql_connection *sql, const struct sql_settings *settings, struct error *err);
	void (*close)(struct sql_connection *sql);
	bool (*prepare)(struct sql_statement *statement, const char *text, struct error *err);
	bool (*start)(struct sql_statement *statement, struct sql_values values, struct error *err);
	enum sql_step (*step)(struct sql_statement *statement, struct error *err);
	void (*reset)(struct sql_statement *statement); /* gives up the rows that are left */
	void (*finish)(struct sql_statement *statement);
	bool (*begin)(struct sql_connection *sql, struct error *err);
	bool (*commit)(struct sql_connection *sql, struct error *err);
	void (*rollback)(struct sql_connection *sql);
};

/* Writes a text with its braces filled in: the one place where names get into one. Fails with bug. */
bool sql_expand(const struct sql_connection *sql, struct sql_text text, struct strbuf *ret_text, struct error *err);

/* Frees the names of a connection. */
void sql_forget_names(struct sql_connection *sql);

/* Notes why a call failed, for sql_last_failure(). Returns false. */
static inline bool sql_failed(struct sql_connection *sql, enum sql_failure failure)
{
	sql->failure = failure;
	return false;
}

#endif
