#include "service/map_table_private.h"

#include "base/ascii.h"
#include "base/message.h"
#include "format/email_address.h"
#include "format/postfix_map.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STRANGE_VALUE "(not readable)"
#define OFF_VALUE ", (inactive)"

/* Columns of both statements below. */
enum column {
	COLUMN_ADDRESS,
	COLUMN_GOTO,
	COLUMN_ACTIVE,
	COLUMN_DIGEST,
};

/* ---------------------------------------------------------------- one row */

const char *map_table_column(const struct sql_statement *row, unsigned column, struct arena *arena)
{
	if (sql_column_is_null(row, column))
		return "";
	if (!sql_column_is_integer(row, column))
		return sql_column_copy(row, column, arena);
	return arena_printf(arena, "%" PRId64, sql_column_integer(row, column));
}

/* Whether a live row has this in the column that tells. */
static bool is_active(const struct map_table *table, const struct sql_statement *row)
{
	struct arena arena cleanup_arena = ARENA_INIT;

	if (!*table->settings->active_column)
		return true;
	return strcmp(map_table_column(row, COLUMN_ACTIVE, &arena), table->settings->active_value) == 0;
}

static bool is_readable(const char *bytes, size_t length)
{
	if (!bytes || length == 0 || length > POSTFIX_MAP_LINE_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] < ' ' || bytes[i] > '~')
			return false;
	}
	return true;
}

void map_table_append_value(const struct map_table *table, const struct sql_statement *row, struct strbuf *text)
{
	struct span rest = {sql_column_bytes(row, COLUMN_GOTO), sql_column_length(row, COLUMN_GOTO)};
	const char *separator = "";
	struct span address;

	if (!is_readable(rest.bytes, rest.length)) {
		strbuf_append_text(text, STRANGE_VALUE);
		return;
	}
	while (map_text_next_address(&rest, &address)) {
		strbuf_append_text(text, separator);
		strbuf_append(text, address.bytes, address.length);
		separator = ", ";
	}
	if (!*separator)
		strbuf_append_text(text, STRANGE_VALUE);
	if (!is_active(table, row))
		strbuf_append_text(text, OFF_VALUE);
}

/* ---------------------------------------------------------------- all of ours */

/* A line each, in whatever order they came. */
struct line_list {
	struct strbuf lines;
	size_t *starts;
	size_t count;
	size_t capacity;
	bool ascending;
};

#define cleanup_line_list __attribute__((cleanup(line_list_close)))

static void line_list_close(struct line_list *list)
{
	strbuf_clear(&list->lines);
	free(list->starts);
}

static void note_start(struct line_list *list)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity ? list->capacity * 2 : 1024;
		list->starts = reallocarray(list->starts, list->capacity, sizeof(*list->starts));
		if (!list->starts)
			out_of_memory();
	}
	list->starts[list->count++] = list->lines.length;
}

static int compare_lines(const char *left, const char *right)
{
	return postfix_map_compare_bytes(left, strcspn(left, "\t"), right, strcspn(right, "\t"));
}

static int compare_starts(const void *left, const void *right, void *context)
{
	const char *lines = context;

	return compare_lines(lines + *(const size_t *)left, lines + *(const size_t *)right);
}

static void add_line(const struct map_table *table, const struct sql_statement *row, struct line_list *list)
{
	const char *text;

	note_start(list);
	strbuf_append(&list->lines, sql_column_bytes(row, COLUMN_ADDRESS), sql_column_length(row, COLUMN_ADDRESS));
	strbuf_append_char(&list->lines, '\t');
	map_table_append_value(table, row, &list->lines);
	strbuf_append_char(&list->lines, '\n');
	if (list->count < 2)
		return;
	text = list->lines.text;
	list->ascending = list->ascending &&
			  compare_lines(text + list->starts[list->count - 2], text + list->starts[list->count - 1]) < 0;
}

static void append_sorted(struct line_list *list, struct strbuf *text)
{
	if (list->count == 0)
		return;
	if (!list->ascending)
		qsort_r(list->starts, list->count, sizeof(*list->starts), compare_starts, list->lines.text);
	for (size_t i = 0; i < list->count; i++) {
		const char *line = list->lines.text + list->starts[i];

		strbuf_append(text, line, strcspn(line, "\n") + 1);
	}
}

bool map_table_read(struct map_table *table, struct strbuf *text, int64_t *ret_missing, struct error *err)
{
	struct line_list list cleanup_line_list = {.ascending = true};
	struct sql_statement *rows cleanup_sql_statement = NULL;
	int64_t missing = 0;
	enum sql_step step = SQL_END;

	*ret_missing = 0;
	if (!table->ready)
		return true;
	if (!sql_query(table->sql,
		    SQL("SELECT o.address, a.{goto}, a.{active}, a.{address} IS NULL FROM {owner} o "
			"LEFT JOIN {alias} a ON a.{address} = o.address ORDER BY o.address"),
		    SQL_NO_VALUES, &rows, err))
		return false;
	while ((step = sql_step(rows, err)) == SQL_ROW) {
		if (sql_column_boolean(rows, 3))
			missing++;
		else if (is_readable(sql_column_bytes(rows, COLUMN_ADDRESS), sql_column_length(rows, COLUMN_ADDRESS)))
			add_line(table, rows, &list);
	}
	if (step == SQL_FAILED)
		return false;
	append_sorted(&list, text);
	*ret_missing = missing;
	return true;
}

/* ---------------------------------------------------------------- some keys */

/* Columns may take upper and lower case, and blanks at the end, for equal: so what they say is the key that was asked for. */
static bool find_key(const struct map_merge_row *keys, size_t count, const struct sql_statement *row, size_t *ret_number)
{
	char key[EMAIL_ADDRESS_MAX + 1];
	size_t length = sql_column_length(row, COLUMN_ADDRESS);
	const char *address = sql_column_bytes(row, COLUMN_ADDRESS);
	size_t low = 0;
	size_t high = count;

	while (length > 0 && address[length - 1] == ' ')
		length--;
	if (length > EMAIL_ADDRESS_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		key[i] = ascii_to_lower(address[i]);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = postfix_map_compare_bytes(keys[middle].key.bytes, keys[middle].key.length, key, length);

		if (order == 0) {
			*ret_number = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool has_drifted(const struct map_table *table, const struct sql_statement *row)
{
	const char *recorded = sql_column_text(row, COLUMN_DIGEST);
	char digest[DIGEST_HEX_LENGTH + 1];

	digest_bytes(sql_column_bytes(row, COLUMN_GOTO), sql_column_length(row, COLUMN_GOTO), digest);
	return !is_active(table, row) || strcmp(digest, recorded) != 0;
}

static void take_row(const struct map_table *table, const struct sql_statement *row, struct arena *arena,
	struct map_table_row *ret_row)
{
	struct strbuf value cleanup_strbuf = STRBUF_INIT;

	map_table_append_value(table, row, &value);
	ret_row->found = true;
	ret_row->owned = !sql_column_is_null(row, COLUMN_DIGEST);
	ret_row->drifted = ret_row->owned && has_drifted(table, row);
	ret_row->value = arena_strdup(arena, strbuf_text(&value));
}

static bool start_look(struct map_table *table, const struct sql_values *keys, bool lock, struct sql_statement **ret_rows,
	struct error *err)
{
	if (!table->ready)
		return sql_query(table->sql,
			SQL_ROWS(keys->count,
				"SELECT a.{address}, a.{goto}, a.{active}, NULL FROM {alias} a WHERE a.{address} IN ({*?*})"),
			*keys, ret_rows, err);
	if (lock && sql_can(table->sql, SQL_ROW_LOCKS))
		return sql_query(table->sql,
			SQL_ROWS(keys->count,
				"SELECT a.{address}, a.{goto}, a.{active}, o.goto_sha256 FROM {alias} a "
				"LEFT JOIN {owner} o ON o.address = a.{address} WHERE a.{address} IN ({*?*}) FOR UPDATE"),
			*keys, ret_rows, err);
	return sql_query(table->sql,
		SQL_ROWS(keys->count,
			"SELECT a.{address}, a.{goto}, a.{active}, o.goto_sha256 FROM {alias} a "
			"LEFT JOIN {owner} o ON o.address = a.{address} WHERE a.{address} IN ({*?*})"),
		*keys, ret_rows, err);
}

bool map_table_look(struct map_table *table, const struct map_merge_row *keys, size_t count, bool lock, struct arena *arena,
	struct map_table_row *ret_rows, struct error *err)
{
	struct sql_value *values = arena_alloc_array(arena, count, sizeof(*values));
	const struct sql_values all = {values, count};
	struct sql_statement *rows cleanup_sql_statement = NULL;
	enum sql_step step;

	memset(ret_rows, 0, count * sizeof(*ret_rows));
	for (size_t i = 0; i < count; i++)
		values[i] = sql_text_bytes(keys[i].key.bytes, keys[i].key.length);
	if (!start_look(table, &all, lock, &rows, err))
		return false;
	while ((step = sql_step(rows, err)) == SQL_ROW) {
		size_t number;

		if (find_key(keys, count, rows, &number))
			take_row(table, rows, arena, &ret_rows[number]);
	}
	return step == SQL_END;
}
