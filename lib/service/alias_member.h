/*
 * What an administrator does to one alias of the store without a request: add, set, suspend, resume, revoke; and what time does: expire.
 *
 * Every change is one generation, one event of the journal with before and after, and the member's new status. What is so already is no change: the decision says
 * "unchanged". After the error after_live *ret_decision is filled: it is decided and stored, and only the member cannot see it yet.
 */
#ifndef POSTIGO_SERVICE_ALIAS_MEMBER_H
#define POSTIGO_SERVICE_ALIAS_MEMBER_H

#include "service/alias_decision.h"
#include "service/alias_request.h"

struct alias_session;

/* What an administrator wants an alias to be; for alias_member_set() what is not given stays as it is. */
struct alias_wish {
	struct string_list destinations; /* empty = stay */
	bool has_expires;
	int64_t expires; /* 0 = never */
	bool has_keep_copy;
	bool keep_copy;
	const char *note; /* NULL = stay */
};

/*
 * Makes an alias for `username` by the rules of a request: the account must be eligible, the destinations allowed. Fails with not_found (no such account),
 * already_exists, rule_violation, usage (the note), temporary, database, filesystem, after_live.
 */
must_check bool alias_member_add(const struct alias_context *context, const char *username, const struct alias_wish *wish,
	struct arena *arena, struct alias_decision *ret_decision, struct error *err);

/* Changes what `wish` names. New destinations and a new copy pass the rules of a request. Fails with not_found, or as alias_member_add(). */
must_check bool alias_member_set(const struct alias_context *context, const char *username, const struct alias_wish *wish,
	struct arena *arena, struct alias_decision *ret_decision, struct error *err);

/* Takes the alias out of the map and keeps its entry. `reason` may be "". Fails with not_found, or as alias_member_add(). */
must_check bool alias_member_suspend(const struct alias_context *context, const char *username, const char *reason,
	struct arena *arena, struct alias_decision *ret_decision, struct error *err);

/* Ends a suspension or the member's own pause. Fails with rule_violation when the alias has expired, not_found, or as alias_member_add(). */
must_check bool alias_member_resume(const struct alias_context *context, const char *username, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err);

/* Takes the alias of `username` away. Fails with usage (the reason), not_found, temporary, database, filesystem, after_live. */
must_check bool alias_revoke(const struct alias_context *context, const char *username, const char *reason,
	struct arena *arena, struct alias_decision *ret_decision, struct error *err);

/*
 * Suspends every alias whose time is over, in one transaction; with `dry_run` only says which. Fails with temporary, database, filesystem, after_live (the list is
 * filled).
 */
must_check bool alias_expire(const struct alias_context *context, bool dry_run, struct arena *arena,
	struct alias_decision_list *ret_list, struct error *err);

/* alias_expire() within a session that is open (for a dry run, for reading). */
must_check bool alias_expire_in(struct alias_session *session, bool dry_run, struct arena *arena,
	struct alias_decision_list *ret_list, struct error *err);

#endif
