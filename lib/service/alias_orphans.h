/*
 * Aliases whose account is gone, or whose name or user id is somebody else's now.
 *
 * By policy.orphan_policy they are only reported, or suspended, or removed once they have been missed for longer than policy.orphan_grace. When an account was
 * first missed is marked in its entry, so that a sync stays a function of the store. An account that is back takes the mark away. While the account database does
 * not answer for a single one of them, nothing is concluded about any.
 */
#ifndef POSTIGO_SERVICE_ALIAS_ORPHANS_H
#define POSTIGO_SERVICE_ALIAS_ORPHANS_H

#include "service/alias_decision.h"

struct alias_session;

struct alias_orphan {
	const char *username;
	uint32_t uid;
	const char *why; /* a clause: "user id 1500 belongs to zed now" */
	int64_t since;	 /* when it was first missed; 0 = nobody keeps count */
	int64_t until;	 /* from then on the policy takes it out of the map; 0 = it does not */
};

struct alias_orphans {
	struct alias_orphan *items;
	size_t count;
	struct string_list returned; /* who were missed before, and have their account again */
	size_t marked;		     /* missed for the first time: their entries say so now */
	struct alias_decision_list decisions; /* suspended or removed */
	bool accounts_unknown;	     /* the account database did not answer: nothing else is told */
};

/*
 * Looks every entry up, marks, and does what the policy says: one generation for the marks, one for the acts. With `dry_run` only says so. Call within a session that is open (for a dry run, for reading). Fails with database, filesystem, after_live.
 */
must_check bool alias_orphans_tidy(struct alias_session *session, bool dry_run, struct arena *arena,
	struct alias_orphans *ret_orphans, struct error *err);

#endif
