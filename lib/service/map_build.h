/*
 * From the staged text to a staged index that has been read back: by the library of its type, from
 * the live index where only a few rows change, else by postmap. Whoever made it, every row is read
 * back, and postmap answers.
 */
#ifndef POSTIGO_SERVICE_MAP_BUILD_H
#define POSTIGO_SERVICE_MAP_BUILD_H

#include "base/error.h"
#include "service/map_library.h"
#include "service/map_stage.h"
#include "service/map_walk.h"

struct map_sync_run;

/* How many differences the walk beside the live text has to keep. */
size_t map_build_differences(const struct map_sync_run *run);

/*
 * Starts making the index of the finished stage in `library`, beside what follows; `walk` knows in
 * which rows the live map is different. Needs the digests of the live files. Once; and not where
 * the administrator names a postmap of his own.
 */
void map_build_begin(struct map_sync_run *run, struct map_library *library,
	struct map_stage *stage, const struct map_walk *walk);

/*
 * The same for a stage that was only begun, and gets all its rows from now on, about `rows`: before
 * the first one where the index is to be new, or else when the walk knows all differences.
 */
void map_build_begin_early(struct map_sync_run *run, struct map_library *library,
	struct map_stage *stage, const struct map_walk *walk, int64_t rows);

/* Completes and verifies what was begun. False when that did not work out: nothing is staged but the text. */
must_check bool map_build_by_library(struct map_sync_run *run, struct map_library *library, struct map_stage *stage);

/*
 * Completes what was begun, or has postmap build the index, and verifies it. Needs Postfix asked.
 * Fails with mta_command.
 */
must_check bool map_build(struct map_sync_run *run, struct map_library *library,
	struct map_stage *stage, struct error *err);

#endif
