/*
 * A deciding session: the store lock held, an interrupted decision of before brought to its end, changes committed and published.
 *
 * Private to the services that change aliases (approval, members, housekeeping). The order of a decision on a request is: claim, commit, publish to the member, archive; so
 * whatever a crash leaves undone shows as a claimed file or as a status older than the journal, and opening the next session repairs it.
 */
#ifndef POSTIGO_SERVICE_ALIAS_SESSION_H
#define POSTIGO_SERVICE_ALIAS_SESSION_H

#include "service/alias_confirmation.h"
#include "service/alias_decision.h"
#include "service/alias_request.h"

struct alias_session {
	const struct alias_context *context;
	struct request_desk desk;
	struct arena arena;
	const struct request_record *wish; /* what the next commit decides on; NULL = no request */
	struct confirmation_letters letters; /* to be mailed when the lock is released */
};

#define ALIAS_SESSION_INIT {.desk = REQUEST_DESK_INIT}
#define cleanup_alias_session __attribute__((cleanup(alias_session_close)))

/* What every commit of this context shares. */
struct alias_commit alias_commit_of(const struct alias_context *context);

/* Takes the lock, opens store and queue, recovers. Fails as alias_store_open() and request_queue_open(), or with filesystem. */
must_check bool alias_session_open(struct alias_session *session, const struct alias_context *context,
	struct error *err);

/* Releases everything. */
void alias_session_close(struct alias_session *session);

/*
 * Commits one change as one generation and publishes it to its member. Fails as alias_store_commit() with nothing changed; with after_live when only publishing
 * failed.
 */
must_check bool alias_session_commit(struct alias_session *session, const struct alias_change *change,
	struct error *err);

/*
 * The same for many changes, at most one a username, as one generation; the caller gives them sorted as they shall stand in the journal. A member whose uid has
 * another name now is told nothing.
 */
must_check bool alias_session_commit_all(struct alias_session *session, const struct alias_change *changes, size_t count,
	struct error *err);

#endif
