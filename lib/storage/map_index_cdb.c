#include "storage/map_index.h"
#include "storage/map_index_walk.h"

#include <cdb.h>
#include <fcntl.h>

struct cdb_reader {
	struct cdb index;
	int file;
	bool open;
};

static void reader_close(struct cdb_reader *reader)
{
	if (reader->open)
		cdb_free(&reader->index);
	if (reader->file >= 0)
		(void)close(reader->file);
}

#define cleanup_reader __attribute__((cleanup(reader_close)))

static bool reader_open(struct cdb_reader *reader, const char *path)
{
	reader->file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	reader->open = reader->file >= 0 && cdb_init(&reader->index, reader->file) == 0;
	return reader->open;
}

static bool find(struct cdb_reader *reader, struct index_walk *walk, struct span *ret_value)
{
	const void *value;

	if (cdb_find(&reader->index, walk->key, (unsigned)(walk->key_length + walk->nul)) <= 0)
		return false;
	value = cdb_getdata(&reader->index);
	if (!value)
		return false;
	*ret_value = (struct span){value, cdb_datalen(&reader->index)};
	return true;
}

/* The first row tells how keys are stored. */
static bool find_first(struct cdb_reader *reader, struct index_walk *walk, struct span *ret_value)
{
	walk->nul = 1;
	if (find(reader, walk, ret_value))
		return true;
	walk->nul = 0;
	return find(reader, walk, ret_value);
}

static void release(const struct cdb_reader *reader)
{
	const char *memory = (const char *)reader->index.cdb_mem;

	mapped_memory_release(memory, memory + reader->index.cdb_fsize);
}

static bool look_up_all(struct cdb_reader *reader, struct index_walk *walk)
{
	struct span value;

	while (index_walk_next(walk)) {
		bool found = walk->number == 1 ? find_first(reader, walk, &value)
					       : find(reader, walk, &value);

		if (!found || !index_walk_matches(walk, value))
			return false;
		if (index_walk_is_pausing(walk)) {
			release(reader);
			mapped_memory_release(walk->rows->bytes, walk->rows->bytes + walk->at);
		}
	}
	return index_walk_is_done(walk);
}

static bool count_all(struct cdb_reader *reader, int64_t *ret_count)
{
	unsigned position;
	int64_t count = 0;
	int status;

	cdb_seqinit(&position, &reader->index);
	while ((status = cdb_seqnext(&position, &reader->index)) > 0) {
		if (++count % 65536 == 0)
			release(reader);
	}
	*ret_count = count;
	return status == 0;
}

struct index_finding cdb_index_compare(const char *path, const struct index_rows *rows)
{
	struct cdb_reader reader cleanup_reader = {.file = -1};
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

/* ---------------------------------------------------------------- making */

/* In this type postmap stores no final NUL. */
static bool add_all(struct cdb_make *make, struct index_walk *walk)
{
	while (index_walk_next(walk)) {
		if (cdb_make_add(make, walk->key, (unsigned)walk->key_length, walk->value.bytes,
			    (unsigned)walk->value.length) != 0)
			return false;
		if (index_walk_is_pausing(walk))
			mapped_memory_release(walk->rows->bytes, walk->rows->bytes + walk->at);
	}
	return index_walk_is_done(walk);
}

bool cdb_index_build(const char *path, const struct index_rows *rows)
{
	int file cleanup_close =
		open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct index_walk walk = {.rows = rows};
	struct cdb_make make;
	bool added;

	if (file < 0 || cdb_make_start(&make, file) != 0)
		return false;
	added = add_all(&make, &walk);
	/* Also frees what was collected. */
	return cdb_make_finish(&make) == 0 && added;
}
