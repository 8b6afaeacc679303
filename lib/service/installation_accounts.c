#include "service/installation_private.h"

#include "base/message.h"
#include "system/account.h"
#include "system/group_users.h"
#include "system/process.h"
#include "system/trusted_file.h"

#include <string.h>

#define ACCOUNT_COMMAND_MS 60000
#define ACCOUNT_COMMAND_OUTPUT 4096
#define GROUPADD "/usr/sbin/groupadd"
#define USERADD "/usr/sbin/useradd"

bool installation_group(const char *name, gid_t *ret_gid, struct error *err)
{
	gid_t gid = GROUP_UNKNOWN;

	if (group_by_name(name, &gid, err) == LOOKUP_FAILED)
		return false;
	*ret_gid = gid;
	return true;
}

static bool run_account_command(struct installation *installation, const char *const *argv,
	struct error *err)
{
	const struct process_request request = {
		.argv = argv,
		.timeout_ms = ACCOUNT_COMMAND_MS,
		.output_limit = ACCOUNT_COMMAND_OUTPUT,
	};
	struct process_result result;

	if (!trusted_program_check(argv[0], err) ||
		!process_run(&request, installation->arena, &result, err))
		return false;
	if (process_succeeded(&result))
		return true;
	error_set(err, ERROR_CONFIG, _("%s failed"), argv[0]);
	return error_why(err, "%s: %.*s", process_describe(&request, &result, installation->arena),
		(int)strcspn(result.errors, "\n"), result.errors);
}

static bool make_group(struct installation *installation, const char *name, struct error *err)
{
	const char *const argv[] = {GROUPADD, "--system", "--", name, NULL};
	gid_t gid;

	if (!installation_group(name, &gid, err))
		return false;
	if (gid != GROUP_UNKNOWN)
		return true;
	installation_act(installation, _("add group %s"), name);
	return installation->request->dry_run || run_account_command(installation, argv, err);
}

static bool make_daemon_user(struct installation *installation, struct error *err)
{
	const char *const argv[] = {USERADD, "--system", "--gid", GROUP_DAEMONS, "--no-create-home",
		"--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", "--", GROUP_DAEMONS,
		NULL};
	struct account account;

	switch (account_by_name(GROUP_DAEMONS, installation->arena, &account, err)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		break;
	}
	installation_act(installation, _("add user %s, without a login"), GROUP_DAEMONS);
	return installation->request->dry_run || run_account_command(installation, argv, err);
}

/*
 * Whoever is in the queue group reaches the queue without the helper, and for somebody whose own
 * group it is the kernel does not even treat the helper as privileged.
 */
static bool require_empty_queue_group(const struct installation *installation, struct error *err)
{
	const char *name;

	switch (group_find_user(GROUP_QUEUE, installation->arena, &name, err)) {
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_FOUND:
		break;
	}
	error_set(err, ERROR_CONFIG, _("group %s must be empty, but %s is in it"), GROUP_QUEUE,
		name);
	error_why(err, _("its members could reach the request queue without postigo-drop"));
	return error_fix(err,
		_("gpasswd --delete %s %s, or give that account another primary group"), name,
		GROUP_QUEUE);
}

bool installation_make_accounts(struct installation *installation, struct error *err)
{
	const char *const groups[] = {GROUP_QUEUE, GROUP_DAEMONS, GROUP_ADMINS,
		installation->settings.members.group};

	if (strcmp(installation->settings.members.group, GROUP_QUEUE) == 0) {
		error_set(err, ERROR_CONFIG, _("%s cannot be the member group"), GROUP_QUEUE);
		return error_field(err, "members.group");
	}
	if (!require_empty_queue_group(installation, err))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(groups); i++) {
		if (!make_group(installation, groups[i], err))
			return false;
	}
	return make_daemon_user(installation, err);
}
