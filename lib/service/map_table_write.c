#include "service/map_table_private.h"

#include "base/message.h"

#include <string.h>

/* Values of many rows, in the making. */
struct row_values {
	struct sql_value *items;
	size_t count;
};

static void add_value(struct row_values *values, struct sql_value value)
{
	values->items[values->count++] = value;
}

static struct row_values make_values(struct arena *arena, size_t rows, size_t columns)
{
	return (struct row_values){arena_alloc_array(arena, rows * columns, sizeof(struct sql_value)), 0};
}

static struct sql_values all_of(const struct row_values *values)
{
	return (struct sql_values){values->items, values->count};
}

/* As PostfixAdmin writes them: with commas and without blanks. */
static const char *goto_text(struct span value, struct arena *arena)
{
	char *text = arena_alloc(arena, value.length + 1);
	char *end = text;

	for (size_t i = 0; i < value.length; i++) {
		if (value.bytes[i] != ' ')
			*end++ = value.bytes[i];
	}
	*end = '\0';
	return text;
}

/* ---------------------------------------------------------------- add and change */

/* In the order of the list "columns". */
static void add_row(const struct map_table *table, const struct map_merge_row *row, int64_t now, struct arena *arena,
	struct row_values *values)
{
	const struct sync_table_settings *settings = table->settings;

	add_value(values, sql_text_bytes(row->key.bytes, row->key.length));
	if (*settings->domain_column)
		add_value(values, sql_text(table->domain));
	if (*settings->created_column)
		add_value(values, sql_time(now));
	add_value(values, sql_text(goto_text(row->after, arena)));
	if (*settings->active_column)
		add_value(values, sql_text(settings->active_value));
	if (*settings->modified_column)
		add_value(values, sql_time(now));
	for (size_t i = 0; i < settings->static_columns.count; i++)
		add_value(values, sql_text(strchr(settings->static_columns.items[i], '=') + 1));
}

static bool own(struct map_table *table, const struct map_merge_row *rows, size_t count, const struct map_table_stamp *stamp,
	struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct row_values values = make_values(&arena, count, 4);

	for (size_t i = 0; i < count; i++) {
		const char *text = goto_text(rows[i].after, &arena);
		char *digest = arena_alloc(&arena, DIGEST_HEX_LENGTH + 1);

		digest_bytes(text, strlen(text), digest);
		add_value(&values, sql_text_bytes(rows[i].key.bytes, rows[i].key.length));
		add_value(&values, sql_text(digest));
		add_value(&values, sql_integer(stamp->generation));
		add_value(&values, sql_time(stamp->now));
	}
	if (sql_can(table->sql, SQL_ON_DUPLICATE_KEY))
		return sql_execute(table->sql,
			SQL_ROWS(count, "INSERT INTO {owner} (address, goto_sha256, generation, installed_at) VALUES {*(?, ?, ?, ?)*} "
					"ON DUPLICATE KEY UPDATE goto_sha256 = VALUES(goto_sha256), generation = VALUES(generation), "
					"installed_at = VALUES(installed_at)"),
			all_of(&values), NULL, err);
	return sql_execute(table->sql,
		SQL_ROWS(count, "INSERT INTO {owner} (address, goto_sha256, generation, installed_at) VALUES {*(?, ?, ?, ?)*} "
				"ON CONFLICT (address) DO UPDATE SET goto_sha256 = excluded.goto_sha256, "
				"generation = excluded.generation, installed_at = excluded.installed_at"),
		all_of(&values), NULL, err);
}

static struct row_values values_of(const struct map_table *table, const struct map_merge_row *rows, size_t count, int64_t now,
	struct arena *arena)
{
	struct row_values values = make_values(arena, count, MAP_TABLE_COLUMNS);

	for (size_t i = 0; i < count; i++)
		add_row(table, &rows[i], now, arena, &values);
	return values;
}

bool map_table_add(struct map_table *table, const struct map_merge_row *rows, size_t count,
	const struct map_table_stamp *stamp, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct row_values values = values_of(table, rows, count, stamp->now, &arena);

	/* No upsert: what has come into being meanwhile is not ours. */
	return sql_execute(table->sql, SQL_ROWS(count, "INSERT INTO {alias} ({columns}) VALUES {*({columns:?})*}"),
		       all_of(&values), NULL, err) &&
	       own(table, rows, count, stamp, err);
}

bool map_table_change(struct map_table *table, const struct map_merge_row *rows, size_t count,
	const struct map_table_stamp *stamp, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct row_values values = values_of(table, rows, count, stamp->now, &arena);
	bool changed;

	if (sql_can(table->sql, SQL_ON_DUPLICATE_KEY))
		changed = sql_execute(table->sql,
			SQL_ROWS(count, "INSERT INTO {alias} ({columns}) VALUES {*({columns:?})*} ON DUPLICATE KEY UPDATE {changing:=new}"),
			all_of(&values), NULL, err);
	else
		changed = sql_execute(table->sql,
			SQL_ROWS(count, "INSERT INTO {alias} ({columns}) VALUES {*({columns:?})*} "
					"ON CONFLICT ({address}) DO UPDATE SET {changing:=new}"),
			all_of(&values), NULL, err);
	return changed && own(table, rows, count, stamp, err);
}

/* ---------------------------------------------------------------- remove */

/* What a row had before it was adopted. */
struct old_row {
	const char *address;
	const char *goto_text;
	const char *active; /* NULL = there is no such column; so the next */
	const char *modified;
};

static bool find_adopted(struct map_table *table, const struct row_values *keys, struct arena *arena, struct old_row *ret_rows,
	size_t *ret_count, struct error *err)
{
	struct sql_statement *rows cleanup_sql_statement = NULL;
	enum sql_step step;
	size_t count = 0;

	if (!sql_query(table->sql,
		    SQL_ROWS(keys->count, "SELECT address, old_goto, old_active, old_modified FROM {owner} "
					  "WHERE old_goto IS NOT NULL AND address IN ({*?*})"),
		    all_of(keys), &rows, err))
		return false;
	while ((step = sql_step(rows, err)) == SQL_ROW && count < keys->count)
		ret_rows[count++] = (struct old_row){
			.address = sql_column_copy(rows, 0, arena),
			.goto_text = sql_column_copy(rows, 1, arena),
			.active = sql_column_copy(rows, 2, arena),
			.modified = sql_column_copy(rows, 3, arena),
		};
	*ret_count = count;
	return step == SQL_END;
}

static bool restore(struct map_table *table, const struct old_row *row, struct error *err)
{
	const struct sync_table_settings *settings = table->settings;
	struct sql_value items[4];
	struct row_values values = {items, 0};

	add_value(&values, sql_text(row->goto_text));
	if (*settings->active_column)
		add_value(&values, sql_text(row->active));
	if (*settings->modified_column)
		add_value(&values, sql_text(row->modified));
	add_value(&values, sql_text(row->address));
	return sql_execute(table->sql, SQL("UPDATE {alias} SET {changing:=?} WHERE {address} = ?"), all_of(&values), NULL, err) &&
	       sql_execute(table->sql, SQL("DELETE FROM {owner} WHERE address = ?"), SQL_VALUES(sql_text(row->address)), NULL, err);
}

static void take_out(struct row_values *keys, const char *address)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (keys->items[i].length != strlen(address) || memcmp(keys->items[i].bytes, address, strlen(address)) != 0)
			continue;
		keys->items[i] = keys->items[--keys->count];
		return;
	}
}

bool map_table_remove(struct map_table *table, const struct map_merge_row *rows, size_t count, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct row_values keys = make_values(&arena, count, 1);
	struct old_row *adopted = arena_alloc_array(&arena, count, sizeof(*adopted));
	size_t adopted_count;

	for (size_t i = 0; i < count; i++)
		add_value(&keys, sql_text_bytes(rows[i].key.bytes, rows[i].key.length));
	if (!find_adopted(table, &keys, &arena, adopted, &adopted_count, err))
		return false;
	for (size_t i = 0; i < adopted_count; i++) {
		if (!restore(table, &adopted[i], err))
			return false;
		take_out(&keys, adopted[i].address);
	}
	if (keys.count == 0)
		return true;
	return sql_execute(table->sql, SQL_ROWS(keys.count, "DELETE FROM {alias} WHERE {address} IN ({*?*})"), all_of(&keys), NULL,
		       err) &&
	       sql_execute(table->sql, SQL_ROWS(keys.count, "DELETE FROM {owner} WHERE address IN ({*?*})"), all_of(&keys), NULL,
		       err);
}

bool map_table_forget_missing(struct map_table *table, struct error *err)
{
	return sql_execute(table->sql,
		SQL("DELETE FROM {owner} WHERE NOT EXISTS (SELECT 1 FROM {alias} a WHERE a.{address} = {owner}.address)"), SQL_NO_VALUES,
		NULL, err);
}
