#include "system/account_rights.h"

#include "base/message.h"

#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

bool account_rights_read(struct account_rights *rights, struct error *err)
{
	rights->group_count = ACCOUNT_GROUPS_MAX;
	if (getgrouplist(rights->account.name, rights->account.gid, rights->groups, &rights->group_count) < 0)
		return error_set(err, ERROR_TEMPORARY, _("cannot read the groups of %s"), rights->account.name);
	return true;
}

bool account_rights_take(const struct account_rights *rights)
{
	const struct account *account = &rights->account;

	return prctl(PR_SET_DUMPABLE, 0) == 0 && setgroups((size_t)rights->group_count, rights->groups) == 0 &&
	       setresgid(account->gid, account->gid, account->gid) == 0 &&
	       setresuid(account->uid, account->uid, account->uid) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0;
}
