/* Where the inventory comes from: files that are opened for reading only, and commands that only
 * print. */
#include "base/clock.h"
#include "base/message.h"
#include "base/strbuf.h"
#include "format/printable.h"
#include "format/secret_mask.h"
#include "format/timestamp.h"
#include "service/mail_stack_section.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistr.h>

#define COMMAND_MS 10000
#define OUTPUT_LIMIT ((size_t)1 << 20)
#define CHUNK ((size_t)64 << 10)

const char *stack_status_name(enum stack_status status)
{
	switch (status) {
	case STACK_OK:
		return "ok";
	case STACK_MISSING:
		return "missing";
	case STACK_DENIED:
		return "denied";
	case STACK_TIMEOUT:
		return "timeout";
	case STACK_ERROR:
		return "error";
	}
	return "";
}

/* JSON has escapes of its own; only what is no UTF-8 needs ours. */
static const char *as_utf8(const struct mail_stack *stack, const char *text)
{
	if (!u8_check((const uint8_t *)text, strlen(text)))
		return text;
	return printable_text(text, stack->arena);
}

void stack_set(const struct mail_stack *stack, struct json *object, const char *key,
	const char *text)
{
	if (text && *text)
		json_set_text(object, key, as_utf8(stack, text));
}

void stack_add(const struct mail_stack *stack, struct json *array, const char *text)
{
	json_add(array, json_new_text(as_utf8(stack, text)));
}

enum stack_status stack_error(const struct mail_stack *stack, const char *source,
	enum stack_status status, const char *detail)
{
	struct json *error;

	if (status == STACK_OK)
		return status;
	error = json_add(stack->errors, json_new_object());
	stack_set(stack, error, "source", source);
	json_set_text(error, "status", stack_status_name(status));
	stack_set(stack, error, "detail", secret_mask_text(detail, stack->arena));
	return status;
}

/* ---------------------------------------------------------------- commands */

static enum stack_status status_of(const struct process_result *result)
{
	switch (result->end) {
	case PROCESS_EXITED:
		if (result->status == 0)
			return STACK_OK;
		return strstr(result->errors, "Permission denied") ? STACK_DENIED : STACK_ERROR;
	case PROCESS_TIMED_OUT:
		return STACK_TIMEOUT;
	case PROCESS_NOT_STARTED:
		return result->status == ENOENT   ? STACK_MISSING
		       : result->status == EACCES ? STACK_DENIED
						  : STACK_ERROR;
	case PROCESS_SIGNALLED:
	case PROCESS_STOPPED:
		break;
	}
	return STACK_ERROR;
}

static const char *first_line(const struct mail_stack *stack, const char *text)
{
	return arena_strndup(stack->arena, text, strcspn(text, "\n"));
}

static const char *source_of(const struct mail_stack *stack, const char *const *argv)
{
	struct string_list words = STRING_LIST_INIT;

	for (size_t i = 0; i < 4 && argv[i]; i++)
		string_list_add(&words, stack->arena, argv[i]);
	return string_list_join(&words, stack->arena, " ");
}

enum stack_status stack_run(const struct mail_stack *stack, const char *const *argv,
	struct process_result *ret_result)
{
	int64_t left = stack->deadline - clock_monotonic_ms();
	struct process_request request = {
		.argv = argv,
		.timeout_ms = left < COMMAND_MS ? (int)left : COMMAND_MS,
		.output_limit = OUTPUT_LIMIT,
	};
	const char *source = source_of(stack, argv);
	enum stack_status status;
	struct error failure;

	*ret_result = (struct process_result){.output = "", .errors = ""};
	if (!stack_exists(argv[0]))
		return stack_error(stack, argv[0], STACK_MISSING, "");
	if (!trusted_program_check(argv[0], &failure))
		return stack_error(stack, argv[0], STACK_DENIED, failure.why);
	if (left <= 0)
		return stack_error(stack, source, STACK_TIMEOUT, _("no time is left for it"));
	if (!process_run(&request, stack->arena, ret_result, &failure))
		return stack_error(stack, source, STACK_ERROR, failure.what);
	status = status_of(ret_result);
	if (ret_result->end == PROCESS_EXITED && *ret_result->errors)
		return stack_error(stack, source, status, first_line(stack, ret_result->errors));
	return stack_error(stack, source, status,
		process_describe(&request, ret_result, stack->arena));
}

/* ---------------------------------------------------------------- files */

static enum stack_status status_of_errno(int number)
{
	if (number == ENOENT || number == ENOTDIR)
		return STACK_MISSING;
	return number == EACCES || number == EPERM ? STACK_DENIED : STACK_ERROR;
}

static enum stack_status note_errno(const struct mail_stack *stack, const char *path, int number)
{
	enum stack_status status = status_of_errno(number);

	if (status == STACK_MISSING)
		return status;
	return stack_error(stack, path, status, strerror(number));
}

/* The time of reading is not to change either, where the kernel lets us. */
static int open_quietly(const char *path)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = open(path, flags | O_NOATIME);

	return fd >= 0 || errno != EPERM ? fd : open(path, flags);
}

/* Files of /proc say that they are empty. */
static bool read_stream(int fd, size_t limit, struct strbuf *text)
{
	while (text->length <= limit) {
		ssize_t got = read(fd, strbuf_reserve(text, CHUNK), CHUNK);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			return true;
		text->length += (size_t)got;
	}
	errno = EFBIG;
	return false;
}

enum stack_status stack_read(const struct mail_stack *stack, const char *path, size_t limit,
	const char **ret_text, size_t *ret_length)
{
	int fd cleanup_close = open_quietly(path);
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0)
		return note_errno(stack, path, errno);
	if (!S_ISREG(status.st_mode))
		return stack_error(stack, path, STACK_ERROR, _("it is no regular file"));
	if (!read_stream(fd, limit, &text))
		return note_errno(stack, path, errno);
	*ret_text = arena_strndup(stack->arena, strbuf_text(&text), text.length);
	*ret_length = text.length;
	return STACK_OK;
}

enum stack_status stack_look(const struct mail_stack *stack, const char *path,
	struct stat *ret_status)
{
	return stat(path, ret_status) == 0 ? STACK_OK : note_errno(stack, path, errno);
}

enum stack_status stack_set_file(const struct mail_stack *stack, struct json *object,
	const char *path, struct stat *ret_status)
{
	enum stack_status seen = stack_look(stack, path, ret_status);
	char time[TIMESTAMP_LENGTH + 1];

	json_set_text(object, "status", stack_status_name(seen));
	if (seen != STACK_OK)
		return seen;
	timestamp_format(ret_status->st_mtim.tv_sec, time);
	json_set_integer(object, "uid", ret_status->st_uid);
	json_set_integer(object, "gid", ret_status->st_gid);
	json_set_text(object, "mode",
		arena_printf(stack->arena, "%04o", (unsigned)ret_status->st_mode & 07777));
	json_set_integer(object, "size", ret_status->st_size);
	json_set_text(object, "modified_at", time);
	return seen;
}

void stack_check_secret(struct mail_stack *stack, const char *id, const char *path)
{
	struct consistency_check *check = &stack->check;
	struct stat status;

	if (stat(path, &status) != 0 || !(status.st_mode & S_IROTH))
		return;
	check_find(check, FINDING_ERROR, id, _("everybody may read the secret in %s"), path);
	check_evidence(check, "%04o", (unsigned)status.st_mode & 07777);
	check_cure(check, "chmod o-rwx %s", check_word(check, path));
}

bool stack_exists(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0;
}

bool stack_has_socket(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}
