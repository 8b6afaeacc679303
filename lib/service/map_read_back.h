/* Reading a staged map back through Postfix's own postmap and holding it against the staged text: the judge of what postmap has made. */
#ifndef POSTIGO_SERVICE_MAP_READ_BACK_H
#define POSTIGO_SERVICE_MAP_READ_BACK_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

struct map_stage;
struct map_stage_tools;
struct process_request;
struct process_result;

/*
 * Asks the map for every key of the staged text and for one that cannot be in it, and counts the rows of the index. Flat memory. Fails with mta_command, naming the first
 * key whose answer differs.
 */
must_check bool map_read_back(struct map_stage *stage, const struct map_stage_tools *tools, struct error *err);

/* Asks postmap for a sample of the rows, of an index that its library has read back in full. Fails as map_read_back(). */
must_check bool map_read_back_sample(struct map_stage *stage, const struct map_stage_tools *tools, struct error *err);

/* Sets mta_command for a command that did not end well, with the first line of what it said. Returns false. */
bool read_back_command_error(const struct process_request *request, const struct process_result *result,
	struct arena *arena, struct error *err);

#endif
