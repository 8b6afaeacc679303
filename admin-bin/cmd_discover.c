/* discover, proposed-config: what mail server is there already, and how postigo would fit into it.
 */
#include "admin.h"
#include "admin_findings.h"
#include "admin_json.h"
#include "base/message.h"
#include "format/printable.h"
#include "format/shell_word.h"
#include "service/mail_stack.h"
#include "stack_picture.h"

#include <string.h>

#define FORMAT 1 /* of the answer: tests/reference/discover.schema.json */
#define PLAIN_DEPTH 8

/* ---------------------------------------------------------------- for machines */

static void fill_document(struct admin *admin, struct mail_stack *stack, struct json *document)
{
	json_set_integer(document, "format", FORMAT);
	json_set_text(document, "tool", "postigo-admin");
	json_set_text(document, "version", POSTIGO_VERSION);
	admin_set_time(document, "generated_at", admin->now);
	json_set_boolean(document, "privileged", stack->privileged);
	json_set(document, "sections", json_copy(stack->sections));
	json_set(document, "problems", admin_findings_json(&stack->check.report, &admin->arena));
	json_set(document, "errors", json_copy(stack->errors));
}

static const char *scalar_text(const struct json *value, struct arena *arena)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	if (json_is_text(value))
		return printable_text(json_text(value), arena);
	json_print(value, &text);
	return arena_strdup(arena, strbuf_text(&text));
}

/* NOLINTBEGIN(misc-no-recursion): the answer is no deeper than PLAIN_DEPTH */
static void say_plain(struct admin *admin, const struct json *value, const char *path, int depth)
{
	size_t index = 0;

	if (depth > PLAIN_DEPTH)
		return;
	if (!json_is_object(value) && !json_is_array(value)) {
		output_say(&admin->output, "%s\t%s", path, scalar_text(value, &admin->arena));
		return;
	}
	for (const struct json *member = json_first(value); member;
		member = json_next(member), index++) {
		const char *dot = *path ? "." : "";
		const char *inner =
			json_is_object(value)
				? arena_printf(&admin->arena, "%s%s%s", path, dot,
					  printable_text(json_key(member), &admin->arena))
				: arena_printf(&admin->arena, "%s%s%zu", path, dot, index);

		say_plain(admin, member, inner, depth + 1);
	}
}
/* NOLINTEND(misc-no-recursion) */

/* ---------------------------------------------------------------- for people */

static void say_errors(struct admin *admin, const struct mail_stack *stack)
{
	if (json_count(stack->errors) == 0)
		return;
	output_say(&admin->output, "%s", "");
	output_say(&admin->output, _("Not looked at:"));
	for (const struct json *error = json_first(stack->errors); error;
		error = json_next(error)) {
		const char *detail = json_get_text(error, "detail");

		output_say(&admin->output, "  %s: %s%s%s",
			printable_text(json_get_text(error, "source"), &admin->arena),
			json_get_text(error, "status"), detail ? ", " : "",
			detail ? printable_text(detail, &admin->arena) : "");
	}
}

static void say_stack(struct admin *admin, const struct mail_stack *stack)
{
	stack_picture_say(admin, stack);
	say_errors(admin, stack);
	output_say(&admin->output, "%s", "");
	if (stack->check.report.count > 0)
		output_say(&admin->output, _("Recommendations:"));
	admin_say_findings(admin, &stack->check.report);
	if (!stack->privileged)
		output_say(&admin->output, _("Root sees more: %s"), "sudo postigo-admin discover");
}

/* ---------------------------------------------------------------- the commands */

/* No configuration is an answer here, a bad one a finding. */
static void load_settings(struct admin *admin, const struct command_line *line,
	struct mail_stack_request *request, struct error *ret_failure)
{
	request->check.state_directory = POSTIGO_STATE_DIRECTORY;
	request->check.config_directory = POSTIGO_CONFIG_DIRECTORY;
	request->check.helper = POSTIGO_HELPER;
	request->check.now = admin->now;
	request->configured = true;
	if (admin_load_settings(admin, line, ret_failure)) {
		request->check.settings = &admin->settings;
		return;
	}
	request->check.configuration_error = ret_failure;
	request->configured = admin->file_count > 0;
}

int command_discover(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct string_list sections = STRING_LIST_INIT;
	struct mail_stack_request request = {.deep = command_has(line, "deep")};
	struct mail_stack stack cleanup_mail_stack = {.sections = NULL};
	struct json *document cleanup_json = json_new_object();
	struct error failure;
	struct error err;
	size_t count;
	const char *const *names = mail_stack_sections(&count);

	if (!admin_read_sections(admin, line, &(struct section_names){names, count}, &sections,
		    &err))
		return output_error(&admin->output, &err);
	load_settings(admin, line, &request, &failure);
	request.check.sections = &sections;
	mail_stack_discover(&request, &admin->arena, &stack);
	if (admin->output.shape == OUTPUT_HUMAN) {
		say_stack(admin, &stack);
		return ERROR_NONE;
	}
	fill_document(admin, &stack, document);
	if (admin->output.shape == OUTPUT_JSON)
		output_json(&admin->output, document);
	else
		say_plain(admin, document, "", 0);
	return ERROR_NONE;
}

/* ---------------------------------------------------------------- a configuration to begin with */

static struct json *proposal_json(const struct stack_proposal *proposal)
{
	struct json *document = json_new_object();
	struct json *sync;

	json_set_text(document, "domain", proposal->domain);
	sync = json_set(document, "sync", json_new_object());
	json_set_boolean(sync, "enabled", true);
	json_set_boolean(sync, "after_approve", true);
	json_set_text(sync, "type", proposal->type);
	json_set_text(sync, "path", proposal->path);
	json_set_text(sync, "group", proposal->group);
	json_set_text(sync, "postfix_config_directory", proposal->config_directory);
	return document;
}

/* A comment may hold no line break, whatever main.cf says. */
static const char *comment_word(struct admin *admin, const char *text)
{
	return printable_text(shell_word(text, &admin->arena), &admin->arena);
}

/* The comments are part of the file: postigo.json(5) allows them. */
static void say_proposal(struct admin *admin, const struct stack_proposal *proposal)
{
	struct json *document cleanup_json = proposal_json(proposal);
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct output *output = &admin->output;

	output_say(output, _("// For /etc/postigo/postigo.json. Then: postigo-admin config check "
			     "&& postigo-admin setup"));
	output_say(output,
		_("// Members' addresses will be NAME@%s; write another domain where that is "
		  "wrong."),
		proposal->domain);
	if (proposal->virtual_alias_maps) {
		output_say(output, _("// Postfix does not use the map yet. After the first "
				     "postigo-admin sync --allow-empty:"));
		output_say(output, "//   postconf -c %s -e %s && postfix reload",
			comment_word(admin, proposal->config_directory),
			comment_word(admin, arena_printf(&admin->arena, "virtual_alias_maps = %s",
						    proposal->virtual_alias_maps)));
	}
	json_print_pretty(document, &text);
	output_say(output, "%s", strbuf_text(&text));
}

int command_proposed_config(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct string_list sections = STRING_LIST_INIT;
	struct mail_stack_request request = {.check = {.sections = &sections}};
	struct mail_stack stack cleanup_mail_stack = {.sections = NULL};
	struct json *document cleanup_json = NULL;
	struct stack_proposal proposal;
	struct error err;

	(void)line;
	string_list_add(&sections, &admin->arena, "postfix");
	mail_stack_discover(&request, &admin->arena, &stack);
	if (!mail_stack_propose(&stack, &proposal, &err))
		return output_error(&admin->output, &err);
	document = proposal_json(&proposal);
	output_json(&admin->output, document);
	say_proposal(admin, &proposal);
	return ERROR_NONE;
}
