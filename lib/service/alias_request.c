#include "service/alias_request.h"

#include "base/clock.h"
#include "base/message.h"
#include "format/destination_policy.h"
#include "format/domain_name.h"
#include "format/email_fault.h"
#include "service/alias_confirmation.h"
#include "storage/member_status.h"

#include <stdio.h>
#include <string.h>

bool request_desk_open(struct request_desk *desk, const struct alias_context *context, enum alias_store_mode mode,
	struct error *err)
{
	if (!alias_store_open(&desk->store, context->state_directory, mode, err) ||
		!request_queue_open(&desk->queue, context->state_directory, context->now, err))
		return false;
	desk->queue.watch = context->watch;
	return true;
}

void request_desk_close(struct request_desk *desk)
{
	request_queue_close(&desk->queue);
	alias_store_close(&desk->store);
}

void alias_request_add_check(struct alias_request *request, const char *code, enum error_code refusal,
	const char *detail)
{
	if (request->check_count < REQUEST_CHECKS_MAX)
		request->checks[request->check_count++] =
			(struct request_check){.code = code, .detail = detail, .refusal = refusal};
}

/* Everything that the file itself says against it. */
static void check_file(struct alias_request *request, struct arena *arena)
{
	const struct queued_request *queued = &request->queued;

	if (queued->code == QUEUE_GOOD)
		return;
	if (queued->young && queue_code_is_quarantined(queued->code)) {
		alias_request_add_check(request, "unsettled", ERROR_TEMPORARY, _("is still being written"));
		return;
	}
	alias_request_add_check(request, queued->code == QUEUE_DESTINATION ? "destination" : queue_code_name(queued->code), ERROR_RULE,
		*queued->detail ? arena_printf(arena, "%s: %s", queue_code_text(queued->code), queued->detail)
				: queue_code_text(queued->code));
}

static void check_account(const struct alias_context *context, struct alias_request *request, struct arena *arena)
{
	const struct request_record *record = &request->queued.record;

	if (request->verdict == MEMBER_UNKNOWN)
		return;
	if (request->verdict != MEMBER_ABSENT && strcmp(request->account.name, record->username) != 0)
		alias_request_add_check(request, "account-changed", ERROR_RULE,
			arena_printf(arena, _("user id %u belongs to %s now"), record->uid, request->account.name));
	else if (request->verdict == MEMBER_NOT_IN_GROUP)
		alias_request_add_check(request, "ineligible", ERROR_RULE,
			arena_printf(arena, _("is not in group %s"), context->settings->members.group));
	else if (request->verdict != MEMBER_ELIGIBLE)
		alias_request_add_check(request, "ineligible", ERROR_RULE, member_verdict_text(request->verdict));
	if (request->present && request->present->uid != record->uid)
		alias_request_add_check(request, "other-account", ERROR_RULE,
			arena_printf(arena, _("the alias in the store belongs to an earlier account, user id %u"),
				request->present->uid));
}

static void check_destination(const struct alias_context *context, struct alias_request *request,
	const char *destination, struct arena *arena)
{
	const char *domain = email_address_domain(destination);
	const char *unicode = domain_name_unicode(domain, arena);

	enum destination_verdict verdict = destination_judge(destination, request->alias, context->settings);

	if (verdict != DESTINATION_ALLOWED)
		alias_request_add_check(request, destination_verdict_code(verdict), ERROR_RULE,
			arena_printf(arena, "%s: %s", destination, destination_verdict_text(verdict)));
	if (unicode)
		alias_request_add_check(request, "idn", ERROR_NONE, arena_printf(arena, _("reads %s"), unicode));
	if (unicode && domain_name_mixes_scripts(unicode))
		alias_request_add_check(request, "idn-mixed", ERROR_NONE,
			arena_printf(arena, _("%s mixes letters of several scripts"), unicode));
}

static void check_wish(const struct alias_context *context, struct alias_request *request, struct arena *arena)
{
	const struct request_record *record = &request->queued.record;
	const struct policy_settings *policy = &context->settings->policy;

	if (record->op != REQUEST_SET) {
		if (!request->present && record->op != REQUEST_CONFIRM)
			alias_request_add_check(request, "no-alias", ERROR_RULE, _("has no alias to change"));
		return;
	}
	if ((int64_t)record->destination_count > policy->max_destinations)
		alias_request_add_check(request, "too-many", ERROR_RULE,
			arena_printf(arena, _("asks for %zu destinations, %lld are allowed"),
				record->destination_count, (long long)policy->max_destinations));
	if (record->keep_copy && !policy->keep_copy)
		alias_request_add_check(request, "keep-copy", ERROR_RULE, _("asks to keep a copy, which is not allowed here"));
	for (size_t i = 0; i < record->destination_count; i++)
		check_destination(context, request, record->destinations[i], arena);
	if (request->present)
		alias_request_add_check(request, "replaces", ERROR_NONE,
			arena_printf(arena, _("replaces %s"),
				string_list_join(&request->present->destinations, arena, ", ")));
}

/*
 * The name must be this account's alone: a second line in passwd may give it to a system account,
 * whose mail the alias would take. A sync does not look, see map_rails.h.
 */
static void check_name(const struct alias_context *context, struct alias_request *request, struct arena *arena)
{
	const struct request_record *record = &request->queued.record;
	struct account account;
	struct error outage;

	switch (account_snapshot_by_name(context->accounts, record->username, arena, &account, &outage)) {
	case LOOKUP_FAILED:
		alias_request_add_check(request, "account-unknown", ERROR_TEMPORARY, _("the account database does not answer"));
		return;
	case LOOKUP_NOT_FOUND:
		return;
	case LOOKUP_FOUND:
		break;
	}
	if (account.uid == record->uid)
		return;
	if ((int64_t)account.uid < context->settings->members.uid_min)
		alias_request_add_check(request, "clash-local", ERROR_RULE,
			arena_printf(arena, _("%s is also a system account, user id %u"), account.name,
				(unsigned)account.uid));
	else
		alias_request_add_check(request, "clash-local", ERROR_RULE,
			arena_printf(arena, _("%s is also the name of user id %u"), account.name,
				(unsigned)account.uid));
}

/* Q16, for what got past the member's side: to be known, not to be refused for. */
static void check_rate(const struct alias_context *context, struct alias_request *request,
	const struct status_file *status, struct arena *arena)
{
	int64_t allowed = context->settings->policy.max_requests_per_day;
	int64_t made = status_file_requests_since(status, request->queued.received - SECONDS_PER_DAY) + 1;

	if (allowed > 0 && made > allowed && request->queued.record.op == REQUEST_SET)
		alias_request_add_check(request, "too-often", ERROR_NONE,
			arena_printf(arena, _("is request %lld within 24 hours, %lld are allowed"), (long long)made,
				(long long)allowed));
}

static bool check_time(const struct alias_context *context, struct alias_request *request, struct arena *arena,
	struct error *err)
{
	struct status_file status;

	if (context->now - request->queued.received > context->settings->policy.pending_ttl)
		alias_request_add_check(request, "expired", ERROR_NONE, _("has waited longer than requests are kept"));
	switch (member_status_read(context->state_directory, request->queued.uid, arena, &status, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FOUND:
		break;
	}
	check_rate(context, request, &status, arena);
	if (status.cooldown_until > request->queued.received)
		alias_request_add_check(request, "cooldown", ERROR_NONE, _("came sooner after a rejection than is allowed"));
	return true;
}

/* What a token that is handed in is worth. */
static bool check_token(const struct alias_context *context, struct alias_request *request, struct arena *arena,
	struct error *err)
{
	struct token_judgement judgement;

	if (request->queued.record.op != REQUEST_CONFIRM)
		return true;
	if (!alias_confirmation_judge(context, &request->queued.record, arena, &judgement, err))
		return false;
	if (judgement.verdict != TOKEN_GOOD)
		alias_request_add_check(request, "token", ERROR_RULE, token_verdict_reason(judgement.verdict));
	return true;
}

/* What is awaited of the member. */
static bool check_confirmation(const struct alias_context *context, struct alias_request *request, struct arena *arena,
	struct error *err)
{
	const struct request_record *record = &request->queued.record;
	struct confirmation confirmation;

	if (!alias_confirmation_is_needed(context, request))
		return true;
	switch (alias_confirmation_find(context, record->uid, request->queued.id, arena, &confirmation, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		break;
	case LOOKUP_FOUND:
		if (alias_confirmation_is_complete(&confirmation))
			alias_request_add_check(request, "confirmed", ERROR_NONE, _("the destination is confirmed"));
		else
			alias_request_add_check(request, "unconfirmed", ERROR_NONE,
				arena_printf(arena, _("approved by %s, waits for the destination's confirmation"),
					confirmation.approved_by));
		break;
	}
	return true;
}

static bool find_present(const struct alias_store *store, struct alias_request *request, struct arena *arena,
	struct error *err)
{
	struct alias_entry *entry = arena_alloc(arena, sizeof(*entry));

	switch (alias_store_find(store, request->queued.record.username, arena, entry, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FOUND:
		request->present = entry;
		return true;
	}
	return true;
}

/* An outage of the account database must not hide the queue: it is a mark on each request, and refuses only deciding. */
static bool judge_owner(const struct alias_context *context, struct alias_request *request, struct arena *arena,
	struct error *err)
{
	const struct member_rules rules = {.settings = context->settings, .accounts = context->accounts};
	struct error outage;

	if (member_judge(request->queued.uid, &rules, arena, &request->verdict, &request->account, &outage))
		return true;
	if (outage.code != ERROR_TEMPORARY) {
		*err = outage;
		return false;
	}
	request->verdict = MEMBER_UNKNOWN;
	alias_request_add_check(request, "account-unknown", ERROR_TEMPORARY, _("the account database does not answer"));
	return true;
}

bool alias_request_examine(const struct alias_context *context, const struct alias_store *store,
	const struct queued_request *queued, struct arena *arena, struct alias_request *ret_request, struct error *err)
{
	struct alias_request request = {.queued = *queued, .alias = ""};

	check_file(&request, arena);
	if (!judge_owner(context, &request, arena, err))
		return false;
	if (queued->code == QUEUE_GOOD || queued->code == QUEUE_DESTINATION) {
		request.alias = member_alias(queued->record.username, context->settings, arena);
		if (!find_present(store, &request, arena, err))
			return false;
		check_account(context, &request, arena);
		if (request.verdict == MEMBER_ELIGIBLE)
			check_name(context, &request, arena);
	}
	if (queued->code == QUEUE_GOOD) {
		check_wish(context, &request, arena);
		if (!check_time(context, &request, arena, err) || !check_token(context, &request, arena, err) ||
			!check_confirmation(context, &request, arena, err))
			return false;
	}
	*ret_request = request;
	return true;
}

bool alias_request_is_of_account(const struct alias_request *request)
{
	if (request->verdict == MEMBER_UNKNOWN)
		return true;
	return request->verdict != MEMBER_ABSENT &&
	       strcmp(request->account.name, request->queued.record.username) == 0;
}

const struct request_check *alias_request_obstacle(const struct alias_request *request)
{
	for (size_t i = 0; i < request->check_count; i++) {
		if (request->checks[i].refusal != ERROR_NONE)
			return &request->checks[i];
	}
	return NULL;
}

bool alias_request_list(const struct alias_context *context, const struct request_desk *desk, struct arena *arena,
	struct alias_request_page *ret_page, struct error *err)
{
	struct alias_request_page page;
	struct queued_request *queued;

	if (!request_queue_list(&desk->queue, arena, &queued, &page.count, &page.truncated, err))
		return false;
	page.requests = arena_alloc_array(arena, page.count, sizeof(*page.requests));
	for (size_t i = 0; i < page.count; i++) {
		if (!alias_request_examine(context, &desk->store, &queued[i], arena, &page.requests[i], err))
			return false;
	}
	*ret_page = page;
	return true;
}

/* Reads what `uid` has waiting, of one kind or, failing that, the other; prefers the one with `id`. */
static enum lookup_result read_waiting(const struct request_queue *queue, uid_t uid, const char *id,
	struct arena *arena, struct queued_request *ret_queued, struct error *err)
{
	static const enum request_kind kinds[] = {REQUEST_ALIAS, REQUEST_ALIAS_STATE};
	enum lookup_result answer = LOOKUP_NOT_FOUND;

	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		struct queued_request queued;
		enum lookup_result result = request_queue_read(queue, uid, kinds[i], arena, &queued, err);

		if (result == LOOKUP_FAILED)
			return LOOKUP_FAILED;
		if (result == LOOKUP_NOT_FOUND)
			continue;
		if (answer == LOOKUP_NOT_FOUND || strcmp(queued.id, id) == 0)
			*ret_queued = queued;
		answer = LOOKUP_FOUND;
	}
	return answer;
}

/* Turns an id or a name into the uid whose slots are meant; `ret_id` is "" for a name. */
static enum lookup_result resolve(const char *id_or_user, struct arena *arena, uid_t *ret_uid, const char **ret_id,
	struct error *err)
{
	struct account account;
	uint32_t uid;

	if (request_id_parse(id_or_user, &uid)) {
		*ret_uid = uid;
		*ret_id = id_or_user;
		return LOOKUP_FOUND;
	}
	switch (account_by_name(id_or_user, arena, &account, err)) {
	case LOOKUP_FAILED:
		return LOOKUP_FAILED;
	case LOOKUP_NOT_FOUND:
		error_set(err, ERROR_NOT_FOUND, _("\"%s\" is neither a request id nor a user of this server"), id_or_user);
		error_fix(err, "postigo-admin pending");
		return LOOKUP_NOT_FOUND;
	case LOOKUP_FOUND:
		break;
	}
	*ret_uid = account.uid;
	*ret_id = "";
	return LOOKUP_FOUND;
}

static enum lookup_result nothing_waits(const char *id_or_user, struct error *err)
{
	error_set(err, ERROR_NOTHING_PENDING, _("nothing is pending for \"%s\""), id_or_user);
	error_why(err, _("it was withdrawn, or decided already"));
	error_fix(err, "postigo-admin pending");
	return LOOKUP_NOT_FOUND;
}

static enum lookup_result another_waits(const char *id, const char *present, struct error *err)
{
	error_set(err, ERROR_CHANGED, _("request %s is not what is pending now"), id);
	error_why(err, _("the member has withdrawn it and filed another"));
	error_fix(err, "postigo-admin show %s", present);
	return LOOKUP_NOT_FOUND;
}

enum lookup_result alias_request_find(const struct alias_context *context, const struct request_desk *desk,
	const char *id_or_user, struct arena *arena, struct alias_request *ret_request, struct error *err)
{
	struct queued_request queued;
	enum lookup_result result;
	const char *id;
	uid_t uid;

	result = resolve(id_or_user, arena, &uid, &id, err);
	if (result != LOOKUP_FOUND)
		return result;
	result = read_waiting(&desk->queue, uid, id, arena, &queued, err);
	if (result == LOOKUP_NOT_FOUND)
		return nothing_waits(id_or_user, err);
	if (result == LOOKUP_FAILED)
		return LOOKUP_FAILED;
	if (*id && strcmp(queued.id, id) != 0)
		return another_waits(id, queued.id, err);
	return alias_request_examine(context, &desk->store, &queued, arena, ret_request, err) ? LOOKUP_FOUND
											       : LOOKUP_FAILED;
}
