/*
 * A new index from the live one: where a few rows of many change, copying the index and changing
 * the copy takes a tenth of what postmap takes to build it. The copy is as unproven as what postmap
 * makes, and is read back in full the same way.
 */
#ifndef POSTIGO_SERVICE_MAP_UPDATE_H
#define POSTIGO_SERVICE_MAP_UPDATE_H

#include "base/compiler.h"
#include "service/map_stage.h"
#include "service/map_walk.h"

#include <stdbool.h>

#define MAP_UPDATE_MAX 1000 /* rows changed at most */

/*
 * Whether the staged text differs from the live one, which the walk went along, in so few rows that
 * the live index can be changed; it must be what the last sync installed.
 */
must_check bool map_update_is_small(const struct map_stage *stage, const struct map_walk *walk);

/*
 * Makes the staged index from the live one and the walk's differences. False when that did not work
 * out for whatever reason: then nothing is staged, and postmap has to build it.
 */
must_check bool map_update(struct map_stage *stage, const struct map_walk *walk, int timeout_ms);

/* Removes the staged index again. */
void map_update_discard(const struct map_stage *stage);

#endif
