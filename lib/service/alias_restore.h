/*
 * Going back to a backup of the store: first what it would change, then, when that is still so, the change.
 *
 * Over a store that is in order a restore is a commit like any other: one generation, one event "restore" an alias that differs, recovery as ever. Over a damaged or
 * missing store it is one event for the whole, and every member's status that says something else is written anew.
 */
#ifndef POSTIGO_SERVICE_ALIAS_RESTORE_H
#define POSTIGO_SERVICE_ALIAS_RESTORE_H

#include "service/alias_decision.h"
#include "service/alias_request.h"

struct alias_difference {
	const char *username;
	const struct alias_entry *before; /* as it stands; NULL = the backup brings it */
	const struct alias_entry *after;  /* as in the backup; NULL = it goes */
};

struct alias_restoration {
	int64_t backup; /* its generation */
	struct alias_difference *items; /* sorted by username */
	size_t count;
	bool damaged;	   /* the present store cannot be opened: the difference is against what can be read of it */
	struct error damage; /* why */
	char digest[DIGEST_HEX_LENGTH + 1]; /* of the present file: what was compared with */
};

/*
 * Compares backup `generation` with the present store, without a lock; entries live in `arena`. Fails with not_found (no such backup), database (the backup is
 * damaged), config, filesystem.
 */
must_check bool alias_restore_plan(const struct alias_context *context, int64_t generation, struct arena *arena,
	struct alias_restoration *ret_plan, struct error *err);

/*
 * Carries out what was planned and shown; a decision for each difference. Without any, and with the store in order, nothing happens.
 * Fails with changed (the store is another now), temporary, database, filesystem, or after_live (the list is filled).
 */
must_check bool alias_restore(const struct alias_context *context, const struct alias_restoration *plan,
	struct arena *arena, struct alias_decision_list *ret_list, struct error *err);

#endif
