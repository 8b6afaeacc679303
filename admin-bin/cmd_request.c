/* pending, show, approve, reject: what waits in the queue, and deciding on it. */
#include "admin.h"
#include "admin_json.h"
#include "decisions.h"

#include "base/message.h"
#include "cli/prompt.h"
#include "format/printable.h"
#include "request_view.h"
#include "service/alias_housekeeping.h"
#include "service/request_mail_check.h"

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
		{"op", N_("WANTS"), COLUMN_STATE},
		{"destinations", N_("FORWARDS TO"), COLUMN_LIST},
		{"received_at", N_("ASKED"), COLUMN_TIME},
		{"check_names", N_("CHECKS"), COLUMN_LIST},
	};
	static const struct output_column for_machines[] = {
		{"id", N_("ID"), COLUMN_TEXT},
		{"user", N_("MEMBER"), COLUMN_TEXT},
		{"op", N_("WANTS"), COLUMN_STATE},
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
	struct json *row = json_add(rows, request_view_json(request));
	const char *file = printable_text(request->queued.file, &admin->arena);

	json_set_text(row, "who", request->account.name ? request->account.name : file);
	add_check_names(row, request);
}

static void print_pending(struct admin *admin, const struct alias_request_page *page)
{
	struct json *rows cleanup_json = json_new_array();
	struct json *document cleanup_json = json_new_array();

	for (size_t i = 0; i < page->count; i++) {
		json_add(document, request_view_json(&page->requests[i]));
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
	alias_requests_check_mail(&services, page.requests, page.count, &admin->arena);
	print_pending(admin, &page);
	return ERROR_NONE;
}

static void show_request(struct admin *admin, const struct alias_request *request)
{
	struct json *object cleanup_json = request_view_json(request);

	if (admin->output.shape == OUTPUT_JSON)
		output_json(&admin->output, object);
	else
		request_view_print(admin, request);
}

/* Looks at what waits under an id or a name, without the lock. */
static bool find(struct admin *admin, const char *id_or_user, struct alias_request *ret_request, struct error *err)
{
	struct request_desk desk cleanup_request_desk = REQUEST_DESK_INIT;
	const struct alias_context services = admin_alias_context(admin);

	return request_desk_open(&desk, &services, ALIAS_STORE_READ, err) &&
	       alias_request_find(&services, &desk, id_or_user, &admin->arena, ret_request, err) == LOOKUP_FOUND;
}

/* The same for somebody who is to see it: with the check that asks the network. */
static bool look(struct admin *admin, const char *id_or_user, struct alias_request *ret_request, struct error *err)
{
	const struct alias_context services = admin_alias_context(admin);

	if (!find(admin, id_or_user, ret_request, err))
		return false;
	alias_requests_check_mail(&services, ret_request, 1, &admin->arena);
	return true;
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
		request_view_print(admin, &request);
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

	if (!admin_load_settings(admin, line, &err) || !find(admin, line->operands.items[0], &request, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	decisions_begin(&decisions);
	if (alias_reject(&services, request.queued.id, admin_reason(line), &admin->arena, &decision, &err))
		decisions_note(admin, &decisions, &decision);
	else
		decisions_fail(admin, &decisions, line->operands.items[0], &decision, &err);
	return decisions_finish(admin, line, &decisions);
}
