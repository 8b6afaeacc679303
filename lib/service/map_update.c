#include "service/map_update.h"

#include "storage/map_index.h"
#include "system/side_process.h"

#include <fcntl.h>
#include <unistd.h>

#define ROWS_LEAST 1000  /* below, postmap builds as fast */
#define ROWS_A_CHANGE 20 /* at least so many rows for each changed one */
#define SIZE_OF_TEXT 4   /* times the text an index may be large: beyond, it is mostly free pages */

bool map_update_is_small(const struct map_stage *stage, const struct map_walk *walk)
{
	const struct map_part_file *index = &stage->file->parts[MAP_INDEX];
	int64_t changes = walk->added + walk->changed + walk->removed;

	return stage->file->type->update && index->fd >= 0 && !walk->strange && !walk->cut &&
	       changes > 0 && changes == (int64_t)walk->difference_count &&
	       changes <= MAP_UPDATE_MAX && stage->rows >= ROWS_LEAST &&
	       changes <= stage->rows / ROWS_A_CHANGE &&
	       (size_t)index->status.st_size <= stage->length * SIZE_OF_TEXT;
}

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

/* What the child is told, and whether it worked out. */
struct index_changing {
	index_update *update;
	const char *path;
	const struct index_change *changes;
	size_t count;
	bool done;
};

static void change_index(void *context)
{
	struct index_changing *changing = context;

	changing->done = changing->update(changing->path, changing->changes, changing->count);
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

static bool run_changes(struct map_stage *stage, const struct map_walk *walk, int timeout_ms)
{
	struct side_process side cleanup_side_process = SIDE_PROCESS_INIT;
	struct index_changing changing = {
		.update = stage->file->type->update,
		.path = map_stage_index_path(stage),
		.changes = list_changes(stage, walk),
		.count = walk->difference_count,
	};
	const struct side_work work = {
		.run = change_index,
		.context = &changing,
		.result = &changing.done,
		.size = sizeof(changing.done),
	};
	struct error ignored;

	return side_process_begin(&side, &work, &ignored) &&
	       side_process_end(&side, &changing.done, sizeof(changing.done), timeout_ms) &&
	       changing.done;
}

bool map_update(struct map_stage *stage, const struct map_walk *walk, int timeout_ms)
{
	if (copy_index(stage) && run_changes(stage, walk, timeout_ms))
		return true;
	map_update_discard(stage);
	return false;
}

void map_update_discard(const struct map_stage *stage)
{
	(void)unlinkat(stage->directory, stage->file->parts[MAP_INDEX].name, 0);
}
