/*
 * The journal of the alias store: one line of JSON an event, each carrying the SHA-256 of the line before, appended under the store lock only. It stands in one
 * file that grows (journal.jsonl) and in full ones before it, through which numbers and hashes run on (journal_file).
 *
 * The head (sequence, hash, end offset of the last durable line) stands in a small file beside it, so that a cut tail is seen. A line says which digest
 * the store had before ("from") and will have after ("to"): the journal's last line tells what the store must be. alias_store is its only writer.
 */
#ifndef POSTIGO_STORAGE_ALIAS_JOURNAL_H
#define POSTIGO_STORAGE_ALIAS_JOURNAL_H

#include "base/arena.h"
#include "base/error.h"
#include "format/alias_entry.h"
#include "format/digest.h"
#include "system/identity.h"

#include <stdint.h>

#define JOURNAL_LINE_MAX ((size_t)32 << 10)

struct journal_event {
	int64_t sequence;   /* filled by the journal */
	int64_t generation; /* of the store after the event */
	int64_t at;
	const char *op;	      /* approve, reject, revoke, remove, abort, … */
	const char *username; /* "" for events on the whole store */
	uint32_t uid;
	const char *request_id;		  /* "" = none */
	const struct alias_entry *before; /* NULL = there was none */
	const struct alias_entry *after;  /* NULL = there is none */
	const char *reason;		  /* "" = none */
	const struct identity *actor;
	char from[DIGEST_HEX_LENGTH + 1];
	char to[DIGEST_HEX_LENGTH + 1];
};

struct alias_journal {
	int directory; /* borrowed */
	int64_t sequence;
	int64_t acknowledged; /* sequence that the head file knows */
	char hash[DIGEST_HEX_LENGTH + 1]; /* of the last line, newline left out; 64 zeros for none */
	int64_t end;			  /* offset in journal.jsonl behind the last line; 0 = that is in a full file */
};

/* Makes an empty journal and its head in the store directory. Fails with already_exists or filesystem. */
must_check bool alias_journal_create(int directory, struct error *err);

/*
 * Opens the journal by its head and reads the last line (a fresh journal has none: ret_last->sequence 0). Complete lines behind the head whose hashes chain are
 * taken in; they were being written when the machine stopped. What else stands there (a torn line, or lines that do not chain) is not taken in; `ret_torn` says so.
 * Fails with database when the journal is missing, shorter than its head, or its last line does not match the head.
 */
must_check bool alias_journal_open(struct alias_journal *journal, int directory, struct arena *arena,
	struct journal_event *ret_last, bool *ret_torn, struct error *err);

/*
 * Appends the events in one write, makes them durable, then the head. A torn tail is first copied to `quarantine` (an open directory; -1 when opening found none)
 * and cut off. Fails with filesystem; lines that were written nevertheless are taken in by the next open. Capacity when a line exceeds JOURNAL_LINE_MAX:
 * nothing was written. No events at all: cuts off a torn tail and brings the head up to date.
 */
must_check bool alias_journal_append(struct alias_journal *journal, int quarantine, struct journal_event *events,
	size_t count, struct error *err);

/*
 * Closes journal.jsonl: it becomes a full file, and the next append begins a new one. A journal of which nothing is in journal.jsonl stays as it is. Call with
 * the head up to date and no torn tail. Fails with filesystem; whatever has happened until then is in order.
 */
must_check bool alias_journal_rotate(struct alias_journal *journal, struct error *err);

/* Parses one line as the journal holds it, strictly. Texts, entries and actor live in `arena`. Fails with database. */
must_check bool journal_event_parse(const char *line, size_t length, struct arena *arena,
	struct journal_event *ret_event, struct error *err);

/* Called for each line from the first on; false stops. `line` is JSON text without newline. */
typedef bool journal_visitor(void *context, const char *line, size_t length);

/* Walks the whole journal verifying every hash; flat memory. Fails with database, naming the line. `visitor` may be NULL. */
must_check bool alias_journal_verify(int directory, journal_visitor *visitor, void *context, struct error *err);

#endif
