#include "system/environment.h"

#include "base/arena.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static void open_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", O_RDWR) != fd)
			_exit(ERROR_OUT_OF_MEMORY);
	}
	if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0) {
		for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
			(void)close(fd);
	}
}

static bool is_allowed(const char *variable)
{
	static const char *const names[] = {"TERM=", "COLUMNS=", "LINES=", "LANG=", "LANGUAGE=", "NO_COLOR=", "CI=",
		"CLICOLOR_FORCE=", "SUDO_USER=", "SUDO_UID=", "DOAS_USER=", "LC_"};

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
