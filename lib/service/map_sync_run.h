/* One run of the sync engine: what its steps share. For map_sync, the targets and what they share. */
#ifndef POSTIGO_SERVICE_MAP_SYNC_RUN_H
#define POSTIGO_SERVICE_MAP_SYNC_RUN_H

#include "service/map_sync.h"
#include "service/map_sync_file.h"
#include "service/map_sync_state.h"
#include "service/postfix_instance.h"
#include "storage/alias_store.h"
#include "system/lock_file.h"

#define MAP_SYNC_STATE_NAME "members.json"

struct map_sync_run {
	const struct map_sync_request *request;
	const struct sync_settings *settings;
	struct arena *arena;
	struct map_sync_result *result;
	struct lock_file lock;
	int state; /* STATE */
	int home;  /* STATE/sync */
	struct map_sync_state before;
	bool known; /* `before` was read */
	bool same_path;	 /* and is about this path */
	bool same_type;	 /* and this type, too */
	struct postfix_instance instance;
	bool asked; /* `instance` is filled */
	const char *postfix_identity; /* "" unless the type is "auto" */
	const struct map_type *type;
	char config[DIGEST_HEX_LENGTH + 1];
	struct map_sync_file file;
	struct alias_store store;
	bool store_open;
	const char *store_identity;
};

/* Asks Postfix about itself, once a run. Fails as postfix_instance_open(). */
must_check bool map_sync_run_ask_postfix(struct map_sync_run *run, struct error *err);

/* Opens the store, once a run. Fails as alias_store_open(), or with config when it is another domain's. */
must_check bool map_sync_run_open_store(struct map_sync_run *run, struct error *err);

/* Builds the map anew and, unless the request only asks, makes it live. Fails as map_sync_members(). */
must_check bool map_renewal(struct map_sync_run *run, struct error *err);

/* Whether the store is what the target was last made of, without reading it where its file is the very one. Fails as map_sync_run_open_store(). */
must_check bool map_sync_run_store_is_same(struct map_sync_run *run, bool *ret_same, struct error *err);

/* Makes the rows of a table in a database those of the store; the whole run, from "nothing to do" to the end. Fails as map_sync_members(). */
must_check bool map_sync_sql(struct map_sync_run *run, struct error *err);

/*
 * Does the reload that the state says is owed, writes the state with and without that debt, and publishes what is live. Call when the map of `state` is live; every
 * act is tried whatever became of the one before. Fails with after_live.
 */
must_check bool map_renewal_settle(struct map_sync_run *run, struct map_sync_state *state, struct error *err);

#endif
