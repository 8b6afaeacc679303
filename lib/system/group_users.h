/* Who is in a group, by the group database and by everybody's primary group: for a group that must
 * stay empty. */
#ifndef POSTIGO_SYSTEM_GROUP_USERS_H
#define POSTIGO_SYSTEM_GROUP_USERS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/string_list.h"

/*
 * Finds somebody who is in group `group`: the first name of its member list, else the first account
 * whose primary group it is. Reads the whole account list. Found, not found (nobody, or there is no
 * such group), or failed (temporary).
 */
must_check enum lookup_result group_find_user(const char *group, struct arena *arena,
	const char **ret_name, struct error *err);

/*
 * Lists everybody who is in group `group`: the names of its member list, and those whose primary
 * group it is. Both are empty when there is no such group. Fails with temporary.
 */
must_check bool group_list_users(const char *group, struct arena *arena,
	struct string_list *ret_members, struct string_list *ret_primary, struct error *err);

#endif
