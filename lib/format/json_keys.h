/*
 * The keys of JSON objects while the gate walks over them: finds two that are equal once their
 * escapes are decoded ("a" and "\u0061"). Takes n log n steps whatever the keys are.
 */
#ifndef POSTIGO_FORMAT_JSON_KEYS_H
#define POSTIGO_FORMAT_JSON_KEYS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_key {
	const char *text; /* as it stands between its quotes */
	uint32_t length;  /* bytes */
	uint32_t hash;    /* of the decoded bytes */
};

/* The keys of all objects that are open, innermost last. Starts on an array of the caller. */
struct json_keys {
	struct json_key *items;
	size_t count;
	size_t capacity;
	struct json_key *heap; /* NULL while the caller's array is enough; the caller frees it */
};

/* Adds a key that has passed as a string; `text` is kept. False when it is longer than 4 GiB. */
must_check bool json_keys_add(struct json_keys *keys, const char *text, size_t length);

/*
 * Ends an object whose keys start at index `base` and drops them. Returns the text of a key that
 * stood in it before, or NULL when all differ.
 */
must_check const char *json_keys_end(struct json_keys *keys, size_t base);

/* Reads the four hex digits behind "\u". False when there are none. */
must_check bool json_read_hex(const char *at, const char *end, uint32_t *ret_unit);

/* Whether a UTF-16 unit is the first half of a pair. */
bool json_is_high_surrogate(uint32_t unit);

/* Whether a UTF-16 unit is the second half of a pair. */
bool json_is_low_surrogate(uint32_t unit);

#endif
