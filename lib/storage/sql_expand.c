#include "base/span.h"
#include "storage/sql_driver.h"

#include <string.h>

#define ROWS_OPEN "{*"
#define ROWS_CLOSE "*}"

/* ---------------------------------------------------------------- names */

void sql_define_list(struct sql_connection *sql, const char *name, const struct sql_identifier *identifiers, size_t count)
{
	struct sql_identifier *copy = calloc(count, sizeof(*copy));
	size_t i = 0;

	if (!copy)
		out_of_memory();
	memcpy(copy, identifiers, count * sizeof(*copy));
	while (i < sql->name_count && strcmp(sql->names[i].name, name) != 0)
		i++;
	if (i == SQL_NAMES_MAX)
		abort();
	if (i == sql->name_count)
		sql->name_count++;
	free(sql->names[i].identifiers);
	sql->names[i] = (struct sql_name){name, copy, count};
}

void sql_define(struct sql_connection *sql, const char *name, const struct sql_identifier *identifier)
{
	sql_define_list(sql, name, identifier, 1);
}

void sql_forget_names(struct sql_connection *sql)
{
	for (size_t i = 0; i < sql->name_count; i++)
		free(sql->names[i].identifiers);
	sql->name_count = 0;
}

static const struct sql_name *find_name(const struct sql_connection *sql, struct span name)
{
	for (size_t i = 0; i < sql->name_count; i++) {
		if (span_equal(span_of(sql->names[i].name), name))
			return &sql->names[i];
	}
	return NULL;
}

/* ---------------------------------------------------------------- braces */

static void append_identifier(const struct sql_connection *sql, const struct sql_identifier *identifier, struct strbuf *text)
{
	strbuf_append_char(text, sql->quote);
	strbuf_append_text(text, identifier->text);
	strbuf_append_char(text, sql->quote);
}

/* The value that a row has which could not be inserted, because there is one with its key. */
static void append_new(const struct sql_connection *sql, const struct sql_identifier *identifier, struct strbuf *text)
{
	bool function = sql_can(sql, SQL_ON_DUPLICATE_KEY);

	append_identifier(sql, identifier, text);
	strbuf_append_text(text, function ? " = VALUES(" : " = excluded.");
	append_identifier(sql, identifier, text);
	if (function)
		strbuf_append_char(text, ')');
}

static void append_assignment(const struct sql_connection *sql, const struct sql_identifier *identifier, struct strbuf *text)
{
	append_identifier(sql, identifier, text);
	strbuf_append_text(text, " = ?");
}

/* What stands between the braces: "name" and its forms. */
static bool append_name(const struct sql_connection *sql, struct span inside, struct strbuf *text)
{
	const char *colon = memchr(inside.bytes, ':', inside.length);
	size_t length = colon ? (size_t)(colon - inside.bytes) : inside.length;
	struct span form = {inside.bytes + length, inside.length - length};
	const struct sql_name *name = find_name(sql, (struct span){inside.bytes, length});

	if (!name)
		return false;
	for (size_t i = 0; i < name->count; i++) {
		if (i > 0)
			strbuf_append_text(text, ", ");
		if (form.length == 0)
			append_identifier(sql, &name->identifiers[i], text);
		else if (span_equal(form, span_of(":?")))
			strbuf_append_char(text, '?');
		else if (span_equal(form, span_of(":=new")))
			append_new(sql, &name->identifiers[i], text);
		else if (span_equal(form, span_of(":=?")))
			append_assignment(sql, &name->identifiers[i], text);
		else
			return false;
	}
	return true;
}

static bool append_plain(const struct sql_connection *sql, struct span template, struct strbuf *text, struct error *err)
{
	const char *at = template.bytes;
	const char *end = template.bytes + template.length;
	const char *open;

	while ((open = memchr(at, '{', (size_t)(end - at)))) {
		const char *close = memchr(open, '}', (size_t)(end - open));

		strbuf_append(text, at, (size_t)(open - at));
		if (!close || !append_name(sql, (struct span){open + 1, (size_t)(close - open - 1)}, text))
			return error_set(err, ERROR_BUG, "an SQL text has an unknown name: %.80s", open);
		at = close + 1;
	}
	strbuf_append(text, at, (size_t)(end - at));
	return true;
}

bool sql_expand(const struct sql_connection *sql, struct sql_text text, struct strbuf *ret_text, struct error *err)
{
	const char *at = text.text;
	const char *open;

	while ((open = strstr(at, ROWS_OPEN))) {
		const char *inside = open + strlen(ROWS_OPEN);
		const char *close = strstr(inside, ROWS_CLOSE);

		if (!close || text.rows == 0)
			return error_set(err, ERROR_BUG, "an SQL text has no rows: %.80s", open);
		if (!append_plain(sql, (struct span){at, (size_t)(open - at)}, ret_text, err))
			return false;
		for (size_t i = 0; i < text.rows; i++) {
			if (i > 0)
				strbuf_append_text(ret_text, ", ");
			if (!append_plain(sql, (struct span){inside, (size_t)(close - inside)}, ret_text, err))
				return false;
		}
		at = close + strlen(ROWS_CLOSE);
	}
	return append_plain(sql, span_of(at), ret_text, err);
}
