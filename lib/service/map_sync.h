/*
 * The sync engine: makes Postfix answer what the store says, or leaves what is live alone and says why.
 *
 * A target is one map with one source of rows. rows = f(store generation, configuration): no account look-ups, no clock. A map is never built in place: it is
 * staged, built by postmap, read back and compared in full, then renamed over the live one, index first. Before the rename the old map is live, after it the new
 * one; a crash in between is seen by digest and built again. Nothing to do is known from generation, configuration digest and the installed files' digests.
 */
#ifndef POSTIGO_SERVICE_MAP_SYNC_H
#define POSTIGO_SERVICE_MAP_SYNC_H

#include "base/arena.h"
#include "base/error.h"
#include "base/string_list.h"
#include "format/digest.h"
#include "format/settings.h"

#include <stdint.h>

#define MAP_SYNC_STEPS_MAX 16

struct sql_settings;

struct map_sync_request {
	const char *state_directory;
	const struct settings *settings;
	const struct sql_settings *database; /* NULL = as configured; tests put one here that fails */
	bool dry_run;		   /* stage, verify, show the difference; write nothing live */
	bool check;		   /* only tell whether something would change */
	bool allow_empty;	   /* lifts the rail "empty" */
	int64_t decided_removals;  /* rows whose removal was decided by the command that syncs: no rail minds them */
	struct string_list decided; /* aliases that were decided by the command that syncs: when one is refused, the result lists it */
	struct string_list force;  /* names of further rails to lift */
	size_t difference_limit;   /* rows of the difference kept in the result; 0 = none */
	int64_t now;
};

struct map_sync_step {
	const char *name; /* store, rails, render, update, postmap, verify, install, reload */
	int64_t elapsed_ms;
	const char *detail; /* "" or what it found, such as "skipped: hash is re-opened by Postfix itself" */
};

struct map_sync_note {
	const char *code;   /* rail or warning: empty, drop, not-referenced, foreign-edit … */
	const char *key;    /* the row concerned, or "" */
	const char *detail; /* sentence */
};

struct map_difference {
	char sign; /* '+', '-', '~' */
	const char *key;
	const char *before; /* values; NULL where there is none */
	const char *after;
};

struct map_sync_result {
	bool changed; /* something was installed, or would be with dry_run or check */
	bool dry_run;
	int64_t generation;
	const char *type;
	const char *path;
	int64_t wanted, live_before, added, changed_rows, removed;
	struct map_sync_note *warnings;
	size_t warning_count;
	struct map_sync_note *refused; /* rows left out, or kept as they were live; of very many only the first */
	size_t refused_listed;
	int64_t refused_count;
	struct map_difference *differences;
	size_t difference_count;
	bool differences_cut; /* there are more than difference_limit */
	struct map_sync_step steps[MAP_SYNC_STEPS_MAX];
	size_t step_count;
	char text_digest[DIGEST_HEX_LENGTH + 1];
	char index_digest[DIGEST_HEX_LENGTH + 1]; /* "" for texthash */
	const char *reload; /* "skipped", "done", "not running", "failed", "none" */
	int64_t started, ended;
};

/*
 * Syncs the target `members`. Rows that a rail refuses are no failure: they stand in `refused`, and all the others are live; a caller that ends with them says
 * partial. Takes the target's lock for at most sync.lock_timeout. `ret_result` is filled as far as it came, also on failure; its texts live in
 * `arena`.
 * Fails with config (switched off, Postfix or directories not usable), database (the store), rule_violation (a rail; what says which), mta_command (postmap failed or
 * the read-back differs: the old map is live), filesystem (old map is live), temporary (locked), after_live (the new map is live; reload or bookkeeping failed).
 */
must_check bool map_sync_members(const struct map_sync_request *request, struct arena *arena,
	struct map_sync_result *ret_result, struct error *err);

#endif
