#include "cli/password_input.h"

#include "base/message.h"
#include "cli/terminal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TRIES 3

/* Byte by byte: a buffer of the C library would keep a copy, and swallow what is somebody else's. */
static bool read_line(struct secret *password, struct error *err)
{
	for (;;) {
		char byte;
		ssize_t length = read(STDIN_FILENO, &byte, 1);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return error_set_errno(err, ERROR_FILESYSTEM, errno, _("standard input cannot be read"));
		if (length == 0 || byte == '\n')
			return true;
		if (!secret_add(password, byte))
			return error_set(err, ERROR_USAGE, _("the password is longer than %d bytes"), SECRET_MAX);
	}
}

bool password_read_line(struct secret *ret_password, struct error *err)
{
	secret_wipe(ret_password);
	if (isatty(STDIN_FILENO)) {
		error_set(err, ERROR_CONFIG, _("--password-stdin does not work with an interactive stdin"));
		return error_fix(err, _("leave it out to be asked, or redirect standard input"));
	}
	if (!read_line(ret_password, err))
		return false;
	if (ret_password->length > 0 && ret_password->text[ret_password->length - 1] == '\r')
		ret_password->text[--ret_password->length] = '\0';
	return true;
}

static bool ask_twice(struct terminal *terminal, struct secret *password, bool *ret_same, struct error *err)
{
	struct secret again cleanup_secret = SECRET_INIT;

	if (!terminal_ask_secret(terminal, _("Password"), password, err) ||
		!terminal_ask_secret(terminal, _("Once more"), &again, err))
		return false;
	*ret_same = password->length > 0 && password->length == again.length && secret_equal(password->text, again.text);
	if (!*ret_same)
		(void)dprintf(terminal->fd, "%s\n", password->length == 0 ? _("It is empty.") : _("They are not the same."));
	return true;
}

bool password_ask(struct secret *ret_password, struct error *err)
{
	struct terminal terminal cleanup_terminal = TERMINAL_INIT;
	bool same = false;

	if (!terminal_open(&terminal, err))
		return error_fix(err, "--password-stdin, --generate");
	for (int i = 0; i < TRIES && !same; i++) {
		if (!ask_twice(&terminal, ret_password, &same, err))
			return false;
	}
	return same || error_set(err, ERROR_USAGE, _("no password was typed twice the same"));
}

void password_spell(const unsigned char random[PASSWORD_GENERATED_BYTES], struct secret *ret_password)
{
	/* Thirty-two, and none that looks like another. */
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";

	secret_wipe(ret_password);
	for (size_t i = 0; i < PASSWORD_GENERATED_BYTES; i++) {
		if (i > 0 && i % (PASSWORD_GENERATED_BYTES / PASSWORD_GENERATED_GROUPS) == 0)
			(void)!secret_add(ret_password, '-');
		(void)!secret_add(ret_password, letters[random[i] % (sizeof(letters) - 1)]);
	}
}
