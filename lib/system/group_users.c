#include "system/group_users.h"

#include "base/message.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

static enum lookup_result cannot_tell(const char *group, int number, struct error *err)
{
	error_set_errno(err, ERROR_TEMPORARY, number, _("cannot find out who is in group %s"),
		group);
	return LOOKUP_FAILED;
}

/* What NSS modules report when they just have no such entry. */
static bool means_absent(int number)
{
	return number == 0 || number == ENOENT || number == ESRCH;
}

static enum lookup_result find_primary(const char *group, gid_t gid, struct arena *arena,
	const char **ret_name, struct error *err)
{
	const struct passwd *entry;
	int number;

	setpwent();
	do {
		errno = 0;
		entry = getpwent();
		number = errno;
	} while (entry && entry->pw_gid != gid);
	if (entry)
		*ret_name = arena_strdup(arena, entry->pw_name);
	endpwent();
	if (entry)
		return LOOKUP_FOUND;
	return means_absent(number) ? LOOKUP_NOT_FOUND : cannot_tell(group, number, err);
}

enum lookup_result group_find_user(const char *group, struct arena *arena, const char **ret_name,
	struct error *err)
{
	const struct group *entry;

	errno = 0;
	entry = getgrnam(group);
	if (!entry)
		return means_absent(errno) ? LOOKUP_NOT_FOUND : cannot_tell(group, errno, err);
	if (entry->gr_mem[0]) {
		*ret_name = arena_strdup(arena, entry->gr_mem[0]);
		return LOOKUP_FOUND;
	}
	return find_primary(group, entry->gr_gid, arena, ret_name, err);
}

static bool list_primary(const char *group, gid_t gid, struct arena *arena,
	struct string_list *ret_names, struct error *err)
{
	const struct passwd *entry;
	int number;

	setpwent();
	for (errno = 0; (entry = getpwent()); errno = 0) {
		if (entry->pw_gid == gid)
			string_list_add(ret_names, arena, entry->pw_name);
	}
	number = errno;
	endpwent();
	return means_absent(number) || cannot_tell(group, number, err) == LOOKUP_FOUND;
}

bool group_list_users(const char *group, struct arena *arena, struct string_list *ret_members,
	struct string_list *ret_primary, struct error *err)
{
	const struct group *entry;

	errno = 0;
	entry = getgrnam(group);
	if (!entry)
		return means_absent(errno) || cannot_tell(group, errno, err) == LOOKUP_FOUND;
	for (char *const *name = entry->gr_mem; *name; name++)
		string_list_add(ret_members, arena, *name);
	return list_primary(group, entry->gr_gid, arena, ret_primary, err);
}
