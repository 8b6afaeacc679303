/*
 * Making a row of somebody else in the table ours, and giving one of ours away: by a person, row by row, with a line in the journal. The next sync writes an adopted
 * row like any other of ours; when its alias goes, the row gets back what it had.
 */
#ifndef POSTIGO_SERVICE_MAP_ADOPTION_H
#define POSTIGO_SERVICE_MAP_ADOPTION_H

#include "base/arena.h"
#include "base/error.h"
#include "format/settings.h"

#include <stdint.h>

struct identity;

struct map_adoption {
	const char *state_directory;
	const struct settings *settings;
	const struct identity *actor;
	int64_t now;
};

/*
 * Adopts the row of `address`, which must be the alias of an entry of the store. `ret_before` is what the row has. Takes the target's lock, then the store's. Fails
 * with not_found (no such row, or no such alias), already_exists (it is ours), config (the target is no table), deadlock, database, temporary; the table is
 * unchanged then. The journal's line is written before the commit.
 */
must_check bool map_row_adopt(const struct map_adoption *adoption, const char *address, struct arena *arena,
	const char **ret_before, struct error *err);

/* Gives the row of `address` away as it is. Fails as map_row_adopt(). */
must_check bool map_row_release(const struct map_adoption *adoption, const char *address, struct arena *arena,
	struct error *err);

#endif
