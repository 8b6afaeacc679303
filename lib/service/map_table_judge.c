#include "service/map_table_judge.h"

#include "base/message.h"
#include "format/printable.h"
#include "service/map_sync_result.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* ---------------------------------------------------------------- live rows */

/* A file of memory: the walk maps it as it maps a map's text. */
static bool open_file(struct map_live_rows *live, const struct strbuf *text, struct error *err)
{
	const char *bytes = strbuf_text(text);
	size_t left = text->length;
	void *mapping;

	live->fd = memfd_create("live-rows", MFD_CLOEXEC);
	if (live->fd < 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot keep the live rows"));
	while (left > 0) {
		ssize_t written = write(live->fd, bytes, left);

		if (written < 0 && errno != EINTR)
			return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot keep the live rows"));
		if (written > 0) {
			bytes += written;
			left -= (size_t)written;
		}
	}
	live->length = text->length;
	if (live->length == 0)
		return true;
	mapping = mmap(NULL, live->length, PROT_READ, MAP_SHARED, live->fd, 0);
	if (mapping == MAP_FAILED)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot keep the live rows"));
	live->bytes = mapping;
	map_text_open(&live->text, live->bytes, live->length);
	return true;
}

static void close_file(struct map_live_rows *live)
{
	map_text_close(&live->text);
	if (live->bytes)
		munmap(live->bytes, live->length);
	live->bytes = NULL;
	if (live->fd >= 0)
		close(take_fd(&live->fd));
}

bool map_live_rows_read(struct map_live_rows *live, struct map_table *table, struct error *err)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	return map_table_read(table, &text, &live->missing, err) && open_file(live, &text, err);
}

void map_live_rows_close(struct map_live_rows *live)
{
	close_file(live);
}

struct map_live_text map_live_rows_text(const struct map_live_rows *live)
{
	return (struct map_live_text){live->fd, live->length};
}

/* ---------------------------------------------------------------- verdicts */

struct judging {
	const struct map_table_judge *judge;
	struct arena arena; /* of one chunk */
	struct map_merge_row rows[MAP_TABLE_CHUNK];
	struct map_table_row found[MAP_TABLE_CHUNK];
	size_t count;
	unsigned char *held; /* one a live row: nobody may remove it */
	size_t held_count;
};

static void refuse(const struct judging *judging, size_t number, enum map_rail rail)
{
	const struct map_merge_row *row = &judging->rows[number];
	struct map_verdicts *verdicts = judging->judge->verdicts;
	const char *value = printable_text(judging->found[number].value, verdicts->arena);
	const char *detail;

	if (rail == RAIL_FOREIGN)
		detail = arena_printf(verdicts->arena, _("the database has a row for it that is not ours: %s"), value);
	else
		detail = arena_printf(verdicts->arena, _("somebody else has changed our row to: %s"), value);
	map_verdicts_refuse(verdicts, row->wanted, rail, detail);
}

/* A row that nobody wants any more, but that is not as we wrote it. */
static void hold(struct judging *judging, size_t number)
{
	const struct map_merge_row *row = &judging->rows[number];
	const struct map_table_judge *judge = judging->judge;
	struct map_verdicts *verdicts = judge->verdicts;
	const char *value = printable_text(judging->found[number].value, verdicts->arena);
	size_t live;

	if (strcmp(judge->on_drift, "release") != 0 &&
		!map_rails_refuse_row(verdicts->rails, RAIL_DRIFT, row->key,
			arena_printf(verdicts->arena, _("it should go, but somebody else has changed our row to: %s"), value)))
		return;
	if (!map_text_find(&judge->live->text, row->key, &live))
		return;
	judging->held[live] = 1;
	judging->held_count++;
}

static void note_released(const struct judging *judging, struct span key)
{
	const struct map_table_judge *judge = judging->judge;
	struct map_verdicts *verdicts = judge->verdicts;
	const char *text = arena_strndup(verdicts->arena, key.bytes, key.length);

	string_list_add(&judge->live->released, verdicts->arena, text);
	map_sync_result_note(verdicts->rails->result, verdicts->arena, "released", text,
		_("somebody else has changed our row: it is theirs now"));
}

static void judge_drift(struct judging *judging, size_t number)
{
	const struct map_merge_row *row = &judging->rows[number];
	const char *policy = judging->judge->on_drift;

	if (strcmp(policy, "overwrite") == 0)
		return;
	if (strcmp(policy, "release") == 0)
		note_released(judging, row->key);
	if (row->kind == MAP_ROW_REMOVED)
		hold(judging, number);
	else
		refuse(judging, number, RAIL_DRIFT);
}

static bool judge_chunk(struct judging *judging, struct error *err)
{
	const struct map_table_judge *judge = judging->judge;

	if (judging->count > 0 && !map_table_look(judge->table, judging->rows, judging->count, false, &judging->arena,
					  judging->found, err))
		return false;
	for (size_t i = 0; i < judging->count; i++) {
		const struct map_table_row *found = &judging->found[i];

		if (found->found && !found->owned && judging->rows[i].kind != MAP_ROW_REMOVED)
			refuse(judging, i, RAIL_FOREIGN);
		else if (found->drifted)
			judge_drift(judging, i);
	}
	judging->count = 0;
	arena_clear(&judging->arena);
	return true;
}

/* The live rows without those that are held. */
static bool rewrite(const struct judging *judging, struct error *err)
{
	struct map_live_rows *live = judging->judge->live;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	for (size_t i = 0; i < live->text.rows; i++) {
		struct map_text_row row = map_text_row(&live->text, i);

		if (!judging->held[i])
			strbuf_append(&text, row.key.bytes, row.key.length + row.value.length + 2);
	}
	close_file(live);
	return open_file(live, &text, err);
}

static bool judge_all(struct judging *judging, struct error *err)
{
	struct map_merge merge = {.live = &judging->judge->live->text, .wanted = &judging->judge->verdicts->text};
	struct map_merge_row row;

	while (map_merge_next(&merge, &row)) {
		if (row.kind == MAP_ROW_SAME)
			continue;
		judging->rows[judging->count++] = row;
		if (judging->count == MAP_TABLE_CHUNK && !judge_chunk(judging, err))
			return false;
	}
	return judge_chunk(judging, err) && (judging->held_count == 0 || rewrite(judging, err));
}

bool map_table_judge(const struct map_table_judge *judge, struct error *err)
{
	struct judging *judging cleanup_free = calloc(1, sizeof(*judging));
	bool done;

	if (!judging)
		out_of_memory();
	judging->judge = judge;
	judging->held = calloc(judge->live->text.rows + 1, sizeof(*judging->held));
	if (!judging->held)
		out_of_memory();
	done = judge_all(judging, err);
	free(judging->held);
	arena_clear(&judging->arena);
	return done;
}
