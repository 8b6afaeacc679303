/*
 * Deciding: the one path by which a request becomes an alias, a rejection, or a removal, for every frontend.
 *
 * Shown in place before (alias_request), then here: lock, recover, claim, compare with what was shown, check again, journal, store, publish to the member,
 * archive. No lock waits for a human. After a failure the request is pending again, unless the error is after_live: then it is decided and stored.
 */
#ifndef POSTIGO_SERVICE_ALIAS_APPROVAL_H
#define POSTIGO_SERVICE_ALIAS_APPROVAL_H

#include "service/alias_request.h"

struct alias_decision {
	const char *outcome; /* approved, rejected, applied, revoked; static */
	const char *id;	     /* of the request, or "" */
	const char *username;
	const char *alias;
	const char *op; /* set, pause, resume, remove, revoke */
	struct string_list destinations; /* after the decision; empty when there is no alias now */
	int64_t generation;
	bool changed; /* the store has a new generation */
};

/*
 * Approves the request that was shown under `id` (a request to pause, resume or remove is applied).
 * Fails with nothing_pending, changed (another request is there now; err.fix names its id), rule_violation (an obstacle), temporary (locked, accounts away), database,
 * filesystem, or after_live (decided; the status or archive could not be written; *ret_decision is filled, the next decision repairs it).
 */
must_check bool alias_approve(const struct alias_context *context, const char *id, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err);

/*
 * Rejects the request `id`, telling the member `reason` (1 to ALIAS_TEXT_MAX bytes, printable). Fails as alias_approve(), and with usage for an empty reason.
 */
must_check bool alias_reject(const struct alias_context *context, const char *id, const char *reason,
	struct arena *arena, struct alias_decision *ret_decision, struct error *err);

/* Takes the alias of `username` away. Fails with not_found, or as alias_reject(). */
must_check bool alias_revoke(const struct alias_context *context, const char *username, const char *reason,
	struct arena *arena, struct alias_decision *ret_decision, struct error *err);

struct alias_housekeeping {
	struct alias_decision *decisions; /* members' pauses, resumptions and removals that were applied */
	size_t decision_count;
	const struct queued_request **quarantined;
	size_t quarantine_count;
	size_t left; /* requests that still wait */
};

/*
 * Applies what members may do without approval, and sets aside files that can never become a request. One bad file does not stop the others; what could not be done now
 * stays. Fails with temporary, database or filesystem.
 */
must_check bool alias_housekeep(const struct alias_context *context, struct arena *arena,
	struct alias_housekeeping *ret_done, struct error *err);

#endif
