#include "service/alias_rules.h"

#include "base/message.h"
#include "format/email_fault.h"

#include <stdio.h>
#include <string.h>

bool alias_rules_account(const struct alias_context *context, const char *username,
	struct arena *arena, struct account *ret_account, struct error *err)
{
	switch (account_snapshot_by_name(context->accounts, username, arena, ret_account, err)) {
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

static bool refuse_destination(const char *destination, const char *why, struct error *err)
{
	error_set(err, ERROR_RULE, _("\"%s\" cannot be a destination"), destination);
	error_why(err, "%s", why);
	error_field(err, "destination");
	return error_fix(err, _("name an address such as ana@mail.example.org"));
}

static bool fill_destinations(const struct string_list *destinations, struct request_record *record,
	struct error *err)
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

static bool refuse(const struct alias_request *request, const struct request_check *obstacle,
	struct error *err)
{
	const char *username = request->queued.record.username;

	error_set(err, obstacle->refusal, _("\"%s\" cannot have this alias"), username);
	error_why(err, "%s: %s", username, obstacle->detail);
	if (!alias_request_is_of_account(request) || strcmp(obstacle->code, "other-account") == 0)
		return error_fix(err, "postigo-admin purge-user %s", username);
	return error_fix(err, obstacle->refusal == ERROR_TEMPORARY ? _("try again in a minute")
								   : "postigo-admin config check");
}

bool alias_rules_check(const struct alias_context *context, const struct alias_store *store,
	const struct alias_entry *wanted, struct arena *arena, struct error *err)
{
	struct queued_request queued = {
		.file = "",
		.code = QUEUE_GOOD,
		.detail = "",
		.uid = wanted->uid,
		.received = context->now,
		.record = {.op = REQUEST_SET, .keep_copy = wanted->keep_copy, .uid = wanted->uid},
	};
	const struct request_check *obstacle;
	struct alias_request request;

	(void)snprintf(queued.record.username, sizeof(queued.record.username), "%s",
		wanted->username);
	if (!fill_destinations(&wanted->destinations, &queued.record, err) ||
		!alias_request_examine(context, store, &queued, arena, &request, err))
		return false;
	obstacle = find_obstacle(&request);
	return !obstacle || refuse(&request, obstacle, err);
}

void alias_rules_canonical(const struct string_list *from, struct arena *arena,
	struct string_list *ret_list)
{
	char canonical[EMAIL_ADDRESS_MAX + 1];

	*ret_list = (struct string_list)STRING_LIST_INIT;
	for (size_t i = 0; i < from->count; i++) {
		email_address_canonical(from->items[i], canonical);
		string_list_add(ret_list, arena, canonical);
	}
}
