#include "base/message.h"
#include "base/string_list.h"
#include "format/digest.h"
#include "format/request_file.h"
#include "storage/request_queue_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define REQUEST_DETAIL_MAX 128

struct content {
	char bytes[REQUEST_FILE_MAX + 1]; /* one more than allowed, to see that there is more */
	size_t length;
};

/* ---------------------------------------------------------------- the file */

static bool same_time(const struct timespec *left, const struct timespec *right)
{
	return left->tv_sec == right->tv_sec && left->tv_nsec == right->tv_nsec;
}

static bool same_file(const struct stat *left, const struct stat *right)
{
	return left->st_dev == right->st_dev && left->st_ino == right->st_ino &&
	       left->st_size == right->st_size && same_time(&left->st_mtim, &right->st_mtim) &&
	       same_time(&left->st_ctim, &right->st_ctim);
}

static void take_status(const struct request_queue *queue, const struct stat *status,
	struct queued_request *request)
{
	request->device = status->st_dev;
	request->inode = status->st_ino;
	request->uid = status->st_uid;
	request->received = status->st_ctim.tv_sec;
	request->received_nanoseconds = status->st_ctim.tv_nsec;
	if (request->received > queue->now) {
		/* It came after we looked at the clock: never later than now, but still behind what came before. */
		request->received_nanoseconds += (request->received - queue->now) * 1000000000;
		request->received = queue->now;
	}
}

/* The codes that are decided by the inode alone. */
static enum queue_code judge_status(const struct request_queue *queue, const struct stat *status,
	uint32_t named_uid)
{
	if (!S_ISREG(status->st_mode))
		return QUEUE_NOT_REGULAR;
	if (status->st_uid == 0 || status->st_uid != named_uid)
		return QUEUE_OWNER;
	if (status->st_gid != queue->group || (status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return QUEUE_GROUP;
	if (status->st_nlink != 1)
		return QUEUE_LINKS;
	if (status->st_size < REQUEST_FILE_MIN || status->st_size > REQUEST_FILE_MAX)
		return QUEUE_SIZE;
	return QUEUE_GOOD;
}

static bool read_failed(const char *name, struct error *err)
{
	int number = errno;
	uint32_t uid;
	enum request_kind kind;

	/* A name that nobody checked must not reach a terminal by way of a message. */
	return error_set_errno(err, ERROR_FILESYSTEM, number, _("cannot read the request %s"),
		request_name_parse(name, &uid, &kind) ? name : "?");
}

static bool read_content(int fd, struct content *ret_content)
{
	size_t length = 0;

	while (length < sizeof(ret_content->bytes)) {
		ssize_t count = pread(fd, ret_content->bytes + length,
			sizeof(ret_content->bytes) - length, (off_t)length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return false;
		if (count == 0)
			break;
		length += (size_t)count;
	}
	ret_content->length = length;
	return true;
}

/* Opens by name without following or blocking, and takes the bytes of one moment. */
static bool read_file(const struct request_queue *queue, int directory, const char *name,
	struct queued_request *request, struct content *content, struct error *err)
{
	int fd cleanup_close =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat before;
	struct stat after;

	if (fd < 0 && errno == ENOENT) {
		request->code = QUEUE_VANISHED;
		return true;
	}
	if (fd < 0 && (errno == ELOOP || errno == ENXIO)) {
		request->code = QUEUE_NOT_REGULAR; /* swapped since it was looked at */
		return true;
	}
	/* Its owner holds a lease on it. The kernel breaks that after a while; waiting for it would let one member stop all others. */
	if (fd < 0 && errno == EAGAIN) {
		request->code = QUEUE_SIZE;
		request->detail = "cannot be opened: leased by its owner";
		return true;
	}
	if (fd < 0 || fstat(fd, &before) != 0)
		return read_failed(name, err);
	take_status(queue, &before, request);
	request->code = judge_status(queue, &before, request->record.uid);
	if (request->code != QUEUE_GOOD)
		return true;
	if (!read_content(fd, content) || fstat(fd, &after) != 0)
		return read_failed(name, err);
	if (!same_file(&before, &after) || content->length != (size_t)before.st_size) {
		request->code = QUEUE_SIZE;
		request->detail = "changed while it was read";
	}
	return true;
}

/* ---------------------------------------------------------------- the content */

static void make_id(struct queued_request *request)
{
	static const char label[] = "postigo-request-1";
	struct digest digest cleanup_digest = {NULL};
	char hex[DIGEST_HEX_LENGTH + 1];
	char uid[16];

	(void)snprintf(uid, sizeof(uid), "%u", request->uid);
	digest_begin(&digest);
	digest_add(&digest, label, sizeof(label));
	digest_add(&digest, uid, strlen(uid) + 1);
	digest_add(&digest, request->bytes, request->length);
	digest_end(&digest, hex);
	(void)snprintf(request->id, sizeof(request->id), "%u-%.32s", request->uid, hex);
}

static enum queue_code code_of_fault(enum request_fault fault)
{
	switch (fault) {
	case REQUEST_FAULT_NONE:
		return QUEUE_GOOD;
	case REQUEST_FAULT_SYNTAX:
		return QUEUE_SYNTAX;
	case REQUEST_FAULT_FORMAT:
		return QUEUE_FORMAT;
	case REQUEST_FAULT_NEWER:
		return QUEUE_FORMAT_NEWER;
	case REQUEST_FAULT_FIELD:
		return QUEUE_FIELD;
	case REQUEST_FAULT_UNKNOWN:
		return QUEUE_UNKNOWN_FIELD;
	case REQUEST_FAULT_DESTINATION:
		return QUEUE_DESTINATION;
	}
	return QUEUE_SYNTAX;
}

static void judge_content(struct queued_request *request, enum request_kind kind,
	struct arena *arena)
{
	struct request_record record = {0};
	char detail[REQUEST_DETAIL_MAX] = "";

	request->code =
		code_of_fault(request_file_parse(request->bytes, request->length, &record, detail));
	request->detail = arena_strdup(arena, detail);
	if (request->code != QUEUE_GOOD && request->code != QUEUE_DESTINATION)
		return;
	if (record.uid != request->uid) {
		request->code = QUEUE_UID_MISMATCH;
		request->detail = arena_printf(arena, "uid %u", record.uid);
	} else if (request_op_kind(record.op) != kind) {
		request->code = QUEUE_FIELD;
		request->detail = "kind";
	} else if (!username_is_valid(record.username) || username_is_reserved(record.username)) {
		request->code = QUEUE_USERNAME;
		request->detail = arena_strdup(arena, record.username);
	} else {
		request->record = record;
	}
}

/* Codes that a file may outgrow: the helper, or its member, may not be done with it. */
void queued_request_judge_age(const struct request_queue *queue, struct queued_request *request)
{
	bool unsettled = request->code == QUEUE_LINKS || request->code == QUEUE_SIZE ||
			 request->code == QUEUE_NAME;

	request->young = unsettled && queue->now - request->received < REQUEST_SETTLE_SECONDS;
}

bool queued_request_read(const struct request_queue *queue, int directory, const char *name,
	struct arena *arena, struct queued_request *ret_request, struct error *err)
{
	struct queued_request request = {.file = arena_strdup(arena, name), .detail = ""};
	struct content content = {.length = 0};
	struct stat status;
	enum request_kind kind = REQUEST_ALIAS;

	request.claimed = directory == queue->claimed;
	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno != ENOENT)
			return read_failed(name, err);
		request.code = QUEUE_VANISHED;
		*ret_request = request;
		return true;
	}
	take_status(queue, &status, &request);
	if (!request_name_parse(name, &request.record.uid, &kind))
		request.code = QUEUE_NAME;
	else /* what is no regular file is never even opened */
		request.code = judge_status(queue, &status, request.record.uid);
	if (request.code == QUEUE_GOOD &&
		!read_file(queue, directory, name, &request, &content, err))
		return false;
	memset(&request.record, 0, sizeof(request.record));
	if (request.code == QUEUE_GOOD) {
		request.bytes = arena_strndup(arena, content.bytes, content.length);
		request.length = content.length;
		make_id(&request);
		judge_content(&request, kind, arena);
	}
	queued_request_judge_age(queue, &request);
	*ret_request = request;
	return true;
}

enum lookup_result request_queue_read(const struct request_queue *queue, uid_t uid,
	enum request_kind kind, struct arena *arena, struct queued_request *ret_request,
	struct error *err)
{
	struct queued_request request;
	char name[REQUEST_NAME_MAX];

	request_name(uid, kind, name);
	if (!queued_request_read(queue, queue->pending, name, arena, &request, err))
		return LOOKUP_FAILED;
	if (request.code == QUEUE_VANISHED)
		return LOOKUP_NOT_FOUND;
	*ret_request = request;
	return LOOKUP_FOUND;
}

/* ---------------------------------------------------------------- the list */

/*
 * Not directory_list(): more names than the limit are no failure here, and a descriptor of its own
 * keeps the position of `directory` out of the game.
 */
static bool list_names(int directory, struct arena *arena, struct string_list *ret_names,
	bool *ret_truncated, struct error *err)
{
	int fd cleanup_close = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream cleanup_closedir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!stream)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot list the queue"));
	take_fd(&fd);
	*ret_truncated = false;
	for (errno = 0; (entry = readdir(stream)) != NULL; errno = 0) {
		if (entry->d_name[0] == '.')
			continue;
		if (ret_names->count == REQUEST_QUEUE_SCAN_MAX) {
			*ret_truncated = true;
			return true;
		}
		string_list_add(ret_names, arena, entry->d_name);
	}
	if (errno != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot list the queue"));
	return true;
}

static int compare_arrival(const void *left_pointer, const void *right_pointer)
{
	const struct queued_request *left = left_pointer;
	const struct queued_request *right = right_pointer;

	if (left->received != right->received)
		return left->received < right->received ? -1 : 1;
	if (left->received_nanoseconds != right->received_nanoseconds)
		return left->received_nanoseconds < right->received_nanoseconds ? -1 : 1;
	return strcmp(left->file, right->file);
}

bool request_queue_list(const struct request_queue *queue, struct arena *arena,
	struct queued_request **ret_requests, size_t *ret_count, bool *ret_truncated,
	struct error *err)
{
	struct arena names_arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	struct queued_request *requests;
	size_t count = 0;
	bool truncated = false;

	if (!list_names(queue->pending, &names_arena, &names, &truncated, err))
		return false;
	requests = arena_alloc_array(arena, names.count + 1, sizeof(*requests));
	for (size_t i = 0; i < names.count; i++) {
		if (!queued_request_read(queue, queue->pending, names.items[i], arena,
			    &requests[count], err))
			return false;
		if (requests[count].code != QUEUE_VANISHED)
			count++;
	}
	if (count > 1)
		qsort(requests, count, sizeof(*requests), compare_arrival);
	*ret_requests = requests;
	*ret_count = count;
	*ret_truncated = truncated;
	return true;
}
