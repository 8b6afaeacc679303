#include "system/trusted_file.h"

#include "base/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static bool refuse(struct error *err, const char *name, const char *why)
{
	error_set(err, ERROR_CONFIG, _("%s cannot be trusted"), name);
	return error_why(err, "%s", why);
}

static bool judge_file(const char *name, const struct stat *status, struct error *err)
{
	if (!S_ISREG(status->st_mode))
		return refuse(err, name, _("it is no regular file"));
	if (status->st_uid != 0) {
		refuse(err, name, _("it does not belong to root"));
		return error_fix(err, "chown root: %s", name);
	}
	if (status->st_mode & (S_IWGRP | S_IWOTH)) {
		refuse(err, name, _("others than root may write to it"));
		return error_fix(err, "chmod go-w %s", name);
	}
	return true;
}

enum lookup_result trusted_file_open(int directory, const char *name, int *ret_fd,
	struct stat *ret_status, struct error *err)
{
	int fd cleanup_close =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 && errno == ENOENT)
		return LOOKUP_NOT_FOUND;
	if (fd < 0) {
		if (errno == ELOOP)
			refuse(err, name, _("it is a symbolic link"));
		else if (errno == ENXIO) /* a socket, or a device without driver */
			refuse(err, name, _("it is no regular file"));
		else
			error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open %s"), name);
		return LOOKUP_FAILED;
	}
	if (fstat(fd, &status) != 0) {
		error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot look at %s"), name);
		return LOOKUP_FAILED;
	}
	if (!judge_file(name, &status, err))
		return LOOKUP_FAILED;
	/* None is right too: a new file was renamed over this one since it was opened. */
	if (status.st_nlink > 1) {
		refuse(err, name, _("it has a second name (a hard link)"));
		return LOOKUP_FAILED;
	}
	if (ret_status)
		*ret_status = status;
	*ret_fd = take_fd(&fd);
	return LOOKUP_FOUND;
}

bool file_read(int fd, size_t limit, struct arena *arena, const char **ret_text, size_t *ret_length,
	struct error *err)
{
	struct stat status;
	size_t length = 0;
	char *text;

	if (fstat(fd, &status) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot look at a file"));
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERROR_FILESYSTEM, _("this is no regular file"));
	if ((uintmax_t)status.st_size > limit)
		return error_set(err, ERROR_CAPACITY, _("the file is longer than %zu bytes"),
			limit);
	text = arena_alloc(arena, (size_t)status.st_size + 1);
	while (length < (size_t)status.st_size) {
		ssize_t got =
			pread(fd, text + length, (size_t)status.st_size - length, (off_t)length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, ERROR_FILESYSTEM, errno,
				_("cannot read a file"));
		if (got == 0)
			return error_set(err, ERROR_FILESYSTEM,
				_("the file became shorter while it was read"));
		length += (size_t)got;
	}
	*ret_text = text;
	*ret_length = length;
	return true;
}

enum lookup_result trusted_file_read(int directory, const char *name, size_t limit,
	struct arena *arena, const char **ret_text, size_t *ret_length, struct error *err)
{
	int fd cleanup_close = -1;
	enum lookup_result result = trusted_file_open(directory, name, &fd, NULL, err);

	if (result != LOOKUP_FOUND)
		return result;
	return file_read(fd, limit, arena, ret_text, ret_length, err) ? LOOKUP_FOUND
								      : LOOKUP_FAILED;
}

/* What is root's in a sticky directory, nobody else can rename or remove: there `refused` bits
 * decide, else all. */
static bool judge_directory(int fd, const char *path, mode_t refused, struct error *err)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot look at %s"), path);
	if (status.st_uid != 0) {
		refuse(err, path, _("it does not belong to root"));
		return error_fix(err, "chown root: %s", path);
	}
	if (!(status.st_mode & S_ISVTX))
		refused = S_IWGRP | S_IWOTH;
	if (status.st_mode & refused) {
		refuse(err, path, _("others than root may write to it"));
		return error_fix(err, "chmod go-w %s", path);
	}
	return true;
}

static bool open_directory(int parent, const char *name, const char *path, int *ret_fd,
	struct error *err)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0) {
		*ret_fd = fd;
		return true;
	}
	if (errno == ENOENT)
		return error_set(err, ERROR_CONFIG, _("there is no directory %s"), path);
	if (errno == ELOOP || errno == ENOTDIR)
		return refuse(err, path, _("it is a symbolic link or no directory"));
	return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open %s"), path);
}

bool trusted_directory_open(const char *path, int *ret_fd, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int fd cleanup_close = -1;
	size_t length = strlen(path);

	/*
	 * The kernel follows a symbolic link in spite of O_NOFOLLOW when a slash stands behind it.
	 */
	while (length > 1 && path[length - 1] == '/')
		length--;
	if (!open_directory(AT_FDCWD, arena_strndup(&arena, path, length), path, &fd, err) ||
		!judge_directory(fd, path, S_IWOTH, err))
		return false;
	*ret_fd = take_fd(&fd);
	return true;
}

bool trusted_path_open(const char *path, int *ret_fd, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int here cleanup_close = -1;
	const char *so_far = "/";
	const char *rest = path;

	if (*path != '/')
		return refuse(err, path, _("it is no absolute path"));
	if (!open_directory(AT_FDCWD, "/", "/", &here, err))
		return false;
	while (*(rest += strspn(rest, "/"))) {
		size_t length = strcspn(rest, "/");
		const char *name = arena_strndup(&arena, rest, length);
		int next = -1;

		if (!judge_directory(here, so_far, 0, err))
			return false;
		rest += length;
		so_far = arena_strndup(&arena, path, (size_t)(rest - path));
		if (!open_directory(here, name, so_far, &next, err))
			return false;
		(void)close(here);
		here = next;
	}
	if (!judge_directory(here, so_far, S_IWOTH, err))
		return false;
	*ret_fd = take_fd(&here);
	return true;
}

bool trusted_program_check(const char *path, struct error *err)
{
	struct stat status;

	if (*path != '/')
		return refuse(err, path, _("it is no absolute path"));
	if (stat(path, &status) != 0) {
		error_set_errno(err, ERROR_CONFIG, errno, _("cannot run %s"), path);
		return false;
	}
	if (!judge_file(path, &status, err))
		return false;
	if (!(status.st_mode & S_IXUSR))
		return refuse(err, path, _("it is not executable"));
	return true;
}
