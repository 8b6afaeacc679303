#include "cli/prompt.h"

#include "base/ascii.h"
#include "base/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define TERMINAL "/dev/tty"
#define ANSWER_MAX 31 /* bytes; a longer one is no */

static int open_terminal(void)
{
	return open(TERMINAL, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

bool prompt_is_possible(void)
{
	int terminal cleanup_close = open_terminal();

	return terminal >= 0;
}

static ssize_t read_byte(int fd, char *ret_byte)
{
	ssize_t length;

	do
		length = read(fd, ret_byte, 1);
	while (length < 0 && errno == EINTR);
	return length;
}

/* Reads to the end of the line, so that nothing of it is left for the shell. False for end of input
 * and too long a line. */
static bool read_answer(int terminal, char answer[ANSWER_MAX + 1])
{
	size_t length = 0;
	bool fits = true;
	char byte;

	while (read_byte(terminal, &byte) == 1) {
		if (byte == '\n') {
			answer[length] = '\0';
			return fits;
		}
		if (length == 0 && (byte == ' ' || byte == '\t'))
			continue;
		if (length < ANSWER_MAX)
			answer[length++] = byte;
		else
			fits = false;
	}
	return false;
}

static bool means_yes(char *answer)
{
	const char *const words[] = {
		"y",
		"yes",
		/* TRANSLATORS: a one-letter answer to a question */
		_("y"),
		_("yes"),
	};
	size_t length = strlen(answer);

	while (length > 0 && (answer[length - 1] == ' ' || answer[length - 1] == '\r'))
		answer[--length] = '\0';
	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (ascii_equal_nocase(answer, words[i]))
			return true;
	}
	return false;
}

bool prompt_yes(const char *question, bool *ret_yes, struct error *err)
{
	int terminal cleanup_close = open_terminal();
	char answer[ANSWER_MAX + 1];

	if (terminal < 0) {
		error_set_errno(err, ERROR_USAGE, errno, _("there is no terminal to ask on"));
		return error_fix(err, _("say yes beforehand: --yes"));
	}
	if (dprintf(terminal, "%s %s ", question, _("[y/N]")) < 0)
		return error_set_errno(err, ERROR_USAGE, errno,
			_("the terminal cannot be written to"));
	*ret_yes = read_answer(terminal, answer) && means_yes(answer);
	return true;
}
