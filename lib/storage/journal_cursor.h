/*
 * Reads the journal of the alias store backwards, newest event first, in flat memory: for history, undo and recovery.
 *
 * It starts where the journal was opened to, and holds each line against the hash that the line behind it (the head, for the last) names; so what it returns
 * is what was written, as far as it has come. alias_journal_verify() walks the other way and judges the whole.
 */
#ifndef POSTIGO_STORAGE_JOURNAL_CURSOR_H
#define POSTIGO_STORAGE_JOURNAL_CURSOR_H

#include "storage/alias_journal.h"
#include "storage/journal_file.h"

struct journal_cursor {
	int directory;	  /* borrowed */
	struct journal_file file;
	int64_t sequence; /* of the line to come; 0 = no more */
	int64_t end;	  /* offset behind it; 0 = it is the last one of the file before */
	char hash[DIGEST_HEX_LENGTH + 1]; /* that it must have */
	char *window;	  /* a piece of the file */
	int64_t start;	  /* where the piece begins */
	size_t length;
	const char *line; /* that was read last, in the window */
	size_t line_length;
};

#define JOURNAL_CURSOR_INIT {.file = JOURNAL_FILE_INIT}
#define cleanup_journal_cursor __attribute__((cleanup(journal_cursor_close)))

/* Starts at the last line of an open journal, whose directory stays open. Fails with database or filesystem. */
must_check bool journal_cursor_open(struct journal_cursor *cursor, const struct alias_journal *journal,
	struct error *err);

/* Closes the file and frees the window. */
void journal_cursor_close(struct journal_cursor *cursor);

/*
 * Reads the event before the one that was read last; its texts live in `arena`. Found, not found = that was the first, or failed (database: a line was changed;
 * filesystem).
 */
must_check enum lookup_result journal_cursor_previous(struct journal_cursor *cursor, struct arena *arena,
	struct journal_event *ret_event, struct error *err);

/* Reads the event that journal_cursor_previous() has just found once more, with its texts in `arena`. */
must_check bool journal_cursor_again(const struct journal_cursor *cursor, struct arena *arena,
	struct journal_event *ret_event, struct error *err);

#endif
