#include "service/alias_approval.h"

#include "base/message.h"
#include "format/printable.h"
#include "service/alias_session.h"

#include <string.h>

/* A request taken out of the queue. Until it is settled, leaving the scope puts it back. */
struct claim {
	const struct request_queue *queue;
	struct queued_request request;
	bool held;
};

#define cleanup_claim __attribute__((cleanup(claim_release)))

static void claim_release(struct claim *claim)
{
	struct error ignored; /* what cannot be put back now, the next session's recovery puts back */

	if (claim->held && !request_queue_return(claim->queue, &claim->request, &ignored))
		claim->held = false;
}

static bool withdrawn(const char *id, struct error *err)
{
	error_set(err, ERROR_NOTHING_PENDING, _("request %s is gone"), id);
	error_why(err, _("the member withdrew it just now"));
	return error_fix(err, "postigo-admin pending");
}

/* Sets a file aside that can never become a request, now that it is out of everybody's reach. */
static bool set_aside(struct claim *claim, struct error *err)
{
	if (!request_queue_quarantine(claim->queue, &claim->request, err))
		return false;
	claim->held = false;
	error_set(err, ERROR_RULE, _("request %s was set aside"), claim->request.id);
	return error_why(err, "%s", queue_code_text(claim->request.code));
}

/*
 * Finds the request that was shown as `id`, takes it, and examines it again where nobody can change it any more.
 */
static bool claim_request(struct alias_session *session, const char *id, struct claim *claim,
	struct alias_request *ret_request, struct error *err)
{
	const struct request_desk *desk = &session->desk;
	struct alias_request shown;
	enum request_kind kind;
	uint32_t uid;

	if (alias_request_find(session->context, desk, id, &session->arena, &shown, err) != LOOKUP_FOUND)
		return false;
	if (!request_name_parse(shown.queued.file, &uid, &kind))
		return error_set(err, ERROR_BUG, _("request %s has no slot"), id);
	claim->queue = &desk->queue;
	switch (request_queue_claim(&desk->queue, uid, kind, &session->arena, &claim->request, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return withdrawn(id, err);
	case LOOKUP_FOUND:
		claim->held = true;
		break;
	}
	if (strcmp(claim->request.id, id) != 0) {
		error_set(err, ERROR_CHANGED, _("request %s changed since it was shown"), id);
		return error_fix(err, "postigo-admin pending");
	}
	if (queue_code_is_quarantined(claim->request.code) && !claim->request.young)
		return set_aside(claim, err);
	return alias_request_examine(session->context, &desk->store, &claim->request, &session->arena, ret_request, err);
}

static bool refuse_obstacle(const struct alias_request *request, struct error *err)
{
	const struct request_check *obstacle = alias_request_obstacle(request);

	if (!obstacle)
		return true;
	error_set(err, obstacle->refusal, _("cannot approve request %s"), request->queued.id);
	error_why(err, "%s: %s", request->queued.record.username, obstacle->detail);
	if (obstacle->refusal == ERROR_TEMPORARY)
		return error_fix(err, _("try again in a minute"));
	return error_fix(err, "postigo-admin reject %s --reason TEXT", request->queued.id);
}

static void copy_destinations(const struct request_record *record, struct arena *arena, struct string_list *ret_list)
{
	char canonical[EMAIL_ADDRESS_MAX + 1];

	for (size_t i = 0; i < record->destination_count; i++) {
		email_address_canonical(record->destinations[i], canonical);
		string_list_add(ret_list, arena, canonical);
	}
}

/* The entry that the store will hold when the request is granted; false when there will be none. */
static bool entry_after(const struct alias_session *session, const struct alias_request *request,
	struct alias_entry *ret_entry, struct arena *arena)
{
	const struct alias_context *context = session->context;
	const struct request_record *record = &request->queued.record;
	struct alias_entry entry = {.created = context->now, .note = "", .status = ALIAS_ACTIVE};

	if (record->op == REQUEST_REMOVE)
		return false;
	if (request->present)
		entry = *request->present;
	entry.updated = context->now;
	switch (record->op) {
	case REQUEST_PAUSE:
		if (entry.status == ALIAS_ACTIVE)
			entry.status = ALIAS_PAUSED;
		break;
	case REQUEST_RESUME: /* undoes the member's own pause, never an administrator's suspension */
		if (entry.status == ALIAS_PAUSED)
			entry.status = ALIAS_ACTIVE;
		break;
	case REQUEST_SET:
		entry.uid = record->uid;
		entry.username = record->username;
		entry.alias = request->alias;
		entry.keep_copy = record->keep_copy;
		entry.approved_by = context->actor->login;
		entry.request_id = request->queued.id;
		entry.source = "request";
		entry.destinations = (struct string_list)STRING_LIST_INIT;
		copy_destinations(record, arena, &entry.destinations);
		break;
	case REQUEST_REMOVE:
	case REQUEST_CONFIRM:
		break;
	}
	*ret_entry = entry;
	return true;
}

static const char *journal_op(enum request_op op)
{
	return op == REQUEST_SET ? "approve" : request_op_name(op);
}

static void describe(const struct alias_change *change, const struct alias_session *session, struct arena *arena,
	struct alias_decision *ret_decision)
{
	const struct alias_entry *shown = change->after ? change->after : NULL;

	*ret_decision = (struct alias_decision){
		.outcome = decision_outcome(change->op),
		.id = arena_strdup(arena, change->request_id),
		.username = arena_strdup(arena, change->username),
		.alias = member_alias(change->username, session->context->settings, arena),
		.op = change->op,
		.generation = session->desk.store.generation,
		.changed = change->before || change->after,
	};
	for (size_t i = 0; shown && i < shown->destinations.count; i++)
		string_list_add(&ret_decision->destinations, arena, shown->destinations.items[i]);
}

/* Commits the decision on a claimed request, publishes it, then archives the file: the last sign that something was left to do. */
static bool settle(struct alias_session *session, struct claim *claim, const struct alias_change *change,
	struct error *err)
{
	const struct queue_decision decision = {
		.outcome = decision_outcome(change->op),
		.actor = session->context->actor->login,
		.reason = change->reason,
		.at = session->context->now,
	};

	if (!alias_session_commit(session, change, err)) {
		/* Decided but not published: the claimed file stays claimed, as the next session's sign to publish. */
		if (err->code == ERROR_AFTER_LIVE)
			claim->held = false;
		return false;
	}
	claim->held = false;
	if (request_queue_archive(&session->desk.queue, &claim->request, &decision, err))
		return true;
	err->code = ERROR_AFTER_LIVE;
	return error_prefix(err, _("decided and stored, but not archived yet"));
}

static bool approve_in(struct alias_session *session, const char *id, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err)
{
	struct claim claim cleanup_claim = {.held = false};
	struct alias_request request = {0};
	struct alias_entry after;
	struct alias_change change;
	bool done;

	if (!claim_request(session, id, &claim, &request, err) || !refuse_obstacle(&request, err))
		return false;
	change = (struct alias_change){
		.op = journal_op(request.queued.record.op),
		.username = request.queued.record.username,
		.uid = request.queued.record.uid,
		.before = request.present,
		.request_id = request.queued.id,
		.reason = "",
	};
	if (entry_after(session, &request, &after, &session->arena))
		change.after = &after;
	done = settle(session, &claim, &change, err);
	if (done || err->code == ERROR_AFTER_LIVE)
		describe(&change, session, arena, ret_decision);
	return done;
}

bool alias_approve(const struct alias_context *context, const char *id, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;

	return alias_session_open(&session, context, err) && approve_in(&session, id, arena, ret_decision, err);
}

/* A reason reaches the member and the journal: it must say something, fit, and be harmless on a terminal. */
static bool check_reason(const char *reason, struct error *err)
{
	if (reason[strspn(reason, " \t\r\n")] == '\0') {
		error_set(err, ERROR_USAGE, _("the reason is empty"));
		error_why(err, _("the member will read it"));
	} else if (strlen(reason) > ALIAS_TEXT_MAX) {
		error_set(err, ERROR_USAGE, _("the reason is longer than %d bytes"), ALIAS_TEXT_MAX);
	} else if (!printable_is_clean(reason)) {
		error_set(err, ERROR_USAGE, _("the reason holds control characters or is not UTF-8"));
	} else {
		return true;
	}
	error_field(err, "reason");
	return error_fix(err, "--reason \"%s\"", _("please use your own address"));
}

bool alias_reject(const struct alias_context *context, const char *id, const char *reason, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;
	struct claim claim cleanup_claim = {.held = false};
	struct alias_request request = {0};
	struct alias_change change = {.op = "reject", .reason = reason};
	bool done;

	if (!check_reason(reason, err) || !alias_session_open(&session, context, err) ||
		!claim_request(&session, id, &claim, &request, err))
		return false;
	change.username = request.queued.record.username;
	change.uid = request.queued.record.uid;
	change.request_id = request.queued.id;
	done = settle(&session, &claim, &change, err);
	if (done || err->code == ERROR_AFTER_LIVE)
		describe(&change, &session, arena, ret_decision);
	return done;
}

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

bool alias_revoke(const struct alias_context *context, const char *username, const char *reason, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;
	struct alias_entry entry;
	struct alias_change change = {.op = "revoke", .username = username, .request_id = "", .reason = reason};
	bool done;

	if (!check_reason(reason, err) || !alias_session_open(&session, context, err) ||
		!find_entry(&session, username, &entry, err))
		return false;
	change.uid = entry.uid;
	change.before = &entry;
	done = alias_session_commit(&session, &change, err);
	if (done || err->code == ERROR_AFTER_LIVE)
		describe(&change, &session, arena, ret_decision);
	return done;
}

/* What becomes of one file of the queue without anybody's approval. */
static bool housekeep_one(struct alias_session *session, const struct queued_request *queued, struct arena *arena,
	struct alias_housekeeping *done, struct error *err)
{
	const char *state_id = queued->code == QUEUE_GOOD && queued->record.op != REQUEST_SET ? queued->id : NULL;

	if (state_id) {
		if (approve_in(session, state_id, arena, &done->decisions[done->decision_count], err))
			done->decision_count++;
		else if (err->code == ERROR_RULE || err->code == ERROR_NOTHING_PENDING || err->code == ERROR_CHANGED)
			done->left++;
		else
			return false;
	} else if (queue_code_is_quarantined(queued->code) && !queued->young) {
		if (!request_queue_quarantine(&session->desk.queue, queued, err))
			return false;
		done->quarantined[done->quarantine_count++] = queued;
	} else {
		done->left++;
	}
	return true;
}

bool alias_housekeep(const struct alias_context *context, struct arena *arena, struct alias_housekeeping *ret_done,
	struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;
	struct alias_housekeeping done = {0};
	struct queued_request *queued;
	size_t count;
	bool truncated;

	if (!alias_session_open(&session, context, err) ||
		!request_queue_list(&session.desk.queue, arena, &queued, &count, &truncated, err))
		return false;
	done.decisions = arena_alloc_array(arena, count, sizeof(*done.decisions));
	done.quarantined = arena_alloc_array(arena, count, sizeof(struct queued_request *));
	for (size_t i = 0; i < count; i++) {
		if (!housekeep_one(&session, &queued[i], arena, &done, err))
			return false;
	}
	*ret_done = done;
	return true;
}
