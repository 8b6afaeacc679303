#include "postigo_session.h"

#include "base/message.h"
#include "format/username.h"
#include "system/configuration_files.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATUS_DIRECTORY POSTIGO_STATE_DIRECTORY "/status"

static bool load_settings(struct session *session, const char *file, struct error *err)
{
	struct source_text *sources;
	size_t count;

	switch (configuration_files_read(POSTIGO_CONFIG_DIRECTORY, file, session->arena, &sources,
		&count, err)) {
	case LOOKUP_FOUND:
		return settings_load(sources, count, session->arena, &session->settings, NULL, err);
	case LOOKUP_NOT_FOUND:
		error_set(err, ERROR_CONFIG, _("mail aliases are not set up on this server"));
		error_why(err, _("there is no %s/postigo.json"), POSTIGO_CONFIG_DIRECTORY);
		return error_fix(err,
			_("ask an administrator to run: postigo-admin setup --domain DOMAIN"));
	case LOOKUP_FAILED:
		break;
	}
	return false;
}

void session_begin(struct session *session, const char *file)
{
	session->configured = load_settings(session, file, &session->refusal);
}

bool session_settle(struct session *session, struct error *err)
{
	uid_t uid = getuid();

	if (!session->configured) {
		*err = session->refusal;
		return false;
	}
	if (uid == 0) {
		error_set(err, ERROR_PERMISSION, _("postigo is for members, not for root"));
		error_why(err, _("a request belongs to the account that makes it"));
		return error_fix(err, _("use postigo-admin, or run postigo as the member"));
	}
	switch (account_by_uid(uid, session->arena, &session->account, err)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		return error_set(err, ERROR_PERMISSION,
			_("user id %u has no account on this server"), uid);
	case LOOKUP_FAILED:
		return false;
	}
	session->alias = arena_printf(session->arena, "%s@%s", session->account.name,
		session->settings.domain);
	return true;
}

static bool refuse(struct error *err, enum error_code code, const struct session *session,
	const char *reason)
{
	error_set(err, code, _("%s cannot have a mail alias here"), session->account.name);
	error_why(err, _("this account %s"), reason);
	return error_fix(err, _("ask an administrator if you think that is wrong"));
}

/* The same rules, in the same order, as the binding ones of the admin side: service/member. */
static bool require_plain_account(const struct session *session, struct error *err)
{
	const struct account *account = &session->account;

	if (!username_is_valid(account->name))
		return refuse(err, ERROR_PERMISSION, session,
			_("has a name that cannot be an alias"));
	if (settings_reserve_name(&session->settings, account->name))
		return refuse(err, ERROR_RULE, session,
			_("has a name that is reserved for the server"));
	if ((int64_t)account->uid < session->settings.members.uid_min)
		return refuse(err, ERROR_PERMISSION, session, _("is a system account"));
	return true;
}

bool session_require_member(const struct session *session, struct error *err)
{
	const struct member_settings *members = &session->settings.members;
	const char *reason;
	gid_t group;
	bool inside;
	bool shared = false;

	if (!require_plain_account(session, err))
		return false;
	switch (group_by_name(members->group, &group, err)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		error_set(err, ERROR_CONFIG, _("the member group \"%s\" does not exist"),
			members->group);
		return error_fix(err, _("ask an administrator to run: postigo-admin setup"));
	case LOOKUP_FAILED:
		return false;
	}
	if (!account_in_group(&session->account, group, &inside, err))
		return false;
	reason = arena_printf(session->arena, _("is not in group %s"), members->group);
	if (!inside)
		return refuse(err, ERROR_PERMISSION, session, reason);
	if (!members->allow_shared_uid &&
		!account_uid_is_shared(session->account.uid, &shared, err))
		return false;
	if (shared)
		return refuse(err, ERROR_PERMISSION, session,
			_("shares the user id with another account"));
	return true;
}

/*
 * Root's file, or the caller's own where the file system has no access control lists. Somebody who
 * forges their own status deceives only themselves: the admin side decides.
 */
static enum lookup_result open_status(const struct session *session, int *ret_fd, struct error *err)
{
	const char *path =
		arena_printf(session->arena, STATUS_DIRECTORY "/%u.json", session->account.uid);
	int fd cleanup_close =
		open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 && errno == ENOENT)
		return LOOKUP_NOT_FOUND;
	if (fd < 0 || fstat(fd, &status) != 0) {
		error_set_errno(err, errno == EACCES ? ERROR_PERMISSION : ERROR_FILESYSTEM, errno,
			_("cannot read %s"), path);
		return LOOKUP_FAILED;
	}
	if (!S_ISREG(status.st_mode) ||
		(status.st_uid != 0 && status.st_uid != session->account.uid)) {
		error_set(err, ERROR_FILESYSTEM, _("%s is not the server's file"), path);
		return LOOKUP_FAILED;
	}
	*ret_fd = take_fd(&fd);
	return LOOKUP_FOUND;
}

enum lookup_result session_read_status(const struct session *session,
	struct status_file *ret_status, struct error *err)
{
	struct status_file status = {.state = "none",
		.decision = "",
		.decision_id = "",
		.reason = ""};
	enum lookup_result result;
	const char *text;
	size_t length;
	int fd cleanup_close = -1;

	result = open_status(session, &fd, err);
	if (result == LOOKUP_FAILED)
		return LOOKUP_FAILED;
	if (result == LOOKUP_FOUND) {
		if (!file_read(fd, STATUS_FILE_MAX, session->arena, &text, &length, err) ||
			!status_file_parse(text, length, session->arena, &status, err))
			return LOOKUP_FAILED;
	}
	/* A file of the uid's former owner says nothing about this account. */
	if (result == LOOKUP_FOUND && strcmp(status.username, session->account.name) != 0) {
		status = (struct status_file){.state = "none",
			.decision = "",
			.decision_id = "",
			.reason = ""};
		result = LOOKUP_NOT_FOUND;
	}
	*ret_status = status;
	return result;
}

bool session_generation_is_live(const struct session *session, int64_t generation)
{
	struct live_status live;
	struct error err;
	const char *text;
	size_t length;

	/* A missing or broken file: nothing is known to be live. */
	if (trusted_file_read(AT_FDCWD, STATUS_DIRECTORY "/live.json", STATUS_FILE_MAX,
		    session->arena, &text, &length, &err) != LOOKUP_FOUND)
		return false;
	if (!live_status_parse(text, length, &live, &err))
		return false;
	return live.generation >= generation;
}

bool session_has_alias(const struct status_file *status)
{
	return strcmp(status->state, "none") != 0;
}
