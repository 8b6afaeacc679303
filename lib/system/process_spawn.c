#include "system/process_spawn.h"

#include "system/account_rights.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
static char locale[] = "LC_ALL=C";
static char zone[] = "TZ=UTC";
static char *const environment[] = {path, locale, zone, NULL};

/* exec changes no argument, but its prototype cannot say so. */
static char *const *arguments_of(const struct process_request *request)
{
	char *const *argv;

	memcpy(&argv, &request->argv, sizeof(argv));
	return argv;
}

static int spawn(const struct process_request *request, const int ends[3], pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigset_t all;
	int number;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes,
		POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_adddup2(&actions, ends[fd], fd);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	posix_spawn_file_actions_addchdir_np(&actions, "/");
	number = posix_spawn(ret_pid, request->argv[0], &actions, &attributes, arguments_of(request), environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return number;
}

/* ---------------------------------------------------------------- as another account */

static void reset_signals(void)
{
	const struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &action, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Becomes the command. Tells errno through `status`, which exec closes otherwise. */
static _Noreturn void exec_as(const struct process_request *request, const int ends[3], int status)
{
	int told = STDERR_FILENO + 1;
	int number;

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)setpgid(0, 0);
	reset_signals();
	for (int fd = 0; fd < 3; fd++)
		(void)dup2(ends[fd], fd);
	if (status != told)
		(void)dup3(status, told, O_CLOEXEC);
	closefrom(told + 1);
	if (chdir("/") == 0 && account_rights_take(request->rights))
		(void)execve(request->argv[0], arguments_of(request), environment);
	number = errno;
	(void)!write(told, &number, sizeof(number));
	_exit(127);
}

static int wait_for_exec(int status, pid_t pid)
{
	int number = 0;
	ssize_t got;

	do
		got = read(status, &number, sizeof(number));
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(number))
		return 0;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return number;
}

static int spawn_as(const struct process_request *request, const int ends[3], pid_t *ret_pid)
{
	int status[2];
	int number;
	pid_t pid;

	if (pipe2(status, O_CLOEXEC) != 0)
		return errno;
	pid = fork();
	if (pid == 0)
		exec_as(request, ends, status[1]);
	number = pid < 0 ? errno : 0;
	(void)close(status[1]);
	if (pid > 0) {
		(void)setpgid(pid, pid);
		number = wait_for_exec(status[0], pid);
	}
	(void)close(status[0]);
	*ret_pid = pid;
	return number;
}

int process_spawn(const struct process_request *request, const int ends[3], pid_t *ret_pid)
{
	return request->rights ? spawn_as(request, ends, ret_pid) : spawn(request, ends, ret_pid);
}
