/*
 * The index of a staged map by the library that Postfix reads it with: built from the text, also
 * while that is still being written, or from the live index where only a few of many rows change;
 * then read back in full and digested, all in a process of its own:
 *
 *	begin → anything else, among it the rest of the text → await → end, or stop
 *
 * What comes out is as unproven as what postmap makes: the caller has postmap answer for a sample.
 */
#ifndef POSTIGO_SERVICE_MAP_LIBRARY_H
#define POSTIGO_SERVICE_MAP_LIBRARY_H

#include "base/compiler.h"
#include "service/map_stage.h"
#include "service/map_walk.h"
#include "storage/map_index.h"
#include "system/side_process.h"

#include <stdbool.h>

#define MAP_UPDATE_MAX 1000 /* rows changed at most where the live index is built upon */

/* What the process finds out. */
struct library_result {
	bool made;
	struct index_finding finding;
	char digest[DIGEST_HEX_LENGTH + 1];
};

struct map_library {
	struct map_stage *stage; /* NULL = nothing was begun */
	const struct map_walk *changes; /* to the live index; NULL = it is built anew */
	size_t room; /* bytes that the text has at most */
	int64_t rows; /* about so many, unless the stage is finished */
	int line;     /* socket to the process */
	struct side_process side;
	struct library_result result;
};

#define MAP_LIBRARY_INIT {.line = -1, .side = SIDE_PROCESS_INIT}

/* What a library is to make. */
struct map_library_task {
	struct map_stage *stage;	/* begun; it must stay, and takes the library for its follower */
	const struct map_walk *changes; /* what is to be changed in the live index; NULL = a new one */
	size_t room; /* bytes that the text will have at most, while the stage is not finished */
	int64_t rows; /* as map_library */
};

/*
 * Whether the staged text differs from the live one, which the walk went along, in so few rows
 * that the live index can be changed; it must be what the last sync installed.
 */
must_check bool map_library_may_change(const struct map_stage *stage, const struct map_walk *walk);

/* Starts making the index. False when it cannot. */
must_check bool map_library_begin(struct map_library *library, const struct map_library_task *task);

/*
 * Waits until the index is made, but not read back. False as map_library_end(). Call when the stage
 * is finished.
 */
must_check bool map_library_await(struct map_library *library, int timeout_ms);

/*
 * Waits for the index. True when it was made, holds all rows of the text and nothing else, and its
 * digest stands in the result. False: nothing is staged, and postmap has to build it.
 */
must_check bool map_library_end(struct map_library *library, int timeout_ms);

/* Ends a process that is still at work and removes what it has made. */
void map_library_stop(struct map_library *library);

#endif
