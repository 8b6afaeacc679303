#include "service/hook.h"

#include "base/message.h"
#include "format/printable.h"
#include "system/account_rights.h"
#include "system/process.h"
#include "system/trusted_file.h"

#include <stddef.h>
#include <string.h>
#include <syslog.h>

#define OUTPUT_LIMIT 4096
#define REASON_MAX 200
#define ARGUMENTS_MAX 5

/* What stands in the argument vector behind the program, and where its path is in the settings. */
static const struct hook_point {
	const char *name;
	size_t path;
	const char *arguments; /* u username, d domain, m maildir, q quota */
} points[] = {
	{"mailbox_postcreation", offsetof(struct hook_settings, mailbox_postcreation), "udmq"},
	{"mailbox_postedit", offsetof(struct hook_settings, mailbox_postedit), "udmq"},
	{"mailbox_postdeletion", offsetof(struct hook_settings, mailbox_postdeletion), "ud"},
	{"mailbox_postpassword", offsetof(struct hook_settings, mailbox_postpassword), "ud"},
	{"domain_postcreation", offsetof(struct hook_settings, domain_postcreation), "d"},
	{"domain_postedit", offsetof(struct hook_settings, domain_postedit), "d"},
	{"domain_postdeletion", offsetof(struct hook_settings, domain_postdeletion), "d"},
};

static const struct hook_point *find_point(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(points); i++) {
		if (strcmp(points[i].name, name) == 0)
			return &points[i];
	}
	return NULL;
}

static const char *path_of(const struct hook_settings *settings, const struct hook_point *point)
{
	const char *path;

	memcpy(&path, (const char *)settings + point->path, sizeof(path));
	return path;
}

bool hook_is_configured(const struct hook_settings *settings, const char *name)
{
	const struct hook_point *point = find_point(name);

	return point && *path_of(settings, point);
}

/* ---------------------------------------------------------------- running */

static const char *argument(char letter, const struct hook_call *call, struct arena *arena)
{
	if (letter == 'u')
		return call->username;
	if (letter == 'd')
		return call->domain;
	if (letter == 'm')
		return call->maildir;
	return arena_printf(arena, "%lld", (long long)call->quota_bytes);
}

/* Gives "", NUL, and the new password, and then the end. */
struct password_source {
	const struct secret *password;
	bool given;
};

static size_t give_password(void *context, char *buffer, size_t size)
{
	struct password_source *source = context;

	if (source->given || size <= source->password->length)
		return 0;
	source->given = true;
	buffer[0] = '\0';
	memcpy(buffer + 1, source->password->text, source->password->length);
	return source->password->length + 1;
}

static bool find_rights(const char *user, struct arena *arena, struct account_rights *rights, struct error *err)
{
	switch (account_by_name(user, arena, &rights->account, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		error_set(err, ERROR_HOOK, _("there is no user \"%s\" to run hooks as"), user);
		error_fix(err, _("name one in hooks.user"));
		return error_field(err, "hooks.user");
	case LOOKUP_FOUND:
		break;
	}
	return account_rights_read(rights, err);
}

static void log_lines(const char *name, const char *text, struct arena *arena)
{
	struct string_list lines = STRING_LIST_INIT;

	string_list_split(&lines, arena, text, "\r\n");
	for (size_t i = 0; i < lines.count; i++)
		syslog(LOG_MAIL | LOG_INFO, "hook %s: %s", name, printable_text(lines.items[i], arena));
}

static bool say_cure(const char *path, struct error *err)
{
	return error_fix(err, _("the change itself is done; mend %s and run it by hand"), path);
}

/* What to say of a hook that failed: how it ended, and how its last words began. */
static bool judge(const struct hook_call *call, const struct process_request *request, const struct process_result *result,
	struct arena *arena, struct error *err)
{
	const char *words = *result->errors ? result->errors : result->output;

	if (!call->password) {
		log_lines(call->name, result->output, arena);
		log_lines(call->name, result->errors, arena);
	}
	if (process_succeeded(result))
		return true;
	error_set(err, ERROR_HOOK, _("the hook %s failed: %s"), call->name, process_describe(request, result, arena));
	if (*words && !call->password)
		error_why(err, "%.*s", REASON_MAX, words);
	return say_cure(request->argv[0], err);
}

static bool run(const struct hook_settings *settings, const struct hook_call *call, const char *const *argv,
	struct arena *arena, struct error *err)
{
	struct account_rights *rights = arena_alloc(arena, sizeof(*rights));
	struct password_source source = {.password = call->password};
	struct process_request request = {
		.argv = argv,
		.timeout_ms = (int)settings->timeout * 1000,
		.output_limit = OUTPUT_LIMIT,
	};
	struct process_result result;

	if (*settings->user && !find_rights(settings->user, arena, rights, err))
		return false;
	request.rights = *settings->user && rights->account.uid != 0 ? rights : NULL;
	if (call->password) {
		request.source = give_password;
		request.context = &source;
	}
	return process_run(&request, arena, &result, err) && judge(call, &request, &result, arena, err);
}

bool hook_run(const struct hook_settings *settings, const struct hook_call *call, struct arena *arena, struct error *err)
{
	const struct hook_point *point = find_point(call->name);
	const char *argv[ARGUMENTS_MAX + 1] = {NULL};

	if (!point)
		return error_set(err, ERROR_BUG, "there is no hook \"%s\"", call->name);
	argv[0] = path_of(settings, point);
	if (!*argv[0])
		return true;
	if (!trusted_program_check(argv[0], err)) {
		err->code = ERROR_HOOK;
		error_prefix(err, "%s", call->name);
		return say_cure(argv[0], err);
	}
	for (size_t i = 0; point->arguments[i]; i++)
		argv[i + 1] = argument(point->arguments[i], call, arena);
	return run(settings, call, argv, arena, err);
}
