/* check: what does not agree, and the command that cures it. */
#include "admin.h"
#include "base/message.h"
#include "format/nearest_word.h"
#include "format/printable.h"
#include "service/consistency_check.h"

#include <string.h>

#define SECTION_WIDTH 13 /* columns: the longest section and a blank */
#define TEXT_COLUMN 23   /* where texts begin: 9 for the severity and its blank, and the section */

static const char *severity_color(enum finding_severity severity)
{
	switch (severity) {
	case FINDING_ERROR:
		return "\033[31m";
	case FINDING_WARNING:
		return "\033[33m";
	case FINDING_OK:
		return "\033[32m";
	case FINDING_INFO:
		break;
	}
	return "\033[36m";
}

static const char *severity_word(enum finding_severity severity)
{
	switch (severity) {
	case FINDING_ERROR:
		return _("error");
	case FINDING_WARNING:
		return _("warning");
	case FINDING_INFO:
		return _("info");
	case FINDING_OK:
		return _("ok");
	}
	return "";
}

/* ---------------------------------------------------------------- for people */

static void say_below(struct admin *admin, const char *label, const char *text)
{
	if (*text)
		output_say(&admin->output, "%*s%s%s", TEXT_COLUMN - 1, "", label,
			printable_text(text, &admin->arena));
}

static void say_finding(struct admin *admin, const struct finding *finding)
{
	bool color = admin->output.color;

	output_say(&admin->output, "%s%-8s%s %-*s%s",
		color ? severity_color(finding->severity) : "", severity_word(finding->severity),
		color ? "\033[0m" : "", SECTION_WIDTH, finding->section,
		printable_text(finding->what, &admin->arena));
	say_below(admin, "", finding->evidence);
	say_below(admin, _("cure: "), finding->cure);
	say_below(admin, *finding->cure ? _("note: ") : _("cure: "), finding->advice);
}

static void say_report(struct admin *admin, const struct consistency_report *report)
{
	struct output *output = &admin->output;
	const char *errors = arena_printf(&admin->arena,
		ngettext("%zu error", "%zu errors", report->errors), report->errors);
	const char *warnings = arena_printf(&admin->arena,
		ngettext("%zu warning", "%zu warnings", report->warnings), report->warnings);

	for (size_t i = 0; i < report->count; i++)
		say_finding(admin, &report->findings[i]);
	output_say(output, "%s, %s.", errors, warnings);
}

/* ---------------------------------------------------------------- for machines */

static void set_if_any(struct json *object, const char *key, const char *text)
{
	if (*text)
		json_set_text(object, key, text);
}

static struct json *findings_json(const struct consistency_report *report)
{
	struct json *rows = json_new_array();

	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];
		struct json *row = json_add(rows, json_new_object());

		json_set_text(row, "id", finding->id);
		json_set_text(row, "section", finding->section);
		json_set_text(row, "severity", finding_severity_name(finding->severity));
		json_set_text(row, "what", finding->what);
		set_if_any(row, "evidence", finding->evidence);
		set_if_any(row, "cure", finding->cure);
		set_if_any(row, "advice", finding->advice);
	}
	return rows;
}

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
	struct json *rows = json_set(document, "findings", findings_json(report));

	if (admin->output.shape == OUTPUT_HUMAN) {
		say_report(admin, report);
		return;
	}
	json_set_integer(document, "errors", (int64_t)report->errors);
	json_set_integer(document, "warnings", (int64_t)report->warnings);
	output_rows(&admin->output, document, rows, columns, ARRAY_LENGTH(columns), "");
}

/* ---------------------------------------------------------------- the command */

static bool is_section(const char *name)
{
	size_t count;
	const char *const *known = consistency_sections(&count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(known[i], name) == 0)
			return true;
	}
	return false;
}

static bool refuse_section(const char *name, struct arena *arena, struct error *err)
{
	size_t count;
	const char *const *known = consistency_sections(&count);
	const char *nearest = nearest_word(name, known, count);
	struct string_list list = STRING_LIST_INIT;

	for (size_t i = 0; i < count; i++)
		string_list_add(&list, arena, known[i]);
	error_set(err, ERROR_USAGE, _("there is no section \"%s\""), name);
	error_why(err, _("sections are %s"), string_list_join(&list, arena, ", "));
	return error_fix(err, "postigo-admin check --section %s", nearest ? nearest : known[0]);
}

/* Sections are named as --section store,queue, once or several times. */
static bool read_sections(struct admin *admin, const struct command_line *line,
	struct string_list *ret_sections, struct error *err)
{
	const struct string_list *values = command_values(line, "section");

	for (size_t i = 0; i < values->count; i++)
		string_list_split(ret_sections, &admin->arena, values->items[i], ", ");
	for (size_t i = 0; i < ret_sections->count; i++) {
		if (!is_section(ret_sections->items[i]))
			return refuse_section(ret_sections->items[i], &admin->arena, err);
	}
	return true;
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
	struct consistency_report report;
	struct error err;

	if (!read_sections(admin, line, &sections, &err))
		return output_error(&admin->output, &err);
	if (admin_load_settings(admin, line, &err))
		request.settings = &admin->settings;
	else
		request.configuration_error = &err;
	consistency_check(&request, &admin->arena, &report);
	print_report(admin, &report);
	return report.errors > 0 ? ERROR_CONFIG : ERROR_NONE;
}
