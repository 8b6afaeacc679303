/*
 * Replaces a file so that every reader, and every crash, sees the old content or the new.
 *
 *	struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;
 *	atomic_file_begin(&file, dirfd, "name", &settings, err) && atomic_file_write(…) &&
 *		atomic_file_commit(&file, err)
 *
 * The new content is written under a temporary name in the same directory (".NAME.16 hex digits"),
 * owner and mode are set before it gets its name, then fsync, rename, fsync of the directory.
 * Without commit the temporary is unlinked. A failure of any step unlinks it at once; what is called
 * after that fails with bug.
 */
#ifndef POSTIGO_SYSTEM_ATOMIC_FILE_H
#define POSTIGO_SYSTEM_ATOMIC_FILE_H

#include "base/error.h"

#include <sys/types.h>

struct atomic_file_settings {
	mode_t mode;
	uid_t owner; /* (uid_t)-1 = as created; so the group */
	gid_t group;
};

struct atomic_file {
	int directory; /* borrowed */
	int fd;        /* -1 = nothing begun */
	struct atomic_file_settings settings;
	char name[128];
	char temporary[160];
	char *buffer;
	size_t buffered;
	bool finished;
	bool sealed;
};

#define ATOMIC_FILE_INIT {.directory = -1, .fd = -1}
#define cleanup_atomic_file __attribute__((cleanup(atomic_file_discard)))

/*
 * Creates the temporary for `name` in the open directory `directory` (kept until commit or
 * discard). Fails with filesystem, or bug when `name` is no plain name; then nothing is left.
 */
must_check bool atomic_file_begin(struct atomic_file *file, int directory, const char *name,
	const struct atomic_file_settings *settings, struct error *err);

/* Adds bytes (buffered). Fails with filesystem. */
must_check bool atomic_file_write(struct atomic_file *file, const void *bytes, size_t length,
	struct error *err);

/*
 * Writes out what is buffered and sets owner and mode, still under the temporary name and not yet
 * durable. For callers that add to what the file has before atomic_file_commit(), such as an access
 * list, or that give it to a batch (system/atomic_batch.h).
 */
must_check bool atomic_file_finish(struct atomic_file *file, struct error *err);

/*
 * Finishes, and makes the content durable under the temporary name. For callers that must record
 * something between content and name; atomic_file_commit() does it if it was not done.
 */
must_check bool atomic_file_seal(struct atomic_file *file, struct error *err);

/*
 * Renames the sealed content to its name and makes that durable. Fails with filesystem; when only
 * the last fsync of the directory failed, the new content has its name already.
 */
must_check bool atomic_file_commit(struct atomic_file *file, struct error *err);

/* Undoes everything that was not committed. */
void atomic_file_discard(struct atomic_file *file);

/* Begin, write, commit in one call. */
must_check bool atomic_file_replace(int directory, const char *name,
	const struct atomic_file_settings *settings, const char *bytes, size_t length,
	struct error *err);

/* Whether a name in a directory is one under which a file is being written, or was left by a program that was killed. */
bool atomic_file_is_temporary(const char *name);

#endif
