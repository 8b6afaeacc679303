#include "admin_findings.h"

#include "base/message.h"
#include "format/nearest_word.h"
#include "format/printable.h"

#include <string.h>
#include <unistr.h>

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

void admin_say_findings(struct admin *admin, const struct consistency_report *report)
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

struct texts {
	struct json *object;
	struct arena *arena;
};

/* Evidence may be any bytes; JSON has escapes of its own, only what is no UTF-8 needs ours. */
static void set_if_any(const struct texts *texts, const char *key, const char *text)
{
	if (*text && u8_check((const uint8_t *)text, strlen(text)))
		text = printable_text(text, texts->arena);
	if (*text)
		json_set_text(texts->object, key, text);
}

struct json *admin_findings_json(const struct consistency_report *report, struct arena *arena)
{
	struct json *rows = json_new_array();

	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];
		struct json *row = json_add(rows, json_new_object());
		const struct texts texts = {row, arena};

		json_set_text(row, "id", finding->id);
		json_set_text(row, "section", finding->section);
		json_set_text(row, "severity", finding_severity_name(finding->severity));
		set_if_any(&texts, "what", finding->what);
		set_if_any(&texts, "evidence", finding->evidence);
		set_if_any(&texts, "cure", finding->cure);
		set_if_any(&texts, "advice", finding->advice);
	}
	return rows;
}

/* ---------------------------------------------------------------- sections */

static bool is_section(const struct section_names *known, const char *name)
{
	for (size_t i = 0; i < known->count; i++) {
		if (strcmp(known->items[i], name) == 0)
			return true;
	}
	return false;
}

static bool refuse_section(const struct section_names *known, const struct command_line *line,
	const char *name, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *nearest = nearest_word(name, known->items, known->count);
	struct string_list list = STRING_LIST_INIT;

	for (size_t i = 0; i < known->count; i++)
		string_list_add(&list, &arena, known->items[i]);
	error_set(err, ERROR_USAGE, _("there is no section \"%s\""), name);
	error_why(err, _("sections are %s"), string_list_join(&list, &arena, ", "));
	return error_fix(err, "postigo-admin %s --section %s", line->command->words,
		nearest ? nearest : known->items[0]);
}

bool admin_read_sections(struct admin *admin, const struct command_line *line,
	const struct section_names *known, struct string_list *ret_sections, struct error *err)
{
	const struct string_list *values = command_values(line, "section");

	for (size_t i = 0; i < values->count; i++)
		string_list_split(ret_sections, &admin->arena, values->items[i], ", ");
	for (size_t i = 0; i < ret_sections->count; i++) {
		if (!is_section(known, ret_sections->items[i]))
			return refuse_section(known, line, ret_sections->items[i], err);
	}
	return true;
}
