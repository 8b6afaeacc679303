#include "service/alias_decision.h"

#include "base/message.h"
#include "format/printable.h"
#include "service/alias_request.h"

#include <string.h>

const char *decision_outcome(const char *op)
{
	static const struct {
		const char *op;
		const char *outcome;
	} outcomes[] = {
		{N_("approve"), N_("approved")},
		{N_("reject"), N_("rejected")},
		{N_("lapse"), N_("rejected")},
		{N_("revoke"), N_("revoked")},
		{N_("remove"), N_("removed")},
		{N_("pause"), N_("paused")},
		{N_("resume"), N_("resumed")},
		{N_("suspend"), N_("suspended")},
		{N_("expire"), N_("expired")},
		{N_("add"), N_("added")},
		{N_("set"), N_("changed")},
		{N_("undo"), N_("undone")},
		{N_("restore"), N_("restored")},
		{N_("import"), N_("imported")},
		{N_("purge-user"), N_("purged")},
		{N_("await-confirmation"), N_("awaiting-confirmation")},
		{N_("confirm"), N_("confirmed")},
		{N_("refuse"), N_("refused")},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(outcomes); i++) {
		if (strcmp(outcomes[i].op, op) == 0)
			return outcomes[i].outcome;
	}
	return NULL;
}

bool decision_ends_request(const char *op)
{
	return strcmp(op, "await-confirmation") != 0;
}

static bool is_rendered(const struct alias_entry *entry)
{
	return entry && entry->status == ALIAS_ACTIVE;
}

void alias_decision_of(const struct alias_change *change, const struct alias_context *context, int64_t generation,
	struct arena *arena, struct alias_decision *ret_decision)
{
	const struct alias_entry *after = change->after;

	*ret_decision = (struct alias_decision){
		.outcome = decision_outcome(change->op),
		.id = arena_strdup(arena, change->request_id),
		.username = arena_strdup(arena, change->username),
		.alias = member_alias(change->username, context->settings, arena),
		.op = arena_strdup(arena, change->op),
		.generation = generation,
		.changed = change->before || change->after,
		.left_map = is_rendered(change->before) && !is_rendered(after),
	};
	for (size_t i = 0; after && i < after->destinations.count; i++)
		string_list_add(&ret_decision->destinations, arena, after->destinations.items[i]);
}

bool alias_text_check(const char *text, const char *field, struct error *err)
{
	if (strlen(text) > ALIAS_TEXT_MAX)
		error_set(err, ERROR_USAGE, _("the %s is longer than %d bytes"), field, ALIAS_TEXT_MAX);
	else if (!printable_is_clean(text))
		error_set(err, ERROR_USAGE, _("the %s holds control characters or is not UTF-8"), field);
	else
		return true;
	error_field(err, field);
	return error_fix(err, "--%s \"%s\"", field, _("one line of plain text"));
}

bool alias_reason_check(const char *reason, struct error *err)
{
	if (reason[strspn(reason, " \t\r\n")] != '\0')
		return alias_text_check(reason, "reason", err);
	error_set(err, ERROR_USAGE, _("the reason is empty"));
	error_why(err, _("the member will read it"));
	error_field(err, "reason");
	return error_fix(err, "--reason \"%s\"", _("please use your own address"));
}
