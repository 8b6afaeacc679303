/*
 * What a timer does with queue, store and status files, so that nobody has to: members' own changes applied, requests that nobody decided rejected, files that
 * can never become a request set aside, aliases expired, aliases without their account treated as the policy says, stale status files, left-over temporaries and
 * old decided requests removed.
 *
 * An alias whose account is gone or is somebody else's now is nobody's: deciding refuses to hand it on. While the account database does not answer, nothing is
 * concluded from it.
 */
#ifndef POSTIGO_SERVICE_ALIAS_HOUSEKEEPING_H
#define POSTIGO_SERVICE_ALIAS_HOUSEKEEPING_H

#include "service/alias_decision.h"
#include "service/alias_orphans.h"
#include "service/alias_request.h"

struct set_aside {
	const char *file; /* its name in the queue: print through printable */
	enum queue_code code;
};

struct alias_housekeeping {
	struct alias_decision_list decisions; /* applied, rejected, expired */
	struct set_aside *set_aside;
	size_t set_aside_count;
	struct alias_orphans orphans;
	struct string_list stale; /* names of status files that are removed */
	size_t repaired;	  /* status files that were missing or wrong, written anew */
	size_t temporaries;	  /* left by programs that were killed */
	size_t archived;	  /* decided requests that the archive has kept long enough */
	size_t quarantine;	  /* files that stand in quarantine now */
	size_t left;		  /* requests that still wait */
	bool accounts_unknown;	  /* the account database did not answer: some things wait for it */
};

/*
 * Does all of it under the store lock, or with `dry_run` only says what it would do, without the lock. One bad file does not stop the others; what could not be
 * done now stays. Fails with temporary (locked), database, filesystem, after_live; *ret_done then holds what was done until there.
 */
must_check bool alias_housekeep(const struct alias_context *context, bool dry_run, struct arena *arena,
	struct alias_housekeeping *ret_done, struct error *err);

#endif
