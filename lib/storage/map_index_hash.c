#include "storage/map_index.h"
#include "storage/map_index_walk.h"

#include <db.h>
#include <string.h>

#define CACHE (32U << 20) /* bytes; what an index is larger goes through the file */

static void table_close(DB **table)
{
	/* What was not written by sync is not wanted. */
	if (*table)
		(void)(*table)->close(*table, DB_NOSYNC);
}

#define cleanup_table __attribute__((cleanup(table_close)))

/* Without an environment: a DB_CONFIG beside the file, or in the working directory, has no say. */
static bool table_open(DB **ret_table, const char *path, int64_t rows, u_int32_t flags)
{
	DB *table;

	if (db_create(ret_table, NULL, 0) != 0)
		return false;
	table = *ret_table;
	table->set_errfile(table, NULL);
	return table->set_cachesize(table, 0, CACHE, 1) == 0 &&
	       (rows == 0 || table->set_h_nelem(table, (u_int32_t)rows) == 0) &&
	       table->open(table, NULL, path, NULL, DB_HASH, flags, 0600) == 0;
}

static struct span text_of(const DBT *value)
{
	return (struct span){value->data, value->size};
}

static bool find(DB *table, struct index_walk *walk, struct span *ret_value)
{
	DBT key = {.data = walk->key, .size = (u_int32_t)(walk->key_length + walk->nul)};
	DBT value = {.data = NULL};

	if (table->get(table, NULL, &key, &value, 0) != 0)
		return false;
	*ret_value = text_of(&value);
	return true;
}

/* The first row tells how keys are stored. */
static bool find_first(DB *table, struct index_walk *walk, struct span *ret_value)
{
	walk->nul = 1;
	if (find(table, walk, ret_value))
		return true;
	walk->nul = 0;
	return find(table, walk, ret_value);
}

static bool look_up_all(DB *table, struct index_walk *walk)
{
	struct span value;

	while (index_walk_next(walk)) {
		bool found = walk->number == 1 ? find_first(table, walk, &value)
					       : find(table, walk, &value);

		if (!found || !index_walk_matches(walk, value))
			return false;
		if (index_walk_is_pausing(walk))
			mapped_memory_release(walk->rows->bytes, walk->rows->bytes + walk->at);
	}
	return index_walk_is_done(walk);
}

static bool count_all(DB *table, int64_t *ret_count)
{
	DBC *cursor;
	DBT key = {.data = NULL};
	DBT value = {.flags = DB_DBT_PARTIAL}; /* none of it */
	int64_t count = 0;
	int status;

	if (table->cursor(table, NULL, &cursor, 0) != 0)
		return false;
	while ((status = cursor->get(cursor, &key, &value, DB_NEXT)) == 0)
		count++;
	*ret_count = count;
	return cursor->close(cursor) == 0 && status == DB_NOTFOUND;
}

struct index_finding hash_index_compare(const char *path, const struct index_rows *rows)
{
	DB *table cleanup_table = NULL;
	struct index_finding finding = {.verdict = INDEX_EQUAL};
	struct index_walk walk = {.rows = rows};

	if (!table_open(&table, path, 0, DB_RDONLY))
		return (struct index_finding){.verdict = INDEX_UNREADABLE};
	if (!look_up_all(table, &walk))
		return index_walk_differs(&walk);
	if (!count_all(table, &finding.count))
		finding.verdict = INDEX_UNREADABLE;
	else if (finding.count != rows->count)
		finding.verdict = INDEX_COUNT;
	return finding;
}

/* ---------------------------------------------------------------- making */

static bool put_all(DB *table, struct index_walk *walk)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	while (index_walk_next(walk)) {
		struct span stored = index_walk_stored(walk, &buffer);
		DBT key = {.data = walk->key, .size = (u_int32_t)walk->key_length + 1};
		DBT value = {.data = buffer.text, .size = (u_int32_t)stored.length};

		if (table->put(table, NULL, &key, &value, DB_NOOVERWRITE) != 0)
			return false;
		if (index_walk_is_pausing(walk))
			mapped_memory_release(walk->rows->bytes, walk->rows->bytes + walk->at);
	}
	return index_walk_is_done(walk);
}

bool hash_index_build(const char *path, const struct index_rows *rows)
{
	DB *table cleanup_table = NULL;
	struct index_walk walk = {.rows = rows};

	return table_open(&table, path, rows->count, DB_CREATE | DB_EXCL) &&
	       put_all(table, &walk) && table->sync(table, 0) == 0;
}
