/*
 * The status files that members read are derived from the store: here they are held against it, and
 * written anew where they are missing, damaged or do not tell what it says. The history that stands
 * in a readable one is kept.
 */
#ifndef POSTIGO_SERVICE_MEMBER_STATUS_REPAIR_H
#define POSTIGO_SERVICE_MEMBER_STATUS_REPAIR_H

#include "format/status_file.h"
#include "service/alias_request.h"

/* Whether a status tells what the entry is. */
bool member_status_tells(const struct status_file *status, const struct alias_entry *entry);

/*
 * Repairs the status file of every entry whose account is still its own; with `dry_run` only
 * counts. Call with the store lock held. Fails with database or filesystem; what was not repaired
 * then is by the next run.
 */
must_check bool member_status_repair(const struct alias_context *context, const struct alias_store *store,
	bool dry_run, size_t *ret_repaired, struct error *err);

#endif
