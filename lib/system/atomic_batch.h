/*
 * Replaces many files of one directory at the price of a few fsyncs. What atomic_file promises holds for each of them: every reader, and every crash, sees its old
 * content or the new. Only in which order they change, and how many of them after a crash, is left open.
 *
 *	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;
 *	atomic_batch_begin(&batch, dirfd, err), then for each file atomic_file_begin(&file, batch.directory, …), atomic_file_write(), atomic_file_finish() and
 *	atomic_batch_add(&batch, &file, err); in the end atomic_batch_settle(&batch, err)
 *
 * The files wait under their temporary names. Then one syncfs makes all their content durable, each is renamed, and one fsync of the directory makes the names
 * durable. What was not settled is unlinked.
 */
#ifndef POSTIGO_SYSTEM_ATOMIC_BATCH_H
#define POSTIGO_SYSTEM_ATOMIC_BATCH_H

#include "base/error.h"

#include <stddef.h>

#define ATOMIC_BATCH_MAX 1024 /* more are settled in portions: temporaries need room on the disk */

struct atomic_file;
struct atomic_batch_item;

struct atomic_batch {
	int directory; /* its own; -1 = nothing begun */
	struct atomic_batch_item *items;
	size_t count;
	bool named; /* names changed that are not durable yet */
};

#define ATOMIC_BATCH_INIT {.directory = -1}
#define cleanup_atomic_batch __attribute__((cleanup(atomic_batch_discard)))

/*
 * Opens the directory once more: what goes wrong in writing it out is told to a descriptor that was
 * open before. Fails with filesystem.
 */
must_check bool atomic_batch_begin(struct atomic_batch *batch, int directory, struct error *err);

/*
 * Takes over a finished file that was begun in `batch->directory`; `file` is closed. The first of
 * more than ATOMIC_BATCH_MAX settles those before. Fails with filesystem, then as
 * atomic_batch_settle(), and the file is discarded.
 */
must_check bool atomic_batch_add(struct atomic_batch *batch, struct atomic_file *file, struct error *err);

/* Unlinks `name` in the directory; absent is fine. Durable when settled. Fails with filesystem. */
must_check bool atomic_batch_unlink(struct atomic_batch *batch, const char *name, struct error *err);

/*
 * Gives all files their names, durably; without any it does nothing. Fails with filesystem: when content could not be made durable nothing is renamed; a file that
 * cannot be renamed keeps no other from being.
 */
must_check bool atomic_batch_settle(struct atomic_batch *batch, struct error *err);

/* Unlinks what was not settled. */
void atomic_batch_discard(struct atomic_batch *batch);

#endif
