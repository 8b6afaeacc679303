#include "system/environment.h"

#include "base/arena.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* For reading only: a command whose output goes nowhere shall notice when it writes. */
static void open_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", O_RDONLY) != fd)
			_exit(ERROR_CONFIG); /* the store's file could become "stderr" */
	}
	closefrom(STDERR_FILENO + 1);
}

static bool is_allowed(const char *variable)
{
	static const char *const names[] = {"TERM=", "COLUMNS=", "LINES=", "LANG=", "LANGUAGE=",
		"NO_COLOR=", "CI=", "CLICOLOR_FORCE=", "SUDO_USER=", "SUDO_UID=", "DOAS_USER=",
		"LC_"};

	if (strchr(variable, '/') || strlen(variable) > 256)
		return false; /* a locale by path, or nothing that display needs */
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (strncmp(variable, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

static void filter_environment(void)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	size_t kept = 0;

	for (size_t i = 0; environ && environ[i]; i++) {
		if (is_allowed(environ[i]))
			environ[kept++] = environ[i];
	}
	if (environ)
		environ[kept] = NULL;
	if (putenv(path) != 0)
		out_of_memory();
}

static void reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
	/* The caller's "ulimit -f": a write fails then, and is undone. */
	(void)sigaction(SIGXFSZ, &action, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void environment_sanitise(void)
{
	open_standard_descriptors();
	filter_environment();
	(void)umask(077);
	reset_signals();
}

/* A core that goes into a pipe is not stopped by the limit. */
void environment_forbid_core(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}
