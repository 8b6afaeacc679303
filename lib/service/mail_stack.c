#include "service/mail_stack.h"

#include "base/clock.h"
#include "base/message.h"
#include "service/mail_stack_section.h"

#include <string.h>
#include <unistd.h>

#define ALL_COMMANDS_MS 45000

/* Services are known before the sections that ask which of them run, Postfix before its neighbours.
 */
static const struct {
	const char *name;
	struct json *(*look)(struct mail_stack *stack);
} sections[] = {
	{"host", stack_host},
	{"packages", stack_packages},
	{"services", stack_services},
	{"postfix", stack_postfix},
	{"databases", stack_databases},
	{"dovecot", stack_dovecot},
	{"webmail", stack_webmail},
	{"filters", stack_filters},
	{"ports", stack_ports},
	{"accounts", stack_accounts},
	{"postigo", stack_postigo},
	{"runv", stack_runv},
};

static const char *const section_names[] = {"host", "packages", "services", "postfix", "databases",
	"dovecot", "webmail", "filters", "ports", "accounts", "postigo", "runv"};

const char *const *mail_stack_sections(size_t *ret_count)
{
	*ret_count = ARRAY_LENGTH(section_names);
	return section_names;
}

void mail_stack_clear(struct mail_stack *stack)
{
	json_free(&stack->sections);
	json_free(&stack->errors);
}

static bool is_wanted(const struct mail_stack_request *request, const char *section)
{
	const struct string_list *wanted = request->check.sections;

	return !wanted || wanted->count == 0 || string_list_contains(wanted, section);
}

/* The worst first, else as found. */
static void sort_by_severity(struct consistency_report *report)
{
	for (size_t i = 1; i < report->count; i++) {
		struct finding finding = report->findings[i];
		size_t j = i;

		for (; j > 0 && report->findings[j - 1].severity > finding.severity; j--)
			report->findings[j] = report->findings[j - 1];
		report->findings[j] = finding;
	}
}

void mail_stack_discover(const struct mail_stack_request *request, struct arena *arena,
	struct mail_stack *ret_stack)
{
	struct mail_stack stack = {
		.sections = json_new_object(),
		.errors = json_new_array(),
		.check = {.request = &request->check,
			.settings = request->check.settings,
			.arena = arena},
		.request = request,
		.arena = arena,
		.deadline = clock_monotonic_ms() + ALL_COMMANDS_MS,
		.privileged = geteuid() == 0,
	};

	for (size_t i = 0; i < ARRAY_LENGTH(sections); i++) {
		if (is_wanted(request, sections[i].name))
			json_set(stack.sections, sections[i].name, sections[i].look(&stack));
	}
	sort_by_severity(&stack.check.report);
	*ret_stack = stack;
}
