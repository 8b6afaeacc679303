/*
 * The files of the journal: journal.jsonl, which grows, and before it the full ones, each named after the number of its last line, as in
 * journal.000000001200.jsonl. Line after line they are one journal; a full one is never written again.
 *
 * Private to the journal, its cursor and those who judge its files. A line is looked for in journal.jsonl first and in the full ones then: when a writer closes the file in between, it is
 * found under its new name.
 */
#ifndef POSTIGO_STORAGE_JOURNAL_FILE_H
#define POSTIGO_STORAGE_JOURNAL_FILE_H

#include "base/error.h"

#include <stdint.h>

#define JOURNAL_NAME "journal.jsonl"
#define JOURNAL_FULL_NAME_MAX 48

struct journal_file {
	int fd;
	int64_t last; /* number of the last line of a full file; 0 = journal.jsonl */
	int64_t size; /* bytes, when it was opened */
};

#define JOURNAL_FILE_INIT {.fd = -1}
#define cleanup_journal_file __attribute__((cleanup(journal_file_close)))

/* The name of the full file whose last line is `last`. */
void journal_full_name(int64_t last, char ret_name[JOURNAL_FULL_NAME_MAX]);

/* Whether a name is one that journal_full_name() makes, and of which line. */
must_check bool journal_full_name_parse(const char *name, int64_t *ret_last);

/*
 * Opens the file in which line `sequence` stands or is to stand, in place of what `file` had open. Found, not found (no full file has it, and journal.jsonl is
 * missing), or failed (database: a file that must not be trusted; filesystem).
 */
must_check enum lookup_result journal_file_open(int directory, int64_t sequence, struct journal_file *file,
	struct error *err);

/* Closes it. */
void journal_file_close(struct journal_file *file);

#endif
