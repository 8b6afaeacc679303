/* One event of the journal as its line of JSON. Private to alias_journal and its tests. */
#ifndef POSTIGO_STORAGE_JOURNAL_LINE_H
#define POSTIGO_STORAGE_JOURNAL_LINE_H

#include "base/strbuf.h"
#include "storage/alias_journal.h"

/* Adds the event as one line without newline; `previous` is the hash of the line before. */
void journal_line_print(
	const struct journal_event *event, const char *previous, struct strbuf *buffer);

/* journal_event_parse() that also tells the hash of the line before. Fails with database. */
must_check bool journal_line_parse(const char *line, size_t length, struct arena *arena,
	struct journal_event *ret_event, char ret_previous[DIGEST_HEX_LENGTH + 1],
	struct error *err);

#endif
