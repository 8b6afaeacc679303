/*
 * What a change of database rows leaves to be done outside the database: directories and hooks. Rows and jobs are apart, so that whoever may write rows need not be root:
 * a service call fills a list of jobs, and a runner, which is root, does them.
 *
 * A job has two halves. prepare() is called for all jobs inside the transaction, just before COMMIT, and does what can be undone (makes a directory, renames one away);
 * when it fails, or COMMIT does, undo() puts everything back. finish() is the frontend's to call after COMMIT and does what cannot be undone (purges, runs a hook).
 * Without a runner jobs are only listed.
 */
#ifndef POSTIGO_SERVICE_MAIL_JOB_H
#define POSTIGO_SERVICE_MAIL_JOB_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum mail_job_kind {
	MAIL_JOB_MAKE_MAILDIR,	   /* a mailbox's directory with cur, new and tmp */
	MAIL_JOB_RETIRE_DIRECTORY, /* rename away, purge after COMMIT: a mailbox's, or all of a domain */
	MAIL_JOB_RESTORE_DIRECTORY, /* bring back what a removal that was cut off put aside; nothing when it is there */
	MAIL_JOB_RUN_HOOK,
};

struct mail_job {
	enum mail_job_kind kind;
	const char *path;   /* below the mailboxes' directory, without "/" at either end */
	const char *hook;   /* of MAIL_JOB_RUN_HOOK: which one */
	const char *domain; /* the hook's arguments; "" where it has none */
	const char *address;
	int64_t quota_bytes;
	int64_t since; /* of a mailbox: what was put aside before this time was another one's of the name */
	bool only_empty; /* of MAIL_JOB_RETIRE_DIRECTORY: prepare() fails with capacity when anything is in it */
};

struct mail_job_list {
	struct mail_job *items;
	size_t count;
	size_t capacity;
};

#define MAIL_JOB_LIST_INIT {NULL, 0, 0}

/* Adds a job; its texts are borrowed and live in the arena of the list. */
void mail_job_add(struct mail_job_list *list, struct arena *arena, const struct mail_job *job);

struct mail_job_runner {
	void *context;
	/* Does the first halves. After a failure nothing of them is left. */
	bool (*prepare)(void *context, const struct mail_job_list *jobs, struct error *err);
	/* Takes back what prepare() did. */
	void (*undo)(void *context, const struct mail_job_list *jobs);
};

#endif
