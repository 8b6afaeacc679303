#include "system/process.h"

#include "base/clock.h"
#include "base/message.h"
#include "base/strbuf.h"
#include "system/process_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_SIZE (1 << 20)
#define CHUNK ((size_t)64 << 10)
#define READ_SIZE (32 << 10)
#define GRACE_MS 1000 /* between asking a late child to end and killing it */
#define LOOK_MS 20    /* between looks at a child whose end cannot be polled for (Linux < 5.3) */

static void close_pipe(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void process_stop(struct process_child *child)
{
	close_pipe(&child->input);
	close_pipe(&child->output);
	close_pipe(&child->errors);
	close_pipe(&child->end);
	if (child->pid <= 0)
		return;
	(void)kill(-child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	child->pid = 0;
}

/* What is being moved between the child's pipes and the caller. */
struct traffic {
	const struct process_request *request;
	struct strbuf output;
	struct strbuf errors;
	char *chunk; /* CHUNK bytes to write, `pending` of them from `sent` on */
	size_t sent;
	size_t pending;
	size_t input_done; /* of request->input */
	bool refused;
};

static void traffic_clear(struct traffic *traffic)
{
	strbuf_clear(&traffic->output);
	strbuf_clear(&traffic->errors);
	if (traffic->chunk)
		explicit_bzero(traffic->chunk, CHUNK); /* a password may have gone through it */
	free(traffic->chunk);
}

#define cleanup_traffic __attribute__((cleanup(traffic_clear)))

static bool make_pipe(int *ret_read, int *ret_write, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set_errno(err, ERROR_TEMPORARY, errno, _("cannot make a pipe"));
	(void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE); /* only for speed */
	*ret_read = ends[0];
	*ret_write = ends[1];
	return true;
}

static bool has_input(const struct process_request *request)
{
	return request->source || request->input;
}

/* Starts the child; an exec that fails is told apart from a child that cannot be made. */
static bool start(const struct process_request *request, struct process_child *child, int *ret_number,
	struct error *err)
{
	int input cleanup_close = -1;
	int output cleanup_close = -1;
	int errors cleanup_close = -1;
	int ends[3];

	if (has_input(request)) {
		if (!make_pipe(&input, &child->input, err))
			return false;
	} else {
		input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	if (input < 0)
		return error_set_errno(err, ERROR_TEMPORARY, errno, _("cannot open /dev/null"));
	if (!make_pipe(&child->output, &output, err) || !make_pipe(&child->errors, &errors, err))
		return false;
	if ((child->input >= 0 && fcntl(child->input, F_SETFL, O_NONBLOCK) != 0) ||
		fcntl(child->output, F_SETFL, O_NONBLOCK) != 0 ||
		fcntl(child->errors, F_SETFL, O_NONBLOCK) != 0)
		return error_set_errno(err, ERROR_TEMPORARY, errno, _("cannot set up a pipe"));
	ends[0] = input;
	ends[1] = output;
	ends[2] = errors;
	*ret_number = process_spawn(request, ends, &child->pid);
	if (*ret_number != 0)
		child->pid = 0;
	else
		child->end = pidfd_open(child->pid, 0);
	if (*ret_number == EAGAIN || *ret_number == ENOMEM)
		return error_set_errno(err, ERROR_TEMPORARY, *ret_number, _("cannot start %s"),
			request->argv[0]);
	return true;
}

/* Gets the next bytes for the child's stdin; false at the end of input. */
static bool refill(struct traffic *traffic)
{
	const struct process_request *request = traffic->request;
	size_t rest;

	traffic->sent = 0;
	if (request->source) {
		traffic->pending = request->source(request->context, traffic->chunk, CHUNK);
		return traffic->pending > 0;
	}
	rest = strlen(request->input) - traffic->input_done;
	traffic->pending = rest < CHUNK ? rest : CHUNK;
	memcpy(traffic->chunk, request->input + traffic->input_done, traffic->pending);
	traffic->input_done += traffic->pending;
	return traffic->pending > 0;
}

static void feed(struct process_child *child, struct traffic *traffic)
{
	ssize_t written;

	if (traffic->pending == 0 && !refill(traffic)) {
		close_pipe(&child->input);
		return;
	}
	written = write(child->input, traffic->chunk + traffic->sent, traffic->pending);
	if (written < 0 && errno != EAGAIN && errno != EINTR)
		close_pipe(&child->input); /* the child does not want more; its exit status tells */
	if (written > 0) {
		traffic->sent += (size_t)written;
		traffic->pending -= (size_t)written;
	}
}

/* Keeps what fits under the limit; what the child says beyond it is read and dropped. */
static void keep(struct strbuf *buffer, const char *bytes, size_t length, size_t limit)
{
	size_t room = limit > buffer->length ? limit - buffer->length : 0;

	strbuf_append(buffer, bytes, length < room ? length : room);
}

/* Takes what one read gives; false when there was nothing. */
static bool drain(int *fd, struct strbuf *buffer, struct traffic *traffic)
{
	const struct process_request *request = traffic->request;
	char bytes[READ_SIZE];
	ssize_t got = read(*fd, bytes, sizeof(bytes));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (got <= 0) {
		close_pipe(fd);
		return false;
	}
	if (buffer == &traffic->output && request->sink)
		traffic->refused |= !request->sink(request->context, bytes, (size_t)got);
	else
		keep(buffer, bytes, (size_t)got, request->output_limit);
	return true;
}

static void move_bytes(struct process_child *child, struct traffic *traffic, const struct pollfd *ready)
{
	if (ready[0].revents && child->input >= 0)
		feed(child, traffic);
	if (ready[1].revents && child->output >= 0)
		drain(&child->output, &traffic->output, traffic);
	if (ready[2].revents && child->errors >= 0)
		drain(&child->errors, &traffic->errors, traffic);
}

/* Leaves the child a zombie: as long as it is one, its number and its group's are nobody else's. */
static bool has_ended(const struct process_child *child)
{
	siginfo_t information = {0};

	return waitid(P_PID, (id_t)child->pid, &information, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       information.si_pid == child->pid;
}

/*
 * Serves the pipes until the child has ended or the sink refuses. The end of its output is no sign:
 * what it leaves behind may hold the pipes open. False when the deadline passed first.
 */
static bool serve(struct process_child *child, struct traffic *traffic, int64_t deadline)
{
	while (!traffic->refused && !has_ended(child)) {
		struct pollfd ready[] = {
			{.fd = child->input, .events = POLLOUT},
			{.fd = child->output, .events = POLLIN},
			{.fd = child->errors, .events = POLLIN},
			{.fd = child->end, .events = POLLIN},
		};
		int64_t left = deadline - clock_monotonic_ms();

		if (left <= 0)
			return false;
		if (child->end < 0 && left > LOOK_MS)
			left = LOOK_MS;
		if (poll(ready, ARRAY_LENGTH(ready), (int)left) > 0)
			move_bytes(child, traffic, ready);
	}
	return true;
}

/* What a pipe still holds, and no more: a process that left the group could go on writing. */
static void serve_rest(struct process_child *child, struct traffic *traffic)
{
	for (int i = 0; i < PIPE_SIZE / READ_SIZE && child->output >= 0 && !traffic->refused; i++) {
		if (!drain(&child->output, &traffic->output, traffic))
			break;
	}
	for (int i = 0; i < PIPE_SIZE / READ_SIZE && child->errors >= 0; i++) {
		if (!drain(&child->errors, &traffic->errors, traffic))
			break;
	}
}

/* Kills what is left of the group and reaps its leader. */
static int end_group(struct process_child *child, struct rusage *ret_usage)
{
	int status = 0;

	(void)kill(-child->pid, SIGKILL);
	while (wait4(child->pid, &status, 0, ret_usage) < 0 && errno == EINTR)
		continue;
	child->pid = 0;
	return status;
}

static void conclude(struct process_child *child, struct traffic *traffic, int64_t deadline,
	struct process_result *result)
{
	bool in_time = serve(child, traffic, deadline);
	struct rusage usage = {0};
	int status;

	/* A late child is asked first, then killed with everything it started. */
	if (!in_time) {
		(void)kill(-child->pid, SIGTERM);
		(void)serve(child, traffic, clock_monotonic_ms() + GRACE_MS);
	}
	status = end_group(child, &usage);
	serve_rest(child, traffic);
	result->peak_kib = usage.ru_maxrss;
	if (!in_time) {
		result->end = PROCESS_TIMED_OUT;
	} else if (traffic->refused) {
		result->end = PROCESS_STOPPED;
	} else {
		result->end = WIFSIGNALED(status) ? PROCESS_SIGNALLED : PROCESS_EXITED;
		result->status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	}
}

bool process_begin(struct process_child *child, const struct process_request *request,
	struct error *err)
{
	struct process_child started cleanup_process_child = PROCESS_CHILD_INIT;

	if (request->argv[0][0] != '/')
		return error_set(err, ERROR_BUG, _("\"%s\" is no absolute path"), request->argv[0]);
	started.started = clock_monotonic_ms();
	if (!start(request, &started, &started.start_error, err))
		return false;
	*child = started;
	started = (struct process_child)PROCESS_CHILD_INIT;
	return true;
}

void process_end(struct process_child *child, const struct process_request *request,
	struct arena *arena, struct process_result *ret_result)
{
	struct traffic traffic cleanup_traffic = {.request = request};
	struct process_result result = {.end = PROCESS_NOT_STARTED, .status = child->start_error};
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction before;

	traffic.chunk = malloc(CHUNK);
	if (!traffic.chunk)
		out_of_memory();
	(void)sigaction(SIGPIPE, &ignore, &before);
	if (child->pid > 0)
		conclude(child, &traffic, child->started + request->timeout_ms, &result);
	(void)sigaction(SIGPIPE, &before, NULL);
	process_stop(child);
	result.elapsed_ms = clock_monotonic_ms() - child->started;
	result.output = arena_strndup(arena, strbuf_text(&traffic.output), traffic.output.length);
	result.output_length = traffic.output.length;
	result.errors = arena_strndup(arena, strbuf_text(&traffic.errors), traffic.errors.length);
	*ret_result = result;
}

bool process_run(const struct process_request *request, struct arena *arena,
	struct process_result *ret_result, struct error *err)
{
	struct process_child child cleanup_process_child = PROCESS_CHILD_INIT;

	if (!process_begin(&child, request, err))
		return false;
	process_end(&child, request, arena, ret_result);
	return true;
}

bool process_succeeded(const struct process_result *result)
{
	return result->end == PROCESS_EXITED && result->status == 0;
}

const char *process_describe(const struct process_request *request,
	const struct process_result *result, struct arena *arena)
{
	switch (result->end) {
	case PROCESS_EXITED:
		return arena_printf(arena, _("exit status %d"), result->status);
	case PROCESS_SIGNALLED:
		return arena_printf(arena, _("killed by signal %d"), result->status);
	case PROCESS_TIMED_OUT:
		return arena_printf(arena, _("no answer within %d s"),
			(request->timeout_ms + 999) / 1000);
	case PROCESS_NOT_STARTED:
		return arena_printf(arena, _("cannot be run: %s"), strerror(result->status));
	case PROCESS_STOPPED:
		return arena_printf(arena, _("stopped"));
	}
	return "";
}
