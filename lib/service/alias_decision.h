/* What came of one decision on one alias, as every frontend shows it; and the texts that decisions carry. */
#ifndef POSTIGO_SERVICE_ALIAS_DECISION_H
#define POSTIGO_SERVICE_ALIAS_DECISION_H

#include "base/arena.h"
#include "base/error.h"
#include "base/string_list.h"

#include <stdint.h>

struct alias_decision {
	const char *outcome; /* approved, rejected, suspended, unchanged …; static */
	const char *id;	     /* of the request, or "" */
	const char *username;
	const char *alias;
	const char *op; /* set, pause, resume, remove, revoke … */
	struct string_list destinations; /* after the decision; empty when there is no alias now */
	int64_t generation;
	bool changed;  /* the store has a new generation */
	bool left_map; /* it was rendered before, and is not any more: sync must not mind */
};

struct alias_decision_list {
	struct alias_decision *items;
	size_t count;
};

struct alias_change;
struct alias_context;

/* How the member reads the journal's op: "approved" for "approve" …; NULL for events that are no decision. Static. */
const char *decision_outcome(const char *op);

/* Whether a journal op ends the request that it names, so that its file is to be archived. */
bool decision_ends_request(const char *op);

/* Describes a change that made `generation`, or would; texts live in `arena`. */
void alias_decision_of(const struct alias_change *change, const struct alias_context *context, int64_t generation,
	struct arena *arena, struct alias_decision *ret_decision);

/* A reason reaches the member and the journal: it must say something, fit, and be harmless on a terminal. Fails with usage. */
must_check bool alias_reason_check(const char *reason, struct error *err);

/* An administrator's note, or a reason that may be left out: may be empty. Fails with usage. `field` is the option's name. */
must_check bool alias_text_check(const char *text, const char *field, struct error *err);

#endif
