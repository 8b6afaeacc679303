/* The rows of a map's text in our form, by number and by key: 8 bytes of memory a row beside the text itself. */
#ifndef POSTIGO_SERVICE_MAP_TEXT_H
#define POSTIGO_SERVICE_MAP_TEXT_H

#include "base/compiler.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

struct map_text {
	const char *bytes; /* borrowed */
	size_t length;
	bool mapped;	/* the bytes are of a mapped file: what was read is given back */
	size_t *starts; /* of each row */
	size_t rows;
};

struct map_text_row {
	struct span key;
	struct span value;
};

/* Finds the rows, which must be ascending; lines of another form are left out. `bytes` must stay until close; `mapped` tells that they are of a mapped file. */
void map_text_open(struct map_text *text, const char *bytes, size_t length, bool mapped);

/* To be called in a walk over all rows, before each: gives back memory now and then. */
void map_text_pass(const struct map_text *text, size_t number);

/* Frees what open has made. */
void map_text_close(struct map_text *text);

/* Row `number`, from 0. */
struct map_text_row map_text_row(const struct map_text *text, size_t number);

/* Finds the row with this key. */
must_check bool map_text_find(const struct map_text *text, struct span key, size_t *ret_number);

/* Takes the next address off `rest`, a value: addresses with commas and blanks between them. False at the end. */
bool map_text_next_address(struct span *rest, struct span *ret_address);

#endif
