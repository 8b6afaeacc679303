/* Removing a member altogether: what waits in the queue, the alias, the status file. What deluser's hook calls. */
#ifndef POSTIGO_SERVICE_ALIAS_PURGE_H
#define POSTIGO_SERVICE_ALIAS_PURGE_H

#include "service/alias_decision.h"
#include "service/alias_request.h"

struct alias_purge {
	struct alias_decision_list decisions; /* requests archived as "purged", aliases removed */
	size_t statuses;		      /* files removed */
};

/*
 * Purges the member `name_or_uid`; a text of digits alone is a uid, for no member's name is. The account may be gone already. Nothing there is no error: the result
 * is empty. A status file of somebody who has the uid by now stays. Fails with usage (neither name nor uid), temporary, database, filesystem, after_live;
 * *ret_purge then holds what was done until there.
 */
must_check bool alias_purge(const struct alias_context *context, const char *name_or_uid, struct arena *arena,
	struct alias_purge *ret_purge, struct error *err);

#endif
