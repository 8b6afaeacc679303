/* Where a file is mounted, and how. */
#ifndef POSTIGO_SYSTEM_MOUNT_POINT_H
#define POSTIGO_SYSTEM_MOUNT_POINT_H

#include "base/arena.h"
#include "base/error.h"

struct mount_point {
	const char *path;
	const char *options; /* of this mount, such as "rw,nosuid,relatime" */
	const char *type;    /* of the file system, such as "ext4" */
};

/* Finds the mount of an open file in /proc/self/mountinfo; texts live in `arena`. Fails with
 * filesystem. */
must_check bool mount_point_of(int fd, struct arena *arena, struct mount_point *ret_mount,
	struct error *err);

#endif
