/* Who is in a group, by the group database and by everybody's primary group: for a group that must
 * stay empty. */
#ifndef POSTIGO_SYSTEM_GROUP_USERS_H
#define POSTIGO_SYSTEM_GROUP_USERS_H

#include "base/arena.h"
#include "base/error.h"

/*
 * Finds somebody who is in group `group`: the first name of its member list, else the first account
 * whose primary group it is. Reads the whole account list. Found, not found (nobody, or there is no
 * such group), or failed (temporary).
 */
must_check enum lookup_result group_find_user(const char *group, struct arena *arena,
	const char **ret_name, struct error *err);

#endif
