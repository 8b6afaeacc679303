/*
 * The process of postigo-drop: what it gets from its caller, brought into a known state, and the group it holds.
 *
 * Order: drop_process_harden(), then drop_process_use() with the caller's group at once; the queue's group only around the
 * work on the queue; drop_process_give_up() before anything is printed. What goes wrong here ends the process without a word.
 */
#ifndef POSTIGO_MEMBER_DROP_PROCESS_H
#define POSTIGO_MEMBER_DROP_PROCESS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct drop_identity {
	uid_t uid;
	gid_t group;	   /* the caller's */
	gid_t queue_group; /* the program's */
	bool no_new_privileges;
};

/* Who calls, as the kernel says. Call first: hardening changes the answer about no_new_privs. */
struct drop_identity drop_process_identity(void);

/* Sets descriptors, environment, umask, limits, signals and timers, whatever the caller left. No file made later can
 * take the number of a standard descriptor. */
void drop_process_harden(void);

/* Lifts the limit on the size of files again, as far as the caller's own hard limit: for printing. */
void drop_process_lift_file_limit(void);

/* Makes `group` the effective group; the queue's stays the saved one. */
void drop_process_use(gid_t group);

/* Leaves only the caller's group, for good, and makes sure of it. */
void drop_process_give_up(const struct drop_identity *identity);

/* Writes all bytes. False with errno set. */
bool drop_write(int fd, const char *bytes, size_t length);

/* Reads until the end or until `size` bytes are there. Returns their number, or -1 with errno set. */
must_check ssize_t drop_read(int fd, char *buffer, size_t size);

#endif
