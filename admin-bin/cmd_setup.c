/* setup, version: the installation itself. */
#include "admin.h"
#include "base/message.h"
#include "format/printable.h"
#include "service/installation.h"

struct acts {
	struct admin *admin;
	struct json *list;
};

static void report(void *context, const char *act)
{
	struct acts *acts = context;

	json_add(acts->list, json_new_text(act));
	output_say(&acts->admin->output, "%s", printable_text(act, &acts->admin->arena));
}

int command_setup(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct json *document cleanup_json = json_new_object();
	struct acts acts = {.admin = admin, .list = json_set(document, "acts", json_new_array())};
	const struct installation_request request = {
		.state_directory = POSTIGO_STATE_DIRECTORY,
		.config_directory = POSTIGO_CONFIG_DIRECTORY,
		.config_file = line->globals.config,
		.helper = POSTIGO_HELPER,
		.domain = command_value(line, "domain"),
		.dry_run = command_has(line, "dry-run"),
	};
	size_t count;
	struct error err;

	if (!installation_set_up(&request, report, &acts, &count, &err))
		return output_error(&admin->output, &err);
	json_set_boolean(document, "changed", count > 0 && !request.dry_run);
	output_json(&admin->output, document);
	if (count == 0)
		output_say(&admin->output, _("Everything is in place."));
	else if (request.dry_run)
		output_say(&admin->output, _("Nothing was done."));
	return ERROR_NONE;
}

int command_version(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct json *document cleanup_json = json_new_object();

	(void)line;
	json_set_text(document, "version", POSTIGO_VERSION);
	json_set_integer(document, "queue_format", REQUEST_FORMAT);
	json_set_integer(document, "store_format", ALIAS_STORE_FORMAT);
	output_json(&admin->output, document);
	output_say(&admin->output, "postigo %s (queue format %d, store format %d)", POSTIGO_VERSION, REQUEST_FORMAT,
		ALIAS_STORE_FORMAT);
	return ERROR_NONE;
}
