/* check: what does not agree, and the command that cures it. */
#include "admin.h"
#include "admin_findings.h"
#include "base/message.h"
#include "service/consistency_check.h"

static void print_report(struct admin *admin, const struct consistency_report *report)
{
	static const struct output_column columns[] = {
		{"severity", N_("SEVERITY"), COLUMN_TEXT},
		{"id", N_("ID"), COLUMN_TEXT},
		{"what", N_("WHAT"), COLUMN_TEXT},
		{"evidence", N_("EVIDENCE"), COLUMN_TEXT},
		{"cure", N_("CURE"), COLUMN_TEXT},
		{"advice", N_("ADVICE"), COLUMN_TEXT},
	};
	struct json *document cleanup_json = json_new_object();
	struct json *rows =
		json_set(document, "findings", admin_findings_json(report, &admin->arena));

	if (admin->output.shape == OUTPUT_HUMAN) {
		admin_say_findings(admin, report);
		return;
	}
	json_set_integer(document, "errors", (int64_t)report->errors);
	json_set_integer(document, "warnings", (int64_t)report->warnings);
	output_rows(&admin->output, document, rows, columns, ARRAY_LENGTH(columns), "");
}

int command_check(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct string_list sections = STRING_LIST_INIT;
	struct consistency_request request = {
		.state_directory = POSTIGO_STATE_DIRECTORY,
		.config_directory = POSTIGO_CONFIG_DIRECTORY,
		.config_file = line->globals.config,
		.helper = POSTIGO_HELPER,
		.sections = &sections,
		.now = admin->now,
	};
	struct section_names known;
	struct consistency_report report;
	struct error err;

	known.items = consistency_sections(&known.count);
	if (!admin_read_sections(admin, line, &known, &sections, &err))
		return output_error(&admin->output, &err);
	if (admin_load_settings(admin, line, &err))
		request.settings = &admin->settings;
	else
		request.configuration_error = &err;
	consistency_check(&request, &admin->arena, &report);
	print_report(admin, &report);
	return report.errors > 0 ? ERROR_CONFIG : ERROR_NONE;
}
