#include "drop_process.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#define CLOSE_MAX 65536 /* highest descriptor to close on a kernel without close_range */
#define FILE_SIZE_MAX 8192

struct drop_identity drop_process_identity(void)
{
	return (struct drop_identity){
		.uid = getuid(),
		.group = getgid(),
		.queue_group = getegid(),
		.no_new_privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
	};
}

/* ---------------------------------------------------------------- a known state to start from */

/* Without this, a file of the queue could be opened as descriptor 1 and receive our output. */
static void open_standard_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(ERROR_OUT_OF_MEMORY);
	}
}

static void close_other_descriptors(void)
{
	if (close_range(3, ~0U, 0) == 0)
		return;
	for (int fd = 3; fd < CLOSE_MAX; fd++)
		close(fd);
}

static void limit(__rlimit_resource_t resource, rlim_t most)
{
	struct rlimit bounds;

	if (getrlimit(resource, &bounds) != 0)
		_exit(ERROR_OUT_OF_MEMORY);
	bounds.rlim_cur = bounds.rlim_max < most ? bounds.rlim_max : most;
	if (setrlimit(resource, &bounds) != 0)
		_exit(ERROR_OUT_OF_MEMORY);
}

/* The hard limit too: nobody raises it again from outside. */
static void forbid_core(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		_exit(ERROR_OUT_OF_MEMORY);
}

static void reset_signals(void)
{
	static const int ignored[] = {SIGPIPE, SIGXFSZ, SIGHUP, SIGTTOU};
	struct sigaction action = {.sa_handler = SIG_DFL};
	struct itimerval never = {0};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	action.sa_handler = SIG_IGN;
	for (size_t i = 0; i < ARRAY_LENGTH(ignored); i++)
		sigaction(ignored[i], &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setitimer(ITIMER_REAL, &never, NULL);
	setitimer(ITIMER_VIRTUAL, &never, NULL);
	setitimer(ITIMER_PROF, &never, NULL);
}

void drop_process_harden(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		_exit(ERROR_OUT_OF_MEMORY);
	open_standard_descriptors();
	close_other_descriptors();
	clearenv();
	umask(077);
	forbid_core();
	limit(RLIMIT_FSIZE, FILE_SIZE_MAX);
	limit(RLIMIT_NOFILE, 16);
	limit(RLIMIT_CPU, 5);
	reset_signals();
}

void drop_process_lift_file_limit(void)
{
	limit(RLIMIT_FSIZE, RLIM_INFINITY);
}

/* ---------------------------------------------------------------- the privilege */

/* Nothing goes on with a group that is not the one that was meant. */
static _Noreturn void stop_over_group(void)
{
	static const char line[] = "postigo-drop: the group cannot be changed here, as in a user namespace\n";

	(void)drop_write(STDERR_FILENO, line, sizeof(line) - 1);
	_exit(ERROR_PERMISSION);
}

void drop_process_use(gid_t group)
{
	if (setresgid((gid_t)-1, group, (gid_t)-1) != 0 || getegid() != group)
		stop_over_group();
}

void drop_process_give_up(const struct drop_identity *identity)
{
	gid_t real;
	gid_t effective;
	gid_t saved;

	if (setresgid(identity->group, identity->group, identity->group) != 0)
		stop_over_group();
	if (getresgid(&real, &effective, &saved) != 0 || real != identity->group ||
		effective != identity->group || saved != identity->group)
		stop_over_group();
}

/* ---------------------------------------------------------------- descriptors */

bool drop_write(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes += written;
		length -= (size_t)written;
	}
	return true;
}

ssize_t drop_read(int fd, char *buffer, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(fd, buffer + length, size - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	return (ssize_t)length;
}
