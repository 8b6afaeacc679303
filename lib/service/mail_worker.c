#include "service/mail_worker.h"

#include "base/message.h"
#include "base/number.h"
#include "service/hook.h"
#include "system/account.h"

#include <string.h>
#include <syslog.h>

struct mail_task {
	struct mail_task *next;
	const struct mail_job *job;
	struct maildir_creation creation;
	struct maildir_burial burial;
};

/* ---------------------------------------------------------------- whose the mailboxes are */

static bool fail_owner(const char *name, const char *field, struct error *err)
{
	error_set(err, ERROR_CONFIG, _("mailboxes cannot be given to \"%s\": there is no such account"), name);
	error_field(err, field);
	return error_fix(err, _("make it, or name another one in %s"), field);
}

static bool find_user(const char *name, struct arena *arena, int64_t *ret_uid, struct error *err)
{
	struct account account;
	uint32_t id;

	if (!*name || parse_id(name, &id)) {
		*ret_uid = *name ? (int64_t)id : 0;
		return true;
	}
	switch (account_by_name(name, arena, &account, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return fail_owner(name, "mailboxes.owner", err);
	case LOOKUP_FOUND:
		break;
	}
	*ret_uid = account.uid;
	return true;
}

static bool find_group(const char *name, int64_t *ret_gid, struct error *err)
{
	uint32_t id;
	gid_t gid;

	if (!*name || parse_id(name, &id)) {
		*ret_gid = *name ? (int64_t)id : 0;
		return true;
	}
	switch (group_by_name(name, &gid, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return fail_owner(name, "mailboxes.group", err);
	case LOOKUP_FOUND:
		break;
	}
	*ret_gid = gid;
	return true;
}

/* ---------------------------------------------------------------- first halves */

static bool retire(const struct mail_worker *worker, struct mail_task *task, struct error *err)
{
	const char *path = task->job->path;
	bool exhumed = false;

	if (task->job->only_empty && !maildir_require_empty(&worker->base, path, err))
		return error_fix(err, _("remove it, too: --force; or leave it there: --keep-maildir"));
	if (!maildir_bury(&task->burial, &worker->base, path, err))
		return false;
	/* A removal that was cut off before it was committed: its grave is ours. */
	if (task->burial.parent >= 0 || task->job->since == 0)
		return true;
	return maildir_exhume(&worker->base, path, task->job->since, &exhumed, err) &&
	       (!exhumed || maildir_bury(&task->burial, &worker->base, path, err));
}

/* Mailboxes may lie where we never put one; then there is nothing of ours to bring back. */
static bool restore(const struct mail_worker *worker, const struct mail_job *job, struct error *err)
{
	bool ignored;

	return !maildir_path_is_valid(job->path) || maildir_exhume(&worker->base, job->path, job->since, &ignored, err);
}

static bool make(struct mail_worker *worker, struct mail_task *task, struct error *err)
{
	const struct mailbox_settings *settings = &worker->settings->mailboxes;

	return find_user(settings->owner, worker->arena, &worker->base.uid, err) &&
	       find_group(settings->group, &worker->base.gid, err) &&
	       maildir_create(&task->creation, &worker->base, task->job->path, err);
}

static bool prepare_one(struct mail_worker *worker, struct mail_task *task, struct error *err)
{
	switch (task->job->kind) {
	case MAIL_JOB_MAKE_MAILDIR:
		return make(worker, task, err);
	case MAIL_JOB_RETIRE_DIRECTORY:
		return retire(worker, task, err);
	case MAIL_JOB_RESTORE_DIRECTORY:
		return restore(worker, task->job, err);
	case MAIL_JOB_RUN_HOOK:
		break;
	}
	return true;
}

void mail_worker_discard(struct mail_worker *worker)
{
	for (struct mail_task *task = worker->tasks; task; task = task->next) {
		maildir_creation_discard(&task->creation);
		maildir_burial_discard(&task->burial);
	}
	worker->tasks = NULL;
}

static bool prepare(void *context, const struct mail_job_list *jobs, struct error *err)
{
	struct mail_worker *worker = context;

	for (size_t i = 0; i < jobs->count; i++) {
		struct mail_task *task = arena_alloc(worker->arena, sizeof(*task));

		*task = (struct mail_task){.next = worker->tasks, .job = &jobs->items[i], .burial = MAILDIR_BURIAL_INIT};
		worker->tasks = task;
		if (prepare_one(worker, task, err))
			continue;
		mail_worker_discard(worker);
		return false;
	}
	return true;
}

static void undo(void *context, const struct mail_job_list *jobs)
{
	(void)jobs;
	mail_worker_discard(context);
}

struct mail_job_runner mail_worker_begin(struct mail_worker *worker, const struct settings *settings, struct arena *arena)
{
	worker->settings = settings;
	worker->arena = arena;
	worker->base.path = settings->mailboxes.directory;
	return (struct mail_job_runner){.context = worker, .prepare = prepare, .undo = undo};
}

/* ---------------------------------------------------------------- second halves */

static void warn(struct mail_worker *worker, struct mail_change *change, const char *text)
{
	syslog(LOG_MAIL | LOG_WARNING, "%s", text);
	string_list_add(&change->warnings, worker->arena, text);
}

static void purge(struct mail_worker *worker, struct mail_task *task, struct mail_change *change)
{
	const char *grave = maildir_burial_keep(&task->burial, task->job->path, worker->arena);
	struct error err;

	if (!grave || maildir_purge(&worker->base, grave, &err))
		return;
	warn(worker, change,
		arena_printf(worker->arena, _("the mail of %s is not removed altogether: %s (%s); the rest is in %s"), task->job->path,
			err.what, err.why, grave));
}

static bool run_hook(struct mail_worker *worker, const struct mail_job *job, struct error *err)
{
	const struct hook_call call = {
		.name = job->hook,
		.username = job->address,
		.domain = job->domain,
		.maildir = job->path ? job->path : "",
		.quota_bytes = job->quota_bytes,
		.password = worker->password,
	};

	return hook_run(&worker->settings->hooks, &call, worker->arena, err);
}

static bool run_hooks(struct mail_worker *worker, const struct mail_change *change, struct error *err)
{
	for (size_t i = 0; i < change->jobs.count; i++) {
		if (change->jobs.items[i].kind == MAIL_JOB_RUN_HOOK && !run_hook(worker, &change->jobs.items[i], err))
			return false;
	}
	return true;
}

static void warn_of_found(struct mail_worker *worker, const struct mail_task *task, struct mail_change *change)
{
	if (task->job->kind == MAIL_JOB_MAKE_MAILDIR && task->creation.existed)
		warn(worker, change, arena_printf(worker->arena, _("the directory %s/%s was there already, and what is in it stays"),
					     worker->base.path, task->job->path));
}

void mail_worker_keep(struct mail_worker *worker)
{
	for (struct mail_task *task = worker->tasks; task; task = task->next)
		(void)maildir_creation_keep(&task->creation);
	worker->tasks = NULL;
}

bool mail_worker_finish(struct mail_worker *worker, struct mail_change *change, struct error *err)
{
	for (struct mail_task *task = worker->tasks; task; task = task->next) {
		purge(worker, task, change);
		warn_of_found(worker, task, change);
	}
	if (!run_hooks(worker, change, err))
		return false;
	mail_worker_keep(worker);
	return true;
}
