/*
 * The terminal of the person at it (/dev/tty), taken for a conversation of several questions.
 *
 * While it is held, signals that would end the process do not: the call that waits returns "interrupted", so the caller can finish what it began, and
 * modes are restored on every way out. Typed-ahead bytes are thrown away before each question: nobody answers what they have not seen.
 */
#ifndef POSTIGO_CLI_TERMINAL_H
#define POSTIGO_CLI_TERMINAL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/secret.h"

#include <signal.h>
#include <stdbool.h>

struct terminal {
	int fd;
	int signals; /* signalfd */
	sigset_t before; /* the signal mask as it was */
};

#define TERMINAL_LINE_MAX 500 /* bytes */
#define TERMINAL_INIT {.fd = -1, .signals = -1}
#define cleanup_terminal __attribute__((cleanup(terminal_close)))

/* Opens the terminal and holds the signals back. Fails with usage when there is none. */
must_check bool terminal_open(struct terminal *terminal, struct error *err);

/* Lets go of it. Signals that came in between and were not seen take effect now. */
void terminal_close(struct terminal *terminal);

/*
 * Asks `question` and waits for one of `keys` (lower-case ASCII letters), without Enter; echoes it. Other keys are ignored. End of input counts as `end`.
 * Fails with interrupted (Ctrl-C or a signal) or usage (the terminal is gone).
 */
must_check bool terminal_ask_key(struct terminal *terminal, const char *question, const char *keys, char end,
	char *ret_key, struct error *err);

/*
 * Asks "question [initial]: " and reads a line of at most TERMINAL_LINE_MAX bytes into the arena; an empty one gives `initial`. Fails with interrupted, usage (the
 * terminal is gone, or the line is too long or not text).
 */
must_check bool terminal_ask_line(struct terminal *terminal, const char *question, const char *initial,
	struct arena *arena, const char **ret_line, struct error *err);

/*
 * Asks "question: " and reads a line without showing it. The bytes go into `ret_secret` and nowhere else. Fails with interrupted or usage (the terminal is gone, or the
 * line is longer than SECRET_MAX).
 */
must_check bool terminal_ask_secret(struct terminal *terminal, const char *question, struct secret *ret_secret,
	struct error *err);

#endif
