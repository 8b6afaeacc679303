/* The rights of another account, looked up before a fork and taken in the child for good. */
#ifndef POSTIGO_SYSTEM_ACCOUNT_RIGHTS_H
#define POSTIGO_SYSTEM_ACCOUNT_RIGHTS_H

#include "system/account.h"

#define ACCOUNT_GROUPS_MAX 1024

struct account_rights {
	struct account account;
	gid_t groups[ACCOUNT_GROUPS_MAX];
	int group_count;
};

/* Fills the groups of `rights->account`. Fails with temporary. */
must_check bool account_rights_read(struct account_rights *rights, struct error *err);

/*
 * Gives all other rights up for good; the process is not dumpable then, so that the account cannot trace a copy of root's memory. Needs root, and only
 * calls what a child may call. False with errno.
 */
must_check bool account_rights_take(const struct account_rights *rights);

#endif
