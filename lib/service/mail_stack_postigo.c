/* Ourselves: what is set up, what `check` says of it; the accounts that would be served; and what
 * an older tool left behind. */
#include "base/message.h"
#include "format/json.h"
#include "service/installation.h"
#include "service/mail_stack_section.h"
#include "storage/alias_store.h"
#include "system/account.h"
#include "system/group_users.h"

#include <string.h>

#define RUNV_STORE "/var/lib/runv/email-aliases.json"
#define RUNV_STORE_MAX ((size_t)16 << 20)
#define COMMAND_SECONDS 10

/* ---------------------------------------------------------------- accounts */

static void add_group(struct mail_stack *stack, struct json *list, const char *name)
{
	struct json *item = json_add(list, json_new_object());
	struct string_list members = STRING_LIST_INIT;
	struct string_list primary = STRING_LIST_INIT;
	struct error failure;
	gid_t gid;

	stack_set(stack, item, "name", name);
	switch (group_by_name(name, &gid, &failure)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		json_set_text(item, "status", "missing");
		return;
	case LOOKUP_FAILED:
		json_set_text(item, "status", "error");
		(void)stack_error(stack, name, STACK_ERROR, failure.what);
		return;
	}
	json_set_text(item, "status", "ok");
	json_set_integer(item, "gid", gid);
	if (group_list_users(name, stack->arena, &members, &primary, &failure))
		json_set_integer(item, "members", (int64_t)(members.count + primary.count));
}

struct json *stack_accounts(struct mail_stack *stack)
{
	const struct settings *settings = stack->check.settings;
	const char *const names[] = {settings ? settings->members.group : "members", GROUP_QUEUE,
		GROUP_DAEMONS, GROUP_ADMINS};
	struct json *accounts = json_new_object();
	struct json *list = json_set(accounts, "groups", json_new_array());

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		add_group(stack, list, names[i]);
	return accounts;
}

/* ---------------------------------------------------------------- what `check` says */

static bool is_noted(const struct consistency_report *report, const struct finding *finding)
{
	for (size_t i = 0; i < report->count; i++) {
		if (strcmp(report->findings[i].id, finding->id) == 0 &&
			strcmp(report->findings[i].what, finding->what) == 0)
			return true;
	}
	return false;
}

static void take_finding(struct mail_stack *stack, const struct finding *finding)
{
	struct consistency_check *check = &stack->check;

	if (finding->severity == FINDING_OK || is_noted(&check->report, finding))
		return;
	check_find(check, finding->severity, finding->id, "%s", finding->what);
	check_evidence(check, "%s", finding->evidence);
	check_cure(check, "%s", finding->cure);
	check_advice(check, "%s", finding->advice);
}

/* Commands of Postfix get no more time than ours; where one has just hung, none is run. */
static void take_check(struct mail_stack *stack)
{
	static const char *const all[] = {"installation", "accounts", "store", "queue", "system",
		"postfix"};
	struct consistency_request request = stack->request->check;
	struct string_list sections = STRING_LIST_INIT;
	struct consistency_report report;
	struct settings settings;

	for (size_t i = 0; i < ARRAY_LENGTH(all) - stack->postfix_is_silent; i++)
		string_list_add(&sections, stack->arena, all[i]);
	if (request.settings) {
		settings = *request.settings;
		if (settings.sync.command_timeout > COMMAND_SECONDS)
			settings.sync.command_timeout = COMMAND_SECONDS;
		request.settings = &settings;
	}
	request.sections = &sections;
	request.tables_unasked = !stack->request->deep;
	consistency_check(&request, stack->arena, &report);
	for (size_t i = 0; i < report.count; i++)
		take_finding(stack, &report.findings[i]);
}

static void describe_store(struct mail_stack *stack, struct json *object)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct alias_cursor cursor;
	struct alias_entry entry;
	struct error failure;
	int64_t count = 0;

	if (!alias_store_open(&store, stack->request->check.state_directory, ALIAS_STORE_READ,
		    &failure)) {
		(void)stack_error(stack, stack->request->check.state_directory,
			stack->privileged ? STACK_ERROR : STACK_DENIED, failure.what);
		return;
	}
	alias_store_rewind(&store, &cursor);
	while (alias_store_next(&cursor, stack->arena, &entry, &failure) == LOOKUP_FOUND)
		count++;
	json_set_integer(object, "aliases", count);
	json_set_integer(object, "generation", store.generation);
}

struct json *stack_postigo(struct mail_stack *stack)
{
	const struct settings *settings = stack->check.settings;
	struct consistency_check *check = &stack->check;
	struct json *object = json_new_object();

	json_set_boolean(object, "configured", stack->request->configured);
	if (!stack->request->configured) {
		check_find(check, FINDING_INFO, "postigo.not-set-up",
			_("postigo is not set up on this machine"));
		check_cure(check, "postigo-admin proposed-config");
		return object;
	}
	if (settings) {
		stack_set(stack, object, "domain", settings->domain);
		stack_set(stack, object, "map", settings->sync.path);
		json_set_boolean(object, "sync", settings->sync.enabled);
		describe_store(stack, object);
	}
	take_check(stack);
	return object;
}

/* ---------------------------------------------------------------- what runv left */

static int64_t count_aliases(const struct mail_stack *stack)
{
	static const struct json_rules rules = {.bytes = RUNV_STORE_MAX, .depth = 16};
	struct json *document cleanup_json = NULL;
	const struct json *entries;
	struct error ignored;
	const char *text;
	size_t length;

	if (stack_read(stack, RUNV_STORE, RUNV_STORE_MAX, &text, &length) != STACK_OK ||
		!json_parse(text, length, &rules, &document, &ignored))
		return -1;
	entries = json_get(document, "aliases");
	return (int64_t)json_count(entries ? entries : document);
}

/* Files with secrets of a mail service: that they are there, nothing of them. */
struct json *stack_runv(struct mail_stack *stack)
{
	static const char *const paths[] = {RUNV_STORE, "/etc/runv-email.json",
		"/etc/runv-member-mail.json", "/etc/runv-mailgun.json", "/etc/runv/mailgun.json",
		"/root/.mailgun"};
	struct json *object = json_new_object();
	struct json *files = json_set(object, "files", json_new_array());
	struct consistency_check *check = &stack->check;
	int64_t count;

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		if (stack_exists(paths[i]))
			stack_add(stack, files, paths[i]);
	}
	if (!stack_exists(RUNV_STORE))
		return object;
	count = count_aliases(stack);
	if (count >= 0)
		json_set_integer(object, "aliases", count);
	check_find(check, FINDING_INFO, "runv.importable", _("runv's aliases can be taken over"));
	check_evidence(check, "%s", RUNV_STORE);
	check_cure(check, "postigo-admin member import --from runv --dry-run " RUNV_STORE);
	return object;
}
