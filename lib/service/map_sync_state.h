/*
 * What a target remembers of its last sync: STATE/sync/TARGET.json. It tells, before anything is parsed, that there is nothing to do, and afterwards what of the map
 * was ours. Losing it loses nothing but that: the next sync builds again.
 */
#ifndef POSTIGO_SERVICE_MAP_SYNC_STATE_H
#define POSTIGO_SERVICE_MAP_SYNC_STATE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "format/digest.h"
#include "format/settings.h"

#include <stdbool.h>
#include <stdint.h>

#define MAP_SYNC_STATE_FORMAT 1
#define MAP_SYNC_STATE_MAX 16384 /* bytes */

struct map_sync_state {
	int64_t generation;
	int64_t rows;
	int64_t refused;     /* rows of the store that are not live as it has them: to be tried again */
	int64_t installed;   /* seconds since the epoch */
	bool reload_owed;    /* the map is live, the reload it needs has not been done */
	bool lifted;	     /* a rail was lifted on demand for rows that are live */
	const char *type;
	const char *path;
	const char *store;   /* file_identity() of the store when its digest was verified; "" = unknown */
	const char *postfix; /* identity of what type "auto" was resolved from; "" = not asked */
	const char *store_digest;
	const char *config;  /* map_sync_config_digest() */
	const char *text;    /* digest of the installed text */
	const char *index;   /* "" for a type without index */
	const char *text_file; /* file_identity() of the installed files; "" = unknown */
	const char *index_file;
};

/* Parses a state file, strictly: all members, no others. Texts live in `arena`. Fails with database. */
must_check bool map_sync_state_parse(const char *text, size_t length, struct arena *arena,
	struct map_sync_state *ret_state, struct error *err);

/* Adds the file's text with a final newline. */
void map_sync_state_print(const struct map_sync_state *state, struct strbuf *buffer);

/* Reads `name` in the open directory. Found, not found, or failed (database: unreadable, to be taken as never synced). */
must_check enum lookup_result map_sync_state_read(int directory, const char *name, struct arena *arena,
	struct map_sync_state *ret_state, struct error *err);

/* Replaces `name` in the open directory, 0600. Fails with filesystem. */
must_check bool map_sync_state_write(int directory, const char *name, const struct map_sync_state *state,
	struct error *err);

/*
 * Digest over everything in the configuration that decides rows, files or refusals: domain, reserved names, map type, path, owner, mode, Postfix instance, and the form
 * of the text itself.
 */
void map_sync_config_digest(const struct settings *settings, const char *type, char ret_hex[DIGEST_HEX_LENGTH + 1]);

#endif
