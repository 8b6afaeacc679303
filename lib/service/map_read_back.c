#include "service/map_read_back.h"

#include "base/message.h"
#include "format/email_address.h"
#include "format/postfix_index.h"
#include "format/postfix_map.h"
#include "format/printable.h"
#include "service/map_stage.h"
#include "system/process.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define OUTPUT_LIMIT ((size_t)64 << 10)

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
	if (*first)
		error_why(err, "%s", printable_text(first, arena));
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

static bool look_up_all(struct map_stage *stage, const struct map_stage_tools *tools,
	struct error *err)
{
	const char *const argv[] = {tools->instance->postmap, "-c",
		tools->instance->config_directory, "-q", "-", stage->table, NULL};
	struct read_back back = {
		.rows = stage->bytes + stage->head,
		.length = stage->length - stage->head,
	};
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
	if (rows == stage->rows)
		return true;
	error_set(err, ERROR_MTA_COMMAND, _("the new map holds %jd rows instead of %jd"),
		(intmax_t)rows, (intmax_t)stage->rows);
	return error_fix(err, _("the map that was live still is; look at what postmap is"));
}

bool map_read_back(struct map_stage *stage, const struct map_stage_tools *tools, struct error *err)
{
	return look_up_all(stage, tools, err) && check_count(stage, tools, err);
}
