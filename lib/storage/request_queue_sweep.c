#include "base/message.h"
#include "base/string_list.h"
#include "format/timestamp.h"
#include "storage/request_queue_private.h"
#include "system/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define NAMES_MAX 100000
#define MONTH_SECONDS (31 * (int64_t)86400)

static bool list(int directory, const char *name, struct arena *arena, struct string_list *ret_names,
	struct error *err)
{
	int fd cleanup_close = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot list %s"), name);
	return directory_list(fd, NAMES_MAX, arena, ret_names, err);
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
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	size_t count = 0;

	if (!list(queue->staging, "queue/tmp", &arena, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (!is_left_over(queue, names.items[i]))
			continue;
		if (remove && unlinkat(queue->staging, names.items[i], 0) != 0 && errno != ENOENT)
			return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot clear queue/tmp"));
		count++;
	}
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
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;

	if (month < 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot list %s"), "work/archive");
	if (!directory_list(month, NAMES_MAX, &arena, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (remove && unlinkat(month, names.items[i], 0) != 0 && errno != ENOENT)
			return error_set_errno(
				err, ERROR_FILESYSTEM, errno, _("cannot clear work/archive/%s"), name);
		(*count)++;
	}
	if (remove && unlinkat(queue->archive, name, AT_REMOVEDIR) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot clear work/archive/%s"), name);
	return true;
}

bool request_queue_prune(const struct request_queue *queue, int64_t before, bool remove, size_t *ret_count,
	struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	size_t count = 0;
	int64_t end;

	if (!list(queue->archive, "work/archive", &arena, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (parse_month(names.items[i], &end) && end <= before &&
			!prune_month(queue, names.items[i], remove, &count, err))
			return false;
	}
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
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	size_t count = 0;

	if (!list(queue->quarantine, "work/quarantine", &arena, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++)
		count += !is_explanation(names.items[i]);
	*ret_count = count;
	return true;
}
