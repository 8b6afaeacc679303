#include "system/maildir_walk.h"

#include "base/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define OPEN_MAX 32    /* directories open at once; what lies deeper is moved up first */
#define PASSES_MAX 1000 /* over one directory: somebody who keeps filling it does not keep us */

struct purge {
	int top;
	dev_t device;
	unsigned depth;
	unsigned moved;
	size_t removed; /* in this pass */
	struct error error;
};

static bool remove_content(struct purge *purge, int directory);

static bool fail(struct purge *purge, const char *name)
{
	return error_set_errno(&purge->error, ERROR_FILESYSTEM, errno, _("cannot remove %s"), name);
}

/* A tree that is deeper than descriptors last is folded: its lower part moves to the top, where it is met again. */
static bool move_up(struct purge *purge, int parent, const char *name)
{
	char flat[32];

	(void)snprintf(flat, sizeof(flat), ".deep.%u", purge->moved++);
	if (renameat(parent, name, purge->top, flat) == 0 || errno == EEXIST || errno == ENOTEMPTY || errno == ENOENT)
		return true;
	return fail(purge, name);
}

static bool remove_below(struct purge *purge, int parent, const char *name)
{
	int fd cleanup_close = maildir_open_directory(parent, name);
	struct stat status;
	bool done;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || fail(purge, name);
	if (fstat(fd, &status) != 0 || status.st_dev != purge->device) {
		errno = EXDEV;
		return fail(purge, name);
	}
	purge->depth++;
	done = remove_content(purge, fd);
	purge->depth--;
	purge->removed = 1; /* the count is of this level again */
	if (!done)
		return false;
	if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT && errno != ENOTEMPTY && errno != ENOTDIR)
		return fail(purge, name);
	return true;
}

/* Removes one entry. Whatever it turns into meanwhile is met in the next pass. */
static bool remove_entry(int directory, const char *name, void *context)
{
	struct purge *purge = context;

	purge->removed++;
	if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
		return true;
	if (errno != EISDIR && errno != EPERM)
		return fail(purge, name);
	if (purge->depth >= OPEN_MAX)
		return move_up(purge, directory, name);
	return remove_below(purge, directory, name);
}

static bool remove_content(struct purge *purge, int directory)
{
	for (unsigned pass = 0; pass < PASSES_MAX; pass++) {
		purge->removed = 0;
		if (!maildir_each(directory, remove_entry, purge, &purge->error) || purge->error.code != ERROR_NONE)
			return false;
		if (purge->removed == 0)
			return true;
	}
	return error_set(&purge->error, ERROR_FILESYSTEM, _("somebody keeps writing into what is being removed"));
}

static bool is_grave(const struct maildir_path *path)
{
	return strncmp(path->names[path->count - 1], MAILDIR_GRAVE, strlen(MAILDIR_GRAVE)) == 0;
}

static bool purge_open(int parent, int top, const char *name, struct error *err)
{
	struct purge purge = {.top = top};
	struct stat status;

	if (fstat(top, &status) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot remove %s"), name);
	purge.device = status.st_dev;
	if (!remove_content(&purge, top)) {
		*err = purge.error;
		return false;
	}
	if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot remove %s"), name);
	return true;
}

bool maildir_purge(const struct maildir_base *base, const char *grave, struct error *err)
{
	struct maildir_path path;
	struct maildir_path parents;
	int parent cleanup_close = -1;
	int top cleanup_close = -1;
	const char *name;

	if (!maildir_path_parse(grave, &path, err))
		return false;
	if (!is_grave(&path))
		return error_set(err, ERROR_BUG, "\"%s\" is no grave", grave);
	name = path.names[path.count - 1];
	parents = path;
	parents.count--;
	switch (maildir_walk(base, &parents, &parent, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FOUND:
		break;
	}
	top = maildir_open_directory(parent, name);
	if (top < 0)
		return errno == ENOENT || maildir_cannot_open(name, err);
	return purge_open(parent, top, name, err) || error_prefix(err, "%s/%s", base->path, grave);
}
