/* The helper, the state directories, the configuration files, the file system they need. */
#include "base/message.h"
#include "format/elf_needed.h"
#include "service/check_subject.h"
#include "service/installation_private.h"
#include "system/directory.h"
#include "system/file_access.h"
#include "system/mount_point.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#define DENIED "installation.denied"
#define HELPER_LIMIT ((size_t)16 << 20)

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

static const char *mode_text(const struct consistency_check *check, const struct stat *status)
{
	return arena_printf(check->arena, "%04o %u:%s", (unsigned)status->st_mode & 07777,
		status->st_uid, check_group_name(check, status->st_gid));
}

/* ---------------------------------------------------------------- the helper */

static void advise_new_helper(struct consistency_check *check)
{
	check_advice(check, _("install postigo again, then run: postigo-admin setup"));
}

/* The mount's other options stay as they are. */
static void cure_nosuid(struct consistency_check *check, const struct mount_point *mount)
{
	struct string_list options = STRING_LIST_INIT;
	struct string_list kept = STRING_LIST_INIT;

	string_list_split(&options, check->arena, mount->options, ",");
	for (size_t i = 0; i < options.count; i++) {
		if (strcmp(options.items[i], "nosuid") != 0)
			string_list_add(&kept, check->arena, options.items[i]);
	}
	string_list_add(&kept, check->arena, "suid");
	check_cure(check, "mount -o remount,bind,%s %s", string_list_join(&kept, check->arena, ","),
		check_word(check, mount->path));
	check_advice(check, _("take \"nosuid\" out of /etc/fstab as well"));
}

static void look_at_mount(struct consistency_check *check, int fd)
{
	struct mount_point mount;
	struct statvfs system;
	struct error failure;

	if (fstatvfs(fd, &system) != 0 || !(system.f_flag & ST_NOSUID))
		return;
	check_find(check, FINDING_ERROR, "installation.helper-nosuid",
		_("%s cannot do its work: its file system is mounted with \"nosuid\""),
		check->request->helper);
	if (!mount_point_of(fd, check->arena, &mount, &failure)) {
		check_advice(check, _("install postigo on a file system without that option"));
		return;
	}
	check_evidence(check, "%s %s", mount.path, mount.options);
	cure_nosuid(check, &mount);
}

static bool is_allowed_library(const char *name)
{
	return strcmp(name, "libc.so.6") == 0 || strncmp(name, "ld-linux", strlen("ld-linux")) == 0;
}

/* Whatever else were loaded into it would run with the queue's group. */
static void look_at_libraries(struct consistency_check *check, int fd)
{
	struct string_list names = STRING_LIST_INIT;
	struct string_list strange = STRING_LIST_INIT;
	struct error failure;
	const char *bytes;
	size_t length;

	if (!file_read(fd, HELPER_LIMIT, check->arena, &bytes, &length, &failure)) {
		check_failed(check, "installation.helper-libraries", &failure);
		return;
	}
	if (!elf_needed((const unsigned char *)bytes, length, check->arena, &names)) {
		check_find(check, FINDING_ERROR, "installation.helper-libraries",
			_("%s is not the program that postigo installs"), check->request->helper);
		advise_new_helper(check);
		return;
	}
	for (size_t i = 0; i < names.count; i++) {
		if (!is_allowed_library(names.items[i]))
			string_list_add(&strange, check->arena, names.items[i]);
	}
	if (strange.count == 0)
		return;
	check_find(check, FINDING_ERROR, "installation.helper-libraries",
		_("%s loads more than the C library"), check->request->helper);
	check_evidence(check, "%s", string_list_join(&strange, check->arena, " "));
	advise_new_helper(check);
}

static void look_at_helper_mode(struct consistency_check *check, const struct stat *status)
{
	const char *path = check->request->helper;
	const char *word = check_word(check, path);
	gid_t gid = GROUP_UNKNOWN;
	struct error failure;

	if (!installation_group(GROUP_QUEUE, &gid, &failure) || gid == GROUP_UNKNOWN)
		return; /* the missing group is a finding of the accounts */
	if (status->st_gid == gid && (status->st_mode & 07777) == HELPER_MODE)
		return;
	check_find(check, FINDING_ERROR, "installation.helper-mode",
		_("%s must be %04o root:%s: members cannot ask for anything"), path, HELPER_MODE,
		GROUP_QUEUE);
	check_evidence(check, "%s", mode_text(check, status));
	check_cure(check, "chown root:%s %s && chmod %04o %s", GROUP_QUEUE, word, HELPER_MODE,
		word);
}

static void look_inside_helper(struct consistency_check *check)
{
	int fd cleanup_close =
		open(check->request->helper, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		check_denied(check, DENIED, check->request->helper);
		check_evidence(check, "%s", strerror(errno));
		return;
	}
	look_at_mount(check, fd);
	look_at_libraries(check, fd);
}

static void look_at_helper(struct consistency_check *check)
{
	const char *path = check->request->helper;
	struct stat status;

	switch (check_look(check, DENIED, path, &status)) {
	case LOOKUP_FAILED:
		return;
	case LOOKUP_NOT_FOUND:
		check_find(check, FINDING_ERROR, "installation.helper-missing",
			_("there is no %s: members cannot ask for anything"), path);
		advise_new_helper(check);
		return;
	case LOOKUP_FOUND:
		break;
	}
	if (!S_ISREG(status.st_mode) || status.st_uid != 0 ||
		(status.st_mode & (S_IWGRP | S_IWOTH))) {
		check_find(check, FINDING_ERROR, "installation.helper-untrusted",
			_("%s could have been made by somebody else than root"), path);
		check_evidence(check, "%s%s", S_ISREG(status.st_mode) ? "" : _("no regular file, "),
			mode_text(check, &status));
		advise_new_helper(check);
		return;
	}
	look_at_helper_mode(check, &status);
	look_inside_helper(check);
}

/* ---------------------------------------------------------------- the state directories */

static void judge_directory(struct consistency_check *check, const struct directory_plan *plan,
	const struct stat *status)
{
	const char *word = check_word(check, plan->path);

	if (!S_ISDIR(status->st_mode)) {
		check_find(check, FINDING_ERROR, "installation.directory-strange",
			_("%s is not a directory"), plan->path);
		check_evidence(check, "%s",
			S_ISLNK(status->st_mode) ? _("a symbolic link") : _("something else"));
		check_cure(check, "mv %s %s && %s", word,
			check_word(check, arena_printf(check->arena, "%s.aside", plan->path)),
			check_command(check, "setup"));
		return;
	}
	if (plan->gid == GROUP_UNKNOWN || (status->st_uid == 0 && status->st_gid == plan->gid &&
						  (status->st_mode & 07777) == plan->mode))
		return;
	check_find(check, FINDING_ERROR, "installation.directory-mode",
		_("%s must be %04o root:%s"), plan->path, (unsigned)plan->mode, plan->group);
	check_evidence(check, "%s", mode_text(check, status));
	/* Five digits: with four, chmod(1) leaves a directory's set-group-ID bit alone. */
	check_cure(check, "chown root:%s %s && chmod %05o %s", plan->group, word,
		(unsigned)plan->mode, word);
}

static bool look_at_directory(struct consistency_check *check, const struct directory_plan *plan)
{
	struct stat status;

	switch (check_look(check, DENIED, plan->path, &status)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		check_find(check, FINDING_ERROR, "installation.directory-missing",
			_("there is no directory %s"), plan->path);
		check_cure_by(check, "setup");
		return false;
	case LOOKUP_FOUND:
		break;
	}
	judge_directory(check, plan, &status);
	return S_ISDIR(status.st_mode);
}

static void look_at_tree(struct consistency_check *check)
{
	size_t count;
	const struct tree_entry *tree = installation_tree(&count);

	for (size_t i = 0; i < count; i++) {
		struct directory_plan plan = {
			.path = arena_printf(check->arena, "%s/%s", check->request->state_directory,
				tree[i].path),
			.mode = tree[i].mode,
			.group = tree[i].group,
		};
		struct error failure;

		if (!installation_group(tree[i].group, &plan.gid, &failure))
			plan.gid = GROUP_UNKNOWN;
		(void)look_at_directory(check, &plan);
	}
}

static void look_at_store_access(struct consistency_check *check)
{
	const char *path = arena_printf(check->arena, "%s/store", check->request->state_directory);
	gid_t gid = GROUP_UNKNOWN;
	struct error failure;
	struct stat status;
	bool set = true;

	if (lstat(path, &status) != 0 || !S_ISDIR(status.st_mode) ||
		!installation_group(GROUP_DAEMONS, &gid, &failure) || gid == GROUP_UNKNOWN)
		return;
	if (!file_access_has_default_group(path, gid, &set, &failure)) {
		check_failed(check, "installation.store-access", &failure);
		return;
	}
	if (set)
		return;
	check_find(check, FINDING_WARNING, "installation.store-access",
		_("the daemons (group %s) cannot read what is made in %s"), GROUP_DAEMONS, path);
	check_cure_by(check, "setup");
}

/* ---------------------------------------------------------------- the file system */

/* Where unnamed temporaries (O_TMPFILE) are known to work; probing would mean writing. */
static bool has_unnamed_files(unsigned long type)
{
	static const unsigned long types[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
		TMPFS_MAGIC, F2FS_SUPER_MAGIC};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		if (types[i] == type)
			return true;
	}
	return false;
}

static void look_at_file_system(struct consistency_check *check)
{
	const char *path = check->request->state_directory;
	const char *unsuitable;
	struct statfs system;
	bool lists = true;
	struct error failure;

	if (statfs(path, &system) != 0)
		return;
	unsuitable = installation_unsuitable_type((unsigned long)system.f_type);
	if (unsuitable) {
		check_find(check, FINDING_ERROR, "installation.file-system",
			_("%s cannot be on this file system: owners, links and locks are not what "
			  "the queue "
			  "relies on"),
			path);
		check_evidence(check, "%s", unsuitable);
		check_advice(check, _("mount a local file system there, such as ext4 or XFS"));
	} else if (!has_unnamed_files((unsigned long)system.f_type)) {
		check_find(check, FINDING_INFO, "installation.no-unnamed-files",
			_("whether %s can hold unnamed files (O_TMPFILE) is not known; the helper "
			  "manages without"),
			path);
		check_evidence(check, "0x%lx", (unsigned long)system.f_type);
		check_advice(check, _("ext4, XFS, Btrfs and tmpfs are known to have them"));
	}
	if (!file_access_is_supported(path, &lists, &failure) || lists)
		return;
	check_find(check, FINDING_INFO, "installation.no-access-lists",
		_("%s has no access lists: status files belong to the members, and daemons cannot "
		  "read the store"),
		path);
	check_advice(check, _("mount a file system with ACLs there, such as ext4 or XFS"));
}

void check_installation(struct consistency_check *check)
{
	const struct directory_plan state = {.path = check->request->state_directory,
		.mode = STATE_MODE,
		.group = "root"};
	size_t first = check->report.count;

	look_at_helper(check);
	if (look_at_directory(check, &state)) {
		look_at_tree(check);
		look_at_store_access(check);
		look_at_file_system(check);
	}
	if (check_is_well(check, first))
		check_find(check, FINDING_OK, "installation.helper",
			_("%s is %04o root:%s, the directories are right"), check->request->helper,
			HELPER_MODE, GROUP_QUEUE);
}
