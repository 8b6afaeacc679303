#include "storage/map_index_walk.h"

#include "format/postfix_map.h"

#include <string.h>

#define ROWS_A_PAUSE 65536

/* Where the rows end that are there; waits for a whole one more when all of them were walked over. */
static size_t end_of_rows(struct index_walk *walk)
{
	const struct index_rows *rows = walk->rows;

	if (!rows->growth)
		return rows->length;
	while (walk->offset == walk->there) {
		size_t there = rows->growth(rows->context, walk->seen);
		const char *newline;

		if (there <= walk->seen)
			break;
		newline = there > rows->length ? NULL
					       : memrchr(rows->bytes + walk->seen, '\n',
							 there - walk->seen);
		walk->seen = there;
		/* Then the walk cannot become done. */
		if (there > rows->length)
			break;
		if (newline)
			walk->there = (size_t)(newline - rows->bytes) + 1;
	}
	return walk->there;
}

bool index_walk_next(struct index_walk *walk)
{
	const char *row = walk->rows->bytes + walk->offset;
	size_t end = end_of_rows(walk);
	size_t value;
	size_t line;

	walk->at = walk->offset;
	if (walk->offset == end ||
		!postfix_map_row_read(row, end - walk->offset, &walk->key_length, &value, &line) ||
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
	return walk->rows->growth ? walk->offset == walk->seen
				  : walk->offset == walk->rows->length;
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
