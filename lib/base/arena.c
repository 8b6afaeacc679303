#include "base/arena.h"

#include "base/error.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_SIZE ((size_t)16 << 10)

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) char bytes[];
};

_Noreturn void out_of_memory(void)
{
	static const char lines[] =
		"error: out of memory\n"
		"  why:  the system, or a limit of this process, gives no more\n"
		"  fix:  try again when less is running, or raise the limit\n";

	if (write(STDERR_FILENO, lines, sizeof(lines) - 1) < 0)
		_exit(ERROR_OUT_OF_MEMORY);
	_exit(ERROR_OUT_OF_MEMORY);
}

void arena_clear(struct arena *arena)
{
	struct arena_block *block = arena->blocks;

	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
	arena->blocks = NULL;
	arena->used = 0;
}

static struct arena_block *add_block(struct arena *arena, size_t size)
{
	size_t capacity = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	struct arena_block *block = calloc(1, sizeof(*block) + capacity);

	if (!block)
		out_of_memory();
	block->size = capacity;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t alignment = alignof(max_align_t);
	size_t cap = arena->cap ? arena->cap : ARENA_DEFAULT_CAP;
	struct arena_block *block = arena->blocks;
	char *bytes;

	if (size > cap || arena->used > cap - size)
		out_of_memory();
	size = (size + alignment - 1) / alignment * alignment;
	if (!block || block->size - block->used < size)
		block = add_block(arena, size);
	bytes = block->bytes + block->used;
	block->used += size;
	arena->used += size;
	return bytes;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		out_of_memory();
	return arena_alloc(arena, count * size);
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	int length;
	char *text;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		out_of_memory();
	text = arena_alloc(arena, (size_t)length + 1);
	va_start(arguments, format);
	(void)vsnprintf(text, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return text;
}
