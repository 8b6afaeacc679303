/* What a sync has found and done: filling the result of map_sync.h, and its JSON. */
#ifndef POSTIGO_SERVICE_MAP_SYNC_RESULT_H
#define POSTIGO_SERVICE_MAP_SYNC_RESULT_H

#include "base/arena.h"
#include "base/error.h"
#include "service/map_sync.h"

struct json;

/* Adds a warning; `code` is static, the other texts are copied. */
void map_sync_result_note(struct map_sync_result *result, struct arena *arena, const char *code, const char *key,
	const char *detail);

/* Adds a refused row to the list; the count is the caller's. As map_sync_result_note(). */
void map_sync_result_refuse(struct map_sync_result *result, struct arena *arena, const char *code, const char *key,
	const char *detail);

/* Adds a step that began at `started_ms` of the monotonic clock and ends now. `detail` is static or the arena's. */
void map_sync_result_step(struct map_sync_result *result, const char *name, int64_t started_ms, const char *detail);

/* Sets what a frontend tells of the result. */
void map_sync_result_fill(struct json *json, const struct map_sync_result *result);

/*
 * The result as STATE/sync/last-result.json keeps it: with exit code and digests. `failure` is NULL for success, else its code, name and texts go in. The caller frees it.
 */
struct json *map_sync_result_to_json(const struct map_sync_result *result, const struct error *failure);

#endif
