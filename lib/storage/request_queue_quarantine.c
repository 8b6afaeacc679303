#include "base/message.h"
#include "format/json.h"
#include "format/printable.h"
#include "format/timestamp.h"
#include "storage/request_queue_private.h"
#include "system/atomic_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define QUARANTINE_NAME_MAX 128
#define QUARANTINE_TRIES 8
#define SHOWN_NAME_MAX 64   /* bytes of the old name that are kept in the new one */
#define SHOWN_BYTES_MAX 256 /* bytes of the content in .why.json */

/* "20260519T235518Z-1500.alias.json-3fa2c1": sortable, unique, and safe in any shell or listing. */
static bool make_name(const char *file, int64_t now, char ret_name[QUARANTINE_NAME_MAX])
{
	char time[TIMESTAMP_LENGTH + 1];
	char safe[SHOWN_NAME_MAX + 1];
	unsigned char random[3];
	size_t length = strnlen(file, SHOWN_NAME_MAX);

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return false;
	timestamp_format(now, time);
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)file[i];

		safe[i] = (char)byte;
		if (byte >= 0x80 || (!isalnum(byte) && !strchr("._-", byte)))
			safe[i] = '_';
	}
	safe[length] = '\0';
	(void)snprintf(ret_name, QUARANTINE_NAME_MAX, "%.4s%.2s%.2sT%.2s%.2s%.2sZ-%s-%02x%02x%02x",
		time, time + 5, time + 8, time + 11, time + 14, time + 17, safe, random[0],
		random[1], random[2]);
	return true;
}

static bool move_aside(const struct request_queue *queue, const struct queued_request *request,
	char ret_name[QUARANTINE_NAME_MAX], int *ret_number)
{
	int from = queued_request_directory(queue, request);

	*ret_number = EEXIST;
	for (int i = 0; i < QUARANTINE_TRIES && *ret_number == EEXIST; i++) {
		if (!make_name(request->file, queue->now, ret_name)) {
			*ret_number = errno ? errno : EIO;
			return false;
		}
		*ret_number = queue_rename(from, request->file, queue->quarantine, ret_name);
	}
	return *ret_number == 0;
}

static void set_printable(struct json *json, const char *key, const char *text, size_t length)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	printable_append(&buffer, text, length);
	json_set_text(json, key, strbuf_text(&buffer));
}

static struct json *explain(const struct queued_request *request, const struct stat *status,
	int64_t now)
{
	struct json *json = json_new_object();
	size_t shown = request->length < SHOWN_BYTES_MAX ? request->length : SHOWN_BYTES_MAX;
	char time[TIMESTAMP_LENGTH + 1];
	char mode[16];

	(void)snprintf(mode, sizeof(mode), "%06o", status->st_mode);
	json_set_text(json, "code", queue_code_name(request->code));
	json_set_text(json, "text", queue_code_plain_text(request->code));
	if (*request->detail)
		set_printable(json, "detail", request->detail, strlen(request->detail));
	set_printable(json, "name", request->file, strlen(request->file));
	json_set_integer(json, "uid", status->st_uid);
	json_set_integer(json, "gid", status->st_gid);
	json_set_text(json, "mode", mode);
	json_set_integer(json, "links", (int64_t)status->st_nlink);
	json_set_integer(json, "size", status->st_size);
	timestamp_format(request->received, time);
	json_set_text(json, "received_at", time);
	timestamp_format(now, time);
	json_set_text(json, "quarantined_at", time);
	if (shown > 0)
		set_printable(json, "content", request->bytes, shown);
	return json;
}

static bool write_reason(const struct request_queue *queue, const struct queued_request *request,
	const char *name, const struct stat *status, struct error *err)
{
	static const struct atomic_file_settings settings = {.mode = 0600};
	struct json *json cleanup_json = explain(request, status, queue->now);
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	char reason[QUARANTINE_NAME_MAX + 16];

	(void)snprintf(reason, sizeof(reason), "%s.why.json", name);
	json_print_pretty(json, &text);
	strbuf_append_char(&text, '\n');
	return atomic_file_replace(queue->quarantine, reason, &settings, text.text, text.length,
		err);
}

bool request_queue_quarantine(const struct request_queue *queue,
	const struct queued_request *request, struct error *err)
{
	int from = queued_request_directory(queue, request);
	char name[QUARANTINE_NAME_MAX];
	struct stat status;
	int number;

	if (!move_aside(queue, request, name, &number)) {
		if (number == ENOENT)
			return true;
		return error_set_errno(err, ERROR_FILESYSTEM, number,
			_("cannot set a file of the queue aside"));
	}
	if (fstatat(queue->quarantine, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot set a file of the queue aside"));
	/* The member withdrew the bad file and filed a new one under its name, which nobody judged.
	 */
	if ((status.st_dev != request->device || status.st_ino != request->inode) &&
		queue_rename(queue->quarantine, name, from, request->file) == 0)
		return true;
	if (queue->watch.report)
		queue->watch.report(queue->watch.context, request, status.st_uid);
	return write_reason(queue, request, name, &status, err) &&
	       queue_sync_directories(from, queue->quarantine, err);
}
