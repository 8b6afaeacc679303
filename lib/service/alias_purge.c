#include "service/alias_purge.h"

#include "base/message.h"
#include "base/number.h"
#include "format/username.h"
#include "service/alias_approval.h"
#include "service/alias_session.h"
#include "storage/member_status.h"

#include <string.h>

/* Whom to purge: a uid whatever its name, or a name with the uids that it has or had. */
struct victim {
	const char *name; /* NULL = the uid alone counts */
	bool has_uid;
	uint32_t uid;
};

static bool identify(const char *text, struct arena *arena, struct victim *victim, struct error *err)
{
	struct account account;

	if (parse_id(text, &victim->uid)) {
		victim->has_uid = true;
		return true;
	}
	if (!username_is_valid(text)) {
		error_set(err, ERROR_USAGE, _("\"%s\" is neither a user's name nor a uid"), text);
		return error_fix(err, "postigo-admin purge-user ana");
	}
	victim->name = text;
	switch (account_by_name(text, arena, &account, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FOUND:
		break;
	}
	victim->has_uid = true;
	victim->uid = account.uid;
	return true;
}

static bool is_entry_of(const struct victim *victim, const struct alias_entry *entry)
{
	return victim->name ? strcmp(entry->username, victim->name) == 0 : entry->uid == victim->uid;
}

/* A name in a queue file is a claim: it counts only when the uid behind it belongs to nobody else. */
static bool is_request_of(const struct victim *victim, const struct queued_request *queued)
{
	if (victim->has_uid && queued->uid == victim->uid)
		return true;
	if (!victim->name || strcmp(queued->record.username, victim->name) != 0)
		return false;
	switch (member_identify(NULL, queued->uid, victim->name)) {
	case MEMBER_IS_SAME:
	case MEMBER_IS_GONE:
		return true;
	case MEMBER_IS_OTHER:
	case MEMBER_IS_UNKNOWN:
		break;
	}
	return false;
}

static void note(struct alias_purge *purge, const struct alias_decision *decision, struct arena *arena)
{
	struct alias_decision *items = arena_alloc_array(arena, purge->decisions.count + 1, sizeof(*items));

	for (size_t i = 0; i < purge->decisions.count; i++)
		items[i] = purge->decisions.items[i];
	items[purge->decisions.count++] = *decision;
	purge->decisions.items = items;
}

/* A file that is no request is set aside instead; either way it does not wait any more. */
static bool purge_request(struct alias_session *session, const struct queued_request *queued, struct arena *arena,
	struct alias_purge *purge, struct error *err)
{
	static const struct alias_dismissal dismissal = {.op = "purge-user", .reason = "", .any_account = true};
	struct alias_decision decision;

	if (!*queued->id || queued->code == QUEUE_FORMAT_NEWER || queue_code_is_quarantined(queued->code))
		return request_queue_quarantine(&session->desk.queue, queued, err);
	if (alias_dismiss_in(session, queued->id, &dismissal, arena, &decision, err)) {
		note(purge, &decision, arena);
		return true;
	}
	return err->code == ERROR_NOTHING_PENDING || err->code == ERROR_CHANGED;
}

static bool purge_requests(struct alias_session *session, const struct victim *victim, struct arena *arena,
	struct alias_purge *purge, struct error *err)
{
	struct queued_request *queued;
	bool truncated;
	size_t count;

	if (!request_queue_list(&session->desk.queue, &session->arena, &queued, &count, &truncated, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (is_request_of(victim, &queued[i]) && !purge_request(session, &queued[i], arena, purge, err))
			return false;
	}
	return true;
}

/* Finds the next entry of the victim; a uid may stand in the store under several names. */
static enum lookup_result find_entry(struct alias_session *session, const struct victim *victim,
	struct alias_entry *ret_entry, struct error *err)
{
	const struct alias_store *store = &session->desk.store;
	struct arena scratch cleanup_arena = ARENA_INIT;
	struct alias_cursor cursor;
	struct alias_entry entry;
	enum lookup_result found;

	if (victim->name)
		return alias_store_find(store, victim->name, &session->arena, ret_entry, err);
	alias_store_rewind(store, &cursor);
	while ((found = alias_store_next(&cursor, &scratch, &entry, err)) == LOOKUP_FOUND) {
		if (is_entry_of(victim, &entry))
			return alias_store_find(store, entry.username, &session->arena, ret_entry, err);
		arena_clear(&scratch);
	}
	return found;
}

static bool remove_status(struct alias_session *session, uint32_t uid, const char *name, struct alias_purge *purge,
	struct error *err)
{
	const char *directory = session->context->state_directory;
	struct status_file status;
	struct error damaged;

	switch (member_status_read(directory, uid, &session->arena, &status, &damaged)) {
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FOUND:
		if (name && strcmp(status.username, name) != 0)
			return true;
		break;
	case LOOKUP_FAILED:
		break;
	}
	if (!member_status_remove(directory, uid, err) ||
		(session->context->settings->policy.confirm_destination && !confirmation_remove(directory, uid, err)))
		return false;
	purge->statuses++;
	return true;
}

static bool purge_entries(struct alias_session *session, const struct victim *victim, struct arena *arena,
	struct alias_purge *purge, struct error *err)
{
	struct alias_entry entry;
	enum lookup_result found;

	while ((found = find_entry(session, victim, &entry, err)) == LOOKUP_FOUND) {
		const struct alias_change change = {
			.op = "purge-user",
			.username = entry.username,
			.uid = entry.uid,
			.before = &entry,
			.request_id = "",
			.reason = "",
		};
		struct alias_decision decision;
		bool done = alias_session_commit(session, &change, err);

		if (!done && err->code != ERROR_AFTER_LIVE)
			return false;
		alias_decision_of(&change, session->context, session->desk.store.generation, arena, &decision);
		note(purge, &decision, arena);
		if (!done || !remove_status(session, entry.uid, entry.username, purge, err))
			return false;
	}
	return found == LOOKUP_NOT_FOUND;
}

bool alias_purge(const struct alias_context *context, const char *name_or_uid, struct arena *arena,
	struct alias_purge *ret_purge, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;
	struct alias_purge purge = {.statuses = 0};
	struct victim victim = {.name = NULL};
	bool done;

	*ret_purge = purge;
	if (!identify(name_or_uid, arena, &victim, err) || !alias_session_open(&session, context, err))
		return false;
	done = purge_requests(&session, &victim, arena, &purge, err) &&
	       purge_entries(&session, &victim, arena, &purge, err) &&
	       (!victim.has_uid || remove_status(&session, victim.uid, victim.name, &purge, err));
	*ret_purge = purge;
	return done;
}
