#include "system/account.h"

#include "base/message.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/*
 * A service that is away may leave errno alone, and glibc answers with errno then: a 0 from before
 * would read as "absent". Only success and "not found" set the answer themselves.
 */
#define NO_ANSWER EIO
#define BUFFER_FIRST ((size_t)4096)
#define BUFFER_LIMIT ((size_t)1 << 20)
#define GROUPS_FIRST 64
#define GROUPS_LIMIT 65536
#define LINE_LIMIT ((size_t)64 << 10)

static enum lookup_result cannot_tell(int number, struct error *err)
{
	error_set_errno(err, ERROR_TEMPORARY, number, _("the account database does not answer"));
	error_fix(err, _("try again; see nsswitch.conf(5) for where accounts come from"));
	return LOOKUP_FAILED;
}

/*
 * libc says "absent" by 0 and no entry. An errno is no such answer, not even ENOENT, although
 * getpwnam(3) lists it: glibc returns it when /etc/passwd is missing, or a service of nsswitch.conf
 * is away, and members must not look deleted then.
 */
static enum lookup_result judge_answer(int number, const void *found, struct error *err)
{
	if (number != 0)
		return cannot_tell(number, err);
	return found ? LOOKUP_FOUND : LOOKUP_NOT_FOUND;
}

/* One look-up of either kind; retried with a larger buffer as long as libc asks for one. */
static int ask_account(const char *name, uid_t uid, struct arena *arena, struct passwd *entry,
	struct passwd **ret_found)
{
	for (size_t size = BUFFER_FIRST;; size *= 4) {
		char *buffer = arena_alloc(arena, size);
		int number;

		errno = NO_ANSWER;
		number = name ? getpwnam_r(name, entry, buffer, size, ret_found)
			      : getpwuid_r(uid, entry, buffer, size, ret_found);

		if (number == EINTR)
			size /= 4;
		else if (number != ERANGE || size >= BUFFER_LIMIT)
			return number;
	}
}

static enum lookup_result find_account(const char *name, uid_t uid, struct arena *arena,
	struct account *ret_account, struct error *err)
{
	struct passwd entry;
	struct passwd *found = NULL;
	int number = ask_account(name, uid, arena, &entry, &found);
	enum lookup_result result = judge_answer(number, found, err);

	if (result != LOOKUP_FOUND)
		return result;
	/* Some services (SSSD with Active Directory) know "ANA" as ana. */
	if (name && strcmp(name, found->pw_name) != 0)
		return LOOKUP_NOT_FOUND;
	*ret_account = (struct account){
		.name = found->pw_name,
		.uid = found->pw_uid,
		.gid = found->pw_gid,
		.home = found->pw_dir,
	};
	return LOOKUP_FOUND;
}

enum lookup_result account_by_uid(uid_t uid, struct arena *arena, struct account *ret_account,
	struct error *err)
{
	return find_account(NULL, uid, arena, ret_account, err);
}

enum lookup_result account_by_name(const char *name, struct arena *arena,
	struct account *ret_account, struct error *err)
{
	return find_account(name, 0, arena, ret_account, err);
}

static int ask_group(const char *name, gid_t gid, struct arena *arena, struct group *entry,
	struct group **ret_found)
{
	for (size_t size = BUFFER_FIRST;; size *= 4) {
		char *buffer = arena_alloc(arena, size);
		int number;

		errno = NO_ANSWER;
		number = name ? getgrnam_r(name, entry, buffer, size, ret_found)
			      : getgrgid_r(gid, entry, buffer, size, ret_found);

		if (number == EINTR)
			size /= 4;
		else if (number != ERANGE || size >= BUFFER_LIMIT)
			return number;
	}
}

static enum lookup_result find_group(const char *name, struct arena *arena, struct group *ret_entry,
	struct error *err)
{
	struct group *found = NULL;
	int number = ask_group(name, 0, arena, ret_entry, &found);
	enum lookup_result result = judge_answer(number, found, err);

	if (result != LOOKUP_FOUND)
		return result;
	return strcmp(name, found->gr_name) == 0 ? LOOKUP_FOUND : LOOKUP_NOT_FOUND;
}

enum lookup_result group_by_name(const char *name, gid_t *ret_gid, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct group entry;
	enum lookup_result result = find_group(name, &arena, &entry, err);

	if (result == LOOKUP_FOUND)
		*ret_gid = entry.gr_gid;
	return result;
}

enum lookup_result group_listing(const char *name, struct arena *arena, gid_t *ret_gid,
	struct string_list *ret_names, struct error *err)
{
	struct group entry;
	enum lookup_result result = find_group(name, arena, &entry, err);

	if (result != LOOKUP_FOUND)
		return result;
	for (char *const *member = entry.gr_mem; *member; member++)
		string_list_add(ret_names, arena, *member);
	string_list_sort(ret_names);
	*ret_gid = entry.gr_gid;
	return LOOKUP_FOUND;
}

static bool listed_in_groups(const struct account *account, gid_t gid, bool *ret_listed,
	struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int room = GROUPS_FIRST;
	int count = room;
	gid_t *groups = arena_alloc_array(&arena, (size_t)room, sizeof(*groups));

	while (getgrouplist(account->name, account->gid, groups, &count) < 0) {
		room = count > room ? count : room * 2;
		if (room > GROUPS_LIMIT)
			return error_set(err, ERROR_TEMPORARY, _("cannot read the groups of %s"),
				account->name);
		groups = arena_alloc_array(&arena, (size_t)room, sizeof(*groups));
		count = room;
	}
	*ret_listed = false;
	for (int i = 0; i < count; i++)
		*ret_listed |= groups[i] == gid;
	return true;
}

static bool names_member(const struct group *group, const char *name)
{
	for (char *const *member = group->gr_mem; *member; member++) {
		if (strcmp(*member, name) == 0)
			return true;
	}
	return false;
}

bool account_in_group(const struct account *account, gid_t gid, bool *ret_member, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct group entry;
	struct group *found = NULL;
	bool listed = account->gid == gid;
	int number;

	if (!listed && !listed_in_groups(account, gid, &listed, err))
		return false;
	/* getgrouplist(3) leaves out what it could not ask for, without a word: a "no" needs a
	 * database that answers, and says the same. */
	number = listed ? 0 : ask_group(NULL, gid, &arena, &entry, &found);
	if (number == 0 && found && names_member(found, account->name))
		number = NO_ANSWER;
	if (number != 0)
		return cannot_tell(number, err) == LOOKUP_FOUND;
	*ret_member = listed;
	return true;
}

/* A line longer than any that useradd(8) makes is an answer that cannot be given, as any other
 * error. */
bool account_uid_is_shared(uid_t uid, bool *ret_shared, struct error *err)
{
	FILE *file cleanup_fclose = fopen("/etc/passwd", "re");
	struct arena arena cleanup_arena = ARENA_INIT;
	char *buffer = arena_alloc(&arena, LINE_LIMIT);
	const char *first = NULL;
	bool shared = false;
	struct passwd entry;
	struct passwd *found;
	int number;

	if (!file)
		return cannot_tell(errno, err) == LOOKUP_FOUND;
	while ((number = fgetpwent_r(file, &entry, buffer, LINE_LIMIT, &found)) == 0) {
		if (found->pw_uid != uid || strchr("+-", found->pw_name[0]))
			continue; /* + and - begin lines of the old NIS syntax */
		if (!first)
			first = arena_strdup(&arena, found->pw_name);
		shared |= strcmp(first, found->pw_name) != 0;
	}
	if (number != ENOENT || ferror(file))
		return cannot_tell(number != ENOENT ? number : EIO, err) == LOOKUP_FOUND;
	*ret_shared = shared;
	return true;
}
