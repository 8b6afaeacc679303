/*
 * Accounts for a command that asks for thousands of them: each look-up of NSS reads /etc/passwd from
 * its start, and /etc/group with all its members.
 *
 * Only what is found in the local list, where NSS asks that list first, and who is listed in the one
 * group, is answered from here. Everything else, absence above all, is asked of NSS as in account.h: an outage stays an outage. A
 * snapshot that is NULL or zeroed knows nothing. Take it when the work begins; it is not for a
 * command that waits for a human.
 */
#ifndef POSTIGO_SYSTEM_ACCOUNT_SNAPSHOT_H
#define POSTIGO_SYSTEM_ACCOUNT_SNAPSHOT_H

#include "system/local_accounts.h"

struct account_snapshot {
	struct local_accounts local;
	bool local_is_read;
	bool local_is_first; /* what is in it is what NSS answers */
	const char *group;   /* NULL = it could not be read */
	gid_t gid;
	struct string_list listed; /* in the group, sorted */
};

/* Reads the local accounts and the group called `group`, into `arena`. What cannot be read is left
 * to the questions. */
void account_snapshot_take(const char *group, struct arena *arena,
	struct account_snapshot *ret_snapshot);

/* As account_by_uid(). */
must_check enum lookup_result account_snapshot_by_uid(const struct account_snapshot *snapshot,
	uid_t uid, struct arena *arena, struct account *ret_account, struct error *err);

/* As account_by_name(). */
must_check enum lookup_result account_snapshot_by_name(const struct account_snapshot *snapshot,
	const char *name, struct arena *arena, struct account *ret_account, struct error *err);

/* As group_by_name(). */
must_check enum lookup_result account_snapshot_group(const struct account_snapshot *snapshot,
	const char *name, gid_t *ret_gid, struct error *err);

/* As account_in_group(). */
must_check bool account_snapshot_in_group(const struct account_snapshot *snapshot,
	const struct account *account, gid_t gid, bool *ret_member, struct error *err);

/* As account_uid_is_shared(). */
must_check bool account_snapshot_uid_is_shared(const struct account_snapshot *snapshot, uid_t uid,
	bool *ret_shared, struct error *err);

#endif
