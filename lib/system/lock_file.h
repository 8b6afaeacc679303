/*
 * Exclusive locks between processes: flock(2) on a file in a directory that only root reaches.
 *
 * A lock file is never deleted and holds nothing; a lock left by a killed process is free.
 */
#ifndef POSTIGO_SYSTEM_LOCK_FILE_H
#define POSTIGO_SYSTEM_LOCK_FILE_H

#include "base/error.h"

struct lock_file {
	int fd; /* -1 = not held */
};

#define LOCK_FILE_INIT {-1}
#define cleanup_lock __attribute__((cleanup(lock_file_release)))

/*
 * Takes the lock `path` (created 0600 if absent), waiting at most `timeout_ms` milliseconds.
 * Fails with temporary (another process held it all the time) or filesystem. After a failure
 * nothing is held.
 */
must_check bool lock_file_acquire(struct lock_file *lock, const char *path, int timeout_ms,
	struct error *err);

/* Releases the lock if it is held. */
void lock_file_release(struct lock_file *lock);

#endif
