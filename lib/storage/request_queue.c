#include "storage/request_queue.h"

#include "base/message.h"
#include "base/number.h"
#include "base/string_list.h"
#include "format/json.h"
#include "format/timestamp.h"
#include "storage/request_queue_private.h"
#include "system/atomic_file.h"
#include "system/directory.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define ID_HEX_LENGTH 32
#define CLAIMED_MAX 10000
#define MONTH_LENGTH 7 /* "2026-05" */

/* ---------------------------------------------------------------- open, close */

static bool not_set_up(const char *name, struct error *err)
{
	error_set(err, ERROR_CONFIG, _("the queue directory %s cannot be trusted"), name);
	return error_fix(err, "postigo-admin setup");
}

static bool open_directory(int state, const char *name, int *ret_fd, struct stat *ret_status,
	struct error *err)
{
	int fd cleanup_close = openat(state, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot open the queue directory %s"), name);
	if (fd < 0) {
		not_set_up(name, err);
		return error_why(err, "%s", strerror(errno));
	}
	if (fstat(fd, ret_status) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot open the queue directory %s"), name);
	if (ret_status->st_uid != 0) {
		not_set_up(name, err);
		return error_why(err, _("it does not belong to root"));
	}
	*ret_fd = take_fd(&fd);
	return true;
}

/* The two directories into which the helper writes: nobody lists them, nobody touches another's
 * file. */
static bool open_drop(int state, const char *name, int *ret_fd, gid_t *ret_group, struct error *err)
{
	struct stat status = {0};

	if (!open_directory(state, name, ret_fd, &status, err))
		return false;
	if ((status.st_mode & 07777) != 01730) {
		not_set_up(name, err);
		return error_why(err, _("its mode is %04o, not 1730"), status.st_mode & 07777);
	}
	*ret_group = status.st_gid;
	return true;
}

static bool open_private(int state, const char *name, int *ret_fd, struct error *err)
{
	struct stat status = {0};

	if (!open_directory(state, name, ret_fd, &status, err))
		return false;
	if ((status.st_mode & 077) != 0) {
		not_set_up(name, err);
		return error_why(err, _("its mode is %04o, not 0700"), status.st_mode & 07777);
	}
	return true;
}

static bool open_archive(int state, int *ret_fd, gid_t *ret_reader, struct error *err)
{
	static const char name[] = "work/archive";
	struct stat status = {0};

	if (!open_directory(state, name, ret_fd, &status, err))
		return false;
	if ((status.st_mode & 027) != 0) {
		not_set_up(name, err);
		return error_why(err, _("its mode is %04o, not 0750"), status.st_mode & 07777);
	}
	*ret_reader = status.st_gid;
	return true;
}

static bool open_all(struct request_queue *queue, int state, struct error *err)
{
	gid_t staging_group = queue->group;

	if (!open_drop(state, "queue/new", &queue->pending, &queue->group, err) ||
		!open_drop(state, "queue/tmp", &queue->staging, &staging_group, err) ||
		!open_private(state, "work/claimed", &queue->claimed, err) ||
		!open_private(state, "work/quarantine", &queue->quarantine, err) ||
		!open_archive(state, &queue->archive, &queue->reader, err))
		return false;
	if (staging_group == queue->group)
		return true;
	not_set_up("queue/tmp", err);
	return error_why(err, _("its group is not that of queue/new"));
}

bool request_queue_open(struct request_queue *queue, const char *state_directory, int64_t now,
	struct error *err)
{
	int state cleanup_close = -1;

	if (!trusted_directory_open(state_directory, &state, err))
		return false;
	*queue = (struct request_queue)REQUEST_QUEUE_INIT;
	queue->now = now;
	if (open_all(queue, state, err))
		return true;
	request_queue_close(queue);
	return false;
}

void request_queue_close(struct request_queue *queue)
{
	int *const descriptors[] = {&queue->pending, &queue->staging, &queue->claimed,
		&queue->quarantine, &queue->archive};

	for (size_t i = 0; i < ARRAY_LENGTH(descriptors); i++) {
		if (*descriptors[i] >= 0)
			close(*descriptors[i]);
		*descriptors[i] = -1;
	}
}

/* ---------------------------------------------------------------- helpers */

int queue_rename(int from, const char *name, int to, const char *new_name)
{
	return renameat2(from, name, to, new_name, RENAME_NOREPLACE) == 0 ? 0 : errno;
}

bool queue_sync_directories(int from, int to, struct error *err)
{
	return directory_sync(to, "work", err) && directory_sync(from, "queue", err);
}

int queued_request_directory(const struct request_queue *queue,
	const struct queued_request *request)
{
	return request->claimed ? queue->claimed : queue->pending;
}

bool request_id_parse(const char *id, uint32_t *ret_uid)
{
	size_t digits = strspn(id, "0123456789");
	char text[16];
	uint32_t uid;

	if (digits == 0 || digits >= sizeof(text) || id[digits] != '-')
		return false;
	if (strspn(id + digits + 1, "0123456789abcdef") != ID_HEX_LENGTH ||
		id[digits + 1 + ID_HEX_LENGTH] != '\0')
		return false;
	memcpy(text, id, digits);
	text[digits] = '\0';
	if (!parse_id(text, &uid) || uid == 0)
		return false;
	*ret_uid = uid;
	return true;
}

/* ---------------------------------------------------------------- claim, return */

static bool put_back(const struct request_queue *queue, const char *name, int *ret_number,
	struct error *err)
{
	*ret_number = queue_rename(queue->claimed, name, queue->pending, name);
	if (*ret_number == EEXIST || *ret_number == ENOENT)
		return true;
	if (*ret_number != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, *ret_number,
			_("cannot put the request %s back into the queue"), name);
	return queue_sync_directories(queue->claimed, queue->pending, err);
}

/* Renaming gives the inode a new ctime: its arrival is the one from before, if it is the same file.
 */
static void keep_arrival(const struct request_queue *queue, const struct stat *before,
	struct queued_request *request)
{
	if (before->st_dev != request->device || before->st_ino != request->inode ||
		before->st_ctim.tv_sec > request->received)
		return;
	request->received = before->st_ctim.tv_sec;
	request->received_nanoseconds = before->st_ctim.tv_nsec;
	queued_request_judge_age(queue, request);
}

static enum lookup_result take_out(const struct request_queue *queue, const char *name,
	struct stat *ret_before, struct error *err)
{
	int number;

	if (fstatat(queue->pending, name, ret_before, AT_SYMLINK_NOFOLLOW) != 0)
		number = errno;
	else
		number = queue_rename(queue->pending, name, queue->claimed, name);
	if (number == ENOENT)
		return LOOKUP_NOT_FOUND;
	if (number == 0)
		return LOOKUP_FOUND;
	error_set_errno(err, ERROR_FILESYSTEM, number,
		_("cannot take the request %s out of the queue"), name);
	return LOOKUP_FAILED;
}

enum lookup_result request_queue_claim(const struct request_queue *queue, uid_t uid,
	enum request_kind kind, struct arena *arena, struct queued_request *ret_request,
	struct error *err)
{
	struct queued_request request;
	char name[REQUEST_NAME_MAX];
	enum lookup_result taken;
	struct stat before;
	struct error ignored;
	int number;

	request_name(uid, kind, name);
	taken = take_out(queue, name, &before, err);
	if (taken != LOOKUP_FOUND)
		return taken;
	if (!queue_sync_directories(queue->pending, queue->claimed, err) ||
		!queued_request_read(queue, queue->claimed, name, arena, &request, err)) {
		/* What cannot go back now goes back by recovery. */
		if (!put_back(queue, name, &number, &ignored))
			error_fix(err, "postigo-admin gc");
		return LOOKUP_FAILED;
	}
	keep_arrival(queue, &before, &request);
	*ret_request = request;
	return LOOKUP_FOUND;
}

bool request_queue_return(const struct request_queue *queue, const struct queued_request *request,
	struct error *err)
{
	const struct queue_decision superseded = {.outcome = "superseded",
		.actor = "postigo-admin",
		.reason = "",
		.at = queue->now};
	int number;

	if (!put_back(queue, request->file, &number, err))
		return false;
	if (number != EEXIST)
		return true;
	if (queue_code_is_quarantined(request->code))
		return request_queue_quarantine(queue, request, err);
	return request_queue_archive(queue, request, &superseded, err);
}

/* ---------------------------------------------------------------- archive */

static void set_time(struct json *json, const char *key, int64_t seconds)
{
	char text[TIMESTAMP_LENGTH + 1];

	timestamp_format(seconds, text);
	json_set_text(json, key, text);
}

static bool describe(const struct queued_request *request, const struct queue_decision *decision,
	struct strbuf *buffer, struct error *err)
{
	static const struct json_rules rules = {.bytes = REQUEST_FILE_MAX, .depth = 16};
	struct json *original cleanup_json = NULL;
	struct json *json cleanup_json = json_new_object();

	if (!json_parse(request->bytes, request->length, &rules, &original, err)) {
		err->code = ERROR_BUG;
		return error_prefix(err, _("cannot archive what is no request"));
	}
	json_set_text(json, "id", request->id);
	json_set_text(json, "outcome", decision->outcome);
	set_time(json, "decided_at", decision->at);
	json_set_text(json, "actor", decision->actor);
	if (*decision->reason)
		json_set_text(json, "reason", decision->reason);
	json_set(json, "request", original);
	original = NULL;
	set_time(json, "received_at", request->received);
	json_print_pretty(json, buffer);
	strbuf_append_char(buffer, '\n');
	return true;
}

static bool store_decision(const struct request_queue *queue, const struct queued_request *request,
	const struct queue_decision *decision, struct error *err)
{
	const struct atomic_file_settings settings = {.mode = 0640, .group = queue->reader};
	int month cleanup_close = -1;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	char time[TIMESTAMP_LENGTH + 1];
	char name[REQUEST_ID_MAX + 8];

	timestamp_format(decision->at, time);
	time[MONTH_LENGTH] = '\0';
	(void)snprintf(name, sizeof(name), "%s.json", request->id);
	return describe(request, decision, &text, err) &&
	       directory_ensure(queue->archive, time, 0750, queue->reader, &month, err) &&
	       directory_sync(queue->archive, "work/archive", err) &&
	       atomic_file_replace(month, name, &settings, text.text, text.length, err);
}

bool request_queue_archive(const struct request_queue *queue, const struct queued_request *request,
	const struct queue_decision *decision, struct error *err)
{
	if (!request->claimed || request->id[0] == '\0')
		return error_set(err, ERROR_BUG, _("only a claimed request can be archived"));
	if (!store_decision(queue, request, decision, err))
		return error_prefix(err, _("cannot archive the request %s"), request->id);
	if (unlinkat(queue->claimed, request->file, 0) != 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot remove the decided request %s"), request->id);
	return directory_sync(queue->claimed, "work/claimed", err);
}

/* ---------------------------------------------------------------- recovery */

static bool recover_one(const struct request_queue *queue, const char *name, const char *decided,
	const struct queue_decision *decision, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request request;

	if (!queued_request_read(queue, queue->claimed, name, &arena, &request, err))
		return false;
	if (request.code == QUEUE_VANISHED)
		return true;
	if (request.code == QUEUE_NAME)
		return request_queue_quarantine(queue, &request, err);
	if (*decided && strcmp(request.id, decided) == 0)
		return request_queue_archive(queue, &request, decision, err);
	return request_queue_return(queue, &request, err);
}

bool request_queue_recover(const struct request_queue *queue, const char *decided,
	const struct queue_decision *decision, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	int claimed cleanup_close = openat(queue->claimed, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (claimed < 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot list the claimed requests"));
	if (!directory_list(claimed, CLAIMED_MAX, &arena, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (!recover_one(queue, names.items[i], decided, decision, err))
			return false;
	}
	return true;
}
