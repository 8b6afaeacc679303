/*
 * Does the jobs that changes of the mail database leave: directories and hooks. Needs root.
 *
 *	struct mail_worker worker cleanup_mail_worker = MAIL_WORKER_INIT;
 *	struct mail_job_runner runner = mail_worker_begin(&worker, settings, arena);
 *
 *	context.runner = &runner;
 *	mailbox_add(&context, …) && mail_worker_finish(&worker, &change, err)
 *
 * What was prepared and not finished is undone when it leaves its scope.
 */
#ifndef POSTIGO_SERVICE_MAIL_WORKER_H
#define POSTIGO_SERVICE_MAIL_WORKER_H

#include "base/secret.h"
#include "format/settings.h"
#include "service/mail_context.h"
#include "system/maildir.h"

struct mail_task; /* one prepared job */

struct mail_worker {
	const struct settings *settings;
	struct arena *arena;
	struct maildir_base base; /* whose they are is looked up when one is made */
	struct mail_task *tasks; /* the last first */
	const struct secret *password; /* for mailbox_postpassword */
};

#define MAIL_WORKER_INIT {.tasks = NULL}
#define cleanup_mail_worker __attribute__((cleanup(mail_worker_discard)))

/* Makes the runner of a worker, which borrows all of them. prepare() also fails with config (there is no such owner) or temporary. */
struct mail_job_runner mail_worker_begin(struct mail_worker *worker, const struct settings *settings, struct arena *arena);

/*
 * After COMMIT: removes what was put aside, runs the hooks, keeps what was made. A removal that fails is only a warning of `change`: what is left is in a grave. Fails with hook,
 * and then what was made is still to be kept or to be discarded.
 */
must_check bool mail_worker_finish(struct mail_worker *worker, struct mail_change *change, struct error *err);

/* Keeps what was made although a hook failed. */
void mail_worker_keep(struct mail_worker *worker);

/* Undoes what was prepared. */
void mail_worker_discard(struct mail_worker *worker);

#endif
