#include "storage/map_index_walk.h"

#include "format/postfix_map.h"

#include <string.h>

#define ROWS_A_PAUSE 65536

bool index_walk_next(struct index_walk *walk)
{
	const struct index_rows *rows = walk->rows;
	const char *row = rows->bytes + walk->offset;
	size_t value;
	size_t line;

	walk->at = walk->offset;
	if (walk->offset == rows->length ||
		!postfix_map_row_read(row, rows->length - walk->offset, &walk->key_length, &value,
			&line) ||
		walk->key_length > INDEX_KEY_MAX)
		return false;
	memcpy(walk->key, row, walk->key_length);
	walk->key[walk->key_length] = '\0';
	walk->value = (struct span){row + walk->key_length + 1, value};
	walk->offset += line;
	walk->number++;
	return true;
}

bool index_walk_matches(const struct index_walk *walk, struct span stored)
{
	return stored.length == walk->value.length + walk->nul &&
	       memcmp(stored.bytes, walk->value.bytes, walk->value.length) == 0 &&
	       (walk->nul == 0 || stored.bytes[stored.length - 1] == '\0');
}

bool index_walk_is_done(const struct index_walk *walk)
{
	return walk->offset == walk->rows->length;
}

struct span index_walk_stored(const struct index_walk *walk, struct strbuf *buffer)
{
	strbuf_reset(buffer);
	strbuf_append(buffer, walk->value.bytes, walk->value.length);
	return (struct span){strbuf_text(buffer), walk->value.length + 1};
}

bool index_walk_is_pausing(const struct index_walk *walk)
{
	return walk->number % ROWS_A_PAUSE == 0;
}

struct index_finding index_walk_differs(const struct index_walk *walk)
{
	return (struct index_finding){.verdict = INDEX_DIFFERENT, .offset = walk->at};
}
