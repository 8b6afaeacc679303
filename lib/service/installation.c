#include "service/installation.h"

#include "base/message.h"
#include "service/installation_private.h"
#include "storage/alias_store.h"
#include "system/identity.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

void installation_act(struct installation *installation, const char *format, ...)
{
	va_list arguments;
	char *text cleanup_free = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		out_of_memory();
	va_end(arguments);
	installation->acts++;
	installation->report(installation->context, text);
}

bool installation_open_parent(struct installation *installation, const char *path, int *ret_fd,
	const char **ret_name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	const char *parent;

	if (path[0] != '/' || slash[1] == '\0')
		return error_set(err, ERROR_BUG, "no absolute path: \"%s\"", path);
	parent = slash == path ? "/"
			       : arena_strndup(installation->arena, path, (size_t)(slash - path));
	*ret_name = slash + 1;
	return trusted_directory_open(parent, ret_fd, err);
}

/* ---------------------------------------------------------------- the helper */

/* On such a mount the kernel ignores the bit: members would be told so one by one. */
static bool require_suid_mount(const struct installation *installation, int fd, struct error *err)
{
	const char *path = installation->request->helper;
	struct statvfs mount;

	if (fstatvfs(fd, &mount) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot examine %s"), path);
	if (!(mount.f_flag & ST_NOSUID))
		return true;
	error_set(err, ERROR_CONFIG, _("%s cannot do its work where it is"), path);
	error_why(err, _("the file system is mounted with \"nosuid\""));
	return error_fix(err, _("install postigo on a file system without that option"));
}

static bool open_helper(struct installation *installation, int *ret_fd, struct stat *ret_status,
	struct error *err)
{
	const char *path = installation->request->helper;
	int parent cleanup_close = -1;
	const char *name = NULL;

	if (!installation_open_parent(installation, path, &parent, &name, err))
		return error_prefix(err, _("cannot prepare %s"), path);
	switch (trusted_file_open(parent, name, ret_fd, ret_status, err)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_NOT_FOUND:
		error_set(err, ERROR_CONFIG, _("there is no %s"), path);
		return error_fix(err, "make install");
	case LOOKUP_FAILED:
		break;
	}
	return false;
}

/* The owner first: changing it takes the setgid bit away, and a bit before it would serve the wrong
 * group. */
static bool give_helper_its_group(struct installation *installation, int fd, gid_t gid,
	struct error *err)
{
	const char *path = installation->request->helper;

	installation_act(installation, _("set %s to mode %04o, root:%s"), path, HELPER_MODE,
		GROUP_QUEUE);
	if (installation->request->dry_run)
		return true;
	if (fchown(fd, 0, gid) != 0 || fchmod(fd, HELPER_MODE) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot prepare %s"), path);
	return true;
}

static bool prepare_helper(struct installation *installation, struct error *err)
{
	int fd cleanup_close = -1;
	struct stat status = {0};
	gid_t gid = GROUP_UNKNOWN;

	if (!installation_group(GROUP_QUEUE, &gid, err) ||
		!open_helper(installation, &fd, &status, err) ||
		!require_suid_mount(installation, fd, err))
		return false;
	if (status.st_gid == gid && (status.st_mode & 07777) == HELPER_MODE)
		return true;
	return give_helper_its_group(installation, fd, gid, err);
}

/* ---------------------------------------------------------------- the store */

static bool make_store(struct installation *installation, struct error *err)
{
	const char *state = installation->request->state_directory;
	gid_t readers;

	if (alias_store_exists(state))
		return true;
	installation_act(installation, _("make an empty store for %s in %s/store"),
		installation->settings.domain, state);
	if (installation->request->dry_run)
		return true;
	return installation_group(GROUP_ADMINS, &readers, err) &&
	       alias_store_create(state, installation->settings.domain, readers, err);
}

/* ---------------------------------------------------------------- all of it */

bool installation_set_up(const struct installation_request *request, installation_report *report,
	void *context, size_t *ret_acts, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct installation installation = {.request = request,
		.report = report,
		.context = context,
		.arena = &arena};

	/* The helper comes after the directories: nobody can file a request into half a queue. */
	if (!identity_require_root("setup", err) || !installation_configure(&installation, err) ||
		!installation_make_accounts(&installation, err) ||
		!installation_make_directories(&installation, err) ||
		!make_store(&installation, err) || !prepare_helper(&installation, err))
		return false;
	*ret_acts = installation.acts;
	return true;
}
