/*
 * Opening and reading files that other people could have laid there.
 *
 * Everything is checked on the open descriptor: O_NOFOLLOW and O_NONBLOCK first, then fstat, then
 * trust.
 */
#ifndef POSTIGO_SYSTEM_TRUSTED_FILE_H
#define POSTIGO_SYSTEM_TRUSTED_FILE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <sys/stat.h>

/*
 * Opens `name` below `directory` (AT_FDCWD for a path) for reading. It must be a regular file of
 * root, not writable by group or others, without a second link (a backup that is a hard link makes
 * one). `ret_status` may be NULL. Returns found (the caller closes *ret_fd), not found, or failed:
 * config for a file that must not be trusted, filesystem otherwise.
 */
must_check enum lookup_result trusted_file_open(int directory, const char *name, int *ret_fd,
	struct stat *ret_status, struct error *err);

/*
 * Reads an open regular file whole from its start into `arena` (terminated with a NUL that is not
 * counted). What is added to it meanwhile is not read. Fails with capacity when it is longer than
 * `limit` bytes, filesystem when reading fails or the file becomes shorter meanwhile.
 */
must_check bool file_read(int fd, size_t limit, struct arena *arena, const char **ret_text,
	size_t *ret_length, struct error *err);

/* trusted_file_open() and file_read() in one call, for small files. */
must_check enum lookup_result trusted_file_read(int directory, const char *name, size_t limit,
	struct arena *arena, const char **ret_text, size_t *ret_length, struct error *err);

/*
 * Opens a directory of root that nobody else can write into (a sticky one may be group-writable),
 * without following a symbolic link in its last component. Fails with config (absent or
 * untrustworthy) or filesystem.
 */
must_check bool trusted_directory_open(const char *path, int *ret_fd, struct error *err);

/*
 * Like trusted_directory_open(), and holds every parent up to "/" to the same rule, except that a
 * sticky parent may be writable by all, as /tmp is. A symbolic link in any place is refused. For
 * directories that Postfix reads maps from.
 */
must_check bool trusted_path_open(const char *path, int *ret_fd, struct error *err);

/* Whether the program `path` is absolute, executable, root's, and not writable by group or others.
 * Fails with config. */
must_check bool trusted_program_check(const char *path, struct error *err);

#endif
