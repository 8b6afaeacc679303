/* Groups, the daemons' user, and whether the accounts of members are still those that were
 * approved. */
#include "base/message.h"
#include "format/username.h"
#include "service/check_subject.h"
#include "service/installation.h"
#include "storage/alias_store.h"
#include "system/account.h"
#include "system/group_users.h"
#include "system/local_accounts.h"

#include <string.h>

/* Once: whatever is asked next goes unanswered for the same reason. */
static void note_outage(struct consistency_check *check, const struct error *failure)
{
	for (size_t i = 0; i < check->report.count; i++) {
		if (strcmp(check->report.findings[i].id, "accounts.database") == 0)
			return;
	}
	check_failed(check, "accounts.database", failure);
}

/* ---------------------------------------------------------------- groups */

static void look_at_groups(struct consistency_check *check)
{
	const char *const names[] = {GROUP_QUEUE, GROUP_DAEMONS, GROUP_ADMINS,
		check->settings->members.group};
	struct account account;
	struct error failure;
	gid_t gid;

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		switch (group_by_name(names[i], &gid, &failure)) {
		case LOOKUP_FOUND:
			break;
		case LOOKUP_NOT_FOUND:
			check_find(check, FINDING_ERROR, "accounts.group-missing",
				_("there is no group %s"), names[i]);
			check_cure(check, "groupadd --system %s", check_word(check, names[i]));
			if (i == 0)
				check_cure_by(check, "setup");
			break;
		case LOOKUP_FAILED:
			note_outage(check, &failure);
			return;
		}
	}
	if (account_by_name(GROUP_DAEMONS, check->arena, &account, &failure) != LOOKUP_NOT_FOUND)
		return;
	check_find(check, FINDING_WARNING, "accounts.daemon-missing",
		_("the daemons have no user %s"), GROUP_DAEMONS);
	check_cure_by(check, "setup");
}

/* A group of an account's own, as Debian makes them, else everybody's. */
static const char *own_group(const struct consistency_check *check, const char *name)
{
	struct error ignored;
	gid_t gid;

	return strcmp(name, GROUP_QUEUE) != 0 && group_by_name(name, &gid, &ignored) == LOOKUP_FOUND
		       ? check_word(check, name)
		       : "users";
}

static void add_command(struct strbuf *cure, const char *command)
{
	strbuf_printf(cure, "%s%s", cure->length > 0 ? " && " : "", command);
}

/* Takes everybody named out of the group, one command each. */
static void cure_membership(struct consistency_check *check, const char *group,
	const struct string_list *members, const struct string_list *primary)
{
	struct strbuf cure cleanup_strbuf = STRBUF_INIT;

	for (size_t i = 0; i < members->count; i++)
		add_command(&cure, arena_printf(check->arena, "gpasswd --delete %s %s",
					   check_word(check, members->items[i]), group));
	for (size_t i = 0; i < primary->count; i++)
		add_command(&cure, arena_printf(check->arena, "usermod --gid %s %s",
					   own_group(check, primary->items[i]),
					   check_word(check, primary->items[i])));
	check_cure(check, "%s", strbuf_text(&cure));
}

static bool list_users(struct consistency_check *check, const char *group,
	struct string_list *ret_members, struct string_list *ret_primary)
{
	struct error failure;

	if (group_list_users(group, check->arena, ret_members, ret_primary, &failure))
		return true;
	note_outage(check, &failure);
	return false;
}

/* Whoever is in it reaches everybody's requests; with it as primary group the kernel does not even
 * treat the helper as privileged. */
static void look_at_queue_group(struct consistency_check *check)
{
	struct string_list members = STRING_LIST_INIT;
	struct string_list primary = STRING_LIST_INIT;

	if (!list_users(check, GROUP_QUEUE, &members, &primary) ||
		members.count + primary.count == 0)
		return;
	check_find(check, FINDING_ERROR, "accounts.queue-group-has-members",
		_("group %s must be empty: who is in it reaches the queue without the helper"),
		GROUP_QUEUE);
	check_evidence(check, "%s%s%s%s", string_list_join(&members, check->arena, ", "),
		members.count > 0 && primary.count > 0 ? "; " : "",
		primary.count > 0 ? _("primary group of ") : "",
		string_list_join(&primary, check->arena, ", "));
	cure_membership(check, GROUP_QUEUE, &members, &primary);
}

static void look_at_daemon_user(struct consistency_check *check)
{
	struct string_list members = STRING_LIST_INIT;
	struct string_list primary = STRING_LIST_INIT;
	struct string_list none = STRING_LIST_INIT;
	struct string_list daemon = STRING_LIST_INIT;
	bool listed;

	if (!list_users(check, GROUP_ADMINS, &members, &primary))
		return;
	listed = string_list_contains(&members, GROUP_DAEMONS);
	if (!listed && !string_list_contains(&primary, GROUP_DAEMONS))
		return;
	string_list_add(&daemon, check->arena, GROUP_DAEMONS);
	check_find(check, FINDING_ERROR, "accounts.daemon-is-admin",
		_("user %s is in group %s: a daemon that is broken into could decide on aliases"),
		GROUP_DAEMONS, GROUP_ADMINS);
	cure_membership(check, GROUP_ADMINS, listed ? &daemon : &none, listed ? &none : &daemon);
}

/* ---------------------------------------------------------------- entries */

static void cure_by_revoking(struct consistency_check *check, const struct alias_entry *entry,
	const char *reason)
{
	check_cure_by(check, "member revoke %s --reason %s", check_word(check, entry->username),
		check_word(check, reason));
}

/* Who has the uid now would read the old owner's status file. */
static void note_orphan(struct consistency_check *check, const struct alias_entry *entry)
{
	struct account other;
	struct error ignored;

	check_find(check, FINDING_WARNING, "accounts.orphan",
		_("%s has an alias but no account any more"), entry->username);
	if (account_snapshot_by_uid(&check->accounts, entry->uid, check->arena, &other, &ignored) ==
		LOOKUP_FOUND)
		check_evidence(check, _("user id %u belongs to %s now"), entry->uid, other.name);
	else
		check_evidence(check, _("user id %u is nobody's"), entry->uid);
	cure_by_revoking(check, entry, "the account is gone");
}

static void judge_account(struct consistency_check *check, const struct alias_entry *entry,
	const struct account *account)
{
	struct error failure;
	bool inside = true;
	gid_t group;

	if (account->uid != entry->uid) {
		check_find(check, FINDING_ERROR, "accounts.uid-changed",
			_("the account %s is not the one whose alias was approved"),
			entry->username);
		check_evidence(check, _("approved for user id %u, the account has %u"), entry->uid,
			account->uid);
		cure_by_revoking(check, entry, "the account is another one");
		return;
	}
	if (account_snapshot_group(&check->accounts, check->settings->members.group, &group,
		    &failure) != LOOKUP_FOUND ||
		!account_snapshot_in_group(&check->accounts, account, group, &inside, &failure) ||
		inside)
		return;
	check_find(check, FINDING_WARNING, "accounts.not-a-member",
		_("%s has an alias but is no member any more"), entry->username);
	check_evidence(check, _("not in group %s"), check->settings->members.group);
	cure_by_revoking(check, entry, "no member any more");
	check_advice(check, "gpasswd --add %s %s", check_word(check, entry->username),
		check_word(check, check->settings->members.group));
}

static void look_at_entry(struct consistency_check *check, const struct alias_entry *entry)
{
	struct account account;
	struct error failure;

	switch (account_snapshot_by_name(&check->accounts, entry->username, check->arena, &account,
		&failure)) {
	case LOOKUP_FOUND:
		judge_account(check, entry, &account);
		break;
	case LOOKUP_NOT_FOUND:
		note_orphan(check, entry);
		break;
	case LOOKUP_FAILED: /* nothing may be concluded */
		note_outage(check, &failure);
		break;
	}
}

/* ---------------------------------------------------------------- names and numbers that clash */

struct aliases {
	struct string_list names; /* as in the store: sorted */
};

static bool has_alias(const struct aliases *aliases, const char *name)
{
	return string_list_contains_sorted(&aliases->names, name);
}

static bool look_at_entries(struct consistency_check *check, struct aliases *aliases)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct alias_cursor cursor;
	struct alias_entry entry;
	struct error failure;

	/* One that is damaged is a finding of the store. */
	if (!alias_store_open(&store, check->request->state_directory, ALIAS_STORE_READ,
		    &failure)) {
		if (failure.code == ERROR_FILESYSTEM)
			check_failed(check, "accounts.store", &failure);
		return false;
	}
	alias_store_rewind(&store, &cursor);
	while (alias_store_next(&cursor, check->arena, &entry, &failure) == LOOKUP_FOUND) {
		string_list_add(&aliases->names, check->arena, entry.username);
		look_at_entry(check, &entry);
	}
	return true;
}

static bool is_member(const struct consistency_check *check, const struct account *account)
{
	struct error ignored;
	bool inside = false;
	gid_t group;

	return account_snapshot_group(&check->accounts, check->settings->members.group, &group,
		       &ignored) == LOOKUP_FOUND &&
	       account_snapshot_in_group(&check->accounts, account, group, &inside, &ignored) &&
	       inside;
}

/* The account without the alias gets another number; its files in its home go with it. */
static void note_shared(struct consistency_check *check, const struct local_accounts *accounts,
	size_t at, const struct aliases *aliases)
{
	const struct account *left = accounts->by_uid[at];
	const struct account *right = accounts->by_uid[at + 1];
	const struct account *other =
		has_alias(aliases, left->name) || !has_alias(aliases, right->name) ? right : left;
	bool matters = has_alias(aliases, left->name) || has_alias(aliases, right->name);

	check_find(check, matters ? FINDING_ERROR : FINDING_WARNING, "accounts.uid-shared",
		_("%s and %s have one user id: whose request it is cannot be told, so none is "
		  "taken"),
		left->name, right->name);
	check_evidence(check, _("user id %u"), left->uid);
	check_cure(check, "usermod --uid %u %s", local_accounts_free_uid(accounts, left->uid),
		check_word(check, other->name));
	check_advice(check,
		_("or allow it: set members.allow_shared_uid to true in %s"),
		check_settings_file(check));
}

static void look_at_shared(struct consistency_check *check, const struct local_accounts *accounts,
	const struct aliases *aliases)
{
	for (size_t i = 0; i + 1 < accounts->count; i++) {
		const struct account *left = accounts->by_uid[i];
		const struct account *right = accounts->by_uid[i + 1];

		if (left->uid == right->uid &&
			(int64_t)left->uid >= check->settings->members.uid_min &&
			(is_member(check, left) || is_member(check, right) ||
				has_alias(aliases, left->name) || has_alias(aliases, right->name)))
			note_shared(check, accounts, i, aliases);
	}
}

/* Members who can never have an alias should hear it before they ask. */
static void look_at_names(struct consistency_check *check, const struct local_accounts *accounts)
{
	struct string_list names = STRING_LIST_INIT;

	for (size_t i = 0; i < accounts->count; i++) {
		const struct account *account = &accounts->items[i];
		bool usable = username_is_valid(account->name) &&
			      !settings_reserve_name(check->settings, account->name);

		if (!usable && is_member(check, account))
			string_list_add(&names, check->arena, account->name);
	}
	if (names.count == 0)
		return;
	check_find(check, FINDING_INFO, "accounts.names",
		_("members whose names cannot be an alias"));
	check_evidence(check, "%s", string_list_join(&names, check->arena, ", "));
	check_advice(check, _("give them another account name, or take them out of group %s"),
		check->settings->members.group);
}

void check_accounts(struct consistency_check *check)
{
	struct local_accounts accounts = {.count = 0};
	struct aliases aliases = {.names = STRING_LIST_INIT};
	size_t first = check->report.count;
	struct error failure;
	bool counted;

	account_snapshot_take(check->settings->members.group, check->arena, &check->accounts);

	look_at_groups(check);
	look_at_queue_group(check);
	look_at_daemon_user(check);
	counted = look_at_entries(check, &aliases);
	if (!local_accounts_read(&accounts, check->arena, &failure)) {
		note_outage(check, &failure);
		return;
	}
	if (!check->settings->members.allow_shared_uid)
		look_at_shared(check, &accounts, &aliases);
	look_at_names(check, &accounts);
	if (counted && check_is_well(check, first))
		check_find(check, FINDING_OK, "accounts.members",
			_("all %zu members with an alias have their account"), aliases.names.count);
}
