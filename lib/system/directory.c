#include "system/directory.h"

#include "base/message.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EMPTIED_MAX 1000

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool read_names(DIR *stream, size_t limit, struct arena *arena, struct string_list *names,
	struct error *err)
{
	const struct dirent *entry;

	for (errno = 0; (entry = readdir(stream)); errno = 0) {
		if (is_dot(entry->d_name))
			continue;
		if (names->count == limit)
			return error_set(err, ERROR_CAPACITY,
				_("a directory holds more than %zu names"), limit);
		string_list_add(names, arena, entry->d_name);
	}
	if (errno != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot list a directory"));
	return true;
}

bool directory_list(int directory, size_t limit, struct arena *arena, struct string_list *ret_names,
	struct error *err)
{
	int fd cleanup_close = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream cleanup_closedir = fd >= 0 ? fdopendir(fd) : NULL;
	struct string_list names = STRING_LIST_INIT;

	if (!stream)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot list a directory"));
	(void)take_fd(&fd); /* the stream's now */
	if (!read_names(stream, limit, arena, &names, err))
		return false;
	string_list_sort(&names);
	*ret_names = names;
	return true;
}

bool directory_sync(int directory, const char *path, struct error *err)
{
	if (fsync(directory) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot make the name of %s durable"), path);
	return true;
}

static int open_directory(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* One that is left half made would later be taken as it is. */
static bool unmake(int parent, const char *name, struct error *err)
{
	error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot set up directory %s"), name);
	(void)unlinkat(parent, name, AT_REMOVEDIR);
	return false;
}

/* How a directory that is absent is made. */
struct making {
	mode_t mode;
	gid_t group;
	bool durable;
};

static bool set_up(int parent, const char *name, const struct making *making, int *ret_fd,
	struct error *err)
{
	int fd cleanup_close = open_directory(parent, name);

	if (fd < 0 || fchown(fd, 0, making->group) != 0 || fchmod(fd, making->mode) != 0)
		return unmake(parent, name, err);
	if (making->durable && !directory_sync(parent, name, err))
		return false;
	*ret_fd = take_fd(&fd);
	return true;
}

static bool ensure(int parent, const char *name, const struct making *making, int *ret_fd,
	struct error *err)
{
	int fd;

	if (mkdirat(parent, name, 0) == 0)
		return set_up(parent, name, making, ret_fd, err);
	if (errno != EEXIST)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot make directory %s"),
			name);
	fd = open_directory(parent, name);
	if (fd >= 0) {
		*ret_fd = fd;
		return true;
	}
	if (errno == ENOTDIR || errno == ELOOP) {
		error_set(err, ERROR_CONFIG, _("%s is no directory"), name);
		return error_fix(err, _("move it away and run the command again"));
	}
	return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open directory %s"), name);
}

bool directory_ensure(int parent, const char *name, mode_t mode, gid_t group, int *ret_fd,
	struct error *err)
{
	const struct making making = {.mode = mode, .group = group, .durable = true};

	return ensure(parent, name, &making, ret_fd, err);
}

bool directory_ensure_scratch(int parent, const char *name, int *ret_fd, struct error *err)
{
	const struct making making = {.mode = 0700};

	return ensure(parent, name, &making, ret_fd, err);
}

bool directory_empty(int directory, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;

	if (!directory_list(directory, EMPTIED_MAX, &arena, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (unlinkat(directory, names.items[i], 0) == 0 || errno == ENOENT)
			continue;
		if (errno == EISDIR)
			return error_set(err, ERROR_CONFIG,
				_("a directory \"%s\" lies where only files may"), names.items[i]);
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot remove %s"),
			names.items[i]);
	}
	return true;
}
