#include "service/map_walk.h"

#include "base/message.h"
#include "format/postfix_map.h"
#include "system/mapped_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define DIFFERENCES_FIRST 16
#define RELEASED_AT_ONCE ((size_t)4 << 20) /* bytes */

/* Comments, blank lines and continuations are no rows; postmap counts so too. */
static bool is_row_line(const char *line, size_t length)
{
	return length > 0 && !strchr("# \t\r\n", line[0]) && line[0] != '\0';
}

/* Moves on to the next live row. A line of another form, or out of order, makes the text strange.
 */
static void next_live(struct map_walk *walk)
{
	const char *before = walk->key;
	size_t before_length = walk->key_length;
	size_t value = 0;
	size_t line;

	walk->key = NULL;
	if (walk->offset > walk->released + RELEASED_AT_ONCE) {
		mapped_memory_release(walk->bytes + walk->released, walk->bytes + walk->offset);
		walk->released = walk->offset;
	}
	while (walk->offset < walk->length && !walk->key) {
		const char *text = walk->bytes + walk->offset;
		bool read = postfix_map_row_read(text, walk->length - walk->offset,
			&walk->key_length, &value, &line);

		walk->offset += line;
		if (is_row_line(text, line))
			walk->live++;
		if (read)
			walk->key = text;
		else if (text[0] != '#' && text[0] != '\n')
			walk->strange = true;
	}
	if (!walk->key)
		return;
	walk->value = walk->key + walk->key_length + 1;
	walk->value_length = value;
	if (before &&
		postfix_map_compare_bytes(before, before_length, walk->key, walk->key_length) >= 0)
		walk->strange = true;
}

bool map_walk_open(struct map_walk *walk, int fd, size_t size, struct error *err)
{
	void *bytes;

	if (fd < 0 || size == 0)
		return true;
	bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot read the live map"));
	walk->bytes = bytes;
	walk->length = size;
	next_live(walk);
	return true;
}

static struct map_difference *add_difference(struct map_walk *walk, char sign)
{
	struct map_difference *difference;

	if (walk->difference_count == walk->limit) {
		walk->cut = walk->cut || walk->limit > 0;
		return NULL;
	}
	if (walk->difference_count == walk->capacity) {
		struct map_difference *old = walk->differences;

		walk->capacity = walk->capacity ? walk->capacity * 2 : DIFFERENCES_FIRST;
		walk->differences = arena_alloc_array(walk->arena, walk->capacity, sizeof(*old));
		if (old)
			memcpy(walk->differences, old, walk->difference_count * sizeof(*old));
	}
	difference = &walk->differences[walk->difference_count++];
	difference->sign = sign;
	return difference;
}

static void live_row_gone(struct map_walk *walk)
{
	struct map_difference *difference = add_difference(walk, '-');

	walk->removed++;
	if (difference) {
		difference->key = arena_strndup(walk->arena, walk->key, walk->key_length);
		difference->before = arena_strndup(walk->arena, walk->value, walk->value_length);
	}
	next_live(walk);
}

static void row_added(struct map_walk *walk, const char *line, size_t key_length,
	size_t line_length)
{
	struct map_difference *difference = add_difference(walk, '+');

	walk->added++;
	if (difference) {
		difference->key = arena_strndup(walk->arena, line, key_length);
		difference->after = arena_strndup(walk->arena, line + key_length + 1,
			line_length - key_length - 2);
	}
}

static void row_kept(struct map_walk *walk, const char *value, size_t length)
{
	if (length != walk->value_length || memcmp(value, walk->value, length) != 0) {
		struct map_difference *difference = add_difference(walk, '~');

		walk->changed++;
		if (difference) {
			difference->key = arena_strndup(walk->arena, walk->key, walk->key_length);
			difference->before =
				arena_strndup(walk->arena, walk->value, walk->value_length);
			difference->after = arena_strndup(walk->arena, value, length);
		}
	}
	next_live(walk);
}

void map_walk_row(struct map_walk *walk, const char *line, size_t key_length, size_t line_length)
{
	int order = 1;

	while (walk->key) {
		order = postfix_map_compare_bytes(walk->key, walk->key_length, line, key_length);
		if (order >= 0)
			break;
		live_row_gone(walk);
	}
	if (walk->key && order == 0)
		row_kept(walk, line + key_length + 1, line_length - key_length - 2);
	else
		row_added(walk, line, key_length, line_length);
}

void map_walk_seek(struct map_walk *walk, size_t offset)
{
	walk->offset = offset;
	walk->key = NULL;
	next_live(walk);
}

void map_walk_leave(struct map_walk *walk, int64_t rows)
{
	walk->key = NULL;
	walk->live = rows;
}

void map_walk_end(struct map_walk *walk)
{
	while (walk->key)
		live_row_gone(walk);
}

void map_walk_close(struct map_walk *walk)
{
	union {
		const char *text;
		void *memory;
	} mapping = {.text = walk->bytes};

	if (mapping.memory)
		munmap(mapping.memory, walk->length);
	walk->bytes = NULL;
	walk->key = NULL;
}
