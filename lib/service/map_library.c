#include "service/map_library.h"

#include <fcntl.h>
#include <unistd.h>

#define ROWS_LEAST 1000  /* below, a new index is built as fast */
#define ROWS_A_CHANGE 20 /* at least so many rows for each changed one */
#define SIZE_OF_TEXT 4   /* times the text an index may be large: beyond, it is mostly free pages */

bool map_library_may_change(const struct map_stage *stage, const struct map_walk *walk)
{
	const struct map_part_file *index = &stage->file->parts[MAP_INDEX];
	int64_t changes = walk->added + walk->changed + walk->removed;

	return stage->file->type->update && index->fd >= 0 && !walk->strange && !walk->cut &&
	       changes > 0 && changes == (int64_t)walk->difference_count &&
	       changes <= MAP_UPDATE_MAX && stage->rows >= ROWS_LEAST &&
	       changes <= stage->rows / ROWS_A_CHANGE &&
	       (size_t)index->status.st_size <= stage->length * SIZE_OF_TEXT;
}

/* ---------------------------------------------------------------- in the process */

static bool copy_bytes(int from, int to, off_t size)
{
	off_t offset = 0;

	while (offset < size) {
		ssize_t count =
			copy_file_range(from, &offset, to, NULL, (size_t)(size - offset), 0);

		if (count <= 0)
			return false;
	}
	return true;
}

static bool copy_index(const struct map_stage *stage)
{
	const struct map_part_file *index = &stage->file->parts[MAP_INDEX];
	int copy cleanup_close = openat(stage->directory, index->name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return copy >= 0 && copy_bytes(index->fd, copy, index->status.st_size);
}

static const struct index_change *list_changes(const struct map_stage *stage,
	const struct map_walk *walk)
{
	struct index_change *changes =
		arena_alloc_array(stage->arena, walk->difference_count, sizeof(*changes));

	for (size_t i = 0; i < walk->difference_count; i++) {
		const struct map_difference *difference = &walk->differences[i];

		changes[i] = (struct index_change){
			.key = difference->key,
			.value = difference->after,
			.present = difference->before != NULL,
		};
	}
	return changes;
}

static bool make_index(const struct map_library *library, const char *path,
	const struct index_rows *rows)
{
	const struct map_stage *stage = library->stage;
	const struct map_walk *changes = library->changes;

	if (!changes)
		return stage->file->type->build(path, rows);
	return copy_index(stage) && stage->file->type->update(path, list_changes(stage, changes),
					    changes->difference_count);
}

/* The disk is at work while the index is read back; renaming comes only after the seal. */
static bool finish_index(struct map_library *library, const char *path,
	const struct index_rows *rows)
{
	struct library_result *result = &library->result;
	int index cleanup_close = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct error ignored;

	if (index < 0)
		return false;
	(void)sync_file_range(index, 0, 0, SYNC_FILE_RANGE_WRITE);
	result->finding = library->stage->file->type->compare(path, rows);
	return result->finding.verdict == INDEX_EQUAL &&
	       file_digest(index, result->digest, &ignored);
}

static void work(void *context)
{
	struct map_library *library = context;
	const struct map_stage *stage = library->stage;
	const struct span text = map_stage_rows(stage);
	const struct index_rows rows = {text.bytes, text.length, stage->rows};
	const char *path = map_stage_index_path(stage);

	library->result.made =
		make_index(library, path, &rows) && finish_index(library, path, &rows);
}

/* ---------------------------------------------------------------- around it */

bool map_library_begin(struct map_library *library, const struct map_stage *stage,
	const struct map_walk *changes)
{
	const struct side_work side_work = {
		.run = work,
		.context = library,
		.result = &library->result,
		.size = sizeof(library->result),
	};
	struct error ignored;

	*library = (struct map_library)MAP_LIBRARY_INIT;
	if (!stage->file->type->build || stage->rows == 0)
		return false;
	library->stage = stage;
	library->changes = changes;
	if (side_process_begin(&library->side, &side_work, &ignored))
		return true;
	library->stage = NULL;
	return false;
}

bool map_library_end(struct map_library *library, int timeout_ms)
{
	struct library_result *result = &library->result;

	if (side_process_end(&library->side, result, sizeof(*result), timeout_ms) && result->made)
		return true;
	map_library_stop(library);
	return false;
}

void map_library_stop(struct map_library *library)
{
	const struct map_stage *stage = library->stage;

	side_process_stop(&library->side);
	if (stage)
		(void)unlinkat(stage->directory, stage->file->parts[MAP_INDEX].name, 0);
	library->stage = NULL;
}
