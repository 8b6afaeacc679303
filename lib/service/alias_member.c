#include "service/alias_member.h"

#include "base/message.h"
#include "service/alias_rules.h"
#include "service/alias_session.h"

#include <string.h>

/* ---------------------------------------------------------------- one entry */

static bool find_entry(struct alias_session *session, const char *username, struct alias_entry *ret_entry,
	struct error *err)
{
	switch (alias_store_find(&session->desk.store, username, &session->arena, ret_entry, err)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		break;
	}
	error_set(err, ERROR_NOT_FOUND, _("\"%s\" has no alias"), username);
	return error_fix(err, "postigo-admin member list");
}

static bool commit(struct alias_session *session, const struct alias_change *change, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err)
{
	bool done = alias_session_commit(session, change, err);

	if (done || err->code == ERROR_AFTER_LIVE)
		alias_decision_of(change, session->context, session->desk.store.generation, arena, ret_decision);
	return done;
}

/* Commits the entry's new form, or nothing when it is the old one. */
static bool commit_entry(struct alias_session *session, struct alias_change *change, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err)
{
	struct strbuf before cleanup_strbuf = STRBUF_INIT;
	struct strbuf after cleanup_strbuf = STRBUF_INIT;
	struct alias_entry changed = *change->after;

	change->username = changed.username;
	change->uid = changed.uid;
	change->request_id = "";
	alias_entry_print(change->before, &before);
	alias_entry_print(change->after, &after);
	if (strcmp(before.text, after.text) != 0) {
		struct alias_change last = *change;

		changed.updated = session->context->now;
		last.after = &changed;
		return commit(session, &last, arena, ret_decision, err);
	}
	alias_decision_of(change, session->context, session->desk.store.generation, arena, ret_decision);
	ret_decision->outcome = N_("unchanged");
	ret_decision->changed = false;
	return true;
}

/* ---------------------------------------------------------------- add, set */

static bool refuse_present(struct alias_session *session, const char *username, struct error *err)
{
	struct alias_entry entry;

	switch (alias_store_find(&session->desk.store, username, &session->arena, &entry, err)) {
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_FOUND:
		break;
	}
	error_set(err, ERROR_ALREADY_EXISTS, _("\"%s\" has an alias already"), username);
	error_why(err, _("it forwards to %s"), string_list_join(&entry.destinations, &session->arena, ", "));
	return error_fix(err, "postigo-admin member set %s --to ADDRESS", username);
}

bool alias_member_add(const struct alias_context *context, const char *username, const struct alias_wish *wish,
	struct arena *arena, struct alias_decision *ret_decision, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;
	struct alias_change change = {.op = "add", .username = username, .request_id = "", .reason = ""};
	struct alias_entry entry = {
		.username = username,
		.keep_copy = wish->keep_copy,
		.created = context->now,
		.updated = context->now,
		.expires = wish->expires,
		.approved_by = context->actor->login,
		.request_id = "",
		.source = "admin",
		.note = wish->note ? wish->note : "",
	};
	struct account account;

	if (!alias_text_check(entry.note, "note", err) || !alias_session_open(&session, context, err) ||
		!alias_rules_account(context, username, &session.arena, &account, err) || !refuse_present(&session, username, err))
		return false;
	entry.uid = account.uid;
	entry.alias = member_alias(username, context->settings, &session.arena);
	entry.destinations = wish->destinations;
	if (!alias_rules_check(context, &session.desk.store, &entry, &session.arena, err))
		return false;
	alias_rules_canonical(&wish->destinations, &session.arena, &entry.destinations);
	change.uid = entry.uid;
	change.after = &entry;
	return commit(&session, &change, arena, ret_decision, err);
}

bool alias_member_set(const struct alias_context *context, const char *username, const struct alias_wish *wish,
	struct arena *arena, struct alias_decision *ret_decision, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;
	struct alias_entry before;
	struct alias_entry after;
	struct alias_change change = {.op = "set", .before = &before, .after = &after, .reason = ""};
	bool judged = wish->destinations.count > 0 || (wish->has_keep_copy && wish->keep_copy);

	if (!alias_text_check(wish->note ? wish->note : "", "note", err) ||
		!alias_session_open(&session, context, err) || !find_entry(&session, username, &before, err))
		return false;
	after = before;
	if (wish->destinations.count > 0)
		after.destinations = wish->destinations;
	if (wish->has_keep_copy)
		after.keep_copy = wish->keep_copy;
	if (wish->has_expires)
		after.expires = wish->expires;
	if (wish->note)
		after.note = wish->note;
	if (judged && !alias_rules_check(context, &session.desk.store, &after, &session.arena, err))
		return false;
	if (wish->destinations.count > 0)
		alias_rules_canonical(&wish->destinations, &session.arena, &after.destinations);
	return commit_entry(&session, &change, arena, ret_decision, err);
}

/* ---------------------------------------------------------------- suspend, resume, revoke */

bool alias_member_suspend(const struct alias_context *context, const char *username, const char *reason,
	struct arena *arena, struct alias_decision *ret_decision, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;
	struct alias_entry before;
	struct alias_entry after;
	struct alias_change change = {.op = "suspend", .before = &before, .after = &after, .reason = reason};

	if (!alias_text_check(reason, "reason", err) || !alias_session_open(&session, context, err) ||
		!find_entry(&session, username, &before, err))
		return false;
	after = before;
	after.status = ALIAS_SUSPENDED;
	return commit_entry(&session, &change, arena, ret_decision, err);
}

bool alias_member_resume(const struct alias_context *context, const char *username, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;
	struct alias_entry before;
	struct alias_entry after;
	struct alias_change change = {.op = "resume", .before = &before, .after = &after, .reason = ""};

	if (!alias_session_open(&session, context, err) || !find_entry(&session, username, &before, err))
		return false;
	if (before.status != ALIAS_ACTIVE && before.expires != 0 && before.expires <= context->now) {
		error_set(err, ERROR_RULE, _("the alias of \"%s\" has expired"), username);
		error_why(err, _("the next expire would suspend it again"));
		return error_fix(err, "postigo-admin member set %s --no-expires", username);
	}
	after = before;
	after.status = ALIAS_ACTIVE;
	after.orphaned = 0; /* whoever resumes it although the account is gone gets the grace anew */
	return commit_entry(&session, &change, arena, ret_decision, err);
}

bool alias_revoke(const struct alias_context *context, const char *username, const char *reason, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;
	struct alias_entry entry;
	struct alias_change change = {.op = "revoke", .username = username, .request_id = "", .reason = reason};

	if (!alias_reason_check(reason, err) || !alias_session_open(&session, context, err) ||
		!find_entry(&session, username, &entry, err))
		return false;
	change.uid = entry.uid;
	change.before = &entry;
	return commit(&session, &change, arena, ret_decision, err);
}

/* ---------------------------------------------------------------- expire */

static struct alias_change expire_entry(const struct alias_session *session, const struct alias_entry *entry,
	struct arena *arena)
{
	struct alias_entry *copies = arena_alloc_array(arena, 2, sizeof(*copies));

	copies[0] = *entry;
	copies[1] = *entry;
	copies[1].status = ALIAS_SUSPENDED;
	copies[1].updated = session->context->now;
	return (struct alias_change){
		.op = "expire",
		.username = entry->username,
		.uid = entry->uid,
		.before = &copies[0],
		.after = &copies[1],
		.request_id = "",
		.reason = "",
	};
}

struct change_list {
	struct alias_change *items;
	size_t count;
};

/* Two walks in flat memory: how many are over, then which. */
static bool find_expired(const struct alias_session *session, struct arena *arena, struct change_list *list,
	struct error *err)
{
	const struct alias_store *store = &session->desk.store;
	struct arena scratch cleanup_arena = ARENA_INIT;
	struct alias_cursor cursor;
	struct alias_entry entry;
	enum lookup_result found;
	size_t count = 0;

	alias_store_rewind(store, &cursor);
	for (;;) {
		size_t before = cursor.offset;

		arena_clear(&scratch);
		found = alias_store_next(&cursor, &scratch, &entry, err);
		if (found != LOOKUP_FOUND)
			break;
		if (entry.expires == 0 || entry.expires > session->context->now || entry.status == ALIAS_SUSPENDED)
			continue;
		count++;
		if (!list->items)
			continue;
		cursor.offset = before;
		found = alias_store_next(&cursor, arena, &entry, err);
		if (found != LOOKUP_FOUND)
			break;
		list->items[list->count++] = expire_entry(session, &entry, arena);
	}
	if (!list->items)
		list->items = arena_alloc_array(arena, count + 1, sizeof(*list->items));
	return found == LOOKUP_NOT_FOUND;
}

bool alias_expire_in(struct alias_session *session, bool dry_run, struct arena *arena,
	struct alias_decision_list *ret_list, struct error *err)
{
	const struct alias_store *store = &session->desk.store;
	struct change_list changes = {.items = NULL};
	struct alias_decision_list list = {.items = NULL};
	bool done = true;

	/* Once to count them, once to keep them. */
	for (int pass = 0; pass < 2; pass++) {
		if (!find_expired(session, &session->arena, &changes, err))
			return false;
	}
	if (!dry_run)
		done = alias_session_commit_all(session, changes.items, changes.count, err);
	if (!done && err->code != ERROR_AFTER_LIVE)
		return false;
	list.items = arena_alloc_array(arena, changes.count + 1, sizeof(*list.items));
	for (; list.count < changes.count; list.count++) {
		alias_decision_of(&changes.items[list.count], session->context, store->generation, arena,
			&list.items[list.count]);
		list.items[list.count].changed = !dry_run;
	}
	*ret_list = list;
	return done;
}

bool alias_expire(const struct alias_context *context, bool dry_run, struct arena *arena,
	struct alias_decision_list *ret_list, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;

	session.context = context;
	if (!(dry_run ? request_desk_open(&session.desk, context, ALIAS_STORE_READ, err)
		      : alias_session_open(&session, context, err)))
		return false;
	return alias_expire_in(&session, dry_run, arena, ret_list, err);
}
