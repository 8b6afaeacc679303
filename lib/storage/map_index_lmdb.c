#include "storage/map_index.h"
#include "storage/map_index_walk.h"

#include <lmdb.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE ((uintptr_t)4096) /* bytes; a smaller step than that of the file does no harm */
#define ROOM ((size_t)16 << 20) /* bytes an index may grow beyond double its size */
#define SIZE_FIRST ((size_t)256 << 20) /* bytes a new index may have; doubled in time. The file tells it, so that it is the same for the same rows */

/* The environment as Postfix opens it, but without its lock file: nobody writes here. */
struct lmdb_reader {
	MDB_env *environment;
	MDB_txn *transaction;
	MDB_dbi table;
	const char *low; /* what was read of the mapping */
	const char *high;
};

static void reader_close(struct lmdb_reader *reader)
{
	if (reader->transaction)
		mdb_txn_abort(reader->transaction);
	if (reader->environment)
		mdb_env_close(reader->environment);
}

#define cleanup_reader __attribute__((cleanup(reader_close)))

static bool reader_open(struct lmdb_reader *reader, const char *path)
{
	return mdb_env_create(&reader->environment) == 0 &&
	       mdb_env_open(reader->environment, path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0) ==
		       0 &&
	       mdb_txn_begin(reader->environment, NULL, MDB_RDONLY, &reader->transaction) == 0 &&
	       mdb_dbi_open(reader->transaction, NULL, 0, &reader->table) == 0;
}

static struct span note_memory(struct lmdb_reader *reader, const MDB_val *value)
{
	const char *bytes = value->mv_data;

	if (!reader->low || bytes < reader->low)
		reader->low = bytes;
	if (bytes > reader->high)
		reader->high = bytes;
	return (struct span){bytes, value->mv_size};
}

static bool find(struct lmdb_reader *reader, struct index_walk *walk, struct span *ret_value)
{
	MDB_val key = {.mv_data = walk->key, .mv_size = walk->key_length + walk->nul};
	MDB_val value;

	if (mdb_get(reader->transaction, reader->table, &key, &value) != 0)
		return false;
	*ret_value = note_memory(reader, &value);
	return true;
}

/* The first row tells how keys are stored. */
static bool find_first(struct lmdb_reader *reader, struct index_walk *walk, struct span *ret_value)
{
	walk->nul = 1;
	if (find(reader, walk, ret_value))
		return true;
	walk->nul = 0;
	return find(reader, walk, ret_value);
}

/* One page's rows are found by the same way down the tree when its first and its last one are. */
struct page_walk {
	MDB_cursor *cursor;
	uintptr_t page;
	char last[INDEX_KEY_MAX + 1]; /* the row before */
	size_t last_length;
};

static bool is_found(struct lmdb_reader *reader, const char *bytes, size_t length)
{
	union {
		const char *text;
		void *data;
	} key_bytes = {.text = bytes};
	MDB_val key = {.mv_data = key_bytes.data, .mv_size = length};
	MDB_val value;

	return mdb_get(reader->transaction, reader->table, &key, &value) == 0;
}

/*
 * The row behind the one before, which mostly is that of the next row of the text; else it is looked
 * for. Where the page changes, both its neighbours are looked up as Postfix does it.
 */
static bool find_next(struct lmdb_reader *reader, struct index_walk *walk, struct page_walk *pages,
	struct span *ret_value)
{
	size_t length = walk->key_length + walk->nul;
	MDB_val key;
	MDB_val value;
	uintptr_t page;

	if (mdb_cursor_get(pages->cursor, &key, &value, MDB_NEXT) != 0 || key.mv_size != length ||
		memcmp(key.mv_data, walk->key, length) != 0) {
		key = (MDB_val){.mv_data = walk->key, .mv_size = length};
		if (mdb_cursor_get(pages->cursor, &key, &value, MDB_SET) != 0)
			return false;
	}
	page = (uintptr_t)key.mv_data / PAGE;
	if (page != pages->page &&
		(!is_found(reader, pages->last, pages->last_length) ||
			!is_found(reader, walk->key, length)))
		return false;
	pages->page = page;
	memcpy(pages->last, walk->key, length);
	pages->last_length = length;
	*ret_value = note_memory(reader, &value);
	return true;
}

static bool look_up_rest(struct lmdb_reader *reader, struct index_walk *walk,
	struct page_walk *pages)
{
	while (index_walk_next(walk)) {
		struct span value;

		if (!find_next(reader, walk, pages, &value) || !index_walk_matches(walk, value))
			return false;
		if (index_walk_is_pausing(walk)) {
			mapped_memory_release(reader->low, reader->high);
			mapped_memory_release(walk->rows->bytes, walk->rows->bytes + walk->at);
		}
	}
	return index_walk_is_done(walk) && is_found(reader, pages->last, pages->last_length);
}

static bool look_up_all(struct lmdb_reader *reader, struct index_walk *walk)
{
	struct page_walk pages = {.page = 0};
	struct span value;
	MDB_val key;
	MDB_val first;
	bool found;

	if (walk->rows->length == 0)
		return true;
	if (!index_walk_next(walk) || !find_first(reader, walk, &value) ||
		!index_walk_matches(walk, value))
		return false;
	memcpy(pages.last, walk->key, walk->key_length + walk->nul);
	pages.last_length = walk->key_length + walk->nul;
	key = (MDB_val){.mv_data = walk->key, .mv_size = pages.last_length};
	if (mdb_cursor_open(reader->transaction, reader->table, &pages.cursor) != 0)
		return false;
	found = mdb_cursor_get(pages.cursor, &key, &first, MDB_SET) == 0 &&
		look_up_rest(reader, walk, &pages);
	mdb_cursor_close(pages.cursor);
	return found;
}

static bool count_all(struct lmdb_reader *reader, int64_t *ret_count)
{
	MDB_cursor *cursor;
	MDB_val key;
	MDB_val value;
	int64_t count = 0;
	int status;

	if (mdb_cursor_open(reader->transaction, reader->table, &cursor) != 0)
		return false;
	while ((status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		(void)note_memory(reader, &value);
		if (++count % 65536 == 0)
			mapped_memory_release(reader->low, reader->high);
	}
	mdb_cursor_close(cursor);
	*ret_count = count;
	return status == MDB_NOTFOUND;
}

struct index_finding lmdb_index_compare(const char *path, const struct index_rows *rows)
{
	struct lmdb_reader reader cleanup_reader = {.environment = NULL};
	struct index_finding finding = {.verdict = INDEX_EQUAL};
	struct index_walk walk = {.rows = rows};

	if (!reader_open(&reader, path))
		return (struct index_finding){.verdict = INDEX_UNREADABLE};
	if (!look_up_all(&reader, &walk))
		return index_walk_differs(&walk);
	if (!count_all(&reader, &finding.count))
		finding.verdict = INDEX_UNREADABLE;
	else if (finding.count != rows->count)
		finding.verdict = INDEX_COUNT;
	return finding;
}

/* ---------------------------------------------------------------- writing */

/* A file in a private directory needs no lock; making it durable is its owner's. */
static bool writer_open(struct lmdb_reader *writer, const char *path, size_t size)
{
	return mdb_env_create(&writer->environment) == 0 &&
	       mdb_env_set_mapsize(writer->environment, size + ROOM) == 0 &&
	       mdb_env_open(writer->environment, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC,
		       0600) == 0 &&
	       mdb_txn_begin(writer->environment, NULL, 0, &writer->transaction) == 0 &&
	       mdb_dbi_open(writer->transaction, NULL, 0, &writer->table) == 0;
}

/* Whether keys end in a NUL: the first one tells for all. */
static bool tell_form(const struct lmdb_reader *writer, size_t *ret_nul)
{
	MDB_cursor *cursor;
	MDB_val key;
	MDB_val value;
	int status;

	if (mdb_cursor_open(writer->transaction, writer->table, &cursor) != 0)
		return false;
	status = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
	mdb_cursor_close(cursor);
	if (status != 0 || key.mv_size == 0)
		return false;
	*ret_nul = ((const char *)key.mv_data)[key.mv_size - 1] == '\0' ? 1 : 0;
	return true;
}

static MDB_val to_value(const char *text, size_t nul)
{
	union {
		const char *text;
		void *data;
	} bytes = {.text = text};

	return (MDB_val){.mv_data = bytes.data, .mv_size = strlen(text) + nul};
}

static bool apply(const struct lmdb_reader *writer, const struct index_change *change, size_t nul)
{
	MDB_val key = to_value(change->key, nul);
	MDB_val present;
	MDB_val value;
	int status = mdb_get(writer->transaction, writer->table, &key, &present);

	if (status != (change->present ? 0 : MDB_NOTFOUND))
		return false;
	if (!change->value)
		return mdb_del(writer->transaction, writer->table, &key, NULL) == 0;
	value = to_value(change->value, nul);
	return mdb_put(writer->transaction, writer->table, &key, &value, 0) == 0;
}

static bool commit(struct lmdb_reader *writer)
{
	MDB_txn *transaction = writer->transaction;

	writer->transaction = NULL;
	return mdb_txn_commit(transaction) == 0;
}

bool lmdb_index_update(const char *path, const struct index_change *changes, size_t count)
{
	struct lmdb_reader writer cleanup_reader = {.environment = NULL};
	struct stat status;
	size_t nul;

	if (stat(path, &status) < 0 || !writer_open(&writer, path, 2 * (size_t)status.st_size) ||
		!tell_form(&writer, &nul))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!apply(&writer, &changes[i], nul))
			return false;
	}
	return commit(&writer);
}

/*
 * Rows come in the order of the text, where "@" is before all else; LMDB sorts bytewise. Most rows
 * are the greatest so far and go behind the last page, which takes a tenth of looking for a place.
 */
static bool put_row(const struct lmdb_reader *writer, struct index_walk *walk,
	struct strbuf *greatest, struct strbuf *buffer)
{
	struct span stored = index_walk_stored(walk, buffer);
	MDB_val key = {.mv_data = walk->key, .mv_size = walk->key_length + 1};
	MDB_val value = to_value(stored.bytes, 1);
	unsigned flags = MDB_NOOVERWRITE;

	if (strcmp(walk->key, strbuf_text(greatest)) > 0) {
		flags = MDB_APPEND;
		strbuf_reset(greatest);
		strbuf_append(greatest, walk->key, walk->key_length);
	}
	return mdb_put(writer->transaction, writer->table, &key, &value, flags) == 0;
}

/* Doubles the size that the index may have when half of it is used. */
static bool make_room(const struct lmdb_reader *writer)
{
	MDB_envinfo information;
	MDB_stat status;

	return mdb_env_info(writer->environment, &information) == 0 &&
	       mdb_env_stat(writer->environment, &status) == 0 &&
	       (information.me_last_pgno < information.me_mapsize / status.ms_psize / 2 ||
		       mdb_env_set_mapsize(writer->environment, 2 * information.me_mapsize) == 0);
}

/* What a transaction writes stays in memory until it ends. */
static bool start_over(struct lmdb_reader *writer)
{
	return commit(writer) && make_room(writer) && mdb_txn_begin(writer->environment, NULL, 0, &writer->transaction) == 0;
}

static bool put_all(struct lmdb_reader *writer, struct index_walk *walk)
{
	struct strbuf greatest cleanup_strbuf = STRBUF_INIT;
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	while (index_walk_next(walk)) {
		if (!put_row(writer, walk, &greatest, &buffer))
			return false;
		if (!index_walk_is_pausing(walk))
			continue;
		mapped_memory_release(walk->rows->bytes, walk->rows->bytes + walk->at);
		if (!start_over(writer))
			return false;
	}
	return index_walk_is_done(walk);
}

bool lmdb_index_build(const char *path, const struct index_rows *rows)
{
	struct lmdb_reader writer cleanup_reader = {.environment = NULL};
	struct index_walk walk = {.rows = rows};

	return writer_open(&writer, path, SIZE_FIRST - ROOM) && put_all(&writer, &walk) &&
	       commit(&writer);
}
