/*
 * Temporaries of atomic files that a killed program left behind, below the state directory. The store's own, which is opened for writing by one process at a time,
 * are not waited for: see alias_store.h.
 */
#ifndef POSTIGO_STORAGE_LEFT_OVER_H
#define POSTIGO_STORAGE_LEFT_OVER_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define LEFT_OVER_SECONDS 3600 /* no program writes one file for so long */

/*
 * Counts the temporaries in status, sync, and work that are older than LEFT_OVER_SECONDS at `now`, and unlinks them with `remove`. Needs no lock. Fails with
 * filesystem.
 */
must_check bool left_over_sweep(const char *state_directory, int64_t now, bool remove, size_t *ret_count,
	struct error *err);

#endif
