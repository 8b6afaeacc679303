/* The local account list (/etc/passwd) as a whole: for questions that compare accounts with each
 * other. */
#ifndef POSTIGO_SYSTEM_LOCAL_ACCOUNTS_H
#define POSTIGO_SYSTEM_LOCAL_ACCOUNTS_H

#include "system/account.h"

#include <stddef.h>

struct local_accounts {
	struct account *items; /* by uid, then by name */
	size_t count;
};

/* Reads the whole list into `arena`. Fails with temporary. */
must_check bool local_accounts_read(struct local_accounts *ret_accounts, struct arena *arena,
	struct error *err);

/* The lowest uid from `first` on that no account of the list has. */
uid_t local_accounts_free_uid(const struct local_accounts *accounts, uid_t first);

#endif
