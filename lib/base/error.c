#include "base/error.h"

#include "base/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void format_into(char *buffer, size_t size, const char *format, va_list arguments)
	printf_like(3, 0);

static void format_into(char *buffer, size_t size, const char *format, va_list arguments)
{
	int length = vsnprintf(buffer, size, format, arguments);
	size_t end = size - 4;

	if (length < 0 || (size_t)length < size)
		return;
	/* A sentence that does not fit is cut visibly, between letters; there is no better answer inside an error. */
	while (end > 0 && ((unsigned char)buffer[end] & 0xc0) == 0x80)
		end--;
	memcpy(buffer + end, "...", 4);
}

static void error_clear(struct error *err, enum error_code code)
{
	memset(err, 0, sizeof(*err));
	err->code = code;
}

bool error_set(struct error *err, enum error_code code, const char *format, ...)
{
	va_list arguments;
	struct error fresh; /* the arguments may point into *err */

	error_clear(&fresh, code);
	va_start(arguments, format);
	format_into(fresh.what, sizeof(fresh.what), format, arguments);
	va_end(arguments);
	*err = fresh;
	return false;
}

/* What cures a failure of the system, whoever met it; "" where that depends on what was tried. */
static const char *cure_of(int number)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
		return _("make room on the disk, then try again");
	case EROFS:
		return _("mount the file system for writing, then try again");
	case EIO:
		return _("look into the kernel's log (dmesg): the disk may be failing");
	case EMFILE:
	case ENFILE:
		return _("raise the limit of open files, or try again when less is running");
	case ENOMEM:
	case EAGAIN:
		return _("try again when less is running");
	case ENOLCK:
		return _("keep the directory on a local file system, which can lock files");
	default:
		return "";
	}
}

bool error_set_errno(struct error *err, enum error_code code, int number, const char *format, ...)
{
	va_list arguments;
	struct error fresh;
	char text[128];

	error_clear(&fresh, code);
	va_start(arguments, format);
	format_into(fresh.what, sizeof(fresh.what), format, arguments);
	va_end(arguments);
	(void)snprintf(fresh.why, sizeof(fresh.why), "%s", strerror_r(number, text, sizeof(text)));
	(void)snprintf(fresh.fix, sizeof(fresh.fix), "%s", cure_of(number));
	*err = fresh;
	return false;
}

bool error_why(struct error *err, const char *format, ...)
{
	va_list arguments;
	char text[sizeof(err->why)];

	va_start(arguments, format);
	format_into(text, sizeof(text), format, arguments);
	va_end(arguments);
	memcpy(err->why, text, sizeof(text));
	return false;
}

bool error_fix(struct error *err, const char *format, ...)
{
	va_list arguments;
	char text[sizeof(err->fix)];

	va_start(arguments, format);
	format_into(text, sizeof(text), format, arguments);
	va_end(arguments);
	memcpy(err->fix, text, sizeof(text));
	return false;
}

bool error_field(struct error *err, const char *field)
{
	(void)snprintf(err->field, sizeof(err->field), "%s", field);
	return false;
}

bool error_prefix(struct error *err, const char *format, ...)
{
	va_list arguments;
	char prefix[sizeof(err->what)];
	char rest[sizeof(err->what)];

	va_start(arguments, format);
	format_into(prefix, sizeof(prefix), format, arguments);
	va_end(arguments);
	memcpy(rest, err->what, sizeof(rest));
	if (snprintf(err->what, sizeof(err->what), "%s: %s", prefix, rest) >= (int)sizeof(err->what))
		memcpy(err->what + sizeof(err->what) - 4, "...", 4);
	return false;
}

const char *error_name(enum error_code code)
{
	switch (code) {
	case ERROR_NONE:
		return "ok";
	case ERROR_NOT_FOUND:
		return "not_found";
	case ERROR_ALREADY_EXISTS:
		return "already_exists";
	case ERROR_CAPACITY:
		return "capacity";
	case ERROR_CONFIG:
		return "configuration";
	case ERROR_DATABASE:
		return "database";
	case ERROR_FILESYSTEM:
		return "filesystem";
	case ERROR_HOOK:
		return "hook";
	case ERROR_DEADLOCK:
		return "deadlock";
	case ERROR_MLMMJ:
		return "mlmmj";
	case ERROR_RULE:
		return "rule_violation";
	case ERROR_PREFLIGHT:
		return "preflight";
	case ERROR_COLLISION:
		return "collision";
	case ERROR_RENDER:
		return "render";
	case ERROR_POST_CHECK:
		return "post_check";
	case ERROR_NOTHING_PENDING:
		return "nothing_pending";
	case ERROR_MTA_COMMAND:
		return "mta_command";
	case ERROR_NOT_SYNCED:
		return "not_synced";
	case ERROR_WOULD_CHANGE:
		return "would_change";
	case ERROR_ANSWERED_NO:
		return "answered_no";
	case ERROR_PARTIAL:
		return "partial";
	case ERROR_AFTER_LIVE:
		return "after_live";
	case ERROR_CHANGED:
		return "changed";
	case ERROR_USAGE:
		return "usage";
	case ERROR_OUT_OF_MEMORY:
		return "out_of_memory";
	case ERROR_TEMPORARY:
		return "temporary";
	case ERROR_PERMISSION:
		return "permission";
	case ERROR_BUG:
		return "bug";
	case ERROR_INTERRUPTED:
		return "interrupted";
	}
	return "bug";
}
