#include "system/side_process.h"

#include "base/clock.h"
#include "base/message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A core would show everybody's addresses, and a child that outlives its parent would hold its
 * locks. */
static _Noreturn void work_and_exit(const struct side_work *work, pid_t parent, int result)
{
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	work->run(work->context);
	_exit(write(result, work->result, work->size) == (ssize_t)work->size ? 0 : 1);
}

bool side_process_begin(struct side_process *side, const struct side_work *work, struct error *err)
{
	pid_t parent = getpid();
	int ends[2];
	pid_t pid;

	if (work->size > PIPE_BUF)
		return error_set(err, ERROR_BUG, _("a result of %zu bytes is too large"),
			work->size);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set_errno(err, ERROR_TEMPORARY, errno, _("cannot make a pipe"));
	pid = fork();
	if (pid == 0)
		work_and_exit(work, parent, ends[1]);
	(void)close(ends[1]);
	if (pid < 0) {
		(void)close(ends[0]);
		return error_set_errno(err, ERROR_TEMPORARY, errno, _("cannot make a process"));
	}
	*side = (struct side_process){pid, ends[0]};
	return true;
}

/* Whether there is something to read, be it the end. */
static bool wait_for_result(const struct side_process *side, int64_t deadline)
{
	struct pollfd ready = {.fd = side->result, .events = POLLIN};
	int64_t left;

	while ((left = deadline - clock_monotonic_ms()) > 0) {
		int count = poll(&ready, 1, left < INT_MAX ? (int)left : INT_MAX);

		if (count > 0)
			return true;
		if (count < 0 && errno != EINTR)
			return false;
	}
	return false;
}

bool side_process_take(struct side_process *side, void *ret_result, size_t size, int timeout_ms)
{
	return side->pid > 0 && wait_for_result(side, clock_monotonic_ms() + timeout_ms) &&
	       read(side->result, ret_result, size) == (ssize_t)size;
}

bool side_process_end(struct side_process *side, void *ret_result, size_t size, int timeout_ms)
{
	bool done = side_process_take(side, ret_result, size, timeout_ms);

	side_process_stop(side);
	return done;
}

void side_process_stop(struct side_process *side)
{
	if (side->result >= 0)
		(void)close(take_fd(&side->result));
	if (side->pid <= 0)
		return;
	(void)kill(side->pid, SIGKILL);
	while (waitpid(side->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	side->pid = 0;
}
