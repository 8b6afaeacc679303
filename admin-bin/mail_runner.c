#include "mail_runner.h"

#include "base/message.h"
#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>

static bool is_entry(const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Absent counts as empty; what cannot be looked at does not. */
static bool holds_nothing(const char *path, bool *ret_empty, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory cleanup_closedir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	*ret_empty = true;
	if (fd < 0 && errno == ENOENT)
		return true;
	if (!directory)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open the directory %s"), path);
	while ((entry = readdir(directory)))
		*ret_empty &= !is_entry(entry->d_name);
	return true;
}

static bool prepare(void *context, const struct mail_job_list *jobs, struct error *err)
{
	const struct settings *settings = context;

	for (size_t i = 0; i < jobs->count; i++) {
		struct strbuf path cleanup_strbuf = STRBUF_INIT;
		bool empty;

		if (jobs->items[i].kind != MAIL_JOB_RETIRE_DIRECTORY)
			continue;
		strbuf_printf(&path, "%s/%s", settings->mailboxes.directory, jobs->items[i].path);
		if (!holds_nothing(strbuf_text(&path), &empty, err))
			return false;
		if (empty)
			continue;
		error_set(err, ERROR_CAPACITY, _("there is mail in %s"), strbuf_text(&path));
		return error_fix(err, _("move it away, or leave it there: --keep-maildir"));
	}
	return true;
}

static void undo(void *context, const struct mail_job_list *jobs)
{
	(void)context;
	(void)jobs;
}

struct mail_job_runner mail_runner(struct settings *settings)
{
	return (struct mail_job_runner){.context = settings, .prepare = prepare, .undo = undo};
}
