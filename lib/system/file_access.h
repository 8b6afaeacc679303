/* POSIX access control lists through libacl: the one extra reader of a private file. */
#ifndef POSTIGO_SYSTEM_FILE_ACCESS_H
#define POSTIGO_SYSTEM_FILE_ACCESS_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * Lets exactly user `reader` read the open file besides its owner: user::rw-, user:reader:r--,
 * nobody else. On a file system without ACLs the file is given to `reader` with mode 0400 instead.
 * Fails with filesystem.
 */
must_check bool file_access_grant_reader(int fd, uid_t reader, struct error *err);

/*
 * Gives an open file to its owner to write and to the groups `readers` to read: mode 0640 for root's group and an ACL entry for each. On a file system without ACLs the
 * first of them becomes the file's group. Fails with filesystem.
 */
must_check bool file_access_grant_groups(int fd, const gid_t *readers, size_t count, struct error *err);

/*
 * Gives a directory a default ACL by which group `reader` may read what is made in it, as far as
 * the mode that the file is given lets its group read: 0640 does, 0600 does not. Does nothing where
 * ACLs are missing. Fails with filesystem.
 */
must_check bool file_access_default_group(const char *directory, gid_t reader, struct error *err);

/*
 * Whether the directory has such a default ACL and its mask leaves the group the right; true where
 * ACLs are missing, false where the directory is. Fails with filesystem.
 */
must_check bool file_access_has_default_group(const char *directory, gid_t reader, bool *ret_set,
	struct error *err);

/* Whether the file system of `path` has access lists. Fails with filesystem. */
must_check bool file_access_is_supported(const char *path, bool *ret_supported, struct error *err);

#endif
