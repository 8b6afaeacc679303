/* pending, show, approve, reject, gc: what waits in the queue, and deciding on it. */
#include "admin.h"
#include "admin_json.h"
#include "decisions.h"

#include "base/message.h"
#include "cli/prompt.h"
#include "format/printable.h"
#include "format/timestamp.h"

#include <string.h>

static struct json *checks_json(const struct alias_request *request)
{
	struct json *checks = json_new_array();

	for (size_t i = 0; i < request->check_count; i++) {
		struct json *check = json_add(checks, json_new_object());

		json_set_text(check, "code", request->checks[i].code);
		json_set_text(check, "detail", request->checks[i].detail);
		json_set_boolean(check, "blocks", request->checks[i].refusal != ERROR_NONE);
	}
	return checks;
}

static void set_wish(struct json *object, const struct alias_request *request)
{
	const struct request_record *record = &request->queued.record;
	struct json *destinations = json_new_array();

	json_set_text(object, "user", record->username);
	json_set_text(object, "op", request_op_name(record->op));
	json_set_text(object, "alias", request->alias);
	for (size_t i = 0; i < record->destination_count; i++)
		json_add(destinations, json_new_text(record->destinations[i]));
	json_set(object, "destinations", destinations);
	json_set_boolean(object, "keep_copy", record->keep_copy);
	if (*record->note)
		json_set_text(object, "note", record->note);
	if (*record->language)
		json_set_text(object, "language", record->language);
}

/* One request as JSON. A file that is none keeps its name, so that an administrator can find it. */
static struct json *request_json(const struct alias_request *request)
{
	struct json *object = json_new_object();
	bool readable = request->queued.code == QUEUE_GOOD || request->queued.code == QUEUE_DESTINATION;

	json_set_text(object, "id", *request->queued.id ? request->queued.id : request->queued.file);
	json_set_integer(object, "uid", request->queued.uid);
	if (readable)
		set_wish(object, request);
	else
		json_set_text(object, "file", request->queued.file);
	admin_set_time(object, "received_at", request->queued.received);
	json_set(object, "checks", checks_json(request));
	return object;
}

/* For a table the checks shrink to their names; a clean request says ok. */
static void add_check_names(struct json *row, const struct alias_request *request)
{
	struct json *names = json_set(row, "check_names", json_new_array());

	for (size_t i = 0; i < request->check_count; i++)
		json_add(names, json_new_text(request->checks[i].code));
	if (request->check_count == 0)
		json_add(names, json_new_text("ok"));
}

/* A terminal has no room for ids; a member's name is enough there, because approve shows and asks. */
static void print_page(struct admin *admin, const struct json *document, const struct json *rows)
{
	static const struct output_column for_people[] = {
		{"who", N_("MEMBER"), COLUMN_TEXT},
		{"op", N_("WANTS"), COLUMN_TEXT},
		{"destinations", N_("FORWARDS TO"), COLUMN_LIST},
		{"received_at", N_("ASKED"), COLUMN_TIME},
		{"check_names", N_("CHECKS"), COLUMN_LIST},
	};
	static const struct output_column for_machines[] = {
		{"id", N_("ID"), COLUMN_TEXT},
		{"user", N_("MEMBER"), COLUMN_TEXT},
		{"op", N_("WANTS"), COLUMN_TEXT},
		{"alias", N_("ALIAS"), COLUMN_TEXT},
		{"destinations", N_("FORWARDS TO"), COLUMN_LIST},
		{"received_at", N_("ASKED"), COLUMN_TIME},
		{"check_names", N_("CHECKS"), COLUMN_LIST},
	};
	bool human = admin->output.shape == OUTPUT_HUMAN;

	output_rows(&admin->output, document, rows, human ? for_people : for_machines,
		human ? ARRAY_LENGTH(for_people) : ARRAY_LENGTH(for_machines), N_("Nothing is pending."));
}

/* A row of the table: the request, and what only the table shows. */
static void add_row(struct admin *admin, struct json *rows, const struct alias_request *request)
{
	struct json *row = json_add(rows, request_json(request));
	const char *file = printable_text(request->queued.file, &admin->arena);

	json_set_text(row, "who", request->account.name ? request->account.name : file);
	add_check_names(row, request);
}

static void print_pending(struct admin *admin, const struct alias_request_page *page)
{
	struct json *rows cleanup_json = json_new_array();
	struct json *document cleanup_json = json_new_array();

	for (size_t i = 0; i < page->count; i++) {
		json_add(document, request_json(&page->requests[i]));
		add_row(admin, rows, &page->requests[i]);
	}
	print_page(admin, document, rows);
	if (page->truncated)
		output_warn(&admin->output, _("only the first %d files of the queue were read"), REQUEST_QUEUE_SCAN_MAX);
	if (page->count > 0 && admin->output.shape == OUTPUT_HUMAN)
		output_say(&admin->output, _("Decide:  postigo-admin approve MEMBER   or   postigo-admin reject MEMBER --reason TEXT\n"
					     "In full, with its id:  postigo-admin show MEMBER"));
}

int command_pending(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct request_desk desk cleanup_request_desk = REQUEST_DESK_INIT;
	struct alias_context services;
	struct alias_request_page page;
	struct error err;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	if (!request_desk_open(&desk, &services, ALIAS_STORE_READ, &err) ||
		!alias_request_list(&services, &desk, &admin->arena, &page, &err))
		return output_error(&admin->output, &err);
	print_pending(admin, &page);
	return ERROR_NONE;
}

static void print_wish(struct admin *admin, const struct alias_request *request)
{
	const struct request_record *record = &request->queued.record;
	struct output *output = &admin->output;

	output_field(output, _("member"), "user", record->username);
	output_field(output, _("wants"), "op", request_op_name(record->op));
	output_field(output, _("alias"), "alias", request->alias);
	for (size_t i = 0; i < record->destination_count; i++)
		output_field(output, _("forwards to"), "destination", record->destinations[i]);
	if (record->keep_copy)
		output_field(output, _("keeps a copy"), "keep_copy", "yes");
	if (*record->note)
		output_field(output, _("note"), "note", record->note);
}

static void print_request(struct admin *admin, const struct alias_request *request)
{
	struct output *output = &admin->output;
	char received[TIMESTAMP_LENGTH + 1];

	timestamp_format(request->queued.received, received);
	output_field(output, _("request"), "id", *request->queued.id ? request->queued.id : request->queued.file);
	if (request->queued.code == QUEUE_GOOD || request->queued.code == QUEUE_DESTINATION)
		print_wish(admin, request);
	output_field(output, _("received"), "received_at", received);
	for (size_t i = 0; i < request->check_count; i++)
		output_field(output, request->checks[i].refusal ? _("obstacle") : _("remark"), "check",
			arena_printf(&admin->arena, "%s: %s", request->checks[i].code, request->checks[i].detail));
}

static void show_request(struct admin *admin, const struct alias_request *request)
{
	struct json *object cleanup_json = request_json(request);

	if (admin->output.shape == OUTPUT_JSON)
		output_json(&admin->output, object);
	else
		print_request(admin, request);
}

/* Looks at what waits under an id or a name, without the lock. */
static bool look(struct admin *admin, const char *id_or_user, struct alias_request *ret_request, struct error *err)
{
	struct request_desk desk cleanup_request_desk = REQUEST_DESK_INIT;
	const struct alias_context services = admin_alias_context(admin);

	return request_desk_open(&desk, &services, ALIAS_STORE_READ, err) &&
	       alias_request_find(&services, &desk, id_or_user, &admin->arena, ret_request, err) == LOOKUP_FOUND;
}

int command_show(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct alias_request request;
	struct error err;

	if (!admin_load_settings(admin, line, &err) || !look(admin, line->operands.items[0], &request, &err))
		return output_error(&admin->output, &err);
	show_request(admin, &request);
	return ERROR_NONE;
}

/* What a USER stands for is shown and asked about; an ID was shown before. */
static bool confirm(struct admin *admin, const struct command_line *line, const char *argument, const char **ret_id,
	struct error *err)
{
	struct alias_request request;
	uint32_t uid;
	bool yes;

	*ret_id = argument;
	if (request_id_parse(argument, &uid))
		return true;
	if (!prompt_is_possible() && !(line->globals.yes && admin->settings.policy.allow_blind_approve)) {
		error_set(err, ERROR_USAGE, _("\"%s\" names a member, and there is no terminal to ask on"), argument);
		error_why(err, _("only an id says exactly what is approved"));
		return error_fix(err, "postigo-admin pending --plain");
	}
	if (!look(admin, argument, &request, err))
		return false;
	*ret_id = arena_strdup(&admin->arena, request.queued.id);
	if (line->globals.yes)
		return true;
	if (admin->output.shape != OUTPUT_JSON)
		print_request(admin, &request);
	if (!prompt_yes(_("Approve?"), &yes, err))
		return false;
	if (!yes)
		return error_set(err, ERROR_ANSWERED_NO, _("not approved: %s"), request.queued.id);
	return true;
}

int command_approve(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct decisions decisions;
	struct alias_context services;
	struct error err;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	decisions_begin(&decisions);
	for (size_t i = 0; i < line->operands.count; i++) {
		const char *argument = line->operands.items[i];
		struct alias_decision decision;
		const char *id;

		if (confirm(admin, line, argument, &id, &err) &&
			alias_approve(&services, id, &admin->arena, &decision, &err))
			decisions_note(admin, &decisions, &decision);
		else
			decisions_fail(admin, &decisions, argument, &decision, &err);
	}
	return decisions_finish(admin, line, &decisions);
}

const char *admin_reason(const struct command_line *line)
{
	const char *reason = command_value(line, "reason");

	return reason ? reason : "";
}

int command_reject(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct decisions decisions;
	struct alias_context services;
	struct alias_request request;
	struct alias_decision decision;
	struct error err;

	if (!admin_load_settings(admin, line, &err) || !look(admin, line->operands.items[0], &request, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	decisions_begin(&decisions);
	if (alias_reject(&services, request.queued.id, admin_reason(line), &admin->arena, &decision, &err))
		decisions_note(admin, &decisions, &decision);
	else
		decisions_fail(admin, &decisions, line->operands.items[0], &decision, &err);
	return decisions_finish(admin, line, &decisions);
}

int command_gc(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct decisions decisions;
	struct alias_housekeeping done;
	struct alias_context services;
	struct error err;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	if (!alias_housekeep(&services, &admin->arena, &done, &err))
		return output_error(&admin->output, &err);
	decisions_begin(&decisions);
	for (size_t i = 0; i < done.decision_count; i++)
		decisions_note(admin, &decisions, &done.decisions[i]);
	for (size_t i = 0; i < done.quarantine_count; i++)
		output_say(&admin->output, _("set aside  %s: %s"),
			printable_text(done.quarantined[i]->file, &admin->arena),
			queue_code_text(done.quarantined[i]->code));
	if (done.decision_count + done.quarantine_count == 0)
		output_say(&admin->output, _("Nothing to do."));
	return decisions_finish(admin, line, &decisions);
}
