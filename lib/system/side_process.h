/*
 * Runs a piece of this program in a child of its own: because what it reads may crash the library
 * that reads it, or because it can be done beside something else.
 *
 *	struct side_process side cleanup_side_process = SIDE_PROCESS_INIT;
 *	side_process_begin(&side, &work, err) → something else → side_process_end(&side, …)
 *
 * The child shares nothing but what was open and mapped: what it finds out comes back as the bytes
 * of one result. It dies with its parent. Leaving the scope kills and reaps it.
 */
#ifndef POSTIGO_SYSTEM_SIDE_PROCESS_H
#define POSTIGO_SYSTEM_SIDE_PROCESS_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

struct side_process {
	pid_t pid; /* 0 = none */
	int result;
};

#define SIDE_PROCESS_INIT {.result = -1}
#define cleanup_side_process __attribute__((cleanup(side_process_stop)))

/* Work that fills the `size` bytes at `result`, at most 4096; both pointers may be into the same
 * struct. The child has everything that is open: it must not touch locks or temporary files. */
struct side_work {
	void (*run)(void *context);
	void *context;
	const void *result;
	size_t size;
};

/* Starts the child. Call while there is one thread. Fails with temporary. */
must_check bool side_process_begin(struct side_process *side, const struct side_work *work,
	struct error *err);

/* Waits for the result and reaps the child. False when it crashed, was killed, or took longer. */
must_check bool side_process_end(struct side_process *side, void *ret_result, size_t size,
	int timeout_ms);

/* The same, but leaves the child, which has nothing left to do, to end beside what follows: stop reaps it. */
must_check bool side_process_take(struct side_process *side, void *ret_result, size_t size,
	int timeout_ms);

/* Kills and reaps a child that still runs. */
void side_process_stop(struct side_process *side);

#endif
