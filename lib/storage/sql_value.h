/*
 * What goes into a statement: its text, its values, and the few names that a site may choose.
 *
 * SQL text is constant. A `struct sql_text` can only be made by SQL(), which takes string literals and nothing else (the compiler refuses a variable), and no value
 * is ever written into it: values are bound. scripts/check-sql holds the tree to that. In braces a text may say, and one function writes nothing else:
 *
 *	{name}		the identifier that the connection knows by this name (sql_define()), quoted; of a list (sql_define_list()) all, with commas
 *	{name:?}	a "?" for each identifier of the list
 *	{name:=?}	identifier = ?, for each
 *	{name:=new}	identifier = the value that the row to be inserted has, for each; behind ON CONFLICT … DO UPDATE SET, or ON DUPLICATE KEY UPDATE
 *	{*text*}	the text as often as SQL_ROWS() says, with commas: VALUES {*(?, ?)*}, or IN ({*?*})
 *
 *	sql_execute(sql, SQL("UPDATE {alias} SET goto = ?, modified = ? WHERE address = ?"),
 *		SQL_VALUES(sql_text(goto_text), sql_time(now), sql_text(address)), &changed, err)
 */
#ifndef POSTIGO_STORAGE_SQL_VALUE_H
#define POSTIGO_STORAGE_SQL_VALUE_H

#include "format/sql_identifier.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SQL_TIME_LENGTH 19 /* "2026-05-19 23:55:18", UTC: how DATETIME columns are written and read */

/* The constant text of one statement. */
struct sql_text {
	const char *text;
	size_t rows; /* how often {*…*} stands there */
};

#define SQL(literal) ((struct sql_text){"" literal "", 1})
#define SQL_ROWS(count, literal) ((struct sql_text){"" literal "", (count)})

enum sql_type {
	SQL_NULL,
	SQL_INTEGER,
	SQL_TEXT,
	SQL_BYTES,
	SQL_TIME,
};

/* One bound value. Texts are borrowed until the call returns. */
struct sql_value {
	enum sql_type type;
	int64_t integer;
	const char *bytes;
	size_t length;
	char time[SQL_TIME_LENGTH + 1];
};

/* The values of a statement, one for each "?", in order. */
struct sql_values {
	const struct sql_value *items;
	size_t count;
};

/* The sizeof counts and evaluates nothing. */
#define SQL_VALUES(...)                                                                            \
	((struct sql_values){(const struct sql_value[]){__VA_ARGS__},                              \
		sizeof((const struct sql_value[]){__VA_ARGS__}) / sizeof(struct sql_value)})
#define SQL_NO_VALUES ((struct sql_values){NULL, 0})

/* NULL. */
struct sql_value sql_null(void);

/* A number. */
struct sql_value sql_integer(int64_t integer);

/* 1 or 0. */
struct sql_value sql_boolean(bool boolean);

/* A terminated UTF-8 text; a NULL pointer is NULL. */
struct sql_value sql_text(const char *text);

/* A UTF-8 text of `length` bytes. */
struct sql_value sql_text_bytes(const char *text, size_t length);

/* Bytes that are no text. */
struct sql_value sql_bytes(const void *bytes, size_t length);

/* Seconds since the epoch, written as a DATETIME in UTC. Years 1970 to 9999; what lies outside is clamped. */
struct sql_value sql_time(int64_t seconds);

#endif
