/*
 * The journal as people read it, newest first, and taking one of its events back.
 *
 * An event is named "h-<sequence>". What an interrupted command left in the journal and recovery took back is marked: it never came true.
 */
#ifndef POSTIGO_SERVICE_ALIAS_HISTORY_H
#define POSTIGO_SERVICE_ALIAS_HISTORY_H

#include "service/alias_decision.h"
#include "service/alias_request.h"
#include "storage/alias_journal.h"

struct alias_event {
	struct journal_event journal;
	bool taken_back; /* its generation was never stored */
};

struct alias_event_list {
	struct alias_event *items;
	size_t count;
};

/* Reads the last `limit` events, of `username` alone unless that is NULL. Fails with database, config or filesystem. */
must_check bool alias_history_list(const struct alias_context *context, const char *username, size_t limit,
	struct arena *arena, struct alias_event_list *ret_list, struct error *err);

/* Parses "h-12" or "12" into the sequence. */
must_check bool alias_history_id_parse(const char *text, int64_t *ret_sequence);

/*
 * Makes the opposite of event `sequence` as a new generation: the entry becomes again what it was before, if it still is what the event left.
 * Fails with not_found (no such event), rule_violation (it changed no alias, or was taken back, or the alias would come back for an account that is gone or somebody
 * else's), changed (the alias was changed since), temporary, database, filesystem, or after_live (*ret_decision is filled).
 */
must_check bool alias_undo(const struct alias_context *context, int64_t sequence, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err);

struct journal_report {
	int64_t lines;
	int64_t generation;
	char hash[DIGEST_HEX_LENGTH + 1]; /* of the last line */
};

/*
 * Walks the whole journal, verifying every hash, then holds its last line against its head and the store. Fails with database, naming the line, or what the store
 * is instead; with config or filesystem.
 */
must_check bool alias_journal_examine(const struct alias_context *context, struct journal_report *ret_report,
	struct error *err);

#endif
