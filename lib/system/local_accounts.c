#include "system/local_accounts.h"

#include "base/message.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#define ACCOUNT_LIST "/etc/passwd"
#define LINE_LIMIT ((size_t)64 << 10)

static int compare_uids(const void *left_pointer, const void *right_pointer)
{
	const struct account *left = left_pointer;
	const struct account *right = right_pointer;

	if (left->uid != right->uid)
		return left->uid < right->uid ? -1 : 1;
	return strcmp(left->name, right->name);
}

static void add_account(struct local_accounts *accounts, size_t *capacity, struct arena *arena,
	const struct passwd *entry)
{
	if (accounts->count == *capacity) {
		struct account *longer;

		*capacity = *capacity ? *capacity * 2 : 256;
		longer = arena_alloc_array(arena, *capacity, sizeof(*longer));
		if (accounts->count > 0)
			memcpy(longer, accounts->items, accounts->count * sizeof(*longer));
		accounts->items = longer;
	}
	accounts->items[accounts->count++] = (struct account){
		.name = arena_strdup(arena, entry->pw_name),
		.uid = entry->pw_uid,
		.gid = entry->pw_gid,
		.home = arena_strdup(arena, entry->pw_dir),
	};
}

static bool cannot_read(int number, struct error *err)
{
	return error_set_errno(err, ERROR_TEMPORARY, number, _("cannot read %s"), ACCOUNT_LIST);
}

bool local_accounts_read(struct local_accounts *ret_accounts, struct arena *arena,
	struct error *err)
{
	FILE *file cleanup_fclose = fopen(ACCOUNT_LIST, "re");
	char *buffer = arena_alloc(arena, LINE_LIMIT);
	struct local_accounts accounts = {NULL, 0};
	size_t capacity = 0;
	struct passwd entry;
	struct passwd *found;
	int number;

	if (!file)
		return cannot_read(errno, err);
	while ((number = fgetpwent_r(file, &entry, buffer, LINE_LIMIT, &found)) == 0) {
		/* + and - begin lines of the old NIS syntax. */
		if (!strchr("+-", found->pw_name[0]))
			add_account(&accounts, &capacity, arena, found);
	}
	if (number != ENOENT || ferror(file))
		return cannot_read(number != ENOENT ? number : EIO, err);
	if (accounts.count > 1)
		qsort(accounts.items, accounts.count, sizeof(*accounts.items), compare_uids);
	*ret_accounts = accounts;
	return true;
}

uid_t local_accounts_free_uid(const struct local_accounts *accounts, uid_t first)
{
	uid_t uid = first;

	for (size_t i = 0; i < accounts->count; i++) {
		if (accounts->items[i].uid == uid)
			uid++;
	}
	return uid;
}
