#include "system/account_snapshot.h"

#include "system/trusted_file.h"

#include <fcntl.h>
#include <string.h>

#define SERVICES_PATH "/etc/nsswitch.conf"
#define SERVICES_LIMIT ((size_t)64 << 10)

/* ---------------------------------------------------------------- whom NSS asks */

/*
 * "passwd: files …": whoever the list names is then the answer, whatever else is asked after it.
 * An action in brackets behind it would change that.
 */
static bool names_files_first(const char *line, struct arena *arena, bool *ret_first)
{
	struct string_list words = STRING_LIST_INIT;

	string_list_split(&words, arena, arena_strndup(arena, line, strcspn(line, "#")), " \t:");
	if (words.count == 0 || strcmp(words.items[0], "passwd") != 0)
		return false;
	*ret_first = words.count > 1 && strcmp(words.items[1], "files") == 0 &&
		     (words.count == 2 || words.items[2][0] != '[');
	return true;
}

static bool is_local_first(struct arena *arena)
{
	int fd cleanup_close = open(SERVICES_PATH, O_RDONLY | O_CLOEXEC);
	struct string_list lines = STRING_LIST_INIT;
	struct error ignored; /* then NSS is asked for everybody */
	bool first = false;
	const char *text;
	size_t length;
	size_t told = 0;

	if (fd < 0 || !file_read(fd, SERVICES_LIMIT, arena, &text, &length, &ignored))
		return false;
	string_list_split(&lines, arena, text, "\n");
	for (size_t i = 0; i < lines.count; i++)
		told += names_files_first(lines.items[i], arena, &first);
	return told == 1 && first;
}

void account_snapshot_take(const char *group, struct arena *arena,
	struct account_snapshot *ret_snapshot)
{
	struct account_snapshot snapshot = {.local_is_first = is_local_first(arena)};
	struct error ignored; /* whoever asks is told */

	snapshot.local_is_read = local_accounts_read(&snapshot.local, arena, &ignored);
	if (group_listing(group, arena, &snapshot.gid, &snapshot.listed, &ignored) == LOOKUP_FOUND)
		snapshot.group = arena_strdup(arena, group);
	*ret_snapshot = snapshot;
}

/* ---------------------------------------------------------------- questions */

static bool is_known(const struct account_snapshot *snapshot)
{
	return snapshot && snapshot->local_is_read && snapshot->local_is_first;
}

enum lookup_result account_snapshot_by_uid(const struct account_snapshot *snapshot, uid_t uid,
	struct arena *arena, struct account *ret_account, struct error *err)
{
	const struct account *found =
		is_known(snapshot) ? local_accounts_find_uid(&snapshot->local, uid) : NULL;

	if (!found)
		return account_by_uid(uid, arena, ret_account, err);
	*ret_account = *found;
	return LOOKUP_FOUND;
}

enum lookup_result account_snapshot_by_name(const struct account_snapshot *snapshot,
	const char *name, struct arena *arena, struct account *ret_account, struct error *err)
{
	const struct account *found =
		is_known(snapshot) ? local_accounts_find_name(&snapshot->local, name) : NULL;

	if (!found)
		return account_by_name(name, arena, ret_account, err);
	*ret_account = *found;
	return LOOKUP_FOUND;
}

enum lookup_result account_snapshot_group(const struct account_snapshot *snapshot, const char *name,
	gid_t *ret_gid, struct error *err)
{
	if (!snapshot || !snapshot->group || strcmp(snapshot->group, name) != 0)
		return group_by_name(name, ret_gid, err);
	*ret_gid = snapshot->gid;
	return LOOKUP_FOUND;
}

static bool is_listed(const struct account_snapshot *snapshot, const char *name, gid_t gid)
{
	return snapshot && snapshot->group && snapshot->gid == gid &&
	       string_list_contains_sorted(&snapshot->listed, name);
}

bool account_snapshot_in_group(const struct account_snapshot *snapshot,
	const struct account *account, gid_t gid, bool *ret_member, struct error *err)
{
	if (!is_listed(snapshot, account->name, gid))
		return account_in_group(account, gid, ret_member, err);
	*ret_member = true;
	return true;
}

bool account_snapshot_uid_is_shared(const struct account_snapshot *snapshot, uid_t uid,
	bool *ret_shared, struct error *err)
{
	if (!snapshot || !snapshot->local_is_read)
		return account_uid_is_shared(uid, ret_shared, err);
	*ret_shared = local_accounts_share_uid(&snapshot->local, uid);
	return true;
}
