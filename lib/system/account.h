/*
 * Accounts and groups of the system (NSS).
 *
 * "Absent" and "cannot tell" are different answers: an NSS outage must never look like a deleted
 * account.
 */
#ifndef POSTIGO_SYSTEM_ACCOUNT_H
#define POSTIGO_SYSTEM_ACCOUNT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/string_list.h"

#include <stdbool.h>
#include <sys/types.h>

struct account {
	const char *name;
	uid_t uid;
	gid_t gid;
	const char *home;
};

/* Finds the account of a uid. Returns found, not found, or failed (temporary: NSS could not
 * answer). */
must_check enum lookup_result account_by_uid(uid_t uid, struct arena *arena,
	struct account *ret_account, struct error *err);

/*
 * Finds an account by its exact name, upper and lower case told apart; answers as account_by_uid().
 */
must_check enum lookup_result account_by_name(const char *name, struct arena *arena,
	struct account *ret_account, struct error *err);

/* The members that the group database lists for a group (sorted; who has it as primary group is
 * not among them), and its gid; answers as account_by_uid(). */
must_check enum lookup_result group_listing(const char *name, struct arena *arena, gid_t *ret_gid,
	struct string_list *ret_names, struct error *err);

/* Finds a group's gid by name; answers as account_by_uid(). */
must_check enum lookup_result group_by_name(const char *name, gid_t *ret_gid, struct error *err);

/*
 * Whether `account` is in group `gid` by the group database (not by the running process's groups).
 * Fails with temporary.
 */
must_check bool account_in_group(const struct account *account, gid_t gid, bool *ret_member,
	struct error *err);

/* Whether more than one name of the local account list has this uid. Reads the whole list. Fails
 * with temporary. */
must_check bool account_uid_is_shared(uid_t uid, bool *ret_shared, struct error *err);

#endif
