#include "service/alias_approval.h"

#include "base/message.h"
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

/* Nothing of it is understood, not even whose it says it is: it waits for the program that does. */
static bool too_new(const char *id, struct error *err)
{
	error_set(err, ERROR_RULE, _("request %s needs a newer postigo"), id);
	return error_why(err, _("its file has a format that this version does not know; it is left in place"));
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
	if (claim->request.code == QUEUE_FORMAT_NEWER)
		return too_new(id, err);
	return alias_request_examine(session->context, &desk->store, &claim->request, &session->arena, ret_request, err);
}

/* A file of an account that is gone, or has another name now, can never be granted to whoever has the uid today. */
static bool refuse_other_account(struct claim *claim, const struct alias_request *request, struct error *err)
{
	if (alias_request_is_of_account(request))
		return true;
	claim->request.code = QUEUE_ACCOUNT;
	claim->request.detail = request->account.name ? request->account.name : "";
	return set_aside(claim, err);
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

/* One approval under way. */
struct approval {
	struct alias_session *session;
	struct claim *claim;
	struct alias_request request;
	const char *approver;
	bool was_awaited; /* a confirmation stands in work/confirm */
	struct arena *arena; /* of the caller, for what is told */
};

/* The entry that the store will hold when the request is granted; false when there will be none. */
static bool entry_after(const struct approval *approval, struct alias_entry *ret_entry, struct arena *arena)
{
	const struct alias_context *context = approval->session->context;
	const struct alias_request *request = &approval->request;
	const struct request_record *record = &request->queued.record;
	struct alias_entry entry = {.created = context->now, .note = "", .status = ALIAS_ACTIVE};

	if (record->op == REQUEST_REMOVE)
		return false;
	if (request->present)
		entry = *request->present;
	entry.updated = context->now;
	entry.orphaned = 0; /* the account has just been looked up */
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
		entry.approved_by = approval->approver;
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
	bool done;

	session->wish = &claim->request.record;
	done = alias_session_commit(session, change, err);
	session->wish = NULL;
	if (!done) {
		/* Decided but not published, or only the next session can tell whether it was decided: the claimed file stays claimed, as its sign to look. */
		if (err->code == ERROR_AFTER_LIVE || session->desk.store.failed)
			claim->held = false;
		return false;
	}
	claim->held = false;
	if (request_queue_archive(&session->desk.queue, &claim->request, &decision, err))
		return true;
	err->code = ERROR_AFTER_LIVE;
	return error_prefix(err, _("decided and stored, but not archived yet"));
}

static struct alias_change change_of(const struct approval *approval, const char *op)
{
	const struct alias_request *request = &approval->request;

	return (struct alias_change){
		.op = op,
		.username = request->queued.record.username,
		.uid = request->queued.record.uid,
		.request_id = request->queued.id,
		.reason = "",
	};
}

static bool conclude(const struct approval *approval, const struct alias_change *change,
	struct alias_decision *ret_decision, struct error *err)
{
	struct alias_session *session = approval->session;
	bool done = settle(session, approval->claim, change, err);

	if (done || err->code == ERROR_AFTER_LIVE)
		alias_decision_of(change, session->context, session->desk.store.generation, approval->arena, ret_decision);
	return done;
}

static bool grant(const struct approval *approval, struct alias_decision *ret_decision, struct error *err)
{
	struct alias_session *session = approval->session;
	struct alias_change change = change_of(approval, journal_op(approval->request.queued.record.op));
	struct alias_entry after;

	change.before = approval->request.present;
	if (entry_after(approval, &after, &session->arena))
		change.after = &after;
	if (!conclude(approval, &change, ret_decision, err))
		return false;
	if (!approval->was_awaited || confirmation_remove(session->context->state_directory, change.uid, err))
		return true;
	err->code = ERROR_AFTER_LIVE;
	return error_prefix(err, _("decided and stored, but not tidied up"));
}

/* A token proves something, and changes no alias by itself: the request that it belongs to is granted when none is missing. */
static bool take_token(const struct approval *approval, struct alias_decision *ret_decision, struct error *err)
{
	const struct alias_context *context = approval->session->context;
	const struct alias_change change = change_of(approval, "confirm");
	struct token_judgement judgement;

	if (!alias_confirmation_judge(context, &approval->request.queued.record, &approval->session->arena, &judgement, err))
		return false;
	if (judgement.verdict != TOKEN_GOOD)
		return error_set(err, ERROR_BUG, "%s", token_verdict_reason(judgement.verdict)); /* an obstacle before */
	return confirmation_write(context->state_directory, &judgement.confirmation, err) &&
	       conclude(approval, &change, ret_decision, err);
}

/*
 * Puts the request back and tells the member what it waits for. In this order: after a crash at any point the request waits in the queue, and approving it again
 * begins anew.
 */
static bool await_confirmation(const struct approval *approval, struct alias_decision *ret_decision, struct error *err)
{
	struct alias_session *session = approval->session;
	const struct alias_change change = change_of(approval, "await-confirmation");
	struct claim *claim = approval->claim;
	bool done;

	if (!request_queue_return(claim->queue, &claim->request, err))
		return false;
	claim->held = false;
	if (!alias_confirmation_begin(session->context, &approval->request, &session->letters, err))
		return false;
	session->wish = &claim->request.record;
	done = alias_session_commit(session, &change, err);
	session->wish = NULL;
	if (done || err->code == ERROR_AFTER_LIVE)
		alias_decision_of(&change, session->context, session->desk.store.generation, approval->arena, ret_decision);
	return done;
}

/* Whether every destination that is new is confirmed; then the approver is who approved it before. */
static bool find_approver(struct approval *approval, bool *ret_confirmed, struct error *err)
{
	const struct alias_context *context = approval->session->context;
	const struct queued_request *queued = &approval->request.queued;
	struct confirmation confirmation;

	*ret_confirmed = !alias_confirmation_is_needed(context, &approval->request);
	if (*ret_confirmed)
		return true;
	switch (alias_confirmation_find(context, queued->uid, queued->id, &approval->session->arena, &confirmation, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FOUND:
		break;
	}
	*ret_confirmed = alias_confirmation_is_complete(&confirmation);
	approval->was_awaited = true;
	approval->approver = confirmation.approved_by;
	return true;
}

bool alias_approve_in(struct alias_session *session, const char *id, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err)
{
	struct claim claim cleanup_claim = {.held = false};
	struct approval approval = {
		.session = session,
		.claim = &claim,
		.approver = session->context->actor->login,
		.arena = arena,
	};
	bool confirmed = true;

	if (!claim_request(session, id, &claim, &approval.request, err) ||
		!refuse_other_account(&claim, &approval.request, err) || !refuse_obstacle(&approval.request, err))
		return false;
	if (approval.request.queued.record.op == REQUEST_CONFIRM)
		return take_token(&approval, ret_decision, err);
	if (!find_approver(&approval, &confirmed, err))
		return false;
	return confirmed ? grant(&approval, ret_decision, err) : await_confirmation(&approval, ret_decision, err);
}

/* Decides, and takes out what is to be mailed when the lock is released: a mail system that is slow keeps nobody waiting. */
static bool approve_now(const struct alias_context *context, const char *id, struct arena *arena,
	struct alias_decision *ret_decision, struct confirmation_letters *ret_letters, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;
	bool done = alias_session_open(&session, context, err) && alias_approve_in(&session, id, arena, ret_decision, err);

	*ret_letters = session.letters;
	return done;
}

bool alias_approve(const struct alias_context *context, const char *id, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err)
{
	struct confirmation_letters letters = {.count = 0};
	bool done = approve_now(context, id, arena, ret_decision, &letters, err);
	struct error failure;

	if (letters.count == 0 || (!done && err->code != ERROR_AFTER_LIVE) ||
		alias_confirmation_mail(context, ret_decision->alias, &letters, &failure))
		return done;
	*err = failure;
	return false;
}

bool alias_dismiss_in(struct alias_session *session, const char *id, const struct alias_dismissal *dismissal,
	struct arena *arena, struct alias_decision *ret_decision, struct error *err)
{
	struct claim claim cleanup_claim = {.held = false};
	struct alias_request request = {0};
	struct alias_change change = {.op = dismissal->op, .reason = dismissal->reason};
	bool done;

	if (!claim_request(session, id, &claim, &request, err) ||
		(!dismissal->any_account && !refuse_other_account(&claim, &request, err)))
		return false;
	change.username = request.queued.record.username;
	change.uid = request.queued.record.uid;
	change.request_id = request.queued.id;
	done = settle(session, &claim, &change, err);
	if (done || err->code == ERROR_AFTER_LIVE)
		alias_decision_of(&change, session->context, session->desk.store.generation, arena, ret_decision);
	return done;
}

bool alias_reject(const struct alias_context *context, const char *id, const char *reason, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err)
{
	const struct alias_dismissal dismissal = {.op = "reject", .reason = reason};
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;

	return alias_reason_check(reason, err) && alias_session_open(&session, context, err) &&
	       alias_dismiss_in(&session, id, &dismissal, arena, ret_decision, err);
}
