#include "drop_queue.h"

#include "drop_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define NEW_DIRECTORY POSTIGO_STATE_DIRECTORY "/queue/new"
#define STAGING_DIRECTORY POSTIGO_STATE_DIRECTORY "/queue/tmp"
#define DIRECTORY_MODE 01730 /* sticky; its group may create and reach names, not list them */
#define FILE_MODE 0600
#define KEPT_BYTES ((uint64_t)16 << 20) /* free space that requests leave to others */
#define KEPT_INODES 1000

struct outcome outcome_done(void)
{
	return (struct outcome){ERROR_NONE, NULL, NULL};
}

struct outcome outcome_stop(enum error_code code, const char *text)
{
	return (struct outcome){code, text, NULL};
}

/* What errno means to the caller of a verb that files. */
static struct outcome stop_by_errno(void)
{
	switch (errno) {
	case EEXIST:
		return outcome_stop(ERROR_ALREADY_EXISTS, "a request is already pending");
	case EAGAIN:
	case EBUSY:
	case EMFILE:
	case ENFILE:
	case ENOENT:
	case ENOMEM:
		return outcome_stop(ERROR_TEMPORARY, "the system is busy; try again later");
	default:
		return outcome_stop(ERROR_FILESYSTEM, "the request could not be stored durably");
	}
}

/* ---------------------------------------------------------------- the queue's directories */

/* Opens an absolute path without following a link anywhere on the way. */
static int open_without_links(const char *path)
{
	int directory cleanup_close = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	while (directory >= 0 && *path) {
		char name[NAME_MAX + 1];
		size_t length;
		int next;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length == 0 || length > NAME_MAX)
			break;
		memcpy(name, path, length);
		name[length] = '\0';
		path += length;
		next = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(directory);
		directory = next;
	}
	return take_fd(&directory);
}

static struct outcome open_directory(const struct drop_slot *slot, const char *path, int *ret_fd)
{
	int directory cleanup_close = open_without_links(path);
	struct stat status;

	if (directory < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
		return stop_by_errno();
	if (directory < 0 || fstat(directory, &status) != 0)
		return outcome_stop(ERROR_CONFIG,
			"the queue is not there; an administrator runs postigo-admin setup");
	if (status.st_uid != 0 || status.st_gid != slot->queue_group ||
		(status.st_mode & 07777) != DIRECTORY_MODE)
		return outcome_stop(ERROR_CONFIG,
			"the queue's owner or mode is wrong; an administrator runs postigo-admin setup");
	*ret_fd = take_fd(&directory);
	return outcome_done();
}

/* Keeps one per cent and a fixed amount; of a file system that is small altogether, a quarter. */
static uint64_t kept_of(uint64_t total, uint64_t fixed)
{
	uint64_t least = fixed < total / 4 ? fixed : total / 4;

	return total / 100 > least ? total / 100 : least;
}

static bool has_room(int directory)
{
	struct statvfs space;
	uint64_t unit;

	if (fstatvfs(directory, &space) != 0)
		return true;
	unit = space.f_frsize ? space.f_frsize : 512;
	if (space.f_bavail < kept_of(space.f_blocks, KEPT_BYTES / unit))
		return false;
	/* Some file systems make inodes as they go and count none. */
	return space.f_files == 0 || space.f_favail >= kept_of(space.f_files, KEPT_INODES);
}

/* ---------------------------------------------------------------- filing */

static bool write_durably(int fd, const char *bytes, size_t length)
{
	return drop_write(fd, bytes, length) && fsync(fd) == 0;
}

static bool is_without_tmpfile(int number)
{
	return number == EOPNOTSUPP || number == EISDIR || number == ENOENT || number == EINVAL;
}

/*
 * Files the request at once or not at all: the file has no name until it is complete.
 * `*ret_unsupported` tells that this needs something which is missing here, O_TMPFILE or /proc.
 */
static struct outcome file_unnamed(const struct drop_slot *slot, int new, bool *ret_unsupported)
{
	int fd cleanup_close = openat(new, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, FILE_MODE);
	char path[32];

	*ret_unsupported = fd < 0 && is_without_tmpfile(errno);
	if (fd < 0 || !write_durably(fd, slot->bytes, slot->length))
		return stop_by_errno();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, path, new, slot->name, AT_SYMLINK_FOLLOW) != 0) {
		*ret_unsupported = errno == ENOENT || errno == ENOTDIR;
		return stop_by_errno();
	}
	/* The first fsync was for the content; only a second one makes the name survive a crash. */
	if (fsync(fd) != 0) {
		unlinkat(new, slot->name, 0);
		return stop_by_errno();
	}
	return outcome_done();
}

/*
 * Files the request through a name in the staging directory. Another process of the same member may
 * take that name away meanwhile: then our file has no name any more, or renaming finds none.
 */
static struct outcome file_staged(const struct drop_slot *slot, int new, unsigned flags)
{
	int staging cleanup_close = -1;
	int fd cleanup_close = -1;
	struct outcome outcome = open_directory(slot, STAGING_DIRECTORY, &staging);
	struct stat status;

	if (outcome.code != ERROR_NONE)
		return outcome;
	unlinkat(staging, slot->name, 0);
	fd = openat(staging, slot->name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
		FILE_MODE);
	if (fd < 0) {
		errno = errno == EEXIST ? EBUSY : errno;
		return stop_by_errno();
	}
	if (!write_durably(fd, slot->bytes, slot->length) ||
		renameat2(staging, slot->name, new, slot->name, flags) != 0) {
		outcome = stop_by_errno();
		unlinkat(staging, slot->name, 0);
		return outcome;
	}
	if (fsync(fd) != 0 || fstat(fd, &status) != 0)
		return stop_by_errno();
	if (status.st_nlink == 0)
		return outcome_stop(ERROR_TEMPORARY, "two requests at the same time; try again");
	return outcome_done();
}

static struct outcome open_for_filing(const struct drop_slot *slot, int *ret_new)
{
	struct outcome outcome = open_directory(slot, NEW_DIRECTORY, ret_new);

	if (outcome.code == ERROR_NONE && !has_room(*ret_new))
		return outcome_stop(ERROR_TEMPORARY, "the disk is nearly full; try again later");
	return outcome;
}

struct outcome drop_queue_submit(struct drop_slot *slot)
{
	int new cleanup_close = -1;
	struct outcome outcome = open_for_filing(slot, &new);
	bool unsupported;

	if (outcome.code != ERROR_NONE)
		return outcome;
	outcome = file_unnamed(slot, new, &unsupported);
	return unsupported ? file_staged(slot, new, RENAME_NOREPLACE) : outcome;
}

struct outcome drop_queue_replace(struct drop_slot *slot)
{
	int new cleanup_close = -1;
	struct outcome outcome = open_for_filing(slot, &new);

	return outcome.code == ERROR_NONE ? file_staged(slot, new, 0) : outcome;
}

/* ---------------------------------------------------------------- taking back and showing */

static struct outcome stop_unless_pending(void)
{
	if (errno == ENOENT)
		return outcome_stop(ERROR_NOTHING_PENDING,
			"nothing is pending, or it is being decided");
	return outcome_stop(ERROR_FILESYSTEM,
		"your place in the queue holds something that is not yours");
}

struct outcome drop_queue_withdraw(struct drop_slot *slot)
{
	int new cleanup_close = -1;
	struct outcome outcome = open_directory(slot, NEW_DIRECTORY, &new);

	if (outcome.code != ERROR_NONE)
		return outcome;
	return unlinkat(new, slot->name, 0) == 0 ? outcome_done() : stop_unless_pending();
}

struct outcome drop_queue_show(struct drop_slot *slot)
{
	int new cleanup_close = -1;
	int fd cleanup_close = -1;
	struct outcome outcome = open_directory(slot, NEW_DIRECTORY, &new);
	struct stat status;
	ssize_t length;

	if (outcome.code != ERROR_NONE)
		return outcome;
	fd = openat(new, slot->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return stop_unless_pending();
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != slot->uid)
		return outcome_stop(ERROR_FILESYSTEM,
			"your place in the queue holds something that is not yours");
	length = drop_read(fd, slot->bytes, sizeof(slot->bytes));
	if (length < 0 || length > REQUEST_FILE_MAX)
		return outcome_stop(ERROR_FILESYSTEM, "the pending request cannot be read");
	slot->length = (size_t)length;
	return outcome_done();
}
