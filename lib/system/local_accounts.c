#include "system/local_accounts.h"

#include "base/message.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#define ACCOUNT_LIST "/etc/passwd"
#define LINE_LIMIT ((size_t)64 << 10)

/* An item's address tells its place in the list. */
static int compare_places(const struct account *left, const struct account *right)
{
	return (left > right) - (left < right);
}

static int compare_uids(const void *left_pointer, const void *right_pointer)
{
	const struct account *left = *(const struct account *const *)left_pointer;
	const struct account *right = *(const struct account *const *)right_pointer;

	if (left->uid != right->uid)
		return left->uid < right->uid ? -1 : 1;
	return compare_places(left, right);
}

static int compare_names(const void *left_pointer, const void *right_pointer)
{
	const struct account *left = *(const struct account *const *)left_pointer;
	const struct account *right = *(const struct account *const *)right_pointer;
	int order = strcmp(left->name, right->name);

	return order != 0 ? order : compare_places(left, right);
}

static const struct account **sort(const struct local_accounts *accounts, struct arena *arena,
	int (*compare)(const void *, const void *))
{
	const struct account **sorted =
		arena_alloc_array(arena, accounts->count + 1, sizeof(const struct account *));

	for (size_t i = 0; i < accounts->count; i++)
		sorted[i] = &accounts->items[i];
	if (accounts->count > 1)
		qsort(sorted, accounts->count, sizeof(const struct account *), compare);
	return sorted;
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
	struct local_accounts accounts = {.count = 0};
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
	accounts.by_uid = sort(&accounts, arena, compare_uids);
	accounts.by_name = sort(&accounts, arena, compare_names);
	*ret_accounts = accounts;
	return true;
}

static int match_uid(const void *key, const void *item)
{
	const struct account *account = *(const struct account *const *)item;
	uid_t uid = *(const uid_t *)key;

	return (uid > account->uid) - (uid < account->uid);
}

static int match_name(const void *key, const void *item)
{
	return strcmp(key, (*(const struct account *const *)item)->name);
}

/* The first of those in a sorted list that match. */
static const struct account *const *find_first(const struct account *const *sorted, size_t count,
	const void *key, int (*match)(const void *, const void *))
{
	const struct account *const *found =
		count > 0 ? bsearch(key, sorted, count, sizeof(const struct account *), match)
			  : NULL;

	while (found && found > sorted && match(key, found - 1) == 0)
		found--;
	return found;
}

const struct account *local_accounts_find_uid(const struct local_accounts *accounts, uid_t uid)
{
	const struct account *const *found =
		find_first(accounts->by_uid, accounts->count, &uid, match_uid);

	return found ? *found : NULL;
}

const struct account *local_accounts_find_name(const struct local_accounts *accounts,
	const char *name)
{
	const struct account *const *found =
		find_first(accounts->by_name, accounts->count, name, match_name);

	return found ? *found : NULL;
}

bool local_accounts_share_uid(const struct local_accounts *accounts, uid_t uid)
{
	const struct account *const *first =
		find_first(accounts->by_uid, accounts->count, &uid, match_uid);
	const struct account *const *end = accounts->by_uid + accounts->count;

	for (const struct account *const *other = first; first && other < end; other++) {
		if ((*other)->uid != uid)
			return false;
		if (strcmp((*other)->name, (*first)->name) != 0)
			return true;
	}
	return false;
}

uid_t local_accounts_free_uid(const struct local_accounts *accounts, uid_t first)
{
	uid_t uid = first;

	while (local_accounts_find_uid(accounts, uid))
		uid++;
	return uid;
}
