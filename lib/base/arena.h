/*
 * Arena: memory that lives and dies together.
 *
 * Everything a function returns lives in the arena that its caller passed; nobody frees members.
 * One arena a command, a queue item, a request:
 *
 *	struct arena arena cleanup_arena = ARENA_INIT;
 *
 * An arena has a byte cap. Reaching it, or running out of memory, ends the process with exit code 71
 * and one line on stderr: no caller tests for NULL. Decoders of hostile input check sizes before they
 * allocate, so a peer cannot reach the cap.
 */
#ifndef POSTIGO_BASE_ARENA_H
#define POSTIGO_BASE_ARENA_H

#include "base/compiler.h"

#include <stddef.h>

#define ARENA_DEFAULT_CAP ((size_t)256 << 20) /* bytes */

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used; /* bytes handed out */
	size_t cap;  /* bytes; 0 = ARENA_DEFAULT_CAP */
};

#define ARENA_INIT {NULL, 0, 0}
#define cleanup_arena __attribute__((cleanup(arena_clear)))

/* Frees all memory of the arena; it may be used again. */
void arena_clear(struct arena *arena);

/* Returns `size` zeroed bytes, aligned for any type. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size) must_check;

/* Returns a zeroed array; ends the process with 71 when count * size overflows. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size) must_check;

/* Copies a NUL-terminated text into the arena. */
char *arena_strdup(struct arena *arena, const char *text) must_check;

/* Copies `length` bytes and adds a NUL. */
char *arena_strndup(struct arena *arena, const char *text, size_t length) must_check;

/* Formats a text of any length into the arena. */
char *arena_printf(struct arena *arena, const char *format, ...) printf_like(2, 3) must_check;

/* Ends the process with 71 and one line: for the other allocators of the house. */
_Noreturn void out_of_memory(void);

#endif
