#include "base/message.h"
#include "storage/alias_journal.h"
#include "storage/journal_file.h"
#include "storage/journal_head.h"
#include "storage/journal_line.h"
#include "storage/line_reader.h"

#include <inttypes.h>
#include <string.h>

struct verification {
	const struct alias_journal *head;
	struct alias_journal seen; /* end: in the file that is walked */
	struct journal_file file;
	struct arena *arena; /* of one line */
};

/* A full file comes back alone; the one that grows only with the head of its time. */
static bool blame(int64_t last, const char *why, struct error *err)
{
	char name[JOURNAL_FULL_NAME_MAX];

	error_why(err, "%s", why);
	if (last == 0)
		return error_fix(err, _("put back %s and %s from the machine's backup"), JOURNAL_NAME, JOURNAL_HEAD_NAME);
	journal_full_name(last, name);
	return error_fix(err, _("put %s back from the machine's backup"), name);
}

static bool bad_line(const struct verification *walk, int64_t sequence, const char *why, struct error *err)
{
	error_set(err, ERROR_DATABASE, _("line %" PRId64 " of the journal is wrong"), sequence);
	return blame(walk->file.last, why, err);
}

static bool missing_line(const struct verification *walk, int64_t last, const char *why, struct error *err)
{
	error_set(err, ERROR_DATABASE, _("line %" PRId64 " of the journal is missing"), walk->seen.sequence + 1);
	return blame(last, why, err);
}

/* Where the head stands the chain must be what it was when the head was written. */
static bool verify_head(const struct verification *walk, struct error *err)
{
	const struct alias_journal *head = walk->head;
	bool there = head->end == 0 ? walk->file.last == head->sequence : walk->seen.end == head->end;

	if (walk->seen.sequence != head->sequence || (there && strcmp(walk->seen.hash, head->hash) == 0))
		return true;
	return bad_line(walk, walk->seen.sequence, _("its head knows another line there"), err);
}

static bool verify_line(struct verification *walk, const char *line, size_t length,
	struct error *err)
{
	char previous[DIGEST_HEX_LENGTH + 1];
	int64_t expected = walk->seen.sequence + 1;
	struct journal_event event;
	struct error reason;

	arena_clear(walk->arena);
	if (!journal_line_parse(line, length, walk->arena, &event, previous, &reason))
		return bad_line(walk, expected, reason.what, err);
	if (walk->seen.end == 0 && event.sequence > expected)
		return missing_line(walk, event.sequence - 1, _("a file of the journal is missing, or the beginning of the one behind it"), err);
	if (strcmp(previous, walk->seen.hash) != 0)
		return bad_line(
			walk, expected, _("it does not continue the line before: one of them was changed"), err);
	if (event.sequence != expected)
		return bad_line(walk, expected, _("its number does not follow the one before"), err);
	digest_bytes(line, length, walk->seen.hash);
	walk->seen.sequence++;
	walk->seen.end += (int64_t)length + 1;
	return verify_head(walk, err);
}

static bool verify_end(const struct verification *walk, enum line_result result, struct error *err)
{
	if (result == LINE_FAILED)
		return false;
	if (walk->file.last > 0 && walk->seen.sequence < walk->file.last)
		return missing_line(walk, walk->file.last, _("the file that should hold it is shorter than its name says"), err);
	if (walk->file.last > 0 && (result == LINE_TORN || walk->seen.sequence > walk->file.last))
		return bad_line(walk, walk->file.last + 1, _("it stands in a full file behind the last line"), err);
	if (walk->file.last > 0 || walk->seen.sequence >= walk->head->sequence)
		return true;
	missing_line(walk, 0, "", err);
	return error_why(err, _("its head knows %" PRId64 " lines: the end was cut off"), walk->head->sequence);
}

/* False also when the visitor wants no more: then *ret_stopped. */
static bool verify_file(struct verification *walk, journal_visitor *visitor, void *context, bool *ret_stopped,
	struct error *err)
{
	struct line_reader reader cleanup_line_reader = {0};
	enum line_result result;
	const char *line;
	size_t length;

	line_reader_begin(&reader, walk->file.fd, 0, JOURNAL_LINE_MAX);
	walk->seen.end = 0;
	while ((result = line_reader_next(&reader, &line, &length, err)) == LINE_READ) {
		if (!verify_line(walk, line, length, err))
			return false;
		*ret_stopped = visitor && !visitor(context, line, length);
		if (*ret_stopped)
			return false;
	}
	return verify_end(walk, result, err);
}

/* Even a file that is too short is walked: the line that breaks is worth naming. */
static bool verify_files(struct verification *walk, journal_visitor *visitor, void *context, struct error *err)
{
	bool stopped = false;

	do {
		switch (journal_file_open(walk->head->directory, walk->seen.sequence + 1, &walk->file, err)) {
		case LOOKUP_FAILED:
			return false;
		case LOOKUP_NOT_FOUND: /* right behind a full file, at the end of the journal, nobody misses it */
			if (walk->seen.sequence > 0 && walk->seen.sequence == walk->head->sequence)
				return true;
			return missing_line(walk, 0, _("its file is missing"), err);
		case LOOKUP_FOUND:
			break;
		}
		if (!verify_file(walk, visitor, context, &stopped, err))
			return stopped;
	} while (walk->file.last > 0);
	return true;
}

bool alias_journal_verify(int directory, journal_visitor *visitor, void *context, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_journal head = {.directory = directory};
	struct verification walk = {.head = &head, .arena = &arena, .file = JOURNAL_FILE_INIT};
	bool whole;

	if (!journal_head_read(&head, err))
		return false;
	memcpy(walk.seen.hash, journal_no_hash, sizeof(journal_no_hash));
	whole = verify_files(&walk, visitor, context, err);
	journal_file_close(&walk.file);
	return whole;
}
