#include "base/message.h"
#include "format/timestamp.h"
#include "storage/request_queue_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MONTH_SECONDS (31 * (int64_t)86400)

/*
 * A stream and not a list: whoever holds the queue's group can make as many names as there are inodes, and housekeeping must go on nevertheless. A descriptor of
 * its own keeps the position of `directory` out of the game.
 */
static DIR *open_stream(int directory, const char *name, struct error *err)
{
	int fd cleanup_close = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (stream)
		(void)take_fd(&fd);
	else
		error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot list %s"), name);
	return stream;
}

static const char *next_name(DIR *stream)
{
	const struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(stream);
	} while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	return entry ? entry->d_name : NULL;
}

static bool ended_well(const char *name, struct error *err)
{
	return errno == 0 || error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot list %s"), name);
}

/* By the inode's ctime, which no member can set; one from the future is no reason to remove anything. */
static bool is_left_over(const struct request_queue *queue, const char *name)
{
	struct stat status;

	return fstatat(queue->staging, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(status.st_mode) &&
	       queue->now - status.st_ctim.tv_sec > REQUEST_STAGING_SECONDS;
}

bool request_queue_sweep(const struct request_queue *queue, bool remove, size_t *ret_count, struct error *err)
{
	DIR *stream cleanup_closedir = open_stream(queue->staging, "queue/tmp", err);
	const char *name;
	size_t count = 0;

	if (!stream)
		return false;
	while ((name = next_name(stream))) {
		if (!is_left_over(queue, name))
			continue;
		if (remove && unlinkat(queue->staging, name, 0) != 0 && errno != ENOENT)
			return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot clear queue/tmp"));
		count++;
	}
	if (!ended_well("queue/tmp", err))
		return false;
	*ret_count = count;
	return true;
}

/* ---------------------------------------------------------------- the archive */

/* A directory of the archive is called after its month, as in "2026-05". No month is longer than this. */
static bool parse_month(const char *name, int64_t *ret_end)
{
	char start[TIMESTAMP_LENGTH + 1];
	int64_t time;

	(void)snprintf(start, sizeof(start), "%.7s-01T00:00:00Z", name);
	if (strlen(name) != strlen("2026-05") || !timestamp_parse(start, &time))
		return false;
	*ret_end = time + MONTH_SECONDS;
	return true;
}

static bool prune_month(const struct request_queue *queue, const char *name, bool remove, size_t *count,
	struct error *err)
{
	int month cleanup_close = openat(queue->archive, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream cleanup_closedir = NULL;
	const char *file;

	if (month < 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot list %s"), "work/archive");
	stream = open_stream(month, "work/archive", err);
	if (!stream)
		return false;
	while ((file = next_name(stream))) {
		if (remove && unlinkat(month, file, 0) != 0 && errno != ENOENT)
			return error_set_errno(
				err, ERROR_FILESYSTEM, errno, _("cannot clear work/archive/%s"), name);
		(*count)++;
	}
	if (!ended_well("work/archive", err))
		return false;
	if (remove && unlinkat(queue->archive, name, AT_REMOVEDIR) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot clear work/archive/%s"), name);
	return true;
}

bool request_queue_prune(const struct request_queue *queue, int64_t before, bool remove, size_t *ret_count,
	struct error *err)
{
	DIR *stream cleanup_closedir = open_stream(queue->archive, "work/archive", err);
	const char *name;
	size_t count = 0;
	int64_t end;

	if (!stream)
		return false;
	while ((name = next_name(stream))) {
		if (parse_month(name, &end) && end <= before && !prune_month(queue, name, remove, &count, err))
			return false;
	}
	if (!ended_well("work/archive", err))
		return false;
	*ret_count = count;
	return true;
}

/* ---------------------------------------------------------------- quarantine */

static bool is_explanation(const char *name)
{
	static const char suffix[] = ".why.json";
	size_t length = strlen(name);

	return length >= sizeof(suffix) && strcmp(name + length - (sizeof(suffix) - 1), suffix) == 0;
}

bool request_queue_quarantined(const struct request_queue *queue, size_t *ret_count, struct error *err)
{
	DIR *stream cleanup_closedir = open_stream(queue->quarantine, "work/quarantine", err);
	const char *name;
	size_t count = 0;

	if (!stream)
		return false;
	while ((name = next_name(stream)))
		count += !is_explanation(name);
	if (!ended_well("work/quarantine", err))
		return false;
	*ret_count = count;
	return true;
}
