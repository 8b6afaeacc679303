/*
 * Safety rails: what a sync refuses to make live although it could. Each has a stable name; --force=NAME lifts exactly the named ones, --allow-empty the rail "empty",
 * nothing lifts "bare-key". All rails that are hit are reported at once.
 */
#ifndef POSTIGO_SERVICE_MAP_RAILS_H
#define POSTIGO_SERVICE_MAP_RAILS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/string_list.h"
#include "service/map_sync.h"

#include <stdbool.h>
#include <stdint.h>

/* In the order in which they are reported. */
enum map_rail {
	RAIL_GENERATION,     /* the store is older than what is live */
	RAIL_BARE_KEY,	     /* a key without local part would take the mail of a whole domain */
	RAIL_RESERVED,	     /* an alias that belongs to the server */
	RAIL_DOMAIN,	     /* Postfix does not serve the domain */
	RAIL_NOT_REFERENCED, /* with require_reference: Postfix does not read the map */
	RAIL_EMPTY,
	RAIL_DROP,
	RAIL_CHURN,
	RAILS,
};

/* What a sync would do to the rows that are live. */
struct map_counts {
	int64_t wanted;
	int64_t live;
	int64_t removed;
	int64_t changed;
	bool first; /* nothing was live before */
};

struct map_rails {
	const struct map_sync_request *request;
	struct map_sync_result *result; /* takes a warning for each hit */
	struct arena *arena;
	int64_t hits[RAILS]; /* lifted ones left out */
	const char *sentence[RAILS];
};

/* The stable name. Static. */
const char *map_rail_name(enum map_rail rail);

/* Refuses names in `force` that are no rails or cannot be lifted so. Fails with usage. */
must_check bool map_rails_check_force(const struct string_list *force, struct error *err);

/* Records that a rail was hit, by the row `key` ("" = by the whole), with a sentence on it. */
void map_rails_hit(struct map_rails *rails, enum map_rail rail, const char *key, const char *sentence);

/* Holds the counts against the rails empty, drop and churn; removals that the request says were decided just now do not count. */
void map_rails_judge(struct map_rails *rails, const struct map_counts *counts);

/* Whether no rail was hit that is not lifted. Fails with rule_violation. */
must_check bool map_rails_pass(const struct map_rails *rails, struct error *err);

#endif
