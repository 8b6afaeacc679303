/*
 * Deciding: the one path by which a request becomes an alias, a rejection, or a removal, for every frontend.
 *
 * Shown in place before (alias_request), then here: lock, recover, claim, compare with what was shown, check again, journal, store, publish to the member,
 * archive. No lock waits for a human. After a failure the request is pending again, unless the error is after_live: then it is decided and stored.
 */
#ifndef POSTIGO_SERVICE_ALIAS_APPROVAL_H
#define POSTIGO_SERVICE_ALIAS_APPROVAL_H

#include "service/alias_decision.h"
#include "service/alias_request.h"

/*
 * Approves the request that was shown under `id` (a request to pause, resume or remove is applied, a token taken). Where destinations must be confirmed first,
 * tokens are mailed to them and the request stays pending, outcome "awaiting-confirmation".
 * Fails with nothing_pending, changed (another request is there now; err.fix names its id), rule_violation (an obstacle), temporary (locked, accounts away), database,
 * filesystem, mta_command (a token could not be mailed; nothing else is wrong), or after_live (decided; the status or archive could not be written; *ret_decision is filled, the next decision repairs it).
 */
must_check bool alias_approve(const struct alias_context *context, const char *id, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err);

/*
 * Rejects the request `id`, telling the member `reason` (1 to ALIAS_TEXT_MAX bytes, printable). Fails as alias_approve(), and with usage for an empty reason.
 */
must_check bool alias_reject(const struct alias_context *context, const char *id, const char *reason,
	struct arena *arena, struct alias_decision *ret_decision, struct error *err);

struct alias_session;

/* alias_approve() within a session that is open: for housekeeping, which decides on many. */
must_check bool alias_approve_in(struct alias_session *session, const char *id, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err);

/* How a request ends that is not granted. */
struct alias_dismissal {
	const char *op; /* reject, lapse or purge-user */
	const char *reason;
	bool any_account; /* also of an account that is gone or has another name, which else is set aside */
};

/* Ends the request `id` without granting it, within a session that is open. Fails as alias_reject(). */
must_check bool alias_dismiss_in(struct alias_session *session, const char *id, const struct alias_dismissal *dismissal,
	struct arena *arena, struct alias_decision *ret_decision, struct error *err);

#endif
