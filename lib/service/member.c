#include "service/member.h"

#include "base/message.h"
#include "format/username.h"

#include <string.h>

static bool judge_account(const struct account *account, const struct member_rules *rules,
	enum member_verdict *ret_verdict, struct error *err)
{
	const struct settings *settings = rules->settings;
	gid_t group;
	bool inside;
	bool shared = false;

	switch (account_snapshot_group(rules->accounts, settings->members.group, &group, err)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		error_set(err, ERROR_CONFIG, _("the member group \"%s\" does not exist"), settings->members.group);
		return error_fix(err, _("create it, or name another one as members.group in the configuration"));
	case LOOKUP_FAILED:
		return false;
	}
	if (!account_snapshot_in_group(rules->accounts, account, group, &inside, err))
		return false;
	if (!settings->members.allow_shared_uid &&
		!account_snapshot_uid_is_shared(rules->accounts, account->uid, &shared, err))
		return false;
	if (!inside)
		*ret_verdict = MEMBER_NOT_IN_GROUP;
	else if (shared)
		*ret_verdict = MEMBER_SHARED_UID;
	else
		*ret_verdict = MEMBER_ELIGIBLE;
	return true;
}

bool member_judge(uid_t uid, const struct member_rules *rules, struct arena *arena,
	enum member_verdict *ret_verdict, struct account *ret_account, struct error *err)
{
	switch (account_snapshot_by_uid(rules->accounts, uid, arena, ret_account, err)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		*ret_verdict = MEMBER_ABSENT;
		return true;
	case LOOKUP_FAILED:
		return false;
	}
	if (!username_is_valid(ret_account->name))
		*ret_verdict = MEMBER_NAME;
	else if (settings_reserve_name(rules->settings, ret_account->name))
		*ret_verdict = MEMBER_RESERVED;
	else if ((int64_t)uid < rules->settings->members.uid_min)
		*ret_verdict = MEMBER_SYSTEM;
	else
		return judge_account(ret_account, rules, ret_verdict, err);
	return true;
}

enum member_identity member_identify(const struct account_snapshot *accounts, uid_t uid, const char *username)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct account account;
	struct error ignored;

	switch (account_snapshot_by_uid(accounts, uid, &arena, &account, &ignored)) {
	case LOOKUP_FOUND:
		return strcmp(account.name, username) == 0 ? MEMBER_IS_SAME : MEMBER_IS_OTHER;
	case LOOKUP_NOT_FOUND:
		return MEMBER_IS_GONE;
	case LOOKUP_FAILED:
		break;
	}
	return MEMBER_IS_UNKNOWN;
}

const char *member_verdict_text(enum member_verdict verdict)
{
	switch (verdict) {
	case MEMBER_ELIGIBLE:
		return _("may have an alias");
	case MEMBER_ABSENT:
		return _("has no account any more");
	case MEMBER_NAME:
		return _("has a name that cannot be an alias");
	case MEMBER_RESERVED:
		return _("has a name that is reserved for the server");
	case MEMBER_SYSTEM:
		return _("is a system account");
	case MEMBER_NOT_IN_GROUP:
		return _("is not in the member group");
	case MEMBER_SHARED_UID:
		return _("shares the user id with another account");
	case MEMBER_UNKNOWN:
		return _("cannot be judged: the account database does not answer");
	}
	return "";
}

const char *member_alias(const char *username, const struct settings *settings, struct arena *arena)
{
	return arena_printf(arena, "%s@%s", username, settings->domain);
}
