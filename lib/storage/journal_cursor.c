#include "storage/journal_cursor.h"

#include "base/message.h"
#include "storage/journal_line.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define WINDOW_SIZE (2 * JOURNAL_LINE_MAX + 2) /* holds any line with both its newlines */

static enum lookup_result damaged(const struct journal_cursor *cursor, const char *why, struct error *err)
{
	error_set(err, ERROR_DATABASE, _("line %" PRId64 " of the journal is wrong"), cursor->sequence);
	error_why(err, "%s", why);
	error_fix(err, "postigo-admin journal verify");
	return LOOKUP_FAILED;
}

/* Opens the file in which the line to come stands: it may have been closed since the journal was opened. */
static bool open_file(struct journal_cursor *cursor, struct error *err)
{
	switch (journal_file_open(cursor->directory, cursor->sequence, &cursor->file, err)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		return error_set(err, ERROR_DATABASE, _("the journal of the store is missing"));
	case LOOKUP_FAILED:
		return false;
	}
	cursor->length = 0;
	if (cursor->end > 0 || cursor->sequence == 0)
		return true;
	if (cursor->file.last != cursor->sequence)
		return damaged(cursor, _("its file is missing"), err) == LOOKUP_FOUND;
	cursor->end = cursor->file.size;
	return true;
}

bool journal_cursor_open(struct journal_cursor *cursor, const struct alias_journal *journal, struct error *err)
{
	struct journal_cursor opened = {.directory = journal->directory,
		.file = JOURNAL_FILE_INIT,
		.sequence = journal->sequence,
		.end = journal->end};

	memcpy(opened.hash, journal->hash, sizeof(opened.hash));
	if (!open_file(&opened, err)) {
		journal_file_close(&opened.file);
		return false;
	}
	*cursor = opened;
	cursor->window = malloc(WINDOW_SIZE);
	if (!cursor->window)
		out_of_memory();
	return true;
}

void journal_cursor_close(struct journal_cursor *cursor)
{
	journal_file_close(&cursor->file);
	free(cursor->window);
	*cursor = (struct journal_cursor)JOURNAL_CURSOR_INIT;
}

/* Fills the window with what ends at the line to come. */
static bool load(struct journal_cursor *cursor, struct error *err)
{
	int64_t start = cursor->end > (int64_t)WINDOW_SIZE ? cursor->end - (int64_t)WINDOW_SIZE : 0;
	size_t wanted = (size_t)(cursor->end - start);
	size_t length = 0;

	while (length < wanted) {
		ssize_t count = pread(cursor->file.fd, cursor->window + length, wanted - length, (off_t)start + (off_t)length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot read the journal"));
		if (count == 0)
			return damaged(cursor, _("its end is missing"), err) == LOOKUP_FOUND;
		length += (size_t)count;
	}
	cursor->start = start;
	cursor->length = length;
	return true;
}

/* The line that ends at cursor->end, when the window holds all of it; else NULL. */
static const char *line_in_window(const struct journal_cursor *cursor, size_t *ret_length)
{
	const char *newline;
	const char *line;
	size_t end;

	if (cursor->length == 0 || cursor->end <= cursor->start)
		return NULL;
	end = (size_t)(cursor->end - cursor->start) - 1; /* of the line's own newline */
	newline = memrchr(cursor->window, '\n', end);
	if (!newline && cursor->start > 0)
		return NULL;
	line = newline ? newline + 1 : cursor->window;
	*ret_length = (size_t)(cursor->window + end - line);
	return line;
}

enum lookup_result journal_cursor_previous(struct journal_cursor *cursor, struct arena *arena,
	struct journal_event *ret_event, struct error *err)
{
	char previous[DIGEST_HEX_LENGTH + 1];
	char hash[DIGEST_HEX_LENGTH + 1];
	struct journal_event event;
	const char *line;
	size_t length = 0;

	if (cursor->sequence == 0)
		return LOOKUP_NOT_FOUND;
	if (cursor->end == 0 && !open_file(cursor, err))
		return LOOKUP_FAILED;
	line = line_in_window(cursor, &length);
	if (!line) {
		if (!load(cursor, err))
			return LOOKUP_FAILED;
		line = line_in_window(cursor, &length);
	}
	if (!line)
		return damaged(cursor, _("it is too long"), err);
	digest_bytes(line, length, hash);
	if (line[length] != '\n' || strcmp(hash, cursor->hash) != 0)
		return damaged(cursor, _("it is not the line that was written"), err);
	if (!journal_line_parse(line, length, arena, &event, previous, err))
		return LOOKUP_FAILED;
	if (event.sequence != cursor->sequence)
		return damaged(cursor, _("its number does not follow the one before"), err);
	memcpy(cursor->hash, previous, sizeof(previous));
	cursor->end -= (int64_t)length + 1;
	cursor->sequence--;
	cursor->line = line;
	cursor->line_length = length;
	*ret_event = event;
	return LOOKUP_FOUND;
}

bool journal_cursor_again(const struct journal_cursor *cursor, struct arena *arena, struct journal_event *ret_event,
	struct error *err)
{
	return journal_event_parse(cursor->line, cursor->line_length, arena, ret_event, err);
}
