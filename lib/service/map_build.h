/*
 * From the staged text to a staged index that has been read back: by a change of the live index
 * where that is possible, else by postmap. Whoever made it, the read-back is the same.
 */
#ifndef POSTIGO_SERVICE_MAP_BUILD_H
#define POSTIGO_SERVICE_MAP_BUILD_H

#include "base/error.h"
#include "service/map_stage.h"
#include "service/map_walk.h"

struct map_sync_run;

/* How many differences the walk beside the live text has to keep. */
size_t map_build_differences(const struct map_sync_run *run);

/*
 * Builds and verifies the index of the finished stage; `walk` knows in which rows the live map is
 * different. Needs the digests of the live files, and Postfix asked. Fails with mta_command.
 */
must_check bool map_build(struct map_sync_run *run, struct map_stage *stage,
	const struct map_walk *walk, struct error *err);

#endif
