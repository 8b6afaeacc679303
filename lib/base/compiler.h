/*
 * Compiler attributes of the house, and the cleanup variables for what libc hands out.
 *
 * A variable declared with a cleanup_… attribute releases its resource when it leaves its scope,
 * so an early `return false` is always right. take_fd() hands a resource on.
 */
#ifndef POSTIGO_BASE_COMPILER_H
#define POSTIGO_BASE_COMPILER_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define must_check __attribute__((warn_unused_result))
#define printf_like(text, first) __attribute__((__format__(__printf__, text, first)))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static inline void cleanup_close_function(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* `pointer` points to a pointer of any type, so its bytes are copied, not read as another type's. */
static inline void cleanup_free_function(const void *pointer)
{
	void *allocated;

	memcpy(&allocated, pointer, sizeof(allocated));
	free(allocated);
}

static inline void cleanup_fclose_function(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

static inline void cleanup_closedir_function(DIR **directory)
{
	if (*directory)
		(void)closedir(*directory);
}

#define cleanup_close __attribute__((cleanup(cleanup_close_function)))
#define cleanup_free __attribute__((cleanup(cleanup_free_function)))
#define cleanup_fclose __attribute__((cleanup(cleanup_fclose_function)))
#define cleanup_closedir __attribute__((cleanup(cleanup_closedir_function)))

/* Returns the descriptor and leaves -1 behind, so that the cleanup of `*fd` does nothing. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
