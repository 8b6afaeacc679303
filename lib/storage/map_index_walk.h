/* What the makers and readers of map indexes share: a walk over the rows of the text, in flat memory. */
#ifndef POSTIGO_STORAGE_MAP_INDEX_WALK_H
#define POSTIGO_STORAGE_MAP_INDEX_WALK_H

#include "base/compiler.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "storage/map_index.h"
#include "system/mapped_memory.h"

#include <stdint.h>

#define INDEX_KEY_MAX 512 /* bytes; LMDB takes 511 */

struct index_walk {
	const struct index_rows *rows;
	size_t offset; /* of the next row */
	size_t at;     /* of this one */
	size_t seen;   /* bytes that are there, of rows that grow */
	size_t there;  /* of those, bytes of whole rows */
	int64_t number;
	char key[INDEX_KEY_MAX + 1]; /* with a NUL behind it */
	struct span value;
	size_t key_length;
	size_t nul; /* 1 = keys and values end in one */
};

/* Moves on to the next row; false at the end. */
must_check bool index_walk_next(struct index_walk *walk);

/* Whether a stored value is that of the present row. */
must_check bool index_walk_matches(const struct index_walk *walk, struct span stored);

/* Whether all rows were walked over. */
must_check bool index_walk_is_done(const struct index_walk *walk);

/* The value of the present row with a final NUL, as it is stored; valid until the next call. */
struct span index_walk_stored(const struct index_walk *walk, struct strbuf *buffer);

/* Whether enough was walked that the memory read so far should be given back. */
must_check bool index_walk_is_pausing(const struct index_walk *walk);

/* The finding that the present row is not as it should be. */
struct index_finding index_walk_differs(const struct index_walk *walk);

#endif
