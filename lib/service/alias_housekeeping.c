#include "service/alias_housekeeping.h"

#include "base/message.h"
#include "service/alias_approval.h"
#include "service/alias_member.h"
#include "service/alias_session.h"
#include "service/member_status_repair.h"
#include "storage/left_over.h"
#include "storage/member_status.h"
#include "system/atomic_batch.h"

#include <string.h>

/* One run: what is worked with, and what came of it. */
struct run {
	struct alias_session *session;
	struct arena *arena;
	bool dry_run;
	enum token_verdict token; /* of the request that is judged */
	struct alias_housekeeping done;
};

/* ---------------------------------------------------------------- the queue */

/* What becomes of one file of the queue without anybody's approval. */
enum fate {
	FATE_LEAVE,
	FATE_APPLY,	/* the member may do this without approval */
	FATE_REJECT,	/* nobody decided in time */
	FATE_REFUSE,	/* a token that fits nothing */
	FATE_DISMISS,	/* its alias is gone: left where it is, it would hit the next one */
	FATE_SET_ASIDE, /* it can never become a request */
};

static bool is_expired(const struct run *run, const struct queued_request *queued)
{
	const struct alias_context *context = run->session->context;

	return context->now - queued->received > context->settings->policy.pending_ttl;
}

/* A member may do without approval what is no new destination, and what an administrator approved before is granted when it is confirmed. */
static bool is_free(const struct run *run, const struct queued_request *queued)
{
	const struct alias_context *context = run->session->context;
	struct confirmation confirmation;
	struct error ignored; /* an approval would meet it again, and tell */

	if (queued->code != QUEUE_GOOD)
		return false;
	if (queued->record.op != REQUEST_SET)
		return true;
	return context->settings->policy.confirm_destination &&
	       alias_confirmation_find(context, queued->uid, queued->id, run->arena, &confirmation, &ignored) == LOOKUP_FOUND &&
	       alias_confirmation_is_complete(&confirmation);
}

/* Reads accounts only where the file itself is in order; "unknown" leaves it. */
static enum fate judge(struct run *run, struct queued_request *queued)
{
	if (queue_code_is_quarantined(queued->code))
		return queued->young ? FATE_LEAVE : FATE_SET_ASIDE;
	if (queued->code != QUEUE_GOOD && queued->code != QUEUE_DESTINATION)
		return FATE_LEAVE;
	switch (member_identify(run->session->context->accounts, queued->uid, queued->record.username)) {
	case MEMBER_IS_SAME:
		break;
	case MEMBER_IS_OTHER:
	case MEMBER_IS_GONE:
		queued->code = QUEUE_ACCOUNT;
		return FATE_SET_ASIDE;
	case MEMBER_IS_UNKNOWN:
		run->done.accounts_unknown = true;
		return FATE_LEAVE;
	}
	if (is_expired(run, queued))
		return FATE_REJECT;
	return is_free(run, queued) ? FATE_APPLY : FATE_LEAVE;
}

static bool judge_token(struct run *run, const struct queued_request *queued, enum fate *fate, struct error *err)
{
	struct token_judgement judgement;

	if (!alias_confirmation_judge(run->session->context, &queued->record, run->arena, &judgement, err))
		return false;
	run->token = judgement.verdict;
	if (run->token != TOKEN_GOOD)
		*fate = FATE_REFUSE;
	return true;
}

/* What a member wishes for an alias that an administrator took away meanwhile can never be done. */
static bool judge_wish(struct run *run, const struct queued_request *queued, enum fate *fate, struct error *err)
{
	struct alias_entry entry;

	if (*fate != FATE_APPLY || queued->record.op == REQUEST_SET)
		return true;
	if (queued->record.op == REQUEST_CONFIRM)
		return judge_token(run, queued, fate, err);
	switch (alias_store_find(&run->session->desk.store, queued->record.username, run->arena, &entry, err)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_NOT_FOUND:
		*fate = FATE_DISMISS;
		return true;
	case LOOKUP_FAILED:
		break;
	}
	return false;
}

/* What a run without dry_run would decide, told without deciding it. */
static void foresee(const struct run *run, const struct queued_request *queued, const char *op,
	struct alias_decision *ret_decision)
{
	const struct alias_change change = {
		.op = op, .username = queued->record.username, .uid = queued->uid, .request_id = queued->id};

	alias_decision_of(&change, run->session->context, run->session->desk.store.generation, run->arena, ret_decision);
}

static bool decide(struct run *run, const struct queued_request *queued, enum fate fate,
	struct alias_decision *ret_decision, struct error *err)
{
	/* Not "reject": nobody has judged the member, who may ask again at once. */
	const struct alias_dismissal dismissal = {
		.op = fate == FATE_REFUSE ? "refuse" : "lapse",
		.reason = fate == FATE_DISMISS ? "no alias" : fate == FATE_REFUSE ? token_verdict_reason(run->token) : "expired",
	};

	if (run->dry_run) {
		foresee(run, queued, fate == FATE_APPLY ? request_op_name(queued->record.op) : dismissal.op, ret_decision);
		return true;
	}
	if (fate != FATE_APPLY)
		return alias_dismiss_in(run->session, queued->id, &dismissal, run->arena, ret_decision, err);
	return alias_approve_in(run->session, queued->id, run->arena, ret_decision, err);
}

/* A refusal, or a member who was faster, leaves the request to the next run. */
static bool may_go_on(struct run *run, const struct error *err)
{
	if (err->code == ERROR_TEMPORARY)
		run->done.accounts_unknown = true;
	return err->code == ERROR_TEMPORARY || err->code == ERROR_RULE || err->code == ERROR_NOTHING_PENDING ||
	       err->code == ERROR_CHANGED;
}

static bool tidy_request(struct run *run, struct queued_request *queued, struct error *err)
{
	struct alias_housekeeping *done = &run->done;
	struct alias_decision *decision = &done->decisions.items[done->decisions.count];
	enum fate fate = judge(run, queued);

	if (!judge_wish(run, queued, &fate, err))
		return false;
	switch (fate) {
	case FATE_LEAVE:
		done->left++;
		return true;
	case FATE_SET_ASIDE:
		if (!run->dry_run && !request_queue_quarantine(&run->session->desk.queue, queued, err))
			return false;
		done->set_aside[done->set_aside_count++] = (struct set_aside){queued->file, queued->code};
		return true;
	case FATE_APPLY:
	case FATE_REJECT:
	case FATE_REFUSE:
	case FATE_DISMISS:
		break;
	}
	if (decide(run, queued, fate, decision, err)) {
		done->decisions.count++;
		return true;
	}
	if (err->code == ERROR_AFTER_LIVE)
		done->decisions.count++;
	done->left++;
	return may_go_on(run, err);
}

/* Those that hand in a token, or all others. */
static bool tidy_requests(struct run *run, struct queued_request *queued, size_t count, bool tokens, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		if ((queued[i].record.op == REQUEST_CONFIRM) == tokens && !tidy_request(run, &queued[i], err))
			return false;
	}
	return true;
}

static bool tidy_queue(struct run *run, struct error *err)
{
	const struct alias_context *context = run->session->context;
	const struct request_queue *queue = &run->session->desk.queue;
	struct queued_request *queued;
	bool truncated;
	size_t count;

	if (!request_queue_list(queue, run->arena, &queued, &count, &truncated, err))
		return false;
	run->done.decisions.items = arena_alloc_array(run->arena, count + 1, sizeof(*run->done.decisions.items));
	run->done.set_aside = arena_alloc_array(run->arena, count + 1, sizeof(*run->done.set_aside));
	/* A token first: it may be the last that a request waits for. */
	if (!tidy_requests(run, queued, count, true, err) || !tidy_requests(run, queued, count, false, err))
		return false;
	return request_queue_sweep(queue, !run->dry_run, &run->done.temporaries, err) &&
	       request_queue_prune(queue, context->now - context->settings->policy.archive_keep, !run->dry_run,
		       &run->done.archived, err) &&
	       request_queue_quarantined(queue, &run->done.quarantine, err);
}

/* ---------------------------------------------------------------- the store */

static void append_decisions(struct run *run, const struct alias_decision_list *more)
{
	struct alias_decision_list *all = &run->done.decisions;
	struct alias_decision *items = arena_alloc_array(run->arena, all->count + more->count + 1, sizeof(*items));

	for (size_t i = 0; i < all->count; i++)
		items[i] = all->items[i];
	for (size_t i = 0; i < more->count; i++)
		items[all->count + i] = more->items[i];
	all->items = items;
	all->count += more->count;
}

static bool expire(struct run *run, struct error *err)
{
	struct alias_decision_list expired = {.items = NULL};
	bool done = alias_expire_in(run->session, run->dry_run, run->arena, &expired, err);

	append_decisions(run, &expired);
	return done;
}

static bool tidy_orphans(struct run *run, struct error *err)
{
	struct alias_orphans *orphans = &run->done.orphans;
	bool done = alias_orphans_tidy(run->session, run->dry_run, run->arena, orphans, err);

	append_decisions(run, &orphans->decisions);
	run->done.accounts_unknown |= orphans->accounts_unknown;
	return done;
}

/* ---------------------------------------------------------------- status files */

/* Whether the alias of the former owner still stands: then its status, which nobody can read, may stay with it. */
static bool has_entry(struct run *run, const struct status_file *status, struct arena *arena, bool *ret_has,
	struct error *err)
{
	struct alias_entry entry;

	switch (alias_store_find(&run->session->desk.store, status->username, arena, &entry, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		*ret_has = false;
		return true;
	case LOOKUP_FOUND:
		break;
	}
	*ret_has = entry.uid == status->uid;
	return true;
}

static bool is_stale(struct run *run, const struct status_file *status, struct arena *arena, bool *ret_stale,
	struct error *err)
{
	bool stands = true;

	*ret_stale = false;
	switch (member_identify(run->session->context->accounts, status->uid, status->username)) {
	case MEMBER_IS_SAME:
		return true;
	case MEMBER_IS_UNKNOWN:
		run->done.accounts_unknown = true;
		return true;
	case MEMBER_IS_OTHER: /* who has the uid now could read it */
		*ret_stale = true;
		return true;
	case MEMBER_IS_GONE:
		break;
	}
	if (!has_entry(run, status, arena, &stands, err))
		return false;
	*ret_stale = !stands;
	return true;
}

static bool tidy_status(struct run *run, uid_t uid, struct atomic_batch *batch, struct error *err)
{
	const char *directory = run->session->context->state_directory;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct status_file status;
	struct error damaged;
	bool stale;

	if (member_status_read(directory, uid, &arena, &status, &damaged) != LOOKUP_FOUND || status.uid != uid)
		return true;
	if (!is_stale(run, &status, &arena, &stale, err))
		return false;
	if (!stale)
		return true;
	string_list_add(&run->done.stale, run->arena, arena_printf(&arena, "%u.json", uid));
	return run->dry_run || member_status_stage_removal(batch, uid, err);
}

static bool tidy_statuses(struct run *run, struct error *err)
{
	const char *directory = run->session->context->state_directory;
	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;
	struct member_status_list list = {.count = 0};

	if (!member_status_list(directory, run->arena, &list, err) || !member_status_batch_begin(&batch, directory, err))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		if (!tidy_status(run, list.uids[i], &batch, err))
			return false;
	}
	return atomic_batch_settle(&batch, err);
}

static bool tidy_temporaries(struct run *run, struct error *err)
{
	const struct alias_context *context = run->session->context;
	size_t count;

	if (!left_over_sweep(context->state_directory, context->now, !run->dry_run, &count, err))
		return false;
	run->done.temporaries += count;
	return true;
}

/* ---------------------------------------------------------------- all */

bool alias_housekeep(const struct alias_context *context, bool dry_run, struct arena *arena,
	struct alias_housekeeping *ret_done, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;
	struct run run = {.session = &session, .arena = arena, .dry_run = dry_run};
	struct account_snapshot accounts = {0};
	struct alias_context own = *context;
	bool done;

	own.accounts = &accounts;
	session.context = &own;
	*ret_done = run.done;
	if (!(dry_run ? request_desk_open(&session.desk, &own, ALIAS_STORE_READ, err)
		      : alias_session_open(&session, &own, err)))
		return false;
	account_snapshot_take(own.settings->members.group, arena, &accounts);
	done = tidy_queue(&run, err) && tidy_temporaries(&run, err) && expire(&run, err) && tidy_orphans(&run, err) &&
	       tidy_statuses(&run, err) &&
	       member_status_repair(&own, &session.desk.store, dry_run, &run.done.repaired, err);
	*ret_done = run.done;
	return done;
}
