#include "service/map_table_apply.h"

#include "base/message.h"

#include <string.h>

/* Rows that wait to be changed in one statement. */
struct batch {
	enum map_merge_kind kind;
	struct map_merge_row rows[MAP_TABLE_CHUNK];
	size_t count;
};

struct applying {
	struct map_table_apply *apply;
	struct arena arena; /* of one chunk */
	struct batch batches[MAP_ROW_REMOVED + 1];
	struct map_table_row found[MAP_TABLE_CHUNK];
};

static bool fail_stale(struct applying *applying, struct error *err)
{
	applying->apply->stale = true;
	error_set(err, ERROR_TEMPORARY, _("somebody else is changing the table %s"), applying->apply->table->settings->table);
	return error_fix(err, _("try again"));
}

static bool has_value(const struct map_table_row *found, struct span value)
{
	return found->found && found->owned && span_equal(span_of(found->value), value);
}

static bool look(struct applying *applying, const struct batch *batch, bool lock, struct error *err)
{
	return map_table_look(applying->apply->table, batch->rows, batch->count, lock, &applying->arena, applying->found, err);
}

/* Locks the rows and holds them against what was seen before. */
static bool lock_rows(struct applying *applying, const struct batch *batch, struct error *err)
{
	if (!look(applying, batch, true, err))
		return false;
	for (size_t i = 0; i < batch->count; i++) {
		if (!has_value(&applying->found[i], batch->rows[i].before))
			return fail_stale(applying, err);
	}
	return true;
}

static bool verify(struct applying *applying, const struct batch *batch, struct error *err)
{
	if (!look(applying, batch, false, err))
		return false;
	for (size_t i = 0; i < batch->count; i++) {
		struct span key = batch->rows[i].key;

		if (has_value(&applying->found[i], batch->rows[i].after))
			continue;
		error_set(err, ERROR_DATABASE, _("the database does not give back what was written for %.*s"), (int)key.length,
			key.bytes);
		return error_why(err, _("a column is too short, or a trigger changes it"));
	}
	return true;
}

static bool add(struct applying *applying, const struct batch *batch, struct error *err)
{
	const struct map_table_apply *apply = applying->apply;

	if (!map_table_add(apply->table, batch->rows, batch->count, &apply->stamp, err)) {
		if (sql_last_failure(apply->table->sql) == SQL_FAILURE_DUPLICATE)
			return fail_stale(applying, err);
		return false;
	}
	return verify(applying, batch, err);
}

static bool flush(struct applying *applying, struct batch *batch, struct error *err)
{
	const struct map_table_apply *apply = applying->apply;
	bool done = true;

	if (batch->count == 0)
		return true;
	switch (batch->kind) {
	case MAP_ROW_SAME:
		break;
	case MAP_ROW_ADDED:
		done = add(applying, batch, err);
		break;
	case MAP_ROW_CHANGED:
		done = lock_rows(applying, batch, err) &&
		       map_table_change(apply->table, batch->rows, batch->count, &apply->stamp, err) &&
		       verify(applying, batch, err);
		break;
	case MAP_ROW_REMOVED:
		done = lock_rows(applying, batch, err) && map_table_remove(apply->table, batch->rows, batch->count, err);
		break;
	}
	batch->count = 0;
	arena_clear(&applying->arena);
	return done;
}

static bool change_rows(struct applying *applying, struct error *err)
{
	struct map_merge merge = {.live = applying->apply->live, .wanted = applying->apply->wanted};
	struct map_merge_row row;

	while (map_merge_next(&merge, &row)) {
		struct batch *batch = &applying->batches[row.kind];

		if (row.kind == MAP_ROW_SAME)
			continue;
		batch->rows[batch->count++] = row;
		if (batch->count == MAP_TABLE_CHUNK && !flush(applying, batch, err))
			return false;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(applying->batches); i++) {
		if (!flush(applying, &applying->batches[i], err))
			return false;
	}
	return true;
}

static bool lock_mark(struct applying *applying, struct error *err)
{
	const struct map_table_apply *apply = applying->apply;
	struct map_table_mark mark;

	if (!map_table_read_mark(apply->table, true, &mark, err))
		return false;
	if (mark.generation != apply->before.generation || strcmp(mark.digest, apply->before.digest) != 0)
		return fail_stale(applying, err);
	return true;
}

/* Somebody may have done it already. */
static bool release_rows(const struct map_table_apply *apply, struct error *err)
{
	for (size_t i = 0; i < apply->released->count; i++) {
		struct error failure = {.code = ERROR_NONE};

		if (map_table_release(apply->table, apply->released->items[i], &failure) || failure.code == ERROR_NOT_FOUND)
			continue;
		*err = failure;
		return false;
	}
	return true;
}

static bool write_mark(const struct map_table_apply *apply, struct error *err)
{
	struct map_table_mark mark = {.generation = apply->stamp.generation};

	memcpy(mark.digest, apply->digest, sizeof(mark.digest));
	return map_table_write_mark(apply->table, &mark, err);
}

static bool work(struct sql_connection *sql, void *context, struct error *err)
{
	struct applying *applying = context;
	const struct map_table_apply *apply = applying->apply;

	(void)sql;
	for (size_t i = 0; i < ARRAY_LENGTH(applying->batches); i++) {
		applying->batches[i].kind = (enum map_merge_kind)i;
		applying->batches[i].count = 0;
	}
	return lock_mark(applying, err) && change_rows(applying, err) &&
	       (apply->missing == 0 || map_table_forget_missing(apply->table, err)) && release_rows(apply, err) &&
	       write_mark(apply, err);
}

bool map_table_apply(struct map_table_apply *apply, struct error *err)
{
	struct applying *applying cleanup_free = calloc(1, sizeof(*applying));
	bool done;

	if (!applying)
		out_of_memory();
	applying->apply = apply;
	apply->stale = false;
	done = sql_transact(apply->table->sql, work, applying, err);
	arena_clear(&applying->arena);
	return done;
}
