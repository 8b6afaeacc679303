/* The results of a command that decides: what was done, what failed, the sync behind it, and the one exit code of all. */
#ifndef POSTIGO_ADMIN_DECISIONS_H
#define POSTIGO_ADMIN_DECISIONS_H

#include "admin.h"

struct decisions {
	struct json *results;
	struct json *details; /* members that a command adds to the result */
	bool changed; /* the store has a new generation: sync follows */
	bool acted;   /* something else changed */
	struct decided_aliases decided;
	bool done; /* at least one decision was made */
	enum error_code code; /* of the first failure */
	struct error failure;
	size_t failures;
};

/* Starts an empty record; decisions_finish() ends it. */
void decisions_begin(struct decisions *decisions);

/* Notes a decision that was made and says it to people. */
void decisions_note(struct admin *admin, struct decisions *decisions, const struct alias_decision *decision);

/*
 * Notes a failure of `argument` and prints the error to people. `decision` is looked at only for after_live: it was made, but could not be
 * published. NULL = it was noted already.
 */
void decisions_fail(struct admin *admin, struct decisions *decisions, const char *argument,
	const struct alias_decision *decision, const struct error *err);

/* decisions_note() for each of the list. */
void decisions_note_all(struct admin *admin, struct decisions *decisions, const struct alias_decision_list *list);

/* Syncs when something changed, prints the JSON result, and returns the exit code: of the first failure, else of the sync. */
int decisions_finish(struct admin *admin, const struct command_line *line, struct decisions *decisions);

#endif
