/* Directories of the house: made, opened, listed; always by descriptor. */
#ifndef POSTIGO_SYSTEM_DIRECTORY_H
#define POSTIGO_SYSTEM_DIRECTORY_H

#include "base/error.h"
#include "base/string_list.h"

#include <sys/types.h>

/*
 * Lists the names in an open directory, sorted bytewise, without "." and "..", at most `limit` of
 * them. Fails with capacity (more than `limit`) or filesystem.
 */
must_check bool directory_list(int directory, size_t limit, struct arena *arena,
	struct string_list *ret_names, struct error *err);

/* fsync of an open directory. Fails with filesystem. */
must_check bool directory_sync(int directory, const char *path, struct error *err);

/*
 * Makes the directory `name` below `parent` if it is absent, 0-mode first, then owner and mode as
 * asked, then durable. An existing one is opened and left as it is; one that cannot be set up is
 * removed again. Needs root. Returns its descriptor through `ret_fd`. Fails with filesystem or
 * config (not a directory).
 */
must_check bool directory_ensure(int parent, const char *name, mode_t mode, gid_t group,
	int *ret_fd, struct error *err);

/* The same of a directory that is root's alone and holds nothing which must outlive a power failure: it is not made durable. */
must_check bool directory_ensure_scratch(int parent, const char *name, int *ret_fd, struct error *err);

/*
 * Unlinks everything in an open directory that is not itself a directory. Fails with filesystem,
 * config when it holds a directory (what sorts before it is gone then), or capacity (more than 1000
 * names: nothing is unlinked).
 */
must_check bool directory_empty(int directory, struct error *err);

#endif
