#include "storage/left_over.h"

#include "base/arena.h"
#include "base/message.h"
#include "base/string_list.h"
#include "system/atomic_file.h"
#include "system/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_MAX 10000000

struct sweep {
	int64_t now;
	bool remove;
	size_t count;
};

/* By the inode's ctime, which nobody sets; one from the future is no reason to remove anything. */
static bool is_left_over(const struct sweep *sweep, int directory, const char *name)
{
	struct stat status;

	return atomic_file_is_temporary(name) && fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(status.st_mode) && sweep->now - status.st_ctim.tv_sec > LEFT_OVER_SECONDS;
}

/* Shows an open directory, or -1 where there is none, and the names in it. */
static bool list(int parent, const char *name, struct arena *arena, int *ret_directory, struct string_list *ret_names,
	struct error *err)
{
	int directory cleanup_close = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (directory < 0 && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (directory < 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot list %s"), name);
	if (!directory_list(directory, NAMES_MAX, arena, ret_names, err))
		return false;
	*ret_directory = take_fd(&directory);
	return true;
}

static bool sweep_place(struct sweep *sweep, int parent, const char *place, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	int directory cleanup_close = -1;

	if (!list(parent, place, &arena, &directory, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (!is_left_over(sweep, directory, names.items[i]))
			continue;
		if (sweep->remove && unlinkat(directory, names.items[i], 0) != 0 && errno != ENOENT)
			return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot clear %s"), place);
		sweep->count++;
	}
	return true;
}

/* The archive has a directory a month. */
static bool sweep_months(struct sweep *sweep, int state, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list months = STRING_LIST_INIT;
	int archive cleanup_close = -1;

	if (!list(state, "work/archive", &arena, &archive, &months, err))
		return false;
	for (size_t i = 0; i < months.count; i++) {
		if (!sweep_place(sweep, archive, months.items[i], err))
			return false;
	}
	return true;
}

bool left_over_sweep(const char *state_directory, int64_t now, bool remove, size_t *ret_count, struct error *err)
{
	static const char *const places[] = {"status", "sync", "work/quarantine"};
	int state cleanup_close = open(state_directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sweep sweep = {.now = now, .remove = remove};

	if (state < 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open %s"), state_directory);
	for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
		if (!sweep_place(&sweep, state, places[i], err))
			return false;
	}
	if (!sweep_months(&sweep, state, err))
		return false;
	*ret_count = sweep.count;
	return true;
}
