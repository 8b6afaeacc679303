#include "service/alias_member.h"

#include "base/message.h"
#include "format/email_fault.h"
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
		changed.updated = session->context->now;
		change->after = &changed;
		return commit(session, change, arena, ret_decision, err);
	}
	alias_decision_of(change, session->context, session->desk.store.generation, arena, ret_decision);
	ret_decision->outcome = N_("unchanged");
	ret_decision->changed = false;
	return true;
}

/* ---------------------------------------------------------------- the rules of a request */

static bool refuse_destination(const char *destination, const char *why, struct error *err)
{
	error_set(err, ERROR_RULE, _("\"%s\" cannot be a destination"), destination);
	error_why(err, "%s", why);
	error_field(err, "destination");
	return error_fix(err, _("name an address such as ana@mail.example.org"));
}

static bool fill_destinations(const struct string_list *destinations, struct request_record *record, struct error *err)
{
	if (destinations->count > REQUEST_DESTINATIONS_MAX) {
		error_set(err, ERROR_RULE, _("too many destinations: %zu"), destinations->count);
		return error_fix(err, _("name at most %d"), REQUEST_DESTINATIONS_MAX);
	}
	for (size_t i = 0; i < destinations->count; i++) {
		const char *text = destinations->items[i];
		enum email_fault fault = email_address_check(text);

		if (fault != EMAIL_OK)
			return refuse_destination(text, email_fault_text(fault), err);
		for (size_t before = 0; before < i; before++) {
			if (email_address_equal(text, record->destinations[before]))
				return refuse_destination(text, _("it is named twice"), err);
		}
		email_address_canonical(text, record->destinations[i]);
	}
	record->destination_count = destinations->count;
	return true;
}

/* How often a member may ask is no rule for an administrator. */
static const struct request_check *find_obstacle(const struct alias_request *request)
{
	static const char *const of_time[] = {"cooldown", "expired", "too-often"};

	for (size_t i = 0; i < request->check_count; i++) {
		const struct request_check *check = &request->checks[i];
		bool ignored = check->refusal == ERROR_NONE;

		for (size_t k = 0; k < ARRAY_LENGTH(of_time); k++)
			ignored |= strcmp(check->code, of_time[k]) == 0;
		if (!ignored)
			return check;
	}
	return NULL;
}

/* Examines what an administrator wants as if the member had asked for it: one rule, one function. */
static bool check_wish(struct alias_session *session, uint32_t uid, const char *username,
	const struct alias_entry *wanted, struct error *err)
{
	struct queued_request queued = {
		.file = "",
		.code = QUEUE_GOOD,
		.detail = "",
		.uid = uid,
		.received = session->context->now,
		.record = {.op = REQUEST_SET, .keep_copy = wanted->keep_copy, .uid = uid},
	};
	const struct request_check *obstacle;
	struct alias_request request;

	(void)snprintf(queued.record.username, sizeof(queued.record.username), "%s", username);
	if (!fill_destinations(&wanted->destinations, &queued.record, err) ||
		!alias_request_examine(session->context, &session->desk.store, &queued, &session->arena, &request, err))
		return false;
	obstacle = find_obstacle(&request);
	if (!obstacle)
		return true;
	error_set(err, obstacle->refusal, _("\"%s\" cannot have this alias"), username);
	error_why(err, "%s: %s", username, obstacle->detail);
	if (strcmp(obstacle->code, "other-account") == 0 || strcmp(obstacle->code, "account-changed") == 0)
		return error_fix(err, "postigo-admin purge-user %s", username);
	return error_fix(err, obstacle->refusal == ERROR_TEMPORARY ? _("try again in a minute")
								   : "postigo-admin config check");
}

static void copy_canonical(const struct string_list *from, struct arena *arena, struct string_list *ret_list)
{
	char canonical[EMAIL_ADDRESS_MAX + 1];

	*ret_list = (struct string_list)STRING_LIST_INIT;
	for (size_t i = 0; i < from->count; i++) {
		email_address_canonical(from->items[i], canonical);
		string_list_add(ret_list, arena, canonical);
	}
}

/* ---------------------------------------------------------------- add, set */

static bool find_account(const char *username, struct arena *arena, struct account *ret_account, struct error *err)
{
	switch (account_by_name(username, arena, ret_account, err)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		break;
	}
	error_set(err, ERROR_NOT_FOUND, _("there is no account \"%s\""), username);
	return error_fix(err, "getent passwd");
}

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
		!find_account(username, &session.arena, &account, err) || !refuse_present(&session, username, err))
		return false;
	entry.uid = account.uid;
	entry.alias = member_alias(username, context->settings, &session.arena);
	entry.destinations = wish->destinations;
	if (!check_wish(&session, account.uid, username, &entry, err))
		return false;
	copy_canonical(&wish->destinations, &session.arena, &entry.destinations);
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
	if (judged && !check_wish(&session, before.uid, username, &after, err))
		return false;
	if (wish->destinations.count > 0)
		copy_canonical(&wish->destinations, &session.arena, &after.destinations);
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

	if (!find_expired(session, &session->arena, &changes, err) ||
		!find_expired(session, &session->arena, &changes, err))
		return false;
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
