#include "system/account.h"

#include "base/message.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#define BUFFER_FIRST ((size_t)4096)
#define BUFFER_LIMIT ((size_t)1 << 20)
#define GROUPS_LIMIT 65536

/* Only these say "there is none"; every other errno says "I cannot tell" (getpwnam(3), NOTES). */
static bool means_absent(int number)
{
	return number == 0 || number == ENOENT || number == ESRCH;
}

static enum lookup_result cannot_tell(int number, struct error *err)
{
	error_set_errno(err, ERROR_TEMPORARY, number, _("the account database does not answer"));
	error_fix(err, _("try again; see nsswitch.conf(5) for where accounts come from"));
	return LOOKUP_FAILED;
}

/* One look-up of either kind; retried with a larger buffer as long as libc asks for one. */
static int ask_account(const char *name, uid_t uid, struct arena *arena, struct passwd *entry,
	struct passwd **ret_found)
{
	for (size_t size = BUFFER_FIRST;; size *= 4) {
		char *buffer = arena_alloc(arena, size);
		int number = name ? getpwnam_r(name, entry, buffer, size, ret_found)
				  : getpwuid_r(uid, entry, buffer, size, ret_found);

		if (number != ERANGE || size >= BUFFER_LIMIT)
			return number;
	}
}

static enum lookup_result find_account(const char *name, uid_t uid, struct arena *arena,
	struct account *ret_account, struct error *err)
{
	struct passwd entry;
	struct passwd *found = NULL;
	int number = ask_account(name, uid, arena, &entry, &found);

	if (!found)
		return means_absent(number) ? LOOKUP_NOT_FOUND : cannot_tell(number, err);
	*ret_account = (struct account){
		.name = found->pw_name,
		.uid = found->pw_uid,
		.gid = found->pw_gid,
		.home = found->pw_dir,
	};
	return LOOKUP_FOUND;
}

enum lookup_result account_by_uid(uid_t uid, struct arena *arena, struct account *ret_account, struct error *err)
{
	return find_account(NULL, uid, arena, ret_account, err);
}

enum lookup_result account_by_name(const char *name, struct arena *arena, struct account *ret_account,
	struct error *err)
{
	return find_account(name, 0, arena, ret_account, err);
}

enum lookup_result group_by_name(const char *name, gid_t *ret_gid, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct group entry;
	struct group *found = NULL;
	int number = ERANGE;

	for (size_t size = BUFFER_FIRST; number == ERANGE && size <= BUFFER_LIMIT; size *= 4)
		number = getgrnam_r(name, &entry, arena_alloc(&arena, size), size, &found);
	if (!found)
		return means_absent(number) ? LOOKUP_NOT_FOUND : cannot_tell(number, err);
	*ret_gid = found->gr_gid;
	return LOOKUP_FOUND;
}

bool account_in_group(const struct account *account, gid_t gid, bool *ret_member, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	gid_t *groups;
	int count = 64;
	int room;

	do {
		room = count;
		groups = arena_alloc_array(&arena, (size_t)room, sizeof(*groups));
		if (getgrouplist(account->name, account->gid, groups, &count) >= 0)
			break;
		if (count <= room)
			count = room * 2;
	} while (count <= GROUPS_LIMIT);
	if (count > GROUPS_LIMIT)
		return error_set(err, ERROR_TEMPORARY, _("cannot read the groups of %s"), account->name);
	*ret_member = false;
	for (int i = 0; i < count; i++)
		*ret_member |= groups[i] == gid;
	return true;
}

bool account_uid_is_shared(uid_t uid, bool *ret_shared, struct error *err)
{
	FILE *file cleanup_fclose = fopen("/etc/passwd", "re");
	char buffer[4096];
	struct passwd entry;
	struct passwd *found;
	unsigned names = 0;
	int number;

	if (!file)
		return cannot_tell(errno, err) == LOOKUP_FOUND;
	while ((number = fgetpwent_r(file, &entry, buffer, sizeof(buffer), &found)) == 0)
		names += found->pw_uid == uid;
	if (!means_absent(number))
		return cannot_tell(number, err) == LOOKUP_FOUND;
	*ret_shared = names > 1;
	return true;
}
