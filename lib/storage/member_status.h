/*
 * What a member may see of their own affairs: STATE/status/<uid>.json, root's, readable by that one uid through an ACL entry; and STATE/status/live.json, which
 * tells everybody which generation is live. Derived from store and journal; losing one loses nothing. The member's side reads them with format/status_file.
 */
#ifndef POSTIGO_STORAGE_MEMBER_STATUS_H
#define POSTIGO_STORAGE_MEMBER_STATUS_H

#include "base/error.h"
#include "format/status_file.h"

#include <sys/types.h>

struct atomic_batch;

/* Replaces the status file of `status->uid`. Fails with filesystem. */
must_check bool member_status_publish(const char *state_directory, const struct status_file *status, struct error *err);

/*
 * The same for many members: begun, staged, and settled by atomic_batch_settle() (system/atomic_batch.h), which alone makes them visible. Until then the files
 * are read as they were. A uid that is staged twice shows what was staged last. They fail as the functions for one.
 */
must_check bool member_status_batch_begin(struct atomic_batch *batch, const char *state_directory, struct error *err);
must_check bool member_status_stage(struct atomic_batch *batch, const struct status_file *status, struct error *err);
must_check bool member_status_stage_removal(struct atomic_batch *batch, uid_t uid, struct error *err);

/*
 * Reads the status file of `uid`. Found, not found, or failed. A file that is not root's (the member owns it where ACLs are missing) proves nothing and counts
 * as absent.
 */
must_check enum lookup_result member_status_read(const char *state_directory, uid_t uid, struct arena *arena,
	struct status_file *ret_status, struct error *err);

/* Removes the status file of `uid`, for a uid that no longer belongs to its name; absent is fine. Fails with filesystem. */
must_check bool member_status_remove(const char *state_directory, uid_t uid, struct error *err);

struct member_status_list {
	uid_t *uids; /* in no order */
	size_t count;
};

/* Lists the uids that have a status file. Fails with filesystem. */
must_check bool member_status_list(const char *state_directory, struct arena *arena, struct member_status_list *ret_list,
	struct error *err);

/* Replaces live.json (0644). Fails with filesystem. */
must_check bool live_status_publish(const char *state_directory, const struct live_status *live, struct error *err);

#endif
