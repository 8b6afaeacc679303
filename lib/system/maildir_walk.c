#include "system/maildir_walk.h"

#include "base/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static bool is_name(const char *name, size_t length)
{
	if (length == 0 || length > MAILDIR_NAME_MAX)
		return false;
	if (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')))
		return false;
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	}
	return true;
}

static bool split(const char *path, struct maildir_path *ret_path)
{
	ret_path->count = 0;
	while (*path) {
		size_t length = strcspn(path, "/");

		if (!is_name(path, length) || ret_path->count == MAILDIR_DEPTH_MAX)
			return false;
		memcpy(ret_path->names[ret_path->count], path, length);
		ret_path->names[ret_path->count++][length] = '\0';
		path += length;
		path += *path == '/';
	}
	return ret_path->count > 0;
}

bool maildir_path_is_valid(const char *path)
{
	struct maildir_path ignored;

	return split(path, &ignored);
}

bool maildir_path_parse(const char *path, struct maildir_path *ret_path, struct error *err)
{
	if (split(path, ret_path))
		return true;
	error_set(err, ERROR_FILESYSTEM, _("\"%s\" cannot be the directory of a mailbox"), path);
	return error_why(err, _("it must lie below the base: no \"..\", no \"/\" in front, not too deep"));
}

int maildir_open_directory(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

bool maildir_cannot_open(const char *name, struct error *err)
{
	if (errno != ENOTDIR && errno != ELOOP)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open directory %s"), name);
	error_set(err, ERROR_FILESYSTEM, _("%s is a symbolic link or no directory"), name);
	return error_fix(err, _("look who put it there, and move it away"));
}

static int open_base(const struct maildir_base *base)
{
	return open(base->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool cannot_open_base(struct error *err)
{
	error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open the base of the mailboxes"));
	return error_fix(err, _("make the directory that mailboxes.directory names"));
}

bool maildir_open_base(const struct maildir_base *base, int *ret_fd, struct error *err)
{
	int fd = open_base(base);

	if (fd < 0)
		return cannot_open_base(err);
	*ret_fd = fd;
	return true;
}

enum lookup_result maildir_walk(const struct maildir_base *base, const struct maildir_path *path, int *ret_fd, struct error *err)
{
	int directory cleanup_close = open_base(base);

	if (directory < 0 && errno == ENOENT)
		return LOOKUP_NOT_FOUND; /* a server of aliases alone has no mailboxes */
	if (directory < 0) {
		(void)cannot_open_base(err);
		return LOOKUP_FAILED;
	}
	for (size_t i = 0; i < path->count; i++) {
		int next = maildir_open_directory(directory, path->names[i]);

		if (next < 0 && errno == ENOENT)
			return LOOKUP_NOT_FOUND;
		if (next < 0) {
			(void)maildir_cannot_open(path->names[i], err);
			return LOOKUP_FAILED;
		}
		(void)close(directory);
		directory = next;
	}
	*ret_fd = take_fd(&directory);
	return LOOKUP_FOUND;
}

bool maildir_each(int directory, maildir_visit *visit, void *context, struct error *err)
{
	int fd cleanup_close = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream cleanup_closedir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (!stream)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot list a directory"));
	(void)take_fd(&fd); /* the stream's now */
	for (errno = 0; (entry = readdir(stream)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!visit(directory, entry->d_name, context))
			return true;
	}
	if (errno != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot list a directory"));
	return true;
}

static bool count_one(int directory, const char *name, void *context)
{
	size_t *count = context;

	(void)directory;
	(void)name;
	*count += 1;
	return false;
}

static bool require_empty(const struct maildir_base *base, const struct maildir_path *path, struct error *err)
{
	int directory cleanup_close = -1;
	size_t count = 0;

	switch (maildir_walk(base, path, &directory, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FOUND:
		break;
	}
	if (!maildir_each(directory, count_one, &count, err))
		return false;
	return count == 0 || error_set(err, ERROR_CAPACITY, _("there is still something in it"));
}

bool maildir_require_empty(const struct maildir_base *base, const char *path, struct error *err)
{
	struct maildir_path parsed;

	return maildir_path_parse(path, &parsed, err) &&
	       (require_empty(base, &parsed, err) || error_prefix(err, "%s/%s", base->path, path));
}

static bool is_empty_subdirectory(int directory, const char *name, void *context)
{
	bool *all = context;
	int fd cleanup_close = -1;
	struct error ignored;
	size_t count = 0;

	*all = false;
	if (strcmp(name, "cur") != 0 && strcmp(name, "new") != 0 && strcmp(name, "tmp") != 0)
		return false;
	fd = maildir_open_directory(directory, name);
	*all = fd >= 0 && maildir_each(fd, count_one, &count, &ignored) && count == 0;
	return *all;
}

bool maildir_is_skeleton(int directory)
{
	struct error ignored;
	bool all = true;

	return maildir_each(directory, is_empty_subdirectory, &all, &ignored) && all;
}
