/*
 * kill_at N COMMAND [ARGUMENT...]: runs COMMAND and kills it with SIGKILL when it stops at its N-th system call, counted from its
 * exec on, before the call is carried out. Children of COMMAND run on untraced. N 0 = run to the end.
 *
 * Prints "killed" or "ended STATUS COUNT" on descriptor 3 when that is open, COUNT being the system calls seen, so that a test can sweep N over all of them.
 * Exits with 137 when it killed, else with COMMAND's exit status, 125 when tracing is not possible.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_TRACE 125

static void report(const char *what, int status, long count)
{
	(void)dprintf(3, "%s %d %ld\n", what, status, count);
}

/* The child waits for its tracer before it becomes COMMAND. */
static pid_t start(char *argv[])
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)raise(SIGSTOP);
	execvp(argv[0], argv);
	_exit(127);
}

static int finish(int status, long count)
{
	int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);

	report("ended", code, count);
	return code;
}

static int kill_child(pid_t pid, long count)
{
	int status;

	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, __WALL) > 0 && !WIFSIGNALED(status) && !WIFEXITED(status))
		continue;
	report("killed", 137, count);
	return 137;
}

/* Each system call stops twice; the kill falls on the entry, so the call never happens. */
static int trace(pid_t pid, long wanted)
{
	long count = 0;
	int entering = 0;
	int running = 0;
	int signal = 0;
	int status;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, 0, signal) != 0 && errno != ESRCH)
			return NO_TRACE;
		if (waitpid(pid, &status, __WALL) != pid)
			return NO_TRACE;
		if (WIFEXITED(status) || WIFSIGNALED(status))
			return finish(status, count);
		signal = 0;
		if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXEC << 8))) {
			running = 1;
			entering = 1; /* the exec's own exit stop comes next */
			continue;
		}
		if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
			signal = WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
			continue;
		}
		entering = !entering;
		if (running && entering && ++count == wanted)
			return kill_child(pid, count);
	}
}

int main(int argc, char *argv[])
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	pid_t pid;
	int status;

	if (argc < 3) {
		(void)fprintf(stderr, "usage: kill_at N COMMAND [ARGUMENT...]\n");
		return NO_TRACE;
	}
	pid = start(argv + 2);
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, 0, options) != 0 || waitpid(pid, &status, __WALL) != pid) {
		(void)fprintf(stderr, "kill_at: cannot trace: %s\n", strerror(errno));
		return NO_TRACE;
	}
	(void)kill(pid, SIGCONT);
	return trace(pid, strtol(argv[1], NULL, 10));
}
