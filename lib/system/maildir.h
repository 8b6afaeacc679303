/*
 * Directories of mailboxes below one base: made, put aside, brought back, removed.
 *
 * Whoever reads mail may write in there, so nothing is trusted: every step goes from directory to directory by descriptor and follows no symbolic link, nor a
 * mount. Paths come from the database and are relative ("club.example/ana/"). Making and putting aside undo themselves unless kept, so that they can stand
 * inside a transaction:
 *
 *	struct maildir_creation creation cleanup_maildir_creation = MAILDIR_CREATION_INIT;
 *
 *	return maildir_create(&creation, base, path, err) && sql_commit(…) && maildir_creation_keep(&creation);
 *
 * Removing is in two steps: maildir_bury() renames within the same directory to ".deleting.NAME.PID.RANDOM", which undoes itself, and maildir_purge() empties such a grave
 * once the rows are gone for good. A process that is killed between leaves a grave: maildir_exhume() gives it back to a row that is still there.
 */
#ifndef POSTIGO_SYSTEM_MAILDIR_H
#define POSTIGO_SYSTEM_MAILDIR_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define MAILDIR_DEPTH_MAX 6 /* components of a path */
#define MAILDIR_GRAVE ".deleting."
#define MAILDIR_NAME_MAX 255

struct maildir_base {
	const char *path;
	int64_t uid; /* of what is made; -1 = who runs this */
	int64_t gid;
};

/* What one call made, from the top. */
struct maildir_creation {
	int parents[MAILDIR_DEPTH_MAX + 3]; /* open directories; cur, new and tmp are in the last */
	char names[MAILDIR_DEPTH_MAX + 3][MAILDIR_NAME_MAX + 1];
	size_t count;
	bool existed; /* the mailbox's directory was there and held something */
};

#define MAILDIR_CREATION_INIT {.count = 0}
#define cleanup_maildir_creation __attribute__((cleanup(maildir_creation_discard)))

/*
 * Makes the mailbox's directory with cur, new and tmp, and missing parents: 0700, owned as `base` says, durable. What is there stays as it is, but for an
 * unfinished one of an earlier call, which is finished. Fails with filesystem, also for a path that leaves the base or leads over a symbolic link.
 */
must_check bool maildir_create(struct maildir_creation *creation, const struct maildir_base *base, const char *path, struct error *err);

/* Keeps what was made. Always true. */
bool maildir_creation_keep(struct maildir_creation *creation);

/* Removes what was made, and only that, and only where it is still empty. */
void maildir_creation_discard(struct maildir_creation *creation);

struct maildir_burial {
	int parent; /* -1 = nothing was put aside */
	char name[MAILDIR_NAME_MAX + 1];
	char grave[MAILDIR_NAME_MAX + 1];
};

#define MAILDIR_BURIAL_INIT {.parent = -1}
#define cleanup_maildir_burial __attribute__((cleanup(maildir_burial_discard)))

/* Puts the directory aside. One that is absent is no failure: nothing happens. Fails with filesystem. */
must_check bool maildir_bury(struct maildir_burial *burial, const struct maildir_base *base, const char *path, struct error *err);

/* Leaves it aside, and gives the grave's path for maildir_purge(): NULL when nothing was put aside. */
const char *maildir_burial_keep(struct maildir_burial *burial, const char *path, struct arena *arena);

/* Gives it its name back. */
void maildir_burial_discard(struct maildir_burial *burial);

/* Removes a grave with all that is in it. One that is absent is no failure. Fails with filesystem; what is left can be purged again. */
must_check bool maildir_purge(const struct maildir_base *base, const char *grave, struct error *err);

/*
 * Gives a directory that is missing the name back from its newest grave not older than `since` (seconds; it may be any second of that time). Call while nobody can be burying it:
 * with its row locked. Fails with filesystem.
 */
must_check bool maildir_exhume(const struct maildir_base *base, const char *path, int64_t since, bool *ret_exhumed, struct error *err);

/* Whether nothing is in the directory, or it is not there. Fails with capacity (something is) or filesystem. */
must_check bool maildir_require_empty(const struct maildir_base *base, const char *path, struct error *err);

/* Whether the path may name a mailbox: relative, no empty, "." or ".." component, no control bytes, at most MAILDIR_DEPTH_MAX components. */
bool maildir_path_is_valid(const char *path);

#endif
