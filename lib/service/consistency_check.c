#include "service/consistency_check.h"

#include "base/message.h"
#include "format/shell_word.h"
#include "service/check_subject.h"

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct subject {
	const char *section;
	void (*look)(struct consistency_check *check);
	bool needs_settings;
} subjects[] = {
	{"installation", check_installation, false},
	{"accounts", check_accounts, true},
	{"store", check_store, true},
	{"queue", check_queue, false},
	{"postfix", check_postfix, true},
	{"system", check_system, false},
};

static const char *const section_names[] = {"installation", "accounts", "store", "queue", "postfix",
	"system"};

const char *const *consistency_sections(size_t *ret_count)
{
	*ret_count = ARRAY_LENGTH(section_names);
	return section_names;
}

const char *finding_severity_name(enum finding_severity severity)
{
	switch (severity) {
	case FINDING_ERROR:
		return "error";
	case FINDING_WARNING:
		return "warning";
	case FINDING_INFO:
		return "info";
	case FINDING_OK:
		return "ok";
	}
	return "";
}

/* ---------------------------------------------------------------- noting */

static const char *format_text(struct arena *arena, const char *format, va_list arguments)
	printf_like(2, 0);

static const char *format_text(struct arena *arena, const char *format, va_list arguments)
{
	char *text cleanup_free = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		out_of_memory();
	return arena_strdup(arena, text);
}

static struct finding *add_finding(struct consistency_check *check)
{
	struct consistency_report *report = &check->report;

	if (report->count == check->capacity) {
		struct finding *longer;

		check->capacity = check->capacity ? check->capacity * 2 : 32;
		longer = arena_alloc_array(check->arena, check->capacity, sizeof(*longer));
		if (report->count > 0)
			memcpy(longer, report->findings, report->count * sizeof(*longer));
		report->findings = longer;
	}
	return &report->findings[report->count++];
}

static struct finding *last_finding(struct consistency_check *check)
{
	return &check->report.findings[check->report.count - 1];
}

void check_find(struct consistency_check *check, enum finding_severity severity, const char *id,
	const char *format, ...)
{
	struct finding *finding = add_finding(check);
	va_list arguments;

	*finding = (struct finding){
		.id = id,
		.section = arena_strndup(check->arena, id, strcspn(id, ".")),
		.severity = severity,
		.evidence = "",
		.cure = "",
		.advice = "",
	};
	va_start(arguments, format);
	finding->what = format_text(check->arena, format, arguments);
	va_end(arguments);
	check->report.errors += severity == FINDING_ERROR;
	check->report.warnings += severity == FINDING_WARNING;
}

void check_evidence(struct consistency_check *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	last_finding(check)->evidence = format_text(check->arena, format, arguments);
	va_end(arguments);
}

void check_cure(struct consistency_check *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	last_finding(check)->cure = format_text(check->arena, format, arguments);
	va_end(arguments);
}

const char *check_command(const struct consistency_check *check, const char *words)
{
	const char *file = check->request->config_file;

	if (!file)
		return arena_printf(check->arena, "postigo-admin %s", words);
	return arena_printf(check->arena, "postigo-admin --config %s %s", check_word(check, file),
		words);
}

const char *check_settings_file(const struct consistency_check *check)
{
	const struct consistency_request *request = check->request;

	return request->config_file ? request->config_file
				    : arena_printf(check->arena, "%s/postigo.json",
					      request->config_directory);
}

void check_cure_by(struct consistency_check *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	last_finding(check)->cure =
		check_command(check, format_text(check->arena, format, arguments));
	va_end(arguments);
}

void check_advice(struct consistency_check *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	last_finding(check)->advice = format_text(check->arena, format, arguments);
	va_end(arguments);
}

const char *check_word(const struct consistency_check *check, const char *text)
{
	return shell_word(text, check->arena);
}

/* ---------------------------------------------------------------- what could not be looked at */

/* Somebody who is not root is refused by the kernel, or by a rule of ours for commands of root. */
static bool is_refusal(const struct error *failure)
{
	return geteuid() != 0 &&
	       (failure->code == ERROR_FILESYSTEM || failure->code == ERROR_PERMISSION);
}

static const char *denied_id(const struct consistency_check *check, const char *id)
{
	return arena_printf(check->arena, "%.*s.denied", (int)strcspn(id, "."), id);
}

static void cure_denial(struct consistency_check *check, const char *id)
{
	const char *words = arena_printf(check->arena, "check --section %.*s",
		(int)strcspn(id, "."), id);

	check_cure(check, "sudo %s", check_command(check, words));
}

void check_denied(struct consistency_check *check, const char *id, const char *path)
{
	check_find(check, FINDING_WARNING, id, _("%s could not be looked at"), path);
	cure_denial(check, id);
}

/* What the trusted-file rules say about whose something is comes with the command that helps. */
static bool is_command_line(const struct error *failure)
{
	return failure->code == ERROR_CONFIG &&
	       (strncmp(failure->fix, "chmod go-w /", strlen("chmod go-w /")) == 0 ||
		       strncmp(failure->fix, "chown root: /", strlen("chown root: /")) == 0);
}

void check_failed(struct consistency_check *check, const char *id, const struct error *failure)
{
	if (is_refusal(failure)) {
		check_find(check, FINDING_WARNING, denied_id(check, id), _("not looked at: %s"),
			failure->what);
		check_evidence(check, "%s", failure->why);
		cure_denial(check, id);
		return;
	}
	check_find(check, FINDING_ERROR, id, "%s", failure->what);
	check_evidence(check, "%s", failure->why);
	if (is_command_line(failure))
		check_cure(check, "%s", failure->fix);
	else if (*failure->fix)
		check_advice(check, "%s", failure->fix);
	else if (failure->code == ERROR_FILESYSTEM)
		check_advice(check, _("look after the disk: dmesg(1) and the system log say more"));
	else
		check_advice(check, _("cure what is said of the installation, then check again"));
}

enum lookup_result check_look(struct consistency_check *check, const char *id, const char *path,
	struct stat *ret_status)
{
	if (lstat(path, ret_status) == 0)
		return LOOKUP_FOUND;
	if (errno == ENOENT || errno == ENOTDIR)
		return LOOKUP_NOT_FOUND;
	check_denied(check, id, path);
	check_evidence(check, "%s", strerror(errno));
	return LOOKUP_FAILED;
}

const char *check_group_name(const struct consistency_check *check, gid_t gid)
{
	const struct group *group = getgrgid(gid);

	return group ? arena_strdup(check->arena, group->gr_name)
		     : arena_printf(check->arena, "%u", gid);
}

bool check_is_well(const struct consistency_check *check, size_t first)
{
	for (size_t i = first; i < check->report.count; i++) {
		if (check->report.findings[i].severity <= FINDING_WARNING)
			return false;
	}
	return true;
}

/* ---------------------------------------------------------------- all of it */

static bool is_wanted(const struct consistency_request *request, const char *section)
{
	return !request->sections || request->sections->count == 0 ||
	       string_list_contains(request->sections, section);
}

/* The configuration comes first and whatever was asked for: without it the rest is not looked at.
 */
void consistency_check(const struct consistency_request *request, struct arena *arena,
	struct consistency_report *ret_report)
{
	struct consistency_check check = {
		.request = request,
		.settings = request->settings,
		.arena = arena,
	};

	if (!request->settings || is_wanted(request, "installation"))
		check_configuration(&check);
	for (size_t i = 0; i < ARRAY_LENGTH(subjects); i++) {
		const struct subject *subject = &subjects[i];

		if (is_wanted(request, subject->section) &&
			(request->settings || !subject->needs_settings))
			subject->look(&check);
	}
	*ret_report = check.report;
}
