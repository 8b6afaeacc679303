#include "cli/terminal.h"

#include "base/message.h"
#include "format/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>

#define TERMINAL "/dev/tty"
#define KEY_INTERRUPT 0x03 /* Ctrl-C, as a byte */
#define KEY_END 0x04	   /* Ctrl-D */

static bool gone(struct error *err)
{
	return error_set_errno(err, ERROR_USAGE, errno, _("the terminal is gone"));
}

static bool interrupted(struct error *err)
{
	return error_set(err, ERROR_INTERRUPTED, _("interrupted"));
}

/* Stopping (Ctrl-Z) is left alone: while a line is typed the modes are the terminal's own, and while a key is awaited it makes no signal. */
bool terminal_open(struct terminal *terminal, struct error *err)
{
	static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LENGTH(held); i++)
		sigaddset(&set, held[i]);
	terminal->fd = open(TERMINAL, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal->fd < 0) {
		error_set_errno(err, ERROR_USAGE, errno, _("there is no terminal to ask on"));
		return false;
	}
	terminal->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (terminal->signals < 0)
		return error_set_errno(err, ERROR_TEMPORARY, errno, _("cannot watch signals"));
	sigprocmask(SIG_BLOCK, &set, &terminal->before);
	return true;
}

void terminal_close(struct terminal *terminal)
{
	if (terminal->signals >= 0) {
		(void)close(terminal->signals);
		sigprocmask(SIG_SETMASK, &terminal->before, NULL);
	}
	if (terminal->fd >= 0)
		(void)close(terminal->fd);
	*terminal = (struct terminal)TERMINAL_INIT;
}

/* ---- modes: a scoped object, so that no way out leaves them behind */

struct key_mode {
	int fd;
	struct termios before;
};

#define cleanup_key_mode __attribute__((cleanup(key_mode_end)))

static void key_mode_end(const struct key_mode *mode)
{
	if (mode->fd >= 0)
		(void)tcsetattr(mode->fd, TCSADRAIN, &mode->before);
}

/* Switches `off` off until the mode ends. */
static bool key_mode_begin(struct key_mode *mode, int fd, tcflag_t off, struct error *err)
{
	struct termios keys;

	if (tcgetattr(fd, &mode->before) != 0)
		return gone(err);
	keys = mode->before;
	keys.c_lflag &= ~off;
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSAFLUSH, &keys) != 0)
		return gone(err);
	mode->fd = fd;
	return true;
}

/* ---- waiting */

/* Waits for a byte. Found, not found = end of input, or failed. */
static enum lookup_result read_byte(const struct terminal *terminal, char *ret_byte, struct error *err)
{
	struct pollfd polled[] = {{.fd = terminal->signals, .events = POLLIN}, {.fd = terminal->fd, .events = POLLIN}};
	struct signalfd_siginfo signal;
	ssize_t length;

	while (poll(polled, ARRAY_LENGTH(polled), -1) < 0) {
		if (errno != EINTR) {
			gone(err);
			return LOOKUP_FAILED;
		}
	}
	if (polled[0].revents && read(terminal->signals, &signal, sizeof(signal)) > 0) {
		interrupted(err);
		return LOOKUP_FAILED;
	}
	length = read(terminal->fd, ret_byte, 1);
	if (length < 0) {
		gone(err);
		return LOOKUP_FAILED;
	}
	return length == 1 ? LOOKUP_FOUND : LOOKUP_NOT_FOUND;
}

static bool await_key(const struct terminal *terminal, const char *keys, char end, char *ret_key, struct error *err)
{
	for (;;) {
		char byte = 0;

		switch (read_byte(terminal, &byte, err)) {
		case LOOKUP_FAILED:
			return false;
		case LOOKUP_NOT_FOUND:
			byte = KEY_END;
			break;
		case LOOKUP_FOUND:
			break;
		}
		if (byte == KEY_INTERRUPT)
			return interrupted(err);
		if (byte == KEY_END)
			byte = end;
		if (byte && strchr(keys, byte)) {
			*ret_key = byte;
			return true;
		}
	}
}

bool terminal_ask_key(struct terminal *terminal, const char *question, const char *keys, char end, char *ret_key,
	struct error *err)
{
	struct key_mode mode cleanup_key_mode = {.fd = -1};
	bool pressed;

	if (!key_mode_begin(&mode, terminal->fd, ICANON | ECHO | ISIG | IEXTEN, err))
		return false;
	if (dprintf(terminal->fd, "%s ", question) < 0)
		return gone(err);
	pressed = await_key(terminal, keys, end, ret_key, err);
	(void)dprintf(terminal->fd, "%c\n", pressed ? *ret_key : ' ');
	return pressed;
}

/* ---- lines */

/* Reads to the end of the line, so that nothing of it is left for the next question. */
static bool read_line(const struct terminal *terminal, char line[TERMINAL_LINE_MAX + 1], struct error *err)
{
	size_t length = 0;
	bool fits = true;

	for (;;) {
		char byte = 0;
		enum lookup_result result = read_byte(terminal, &byte, err);

		if (result == LOOKUP_FAILED)
			return false;
		if (result == LOOKUP_NOT_FOUND)
			return interrupted(err);
		if (byte == '\n')
			break;
		if (length < TERMINAL_LINE_MAX)
			line[length++] = byte;
		else
			fits = false;
	}
	line[length] = '\0';
	if (!fits)
		return error_set(err, ERROR_USAGE, _("the line is longer than %d bytes"), TERMINAL_LINE_MAX);
	if (strlen(line) != length || !printable_is_clean(line))
		return error_set(err, ERROR_USAGE, _("the line holds control characters or is not UTF-8"));
	return true;
}

bool terminal_ask_line(struct terminal *terminal, const char *question, const char *initial, struct arena *arena,
	const char **ret_line, struct error *err)
{
	char line[TERMINAL_LINE_MAX + 1];

	(void)tcflush(terminal->fd, TCIFLUSH);
	if (dprintf(terminal->fd, "%s [%s]: ", question, initial) < 0)
		return gone(err);
	if (!read_line(terminal, line, err))
		return false;
	*ret_line = arena_strdup(arena, line[strspn(line, " \t")] ? line : initial);
	return true;
}

/* ---- secrets */

static bool read_secret(const struct terminal *terminal, struct secret *secret, struct error *err)
{
	bool fits = true;

	for (;;) {
		char byte = 0;

		switch (read_byte(terminal, &byte, err)) {
		case LOOKUP_FAILED:
			return false;
		case LOOKUP_NOT_FOUND:
			return interrupted(err);
		case LOOKUP_FOUND:
			break;
		}
		if (byte == '\n')
			break;
		fits = fits && secret_add(secret, byte);
	}
	return fits || error_set(err, ERROR_USAGE, _("the password is longer than %d bytes"), SECRET_MAX);
}

bool terminal_ask_secret(struct terminal *terminal, const char *question, struct secret *ret_secret, struct error *err)
{
	struct key_mode mode cleanup_key_mode = {.fd = -1};
	bool typed;

	secret_wipe(ret_secret);
	if (!key_mode_begin(&mode, terminal->fd, ECHO | ECHONL, err))
		return false;
	if (dprintf(terminal->fd, "%s: ", question) < 0)
		return gone(err);
	typed = read_secret(terminal, ret_secret, err);
	(void)dprintf(terminal->fd, "\n");
	return typed;
}
