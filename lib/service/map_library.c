#include "service/map_library.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROWS_LEAST 1000  /* below, a new index is built as fast */
#define ROWS_A_CHANGE 20 /* at least so many rows for each changed one */
#define SECONDS_TO_TELL 60 /* for a process that is busy to hear that the text is whole */
#define SIZE_OF_TEXT 4   /* times the text an index may be large: beyond, it is mostly free pages */

bool map_library_may_change(const struct map_stage *stage, const struct map_walk *walk)
{
	const struct map_part_file *index = &stage->file->parts[MAP_INDEX];
	const struct map_part_file *text = &stage->file->parts[MAP_TEXT];
	int64_t changes = walk->added + walk->changed + walk->removed;

	return stage->file->type->update && index->fd >= 0 && !walk->strange && !walk->cut &&
	       changes > 0 && changes == (int64_t)walk->difference_count &&
	       changes <= MAP_UPDATE_MAX && stage->rows >= ROWS_LEAST &&
	       changes <= stage->rows / ROWS_A_CHANGE &&
	       index->status.st_size <= text->status.st_size * SIZE_OF_TEXT;
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

/* The text as the process sees it. */
struct reading {
	int line;
	size_t head; /* bytes before the first row */
	struct map_stage_growth growth; /* as it was told last */
	struct index_rows rows;
};

/* False when the text will never be whole. */
static bool hear(struct reading *reading)
{
	ssize_t length;

	do
		length = recv(reading->line, &reading->growth, sizeof(reading->growth), 0);
	while (length < 0 && errno == EINTR);
	return length == (ssize_t)sizeof(reading->growth);
}

static size_t grow(void *context, size_t seen)
{
	struct reading *reading = context;

	while (reading->growth.length <= reading->head + seen) {
		if (reading->growth.whole || !hear(reading))
			return seen;
	}
	return reading->growth.length - reading->head;
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
static bool finish_index(struct map_library *library, const char *path, struct reading *reading)
{
	struct library_result *result = &library->result;
	int index cleanup_close = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct error ignored;

	if (index < 0 || send(reading->line, "", 1, MSG_NOSIGNAL) != 1)
		return false;
	(void)sync_file_range(index, 0, 0, SYNC_FILE_RANGE_WRITE);
	while (!reading->growth.whole) {
		if (!hear(reading))
			return false;
	}
	reading->rows.growth = NULL;
	reading->rows.length = reading->growth.length - reading->head;
	reading->rows.count = reading->growth.rows;
	result->finding = library->stage->file->type->compare(path, &reading->rows);
	return result->finding.verdict == INDEX_EQUAL &&
	       file_digest(index, result->digest, &ignored);
}

/* A file may be mapped beyond its end, and read as far as it has come. */
static bool map_text(const struct map_library *library, struct reading *reading)
{
	const struct map_stage *stage = library->stage;
	void *bytes = mmap(NULL, library->room, PROT_READ, MAP_SHARED, stage->text, 0);

	if (bytes == MAP_FAILED)
		return false;
	reading->rows.bytes = (const char *)bytes + stage->head;
	reading->rows.length = library->room - stage->head;
	return true;
}

static void work(struct map_library *library, int line)
{
	const char *path = map_stage_index_path(library->stage);
	struct reading reading = {.line = line, .head = library->stage->head};

	reading.rows = (struct index_rows){
		.count = library->rows,
		.growth = grow,
		.context = &reading,
	};
	library->result.made = map_text(library, &reading) &&
			       make_index(library, path, &reading.rows) &&
			       finish_index(library, path, &reading);
}

struct work_context {
	struct map_library *library;
	int line;
};

static void run_work(void *context)
{
	struct work_context *work_context = context;

	/* Its end must be seen by whoever is left alone. */
	close(take_fd(&work_context->library->line));
	work(work_context->library, work_context->line);
}

/* ---------------------------------------------------------------- around it */

static bool may_begin(const struct map_library_task *task)
{
	const struct map_stage *stage = task->stage;

	return stage->file->type->build && (!stage->bytes || stage->rows > 0);
}

static void follow(struct map_library *library, const struct map_library_task *task)
{
	struct map_stage *stage = task->stage;

	*library = (struct map_library){
		.stage = stage,
		.changes = task->changes,
		.room = stage->bytes ? stage->length : task->room,
		.rows = stage->bytes ? stage->rows : task->rows,
		.line = library->line,
		.side = SIDE_PROCESS_INIT,
	};
}

bool map_library_begin(struct map_library *library, const struct map_library_task *task)
{
	const struct timeval patience = {.tv_sec = SECONDS_TO_TELL};
	struct map_library begun = MAP_LIBRARY_INIT;
	struct work_context context = {.library = &begun};
	const struct side_work side_work = {
		.run = run_work,
		.context = &context,
		.result = &begun.result,
		.size = sizeof(begun.result),
	};
	struct error ignored;
	int ends[2];

	if (!may_begin(task) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	begun.line = ends[0];
	context.line = ends[1];
	follow(&begun, task);
	if (!side_process_begin(&begun.side, &side_work, &ignored)) {
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	close(ends[1]);
	*library = begun;
	map_stage_follow(task->stage, library->line);
	return true;
}

bool map_library_await(struct map_library *library, int timeout_ms)
{
	struct pollfd ready = {.fd = library->line, .events = POLLIN};
	char made;

	if (poll(&ready, 1, timeout_ms) > 0 &&
		recv(library->line, &made, sizeof(made), MSG_DONTWAIT) == 1)
		return true;
	map_library_stop(library);
	return false;
}

/* The stage is its owner's alone again. */
static void part(struct map_library *library)
{
	if (library->line >= 0)
		close(take_fd(&library->line));
	if (library->stage)
		library->stage->follower = -1;
	library->stage = NULL;
}

bool map_library_end(struct map_library *library, int timeout_ms)
{
	struct library_result *result = &library->result;

	bool made = side_process_take(&library->side, result, sizeof(*result), timeout_ms) &&
		    result->made;

	if (!made)
		map_library_stop(library);
	part(library);
	return made;
}

void map_library_stop(struct map_library *library)
{
	struct map_stage *stage = library->stage;

	side_process_stop(&library->side);
	part(library);
	if (stage)
		(void)unlinkat(stage->directory, stage->file->parts[MAP_INDEX].name, 0);
}
