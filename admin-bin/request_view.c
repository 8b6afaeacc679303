#include "request_view.h"

#include "admin_json.h"
#include "base/message.h"
#include "format/timestamp.h"

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

struct json *request_view_json(const struct alias_request *request)
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

static void print_wish(struct admin *admin, const struct alias_request *request)
{
	const struct request_record *record = &request->queued.record;
	struct output *output = &admin->output;

	output_field(output, _("member"), "user", record->username);
	output_field(output, _("wants"), "op", output_word(output, request_op_name(record->op)));
	output_field(output, _("alias"), "alias", request->alias);
	for (size_t i = 0; i < record->destination_count; i++)
		output_field(output, _("forwards to"), "destination", record->destinations[i]);
	if (record->keep_copy)
		output_field(output, _("keeps a copy"), "keep_copy", output_word(output, N_("yes")));
	if (*record->note)
		output_field(output, _("note"), "note", record->note);
}

void request_view_print(struct admin *admin, const struct alias_request *request)
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
