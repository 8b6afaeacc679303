/*
 * Walks the live text beside the rows that are to replace it, both ascending, and counts what is new, different and gone. Flat memory: the live text is mapped, never
 * built.
 */
#ifndef POSTIGO_SERVICE_MAP_WALK_H
#define POSTIGO_SERVICE_MAP_WALK_H

#include "base/arena.h"
#include "base/error.h"
#include "service/map_sync.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_walk {
	struct arena *arena; /* for the differences */
	size_t limit;	     /* differences kept at most */
	const char *bytes;   /* the live text, mapped */
	size_t length;
	size_t offset;
	size_t released; /* bytes before this were given back */
	const char *key; /* the live row that waits for its turn; NULL = none */
	size_t key_length;
	const char *value;
	size_t value_length;
	bool strange; /* the live text is not in our form: added, changed and removed mean nothing */
	int64_t live; /* rows of the live text, also of a strange one */
	int64_t added;
	int64_t changed;
	int64_t removed;
	struct map_difference *differences;
	size_t difference_count;
	size_t capacity;
	bool cut;
};

#define cleanup_map_walk __attribute__((cleanup(map_walk_close)))

/* Starts beside the live text `fd` of `size` bytes; -1 = there is none. Fails with filesystem. */
must_check bool map_walk_open(struct map_walk *walk, int fd, size_t size, struct error *err);

/* Goes on with the live row at byte `offset`, which starts a line; what lies between stays as it is. */
void map_walk_seek(struct map_walk *walk, size_t offset);

/* Ends a walk that was not along all of the live text, which has `rows` rows. */
void map_walk_leave(struct map_walk *walk, int64_t rows);

/* Takes the next wanted row, "key<TAB>value<NEWLINE>". */
void map_walk_row(struct map_walk *walk, const char *line, size_t key_length, size_t line_length);

/* Counts the live rows that are left as gone. */
void map_walk_end(struct map_walk *walk);

/* Unmaps the text. The differences stay, they are the arena's. */
void map_walk_close(struct map_walk *walk);

#endif
