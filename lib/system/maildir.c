#include "system/maildir.h"

#include "base/ascii.h"
#include "base/message.h"
#include "system/maildir_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE 0700

/* ---------------------------------------------------------------- making */

bool maildir_creation_keep(struct maildir_creation *creation)
{
	while (creation->count > 0)
		(void)close(creation->parents[--creation->count]);
	return true;
}

void maildir_creation_discard(struct maildir_creation *creation)
{
	while (creation->count > 0) {
		creation->count--;
		(void)unlinkat(creation->parents[creation->count], creation->names[creation->count], AT_REMOVEDIR);
		(void)close(creation->parents[creation->count]);
	}
}

static bool note_made(struct maildir_creation *creation, int parent, const char *name, struct error *err)
{
	int copy = fcntl(parent, F_DUPFD_CLOEXEC, 0);

	if (copy < 0) {
		error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot make directory %s"), name);
		(void)unlinkat(parent, name, AT_REMOVEDIR);
		return false;
	}
	(void)snprintf(creation->names[creation->count], sizeof(creation->names[0]), "%s", name);
	creation->parents[creation->count++] = copy;
	return true;
}

/* A new directory is root's until it is set up. Whoever may write into its parent could have laid another one there: that one is not root's. */
static bool is_unfinished(int fd, bool *ret_unfinished)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return false;
	*ret_unfinished = status.st_uid == geteuid() && (status.st_mode & 0777) == MODE;
	return true;
}

static bool set_up(int fd, const struct maildir_base *base, bool made, struct error *err)
{
	bool unfinished = false;
	uid_t uid = base->uid < 0 ? (uid_t)-1 : (uid_t)base->uid;
	gid_t gid = base->gid < 0 ? (gid_t)-1 : (gid_t)base->gid;

	if (base->uid < 0 && base->gid < 0)
		return true;
	if (!is_unfinished(fd, &unfinished))
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot look at a directory of a mailbox"));
	if (!unfinished && made)
		return error_set(err, ERROR_FILESYSTEM, _("somebody put another directory in the place of a new one"));
	if (unfinished && fchown(fd, uid, gid) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot give a mailbox to its owner"));
	return true;
}

/* Makes `name` below `parent` unless it is there, and opens it. */
static bool enter(struct maildir_creation *creation, const struct maildir_base *base, int parent, const char *name, int *ret_fd,
	struct error *err)
{
	bool made = mkdirat(parent, name, MODE) == 0;
	int fd cleanup_close = -1;

	if (!made && errno != EEXIST)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot make directory %s"), name);
	if (made && !note_made(creation, parent, name, err))
		return false;
	fd = maildir_open_directory(parent, name);
	if (fd < 0)
		return maildir_cannot_open(name, err);
	if (!set_up(fd, base, made, err))
		return error_prefix(err, "%s", name);
	if (made && fsync(parent) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot make the name of %s durable"), name);
	*ret_fd = take_fd(&fd);
	return true;
}

static bool make_skeleton(struct maildir_creation *creation, const struct maildir_base *base, int mailbox, struct error *err)
{
	static const char *const names[] = {"cur", "new", "tmp"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		int fd cleanup_close = -1;

		if (!enter(creation, base, mailbox, names[i], &fd, err))
			return false;
	}
	return true;
}

static bool make_path(struct maildir_creation *creation, const struct maildir_base *base, const struct maildir_path *path,
	struct error *err)
{
	int directory cleanup_close = -1;

	if (!maildir_open_base(base, &directory, err))
		return false;
	for (size_t i = 0; i < path->count; i++) {
		size_t before = creation->count;
		int next = -1;

		if (!enter(creation, base, directory, path->names[i], &next, err))
			return false;
		(void)close(directory);
		directory = next;
		creation->existed = creation->count == before;
	}
	creation->existed = creation->existed && !maildir_is_skeleton(directory);
	return make_skeleton(creation, base, directory, err);
}

bool maildir_create(struct maildir_creation *creation, const struct maildir_base *base, const char *path, struct error *err)
{
	struct maildir_path parsed;

	if (!maildir_path_parse(path, &parsed, err))
		return false;
	if (make_path(creation, base, &parsed, err))
		return true;
	maildir_creation_discard(creation);
	return error_prefix(err, "%s/%s", base->path, path);
}

/* ---------------------------------------------------------------- putting aside */

/* The part of a grave's name that tells whose it is; a long name is cut, so that what follows has room. */
static size_t grave_prefix(const char *name, char ret_prefix[MAILDIR_NAME_MAX + 1])
{
	int most = MAILDIR_NAME_MAX - (int)sizeof(MAILDIR_GRAVE) - 24;

	return (size_t)snprintf(ret_prefix, MAILDIR_NAME_MAX + 1, "%s%.*s.", MAILDIR_GRAVE, most, name);
}

static bool name_grave(struct maildir_burial *burial, const char *name, struct error *err)
{
	char prefix[MAILDIR_NAME_MAX + 1];
	uint32_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("the kernel gives no random numbers"));
	(void)grave_prefix(name, prefix);
	(void)snprintf(burial->grave, sizeof(burial->grave), "%.220s%d.%08x", prefix, (int)getpid(), (unsigned)random);
	(void)snprintf(burial->name, sizeof(burial->name), "%s", name);
	return true;
}

static bool is_directory(int parent, const char *name)
{
	int fd cleanup_close = maildir_open_directory(parent, name);

	return fd >= 0;
}

/* Found, not found, or failed. */
static enum lookup_result open_place(const struct maildir_base *base, const struct maildir_path *path, int *ret_parent,
	struct error *err)
{
	struct maildir_path parents = *path;

	parents.count--;
	return maildir_walk(base, &parents, ret_parent, err);
}

static bool bury(struct maildir_burial *burial, const struct maildir_base *base, const struct maildir_path *path,
	struct error *err)
{
	const char *name = path->names[path->count - 1];
	int parent cleanup_close = -1;

	switch (open_place(base, path, &parent, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FOUND:
		break;
	}
	if (!is_directory(parent, name))
		return errno == ENOENT || maildir_cannot_open(name, err);
	if (!name_grave(burial, name, err))
		return false;
	if (renameat(parent, name, parent, burial->grave) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot put the mail aside"));
	burial->parent = take_fd(&parent);
	if (fsync(burial->parent) == 0)
		return true;
	error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot make the name of %s durable"), burial->grave);
	maildir_burial_discard(burial);
	return false;
}

bool maildir_bury(struct maildir_burial *burial, const struct maildir_base *base, const char *path, struct error *err)
{
	struct maildir_path parsed;

	return maildir_path_parse(path, &parsed, err) &&
	       (bury(burial, base, &parsed, err) || error_prefix(err, "%s/%s", base->path, path));
}

const char *maildir_burial_keep(struct maildir_burial *burial, const char *path, struct arena *arena)
{
	size_t length = strlen(path);

	if (burial->parent < 0)
		return NULL;
	(void)close(burial->parent);
	burial->parent = -1;
	while (length > 0 && path[length - 1] == '/')
		length--;
	while (length > 0 && path[length - 1] != '/')
		length--;
	return arena_printf(arena, "%.*s%s", (int)length, path, burial->grave);
}

void maildir_burial_discard(struct maildir_burial *burial)
{
	if (burial->parent < 0)
		return;
	/* What took the name meanwhile must not be replaced; the grave stays then, and is reported. */
	(void)renameat2(burial->parent, burial->grave, burial->parent, burial->name, RENAME_NOREPLACE);
	(void)fsync(burial->parent);
	(void)close(burial->parent);
	burial->parent = -1;
}

/* ---------------------------------------------------------------- bringing back */

/* Whether the name is a grave of `prefix`: that, a number, a dot, eight digits. */
static bool is_grave_of(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);
	const char *at = name + length;

	if (strncmp(name, prefix, length) != 0 || !ascii_is_digit(*at))
		return false;
	while (ascii_is_digit(*at))
		at++;
	return *at == '.' && strspn(at + 1, "0123456789abcdef") == 8 && at[9] == '\0';
}

struct grave_search {
	const char *prefix;
	int64_t since;
	int64_t newest;
	char name[MAILDIR_NAME_MAX + 1];
};

static bool look_at_grave(int parent, const char *name, void *context)
{
	struct grave_search *search = context;
	struct stat status;

	if (!is_grave_of(name, search->prefix) || fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
		!S_ISDIR(status.st_mode))
		return true;
	/* The change time is when it was put aside. */
	if (status.st_ctim.tv_sec < search->since || (*search->name && status.st_ctim.tv_sec < search->newest))
		return true;
	search->newest = status.st_ctim.tv_sec;
	(void)snprintf(search->name, sizeof(search->name), "%s", name);
	return true;
}

static bool exhume(int parent, const char *name, int64_t since, bool *ret_exhumed, struct error *err)
{
	char prefix[MAILDIR_NAME_MAX + 1];
	struct grave_search search = {.prefix = prefix, .since = since};

	(void)grave_prefix(name, prefix);
	if (!maildir_each(parent, look_at_grave, &search, err))
		return false;
	*ret_exhumed = *search.name != '\0';
	if (!*ret_exhumed)
		return true;
	if (renameat2(parent, search.name, parent, name, RENAME_NOREPLACE) != 0 || fsync(parent) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot bring the mail back from %s"), search.name);
	return true;
}

bool maildir_exhume(const struct maildir_base *base, const char *path, int64_t since, bool *ret_exhumed, struct error *err)
{
	struct maildir_path parsed;
	int parent cleanup_close = -1;
	struct stat status;
	const char *name;

	*ret_exhumed = false;
	if (!maildir_path_parse(path, &parsed, err))
		return false;
	name = parsed.names[parsed.count - 1];
	switch (open_place(base, &parsed, &parent, err)) {
	case LOOKUP_FAILED:
		return error_prefix(err, "%s/%s", base->path, path);
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FOUND:
		break;
	}
	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return true;
	return exhume(parent, name, since, ret_exhumed, err) || error_prefix(err, "%s/%s", base->path, path);
}
