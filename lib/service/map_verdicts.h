/*
 * Which rows of a map that is being made may not become live, and what stands in their place: a row that is refused is left out when it is new, and kept as it is live
 * when it is not. The rails that judge rows share this record; see map_row_rails.h.
 */
#ifndef POSTIGO_SERVICE_MAP_VERDICTS_H
#define POSTIGO_SERVICE_MAP_VERDICTS_H

#include "format/settings.h"
#include "service/map_rails.h"
#include "service/map_stage.h"
#include "service/map_text.h"
#include "service/map_walk.h"
#include "service/postfix_instance.h"

struct kept_row {
	size_t row;
	struct span value; /* the arena's */
};

struct map_verdicts {
	struct map_rails *rails;
	const struct settings *settings;
	const struct postfix_instance *instance;
	const char *live; /* TYPE:PATH of the map that is live; NULL = there is none */
	const struct map_text *live_rows; /* what is live, where its rows are at hand; NULL = to be asked */
	struct arena *arena;
	struct map_text text; /* the rows as the store wants them */
	unsigned char *given; /* one a row */
	size_t refused;
	size_t fetched; /* of them */
	struct kept_row *kept; /* ascending by row */
	size_t kept_count;
	size_t kept_capacity;
};

#define cleanup_map_verdicts __attribute__((cleanup(map_verdicts_close)))

/* Starts on the rows of a staged text, which must stay until close. */
void map_verdicts_open(struct map_verdicts *verdicts, const char *bytes, size_t length);

/* Frees what open has made. */
void map_verdicts_close(struct map_verdicts *verdicts);

/* Refuses a row that is not refused yet, unless `rail` is lifted. `detail` says why, to people. */
void map_verdicts_refuse(struct map_verdicts *verdicts, size_t row, enum map_rail rail, const char *detail);

/* Whether the row is refused. */
bool map_verdicts_refused(const struct map_verdicts *verdicts, size_t row);

/* Asks the live map for the rows that were refused since the last call. What cannot be asked, or answers what no store would hold, has no live value. */
void map_verdicts_fetch(struct map_verdicts *verdicts);

/* The value that the row would have; false = there would be no such row. Needs map_verdicts_fetch() after a refusal. */
must_check bool map_verdicts_value(const struct map_verdicts *verdicts, size_t row, struct span *ret_value);

/* The row that Postfix would take `address` to, with and without its extension; false = there would be none, or it is of another domain. */
must_check bool map_verdicts_resolve(const struct map_verdicts *verdicts, struct span address, size_t *ret_row);

/* Whether `address` is of the map's own domain. */
bool map_verdicts_is_own(const struct map_verdicts *verdicts, struct span address);

/* Writes the rows that remain to a stage and beside them to a walk, both begun. Fails with filesystem. */
must_check bool map_verdicts_write(const struct map_verdicts *verdicts, struct map_stage *stage, struct map_walk *walk,
	struct error *err);

#endif
