/*
 * Safety rails: what a sync refuses to make live although it could. Each has a stable name; --force=NAME lifts exactly the named ones, --allow-empty the rail "empty",
 * nothing lifts "bare-key". All rails that are hit are reported at once. Some refuse the whole sync, others only a row: that one is left out, or kept as it is live.
 *
 * There is no rail against aliases named like a system account, although such a clash refuses an approval: a sync asks no account database, so that its rows follow from
 * store and configuration alone and an outage of accounts cannot take anybody's mail.
 */
#ifndef POSTIGO_SERVICE_MAP_RAILS_H
#define POSTIGO_SERVICE_MAP_RAILS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
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
	RAIL_FOREIGN,	    /* from here on rows: the database has a row for it that is not ours */
	RAIL_DRIFT,	    /* somebody else has changed our row in the database */
	RAIL_OWN_DOMAIN,    /* forwards into our own domain */
	RAIL_LIMITS,	    /* more than Postfix expands */
	RAIL_CLASH_ALIAS,   /* a later table of virtual_alias_maps says something else */
	RAIL_CLASH_MAILBOX, /* would take a mailbox its mail */
	RAIL_LOOP,	    /* aliases that forward to each other, or too many behind each other */
	RAIL_DANGLING,	    /* forwards to an alias that nobody knows */
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
	int64_t lifted[RAILS];
	size_t *selves; /* numbers of the rows that forward to themselves without keeping a copy */
	size_t self_count;
};

/* The stable name. Static. */
const char *map_rail_name(enum map_rail rail);

/* Refuses names in `force` that are no rails or cannot be lifted so. Fails with usage. */
must_check bool map_rails_check_force(const struct string_list *force, struct error *err);

/* Records that a rail was hit, by the row `key` ("" = by the whole), with a sentence on it. */
void map_rails_hit(struct map_rails *rails, enum map_rail rail, const char *key, const char *sentence);

/*
 * Records that a rail refuses the row `key`, in the result. False = the rail is lifted, and the row may stand. `detail` (a sentence, the arena's) may be empty when
 * map_rails_lists() says so.
 */
must_check bool map_rails_refuse_row(struct map_rails *rails, enum map_rail rail, struct span key, const char *detail);

/* Whether the result lists one more refused row with its detail: of very many only some, but always those that were decided just now. */
bool map_rails_lists(const struct map_rails *rails, struct span key);

/* Notes that row `number` forwards to itself although it is to keep no copy: a loop, which its text does not show. */
void map_rails_note_self(struct map_rails *rails, size_t number);

/* Holds the counts against the rails empty, drop and churn; removals that the request says were decided just now do not count. */
void map_rails_judge(struct map_rails *rails, const struct map_counts *counts);

/* Whether no rail was hit that is not lifted. Fails with rule_violation. */
must_check bool map_rails_pass(const struct map_rails *rails, struct error *err);

#endif
