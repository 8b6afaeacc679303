/* The local account list (/etc/passwd) as a whole: for questions that compare accounts with each
 * other. */
#ifndef POSTIGO_SYSTEM_LOCAL_ACCOUNTS_H
#define POSTIGO_SYSTEM_LOCAL_ACCOUNTS_H

#include "system/account.h"

#include <stddef.h>

struct local_accounts {
	struct account *items; /* as in the list */
	const struct account **by_uid; /* the same, equal uids as in the list */
	const struct account **by_name;
	size_t count;
};

/* Reads the whole list into `arena`. Fails with temporary. */
must_check bool local_accounts_read(struct local_accounts *ret_accounts, struct arena *arena,
	struct error *err);

/* The first account of the list with this uid; NULL = none. NSS takes the first, too. */
const struct account *local_accounts_find_uid(const struct local_accounts *accounts, uid_t uid);

/* The first account of the list with exactly this name; NULL = none. */
const struct account *local_accounts_find_name(const struct local_accounts *accounts,
	const char *name);

/* Whether more than one name has this uid. */
bool local_accounts_share_uid(const struct local_accounts *accounts, uid_t uid);

/* The lowest uid from `first` on that no account of the list has. */
uid_t local_accounts_free_uid(const struct local_accounts *accounts, uid_t first);

#endif
