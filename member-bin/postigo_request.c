#include "postigo_request.h"

#include "base/clock.h"
#include "base/message.h"
#include "cli/language.h"
#include "format/destination_policy.h"
#include "format/domain_name.h"
#include "format/email_fault.h"
#include "format/printable.h"
#include "postigo_helper.h"
#include "postigo_status.h"

#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- the wish */

void request_set_author(const struct session *session, struct request_record *record)
{
	char language[LANGUAGE_MAX + 1];

	language_current(language);
	(void)snprintf(record->username, sizeof(record->username), "%s", session->account.name);
	(void)snprintf(record->language, sizeof(record->language), "%s",
		*language ? language : REQUEST_LANGUAGE_DEFAULT);
}

static bool refuse_destination(struct error *err, const char *address, const char *reason)
{
	error_set(err, ERROR_RULE, _("\"%s\" cannot be a destination"), address);
	error_why(err, "%s", reason);
	error_fix(err, _("name an address of yours at another server"));
	return error_field(err, "destination");
}

static bool check_policy(const struct session *session, const struct request_record *record,
	const char *address, struct error *err)
{
	enum destination_verdict verdict = destination_judge(address, session->alias, &session->settings);

	if (verdict != DESTINATION_ALLOWED)
		return refuse_destination(err, address, destination_verdict_text(verdict));
	for (size_t i = 0; i < record->destination_count; i++) {
		if (email_address_equal(address, record->destinations[i]))
			return refuse_destination(err, address, _("it is named twice"));
	}
	return true;
}

static bool add_destination(const struct session *session, const char *text,
	struct request_record *record, struct error *err)
{
	enum email_fault fault;
	const char *address;

	if (!email_address_to_ascii(text, session->arena, &address, err))
		return error_field(err, "destination");
	fault = email_address_check(address);
	if (fault != EMAIL_OK) {
		email_fault_error(err, text, fault);
		return error_fix(err, "postigo request name@example.org");
	}
	if (!check_policy(session, record, address, err))
		return false;
	email_address_canonical(address, record->destinations[record->destination_count++]);
	return true;
}

static bool add_destinations(const struct session *session, const struct string_list *texts,
	struct request_record *record, struct error *err)
{
	int64_t allowed = session->settings.policy.max_destinations;

	if (allowed > REQUEST_DESTINATIONS_MAX)
		allowed = REQUEST_DESTINATIONS_MAX;
	if ((int64_t)texts->count > allowed) {
		error_set(err, ERROR_RULE, _("too many destinations: %zu"), texts->count);
		error_why(err, _("this server allows %lld for an alias"), (long long)allowed);
		return error_field(err, "destination");
	}
	for (size_t i = 0; i < texts->count; i++) {
		if (!add_destination(session, texts->items[i], record, err))
			return false;
	}
	return true;
}

static bool set_note(const char *note, struct request_record *record, struct error *err)
{
	size_t length = strlen(note);

	if (length > REQUEST_NOTE_MAX) {
		error_set(err, ERROR_RULE, _("the note is too long"));
		error_why(err, _("it has %zu bytes; %d are allowed"), length, REQUEST_NOTE_MAX);
		return error_field(err, "note");
	}
	if (!request_text_is_plain(note, REQUEST_NOTE_MAX) || !printable_is_clean(note)) {
		error_set(err, ERROR_RULE, _("the note holds signs that cannot be shown"));
		error_why(err, _("control characters and invisible characters are refused"));
		return error_field(err, "note");
	}
	memcpy(record->note, note, length + 1);
	return true;
}

static bool set_keep_copy(const struct session *session, struct request_record *record,
	struct error *err)
{
	if (!session->settings.policy.keep_copy) {
		error_set(err, ERROR_RULE, _("a copy cannot be kept here"));
		error_why(err, _("this server only forwards mail of aliases"));
		error_fix(err, _("ask without --keep-copy"));
		return error_field(err, "keep_copy");
	}
	record->keep_copy = true;
	return true;
}

static bool build_request(const struct session *session, const struct command_line *line,
	struct request_record *ret_record, struct error *err)
{
	struct request_record record = {.op = REQUEST_SET};
	const char *note = command_value(line, "note");

	request_set_author(session, &record);
	if (!add_destinations(session, &line->operands, &record, err))
		return false;
	if (note && !set_note(note, &record, err))
		return false;
	if (command_has(line, "keep-copy") && !set_keep_copy(session, &record, err))
		return false;
	*ret_record = record;
	return true;
}

/* ---------------------------------------------------------------- what speaks against it */

static bool has_destination(const struct request_record *record, const char *address)
{
	for (size_t i = 0; i < record->destination_count; i++) {
		if (email_address_check(address) == EMAIL_OK &&
			email_address_equal(record->destinations[i], address))
			return true;
	}
	return false;
}

/* Whether the alias already does what is asked. */
static bool is_fulfilled(const struct request_record *record,
	const struct status_file *published)
{
	if (strcmp(published->state, "active") != 0 ||
		published->keep_copy != record->keep_copy ||
		published->destinations.count != record->destination_count)
		return false;
	for (size_t i = 0; i < published->destinations.count; i++) {
		if (!has_destination(record, published->destinations.items[i]))
			return false;
	}
	return true;
}

static bool check_cooldown(const struct session *session, const struct status_file *published,
	struct error *err)
{
	char until[TIMESTAMP_LENGTH + 1];
	char when[64];

	/* Further off than a rejection can put it: the clock was ahead when it was written. */
	if (published->cooldown_until <= session->now ||
		published->cooldown_until - session->now > session->settings.policy.cooldown_after_reject)
		return true;
	timestamp_format(published->cooldown_until, until);
	relative_time(published->cooldown_until, session->now, when, sizeof(when));
	error_set(err, ERROR_RULE, _("you cannot ask again yet"));
	error_why(err, _("your last request was rejected a short time ago"));
	return error_fix(err, _("ask again %s (after %s)"), when, until);
}

/* The admin side marks what gets past this; here it is only told early. */
static bool check_rate(const struct session *session, const struct status_file *published, struct error *err)
{
	int64_t allowed = session->settings.policy.max_requests_per_day;
	int64_t made = status_file_requests_since(published, session->now - SECONDS_PER_DAY);

	if (allowed == 0 || made < allowed)
		return true;
	error_set(err, ERROR_RULE, _("you cannot ask again yet"));
	error_why(err, _("%lld requests of yours were decided in the last 24 hours; this server allows %lld"),
		(long long)made, (long long)allowed);
	return error_fix(err, _("ask again tomorrow"));
}

/* ---------------------------------------------------------------- what is said */

static void say_arrow(const struct session *session, const char *left, const char *right,
	const char *remark)
{
	output_say(session->output, "  %*s  →  %s%s%s", (int)strlen(session->alias), left,
		printable_text(right, session->arena), *remark ? "   " : "", remark);
}

static void say_sent(const struct session *session, const struct request_record *record,
	const struct status_file *published)
{
	bool change = session_has_alias(published);
	const char *left = session->alias;

	if (change)
		output_say(session->output,
			_("Request sent. Until it is approved, the alias stays as it is:"));
	else
		output_say(session->output, _("Request sent."));
	for (size_t i = 0; change && i < published->destinations.count; i++) {
		say_arrow(session, left, published->destinations.items[i], _("(now)"));
		left = "";
	}
	for (size_t i = 0; i < record->destination_count; i++) {
		say_arrow(session, left, record->destinations[i], change ? _("(waiting)") : "");
		left = "";
	}
	output_say(session->output, _("  An administrator decides. See it: postigo status    "
				      "Withdraw it: postigo cancel"));
}

static int report_fulfilled(const struct session *session, const struct request_record *record)
{
	output_say(session->output, _("Nothing to do: %s already forwards to %s."), session->alias,
		record->destinations[0]);
	return member_state_report(session, false);
}

/* The spelling that travels, where it is not the one that was typed. */
static void say_converted(const struct session *session, const struct command_line *line,
	const struct request_record *record)
{
	for (size_t i = 0; i < record->destination_count; i++) {
		if (strcasecmp(line->operands.items[i], record->destinations[i]) != 0)
			output_say(session->output, _("%s is %s for mail servers."),
				printable_text(line->operands.items[i], session->arena),
				record->destinations[i]);
	}
}

/* ---------------------------------------------------------------- request */

/* A status that cannot be read is no obstacle: the admin side decides with the store before it. */
static void read_published(const struct session *session, struct status_file *ret_published)
{
	struct error err;

	if (session_read_status(session, ret_published, &err) != LOOKUP_FAILED)
		return;
	*ret_published = (struct status_file){.state = "none",
		.decision = "",
		.decision_id = "",
		.reason = ""};
	output_warn(session->output, "%s", printable_text(err.what, session->arena));
}

static int ask(struct session *session, const struct command_line *line, bool need_alias)
{
	struct request_record record;
	struct status_file published;
	struct error err;

	if (!session_settle(session, &err) || !session_require_member(session, &err) ||
		!build_request(session, line, &record, &err))
		return output_error(session->output, &err);
	say_converted(session, line, &record);
	read_published(session, &published);
	if (need_alias && !session_has_alias(&published)) {
		error_set(&err, ERROR_NOT_FOUND, _("you have no alias to change"));
		error_fix(&err, "postigo request %s", line->operands.items[0]);
		return output_error(session->output, &err);
	}
	if (is_fulfilled(&record, &published))
		return report_fulfilled(session, &record);
	if (!check_cooldown(session, &published, &err) || !check_rate(session, &published, &err) ||
		!helper_submit(&record, command_has(line, "replace"), session->arena, &err))
		return output_error(session->output, &err);
	say_sent(session, &record, &published);
	return member_state_report(session, true);
}

int run_request(void *context, const struct command_line *line)
{
	return ask(context, line, false);
}

int run_change(void *context, const struct command_line *line)
{
	return ask(context, line, true);
}

/* ---------------------------------------------------------------- cancel */

static bool nothing_pending(struct error *err)
{
	error_set(err, ERROR_NOTHING_PENDING, _("nothing of yours is pending"));
	error_why(err, _("nothing was asked for, or an administrator has it in hand"));
	return error_fix(err, "postigo status");
}

/* Withdraws the request for an alias, or the change of its state when there is no such request. */
static bool withdraw(const struct session *session, enum request_kind *ret_kind, struct error *err)
{
	static const enum request_kind kinds[] = {REQUEST_ALIAS, REQUEST_ALIAS_STATE};

	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		switch (helper_withdraw(kinds[i], session->arena, err)) {
		case LOOKUP_FOUND:
			*ret_kind = kinds[i];
			return true;
		case LOOKUP_NOT_FOUND:
			break;
		case LOOKUP_FAILED:
			return false;
		}
	}
	return nothing_pending(err);
}

int run_cancel(void *context, const struct command_line *line)
{
	struct session *session = context;
	enum request_kind kind = REQUEST_ALIAS;
	struct error err;

	(void)line;
	if (!session_settle(session, &err) || !withdraw(session, &kind, &err))
		return output_error(session->output, &err);
	if (kind == REQUEST_ALIAS)
		output_say(session->output, _("Your request is withdrawn."));
	else
		output_say(session->output, _("Withdrawn: your alias stays as it is."));
	return member_state_report(session, true);
}
