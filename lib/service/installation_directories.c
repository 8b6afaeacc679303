#include "service/installation_private.h"

#include "base/message.h"
#include "system/directory.h"
#include "system/file_access.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xFF534D42
#endif
#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xFE534D42
#endif
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

/* ---------------------------------------------------------------- one directory */

static bool cannot_prepare(struct error *err, const char *path)
{
	return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot prepare %s"), path);
}

/* Nothing is open to anybody in between: first nobody, then the owner, then the mode. */
static bool correct_directory(struct installation *installation, int fd,
	const struct directory_plan *plan, const struct stat *status, struct error *err)
{
	installation_act(installation,
		_("set directory %s to mode %04o, root:%s (was %04o, %u:%u)"), plan->path,
		(unsigned)plan->mode, plan->group, (unsigned)status->st_mode & 07777,
		status->st_uid, status->st_gid);
	if (installation->request->dry_run)
		return true;
	if (fchmod(fd, 0) != 0 || fchown(fd, 0, plan->gid) != 0 || fchmod(fd, plan->mode) != 0)
		return cannot_prepare(err, plan->path);
	return true;
}

static bool make_directory(struct installation *installation, int parent,
	const struct directory_plan *plan, int *ret_fd, struct error *err)
{
	installation_act(installation, _("make directory %s, mode %04o, root:%s"), plan->path,
		(unsigned)plan->mode, plan->group);
	if (!installation->request->dry_run)
		return directory_ensure(parent, plan->name, plan->mode, plan->gid, ret_fd, err);
	*ret_fd = -1;
	return true;
}

bool installation_directory(struct installation *installation, int parent,
	const struct directory_plan *plan, int *ret_fd, struct error *err)
{
	int fd cleanup_close = -1;
	struct stat status;

	errno = ENOENT;
	if (parent >= 0)
		fd = openat(parent, plan->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return make_directory(installation, parent, plan, ret_fd, err);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) {
		error_set(err, ERROR_CONFIG, _("%s is not a directory"), plan->path);
		return error_why(err, _("something else, perhaps a symbolic link, has its name"));
	}
	if (fd < 0 || fstat(fd, &status) != 0)
		return cannot_prepare(err, plan->path);
	if ((status.st_uid != 0 || status.st_gid != plan->gid ||
		    (status.st_mode & 07777) != plan->mode) &&
		!correct_directory(installation, fd, plan, &status, err))
		return false;
	*ret_fd = take_fd(&fd);
	return true;
}

/* ---------------------------------------------------------------- the file system */

const char *installation_unsuitable_type(unsigned long type)
{
	static const struct {
		unsigned long type;
		const char *name;
	} types[] = {
		{NFS_SUPER_MAGIC, "NFS"},
		{SMB_SUPER_MAGIC, "SMB"},
		{CIFS_SUPER_MAGIC, "CIFS"},
		{SMB2_SUPER_MAGIC, "SMB"},
		{FUSE_SUPER_MAGIC, "FUSE"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		if (types[i].type == (type & 0xFFFFFFFF))
			return types[i].name;
	}
	return NULL;
}

/* Looks at the directory, or before it is made at the one above. */
static bool require_local_file_system(const struct installation *installation, int parent,
	const char *name, struct error *err)
{
	int fd cleanup_close =
		openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const char *path = installation->request->state_directory;
	const char *type;
	struct statfs system;

	if (fstatfs(fd >= 0 ? fd : parent, &system) != 0)
		return cannot_prepare(err, path);
	type = installation_unsuitable_type((unsigned long)system.f_type);
	if (!type)
		return true;
	error_set(err, ERROR_CONFIG, _("%s cannot be on this file system (%s)"), path, type);
	error_why(err,
		_("there, owners, links and locks are not what the request queue relies on"));
	return error_fix(err, _("mount a local file system there, such as ext4 or XFS"));
}

/* ---------------------------------------------------------------- the tree */

/* Parents before children. New and tmp: group-writable, not readable, sticky, and no set-group-ID.
 */
static const struct tree_entry tree[] = {
	{"queue", 0710, GROUP_QUEUE},
	{"queue/new", 01730, GROUP_QUEUE},
	{"queue/tmp", 01730, GROUP_QUEUE},
	{"work", 0700, "root"},
	{"work/claimed", 0700, "root"},
	{"work/quarantine", 0700, "root"},
	{"work/confirm", 0700, "root"},
	{"work/archive", 0750, GROUP_ADMINS},
	{"store", 0750, GROUP_ADMINS},
	{"store/backup", 0700, "root"},
	{"lock", 0700, "root"},
	{"status", 0711, "root"},
	{"sync", 0700, "root"},
};

const struct tree_entry *installation_tree(size_t *ret_count)
{
	*ret_count = ARRAY_LENGTH(tree);
	return tree;
}

static bool plan_of(const struct installation *installation, const struct tree_entry *entry,
	struct directory_plan *ret_plan, struct error *err)
{
	const char *slash = strrchr(entry->path, '/');
	struct directory_plan plan = {
		.name = slash ? slash + 1 : entry->path,
		.path = arena_printf(installation->arena, "%s/%s",
			installation->request->state_directory, entry->path),
		.mode = entry->mode,
		.group = entry->group,
	};

	if (strcmp(entry->group, "root") != 0 && !installation_group(entry->group, &plan.gid, err))
		return false;
	*ret_plan = plan;
	return true;
}

static bool make_tree(struct installation *installation, int state, struct error *err)
{
	int top cleanup_close = -1; /* the last directory directly below the state directory */

	for (size_t i = 0; i < ARRAY_LENGTH(tree); i++) {
		bool nested = strchr(tree[i].path, '/') != NULL;
		int fd cleanup_close = -1;
		struct directory_plan plan;

		if (!plan_of(installation, &tree[i], &plan, err) ||
			!installation_directory(installation, nested ? top : state, &plan, &fd,
				err))
			return false;
		if (nested)
			continue;
		cleanup_close_function(&top);
		top = take_fd(&fd);
	}
	return true;
}

/* So that the daemons may read what the admin program writes, and nothing else that admins read. */
static bool let_daemons_read_store(struct installation *installation, struct error *err)
{
	const char *path = arena_printf(installation->arena, "%s/store",
		installation->request->state_directory);
	bool set = false;
	gid_t gid;

	if (!installation_group(GROUP_DAEMONS, &gid, err))
		return false;
	if (gid != GROUP_UNKNOWN && !file_access_has_default_group(path, gid, &set, err))
		return false;
	if (set)
		return true;
	installation_act(installation, _("let group %s read files that are made in %s"),
		GROUP_DAEMONS, path);
	return installation->request->dry_run || file_access_default_group(path, gid, err);
}

bool installation_make_directories(struct installation *installation, struct error *err)
{
	struct directory_plan plan = {
		.path = installation->request->state_directory,
		.mode = STATE_MODE,
		.group = "root",
	};
	int parent cleanup_close = -1;
	int state cleanup_close = -1;

	return installation_open_parent(installation, plan.path, &parent, &plan.name, err) &&
	       require_local_file_system(installation, parent, plan.name, err) &&
	       installation_directory(installation, parent, &plan, &state, err) &&
	       make_tree(installation, state, err) && let_daemons_read_store(installation, err);
}
