#include "storage/member_status.h"

#include "base/message.h"
#include "base/number.h"
#include "base/string_list.h"
#include "system/atomic_batch.h"
#include "system/atomic_file.h"
#include "system/directory.h"
#include "system/file_access.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_MAX_LENGTH 24
#define STATUS_FILES_MAX 2000000

static bool open_directory(const char *state_directory, int *ret_fd, struct error *err)
{
	struct strbuf path cleanup_strbuf = STRBUF_INIT;

	strbuf_printf(&path, "%s/status", state_directory);
	return trusted_directory_open(strbuf_text(&path), ret_fd, err);
}

static void status_name(uid_t uid, char name[NAME_MAX_LENGTH])
{
	(void)snprintf(name, NAME_MAX_LENGTH, "%u.json", uid);
}

/* Writes the file under its temporary name. The access list comes last: setting the mode would cut its mask. */
static bool write_status(int directory, const struct status_file *status, struct atomic_file *file, struct error *err)
{
	static const struct atomic_file_settings settings = {.mode = 0600};
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	char name[NAME_MAX_LENGTH];

	status_name(status->uid, name);
	status_file_print(status, &text);
	if (text.length > STATUS_FILE_MAX)
		return error_set(err, ERROR_BUG, _("the status of uid %u is too long"), status->uid);
	return atomic_file_begin(file, directory, name, &settings, err) &&
	       atomic_file_write(file, text.text, text.length, err) && atomic_file_finish(file, err) &&
	       file_access_grant_reader(file->fd, status->uid, err);
}

bool member_status_publish(const char *state_directory, const struct status_file *status,
	struct error *err)
{
	int directory cleanup_close = -1;
	struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;

	return open_directory(state_directory, &directory, err) && write_status(directory, status, &file, err) &&
	       atomic_file_commit(&file, err);
}

bool member_status_batch_begin(struct atomic_batch *batch, const char *state_directory, struct error *err)
{
	int directory cleanup_close = -1;

	return open_directory(state_directory, &directory, err) && atomic_batch_begin(batch, directory, err);
}

bool member_status_stage(struct atomic_batch *batch, const struct status_file *status, struct error *err)
{
	struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;

	return write_status(batch->directory, status, &file, err) && atomic_batch_add(batch, &file, err);
}

bool member_status_stage_removal(struct atomic_batch *batch, uid_t uid, struct error *err)
{
	char name[NAME_MAX_LENGTH];

	status_name(uid, name);
	return atomic_batch_unlink(batch, name, err);
}

/* Opens a regular file of root; one that the member owns could say anything. */
static enum lookup_result open_status(int directory, const char *name, int *ret_fd,
	struct error *err)
{
	int fd cleanup_close =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 && (errno == ENOENT || errno == ELOOP))
		return LOOKUP_NOT_FOUND;
	if (fd < 0 || fstat(fd, &status) != 0) {
		error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open status/%s"), name);
		return LOOKUP_FAILED;
	}
	if (!S_ISREG(status.st_mode) || status.st_uid != 0)
		return LOOKUP_NOT_FOUND;
	*ret_fd = take_fd(&fd);
	return LOOKUP_FOUND;
}

enum lookup_result member_status_read(const char *state_directory, uid_t uid, struct arena *arena,
	struct status_file *ret_status, struct error *err)
{
	int directory cleanup_close = -1;
	int fd cleanup_close = -1;
	char name[NAME_MAX_LENGTH];
	enum lookup_result found;
	const char *text;
	size_t length;

	status_name(uid, name);
	if (!open_directory(state_directory, &directory, err))
		return LOOKUP_FAILED;
	found = open_status(directory, name, &fd, err);
	if (found != LOOKUP_FOUND)
		return found;
	if (!file_read(fd, STATUS_FILE_MAX, arena, &text, &length, err) ||
		!status_file_parse(text, length, arena, ret_status, err)) {
		error_prefix(err, "status/%s", name);
		return LOOKUP_FAILED;
	}
	return LOOKUP_FOUND;
}

bool member_status_remove(const char *state_directory, uid_t uid, struct error *err)
{
	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;

	return member_status_batch_begin(&batch, state_directory, err) &&
	       member_status_stage_removal(&batch, uid, err) && atomic_batch_settle(&batch, err);
}

static bool parse_status_name(const char *name, uid_t *ret_uid)
{
	size_t digits = strspn(name, "0123456789");
	char text[NAME_MAX_LENGTH];

	if (digits == 0 || digits >= sizeof(text) || strcmp(name + digits, ".json") != 0)
		return false;
	memcpy(text, name, digits);
	text[digits] = '\0';
	return parse_id(text, ret_uid);
}

bool member_status_list(const char *state_directory, struct arena *arena, struct member_status_list *ret_list,
	struct error *err)
{
	struct string_list names = STRING_LIST_INIT;
	struct member_status_list list = {.count = 0};
	int directory cleanup_close = -1;

	if (!open_directory(state_directory, &directory, err) ||
		!directory_list(directory, STATUS_FILES_MAX, arena, &names, err))
		return false;
	list.uids = arena_alloc_array(arena, names.count + 1, sizeof(*list.uids));
	for (size_t i = 0; i < names.count; i++)
		list.count += parse_status_name(names.items[i], &list.uids[list.count]);
	*ret_list = list;
	return true;
}

bool live_status_publish(const char *state_directory, const struct live_status *live,
	struct error *err)
{
	static const struct atomic_file_settings settings = {.mode = 0644};
	int directory cleanup_close = -1;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	live_status_print(live, &text);
	return open_directory(state_directory, &directory, err) &&
	       atomic_file_replace(directory, "live.json", &settings, text.text, text.length, err);
}
