#include "system/atomic_batch.h"

#include "base/arena.h"
#include "base/message.h"
#include "system/atomic_file.h"
#include "system/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct atomic_batch_item {
	char name[sizeof(((struct atomic_file *)NULL)->name)];
	char temporary[sizeof(((struct atomic_file *)NULL)->temporary)];
};

bool atomic_batch_begin(struct atomic_batch *batch, int directory, struct error *err)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open a directory"));
	*batch = (struct atomic_batch){.directory = fd};
	return true;
}

static void make_room(struct atomic_batch *batch)
{
	if (batch->items)
		return;
	batch->items = calloc(ATOMIC_BATCH_MAX, sizeof(*batch->items));
	if (!batch->items)
		out_of_memory();
}

bool atomic_batch_add(struct atomic_batch *batch, struct atomic_file *file, struct error *err)
{
	struct atomic_batch_item *item;

	if (!file->finished || file->directory != batch->directory)
		return error_set(err, ERROR_BUG, _("\"%s\" is not being written"), file->name);
	if (batch->count == ATOMIC_BATCH_MAX && !atomic_batch_settle(batch, err)) {
		atomic_file_discard(file);
		return false;
	}
	make_room(batch);
	item = &batch->items[batch->count++];
	(void)snprintf(item->name, sizeof(item->name), "%s", file->name);
	(void)snprintf(item->temporary, sizeof(item->temporary), "%s", file->temporary);
	file->temporary[0] = '\0';
	atomic_file_discard(file);
	return true;
}

bool atomic_batch_unlink(struct atomic_batch *batch, const char *name, struct error *err)
{
	if (unlinkat(batch->directory, name, 0) == 0)
		batch->named = true;
	else if (errno != ENOENT)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot remove %s"), name);
	return true;
}

/* One that cannot be renamed keeps no other from being. */
static bool rename_all(struct atomic_batch *batch, struct error *err)
{
	bool renamed = true;

	for (size_t i = 0; i < batch->count; i++) {
		const struct atomic_batch_item *item = &batch->items[i];

		if (renameat(batch->directory, item->temporary, batch->directory, item->name) == 0)
			continue;
		if (renamed)
			error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot write %s"), item->name);
		renamed = false;
		(void)unlinkat(batch->directory, item->temporary, 0);
	}
	batch->named |= batch->count > 0;
	batch->count = 0;
	return renamed;
}

static void unlink_all(struct atomic_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		(void)unlinkat(batch->directory, batch->items[i].temporary, 0);
	batch->count = 0;
}

bool atomic_batch_settle(struct atomic_batch *batch, struct error *err)
{
	struct error failure;
	bool renamed;

	if (batch->count > 0 && syncfs(batch->directory) != 0) {
		error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot make %zu files durable"), batch->count);
		unlink_all(batch);
		return false;
	}
	renamed = rename_all(batch, err);
	if (!batch->named)
		return renamed;
	batch->named = false;
	return directory_sync(batch->directory, batch->items ? batch->items[0].name : ".", renamed ? err : &failure) &&
	       renamed;
}

void atomic_batch_discard(struct atomic_batch *batch)
{
	if (batch->directory < 0)
		return;
	unlink_all(batch);
	(void)close(batch->directory);
	free(batch->items);
	*batch = (struct atomic_batch)ATOMIC_BATCH_INIT;
}
