#include "service/map_read_back.h"

#include "base/message.h"
#include "base/span.h"
#include "format/email_address.h"
#include "format/postfix_index.h"
#include "format/postfix_map.h"
#include "service/map_stage.h"
#include "service/map_walk.h"
#include "storage/map_index.h"
#include "system/mapped_memory.h"
#include "system/process.h"
#include "system/side_process.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define OUTPUT_LIMIT ((size_t)64 << 10)
#define ROWS_A_RELEASE 64
#define SAMPLE_ROWS 1000 /* that postmap itself is asked for where a library has read all */
#define SAMPLE_OF_COPY 100 /* the same, besides the changes, of a copy that postmap answered from when it was made */

struct read_back {
	const char *rows; /* the staged rows */
	size_t length;
	size_t fed;  /* bytes of the rows whose keys were given out */
	size_t seen; /* bytes of the rows that came back as they should */
	bool different;
	char key[EMAIL_ADDRESS_MAX + 64]; /* the line that is being given out */
	size_t key_length;
	size_t key_sent;
};

bool read_back_command_error(const struct process_request *request,
	const struct process_result *result, struct arena *arena, struct error *err)
{
	const char *text = result->errors && *result->errors ? result->errors : "";
	const char *first = arena_strndup(arena, text, strcspn(text, "\n"));

	error_set(err, ERROR_MTA_COMMAND, _("%s failed: %s"), request->argv[0],
		process_describe(request, result, arena));
	error_why(err, "%s", *first ? first : _("it does not say"));
	return error_fix(err, _("the map that was live still is; try again with --dry-run"));
}

static bool next_key(struct read_back *back)
{
	size_t key;
	size_t value;
	size_t line;

	if (!postfix_map_row_read(back->rows + back->fed, back->length - back->fed, &key, &value,
		    &line) ||
		key + 1 > sizeof(back->key))
		return false;
	memcpy(back->key, back->rows + back->fed, key);
	back->key[key] = '\n';
	back->key_length = key + 1;
	back->key_sent = 0;
	back->fed += line;
	return true;
}

static size_t feed_keys(void *context, char *buffer, size_t size)
{
	struct read_back *back = context;
	size_t filled = 0;

	while (filled < size) {
		size_t left = back->key_length - back->key_sent;
		size_t part = left < size - filled ? left : size - filled;

		memcpy(buffer + filled, back->key + back->key_sent, part);
		filled += part;
		back->key_sent += part;
		if (back->key_sent == back->key_length && !next_key(back))
			break;
	}
	return filled;
}

static bool compare_rows(void *context, const char *bytes, size_t length)
{
	struct read_back *back = context;
	size_t left = back->length - back->seen;
	size_t same = 0;

	if (length <= left && memcmp(bytes, back->rows + back->seen, length) == 0) {
		back->seen += length;
		return true;
	}
	while (same < length && same < left && bytes[same] == back->rows[back->seen + same])
		same++;
	back->seen += same;
	back->different = true;
	return false;
}

/* The key of the row in which the answer stopped being right. */
static const char *row_at(const struct read_back *back, struct arena *arena)
{
	size_t start = back->seen;

	while (start > 0 && back->rows[start - 1] != '\n')
		start--;
	if (start == back->length)
		return NULL;
	return arena_strndup(arena, back->rows + start, strcspn(back->rows + start, "\t"));
}

static bool answers_differ(const struct read_back *back, const struct map_stage *stage,
	struct error *err)
{
	const char *key = row_at(back, stage->arena);

	error_set(err, ERROR_MTA_COMMAND, _("the new map does not answer what it should"));
	if (key)
		error_why(err, _("the first row that differs is that of %s"), key);
	else
		error_why(err, _("it answers more than was asked for"));
	return error_fix(err, _("the map that was live still is; look at what postmap is"));
}

/* A key that no member can have: longer than any name, and nobody knows it. */
static void absent_key(struct read_back *back, const char *domain)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[16] = {0};
	char hex[2 * sizeof(bytes) + 1] = "";
	int length;

	if (getrandom(bytes, sizeof(bytes), 0) < 0)
		memset(bytes, 0xa5, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	length = snprintf(back->key, sizeof(back->key), "absent-%s@%s\n", hex, domain);
	back->key_length = length > 0 ? (size_t)length : 0;
	back->key_sent = 0;
}

/* Has postmap answer for `rows` and a key that is not there. */
static bool look_up(struct map_stage *stage, const struct map_stage_tools *tools, struct span rows,
	struct error *err)
{
	const char *const argv[] = {tools->instance->postmap, "-c",
		tools->instance->config_directory, "-q", "-", stage->table, NULL};
	struct read_back back = {.rows = rows.bytes, .length = rows.length};
	struct process_request request = {
		.argv = argv,
		.timeout_ms = tools->timeout_ms,
		.output_limit = OUTPUT_LIMIT,
		.source = feed_keys,
		.sink = compare_rows,
		.context = &back,
	};
	struct process_result result;

	absent_key(&back, tools->domain);
	if (!process_run(&request, stage->arena, &result, err))
		return false;
	if (back.different)
		return answers_differ(&back, stage, err);
	/* With exit status 1 postmap found no key at all, which is right when there is none. */
	if (stage->rows == 0 && result.end == PROCESS_EXITED && result.status == 1 &&
		!*result.errors)
		return true;
	if (!process_succeeded(&result))
		return read_back_command_error(&request, &result, stage->arena, err);
	if (back.seen != back.length)
		return answers_differ(&back, stage, err);
	if (*result.errors && !*stage->output)
		stage->output = result.errors;
	return true;
}

static bool count_lines(void *context, const char *bytes, size_t length)
{
	int64_t *count = context;

	for (size_t i = 0; i < length; i++)
		*count += bytes[i] == '\n';
	return true;
}

static bool count_listed(const struct map_stage *stage, const struct map_stage_tools *tools,
	int64_t *ret_rows, struct error *err)
{
	const char *const argv[] = {tools->instance->postmap, "-c",
		tools->instance->config_directory, "-s", stage->table, NULL};
	struct process_request request = {
		.argv = argv,
		.timeout_ms = tools->timeout_ms,
		.output_limit = OUTPUT_LIMIT,
		.sink = count_lines,
		.context = ret_rows,
	};
	struct process_result result;

	*ret_rows = 0;
	if (!process_run(&request, stage->arena, &result, err))
		return false;
	if (!process_succeeded(&result))
		return read_back_command_error(&request, &result, stage->arena, err);
	return true;
}

/* What the index itself says, without a command; false when its type or its head does not tell. */
static bool count_by_head(const struct map_stage *stage, int64_t *ret_rows)
{
	unsigned char *head cleanup_free = malloc(POSTFIX_INDEX_HEAD);
	int fd cleanup_close = openat(stage->directory, stage->file->parts[MAP_INDEX].name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t length;

	if (!head)
		out_of_memory();
	if (fd < 0 || !stage->file->type->count)
		return false;
	length = pread(fd, head, POSTFIX_INDEX_HEAD, 0);
	return length > 0 && stage->file->type->count(head, (size_t)length, ret_rows);
}

static bool count_differs(const struct map_stage *stage, int64_t rows, struct error *err)
{
	error_set(err, ERROR_MTA_COMMAND, _("the new map holds %jd rows instead of %jd"),
		(intmax_t)rows, (intmax_t)stage->rows);
	return error_fix(err, _("the map that was live still is; look at what postmap is"));
}

/* Every row was found; when there are no more of them than that, the index holds the rows and
 * nothing else. */
static bool check_count(const struct map_stage *stage, const struct map_stage_tools *tools,
	struct error *err)
{
	int64_t rows;

	if (!stage->file->parts[MAP_INDEX].name)
		return true;
	if (!count_by_head(stage, &rows) && !count_listed(stage, tools, &rows, err))
		return false;
	return rows == stage->rows || count_differs(stage, rows, err);
}

/* ---------------------------------------------------------------- by the index's own library */

/* What the reading child is told, and what it finds. */
struct library_reading {
	index_compare *compare;
	const char *path;
	struct index_rows rows;
	struct index_finding finding;
};

static void read_by_library(void *context)
{
	struct library_reading *reading = context;

	reading->finding = reading->compare(reading->path, &reading->rows);
}

static size_t row_start(struct span rows, size_t offset)
{
	while (offset > 0 && rows.bytes[offset - 1] != '\n')
		offset--;
	return offset;
}

static void add_row(struct strbuf *sample, struct span rows, size_t start)
{
	const char *newline = memchr(rows.bytes + start, '\n', rows.length - start);

	if (newline)
		strbuf_append(sample, rows.bytes + start,
			(size_t)(newline - rows.bytes) + 1 - start);
}

/* The first row, the last, and others by chance: a postmap that lies has to know which. */
static void choose_sample(struct span rows, size_t count, struct strbuf *sample)
{
	uint32_t numbers[SAMPLE_ROWS] = {0};

	if (rows.length == 0)
		return;
	if (getrandom(numbers, sizeof(numbers), 0) < 0)
		memset(numbers, 0x5a, sizeof(numbers));
	add_row(sample, rows, 0);
	for (size_t i = 0; i < count; i++) {
		add_row(sample, rows,
			row_start(rows, (size_t)((uint64_t)rows.length * numbers[i] >> 32)));
		/* Each row brings its whole neighbourhood into memory. */
		if (i % ROWS_A_RELEASE == 0)
			mapped_memory_release(rows.bytes, rows.bytes + rows.length);
	}
	add_row(sample, rows, row_start(rows, rows.length - 1));
}

static void add_changes(const struct map_walk *changes, struct strbuf *sample)
{
	for (size_t i = 0; i < changes->difference_count; i++) {
		const struct map_difference *difference = &changes->differences[i];

		if (difference->after)
			strbuf_printf(sample, "%s\t%s\n", difference->key, difference->after);
	}
}

static bool look_up_sample(struct map_stage *stage, const struct map_stage_tools *tools,
	struct span rows, struct error *err)
{
	struct strbuf sample cleanup_strbuf = STRBUF_INIT;

	choose_sample(rows, tools->changes ? SAMPLE_OF_COPY : SAMPLE_ROWS, &sample);
	if (tools->changes)
		add_changes(tools->changes, &sample);
	return look_up(stage, tools, (struct span){strbuf_text(&sample), sample.length}, err);
}

static bool judge_finding(const struct library_reading *reading, const struct map_stage *stage,
	struct error *err)
{
	const struct index_finding *finding = &reading->finding;
	const struct read_back back = {
		.rows = reading->rows.bytes,
		.length = reading->rows.length,
		.seen = finding->offset,
	};

	switch (finding->verdict) {
	case INDEX_EQUAL:
		return true;
	case INDEX_DIFFERENT:
		return answers_differ(&back, stage, err);
	case INDEX_COUNT:
		return count_differs(stage, finding->count, err);
	case INDEX_UNREADABLE:
		break;
	}
	error_set(err, ERROR_MTA_COMMAND, _("the new map cannot be read"));
	error_why(err, _("the index that postmap made is not whole"));
	return error_fix(err, _("the map that was live still is; look at what postmap is"));
}

/*
 * A library reads all of the index as Postfix would, in a child that may crash on it, while postmap
 * answers for a sample: what Postfix says is what counts, and both have to agree.
 */
static bool read_by_both(struct map_stage *stage, const struct map_stage_tools *tools,
	struct span rows, struct error *err)
{
	struct side_process side cleanup_side_process = SIDE_PROCESS_INIT;
	struct library_reading reading = {
		.compare = stage->file->type->compare,
		.path = map_stage_index_path(stage),
		.rows = {.bytes = rows.bytes, .length = rows.length, .count = stage->rows},
		.finding = {.verdict = INDEX_UNREADABLE},
	};
	const struct side_work work = {
		.run = read_by_library,
		.context = &reading,
		.result = &reading.finding,
		.size = sizeof(reading.finding),
	};

	if (!side_process_begin(&side, &work, err) || !look_up_sample(stage, tools, rows, err))
		return false;
	if (!side_process_end(&side, &reading.finding, sizeof(reading.finding), tools->timeout_ms))
		reading.finding.verdict = INDEX_UNREADABLE;
	return judge_finding(&reading, stage, err);
}

bool map_read_back_sample(struct map_stage *stage, const struct map_stage_tools *tools,
	struct error *err)
{
	return look_up_sample(stage, tools, map_stage_rows(stage), err);
}

bool map_read_back(struct map_stage *stage, const struct map_stage_tools *tools, struct error *err)
{
	const struct span rows = map_stage_rows(stage);
	bool same = stage->file->type->compare ? read_by_both(stage, tools, rows, err)
					       : look_up(stage, tools, rows, err);

	return same && check_count(stage, tools, err);
}
