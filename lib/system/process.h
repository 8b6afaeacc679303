/*
 * Runs external commands: an argument vector with an absolute path, a fixed environment, no shell,
 * a deadline.
 *
 * The child is the leader of its own process group. When it ends, when the deadline passes (first
 * SIGTERM, one second later SIGKILL), or when the caller's sink refuses, what is left of the group
 * is killed: nothing runs on after process_run() returned, except what made itself a session of its
 * own, as a daemon does; nobody waits for that or for the pipes it holds.
 */
#ifndef POSTIGO_SYSTEM_PROCESS_H
#define POSTIGO_SYSTEM_PROCESS_H

#include "base/arena.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum process_end {
	PROCESS_EXITED,    /* .status is the exit status */
	PROCESS_SIGNALLED, /* .status is the signal */
	PROCESS_TIMED_OUT,
	PROCESS_NOT_STARTED, /* .status is the errno of exec */
	PROCESS_STOPPED,     /* the sink refused; the group was killed */
};

/* Fills `buffer` with up to `size` bytes for the child's stdin; 0 = end of input. */
typedef size_t process_source(void *context, char *buffer, size_t size);

/* Takes `length` bytes of the child's stdout; false stops the child. */
typedef bool process_sink(void *context, const char *bytes, size_t length);

struct account_rights;

struct process_request {
	const char *const *argv; /* argv[0] absolute, NULL-terminated */
	int timeout_ms;
	size_t output_limit; /* bytes kept of stdout (without sink) and of stderr, each; the rest is
				read and dropped */
	process_source *source; /* NULL = stdin is `input`, or /dev/null when that is NULL */
	process_sink *sink;     /* NULL = stdout is captured into `output` */
	void *context;          /* for source and sink */
	const char *input;
	const struct account_rights *rights; /* of another account to run as; NULL = ours */
};

struct process_result {
	enum process_end end;
	int status;
	const char *output; /* stdout, terminated, in the arena */
	size_t output_length;
	const char *errors; /* stderr, terminated, in the arena */
	int64_t elapsed_ms;
	long peak_kib; /* the child's maximum resident set, but not below what this process had when
			  it started it */
};

/* A command that runs beside its caller. */
struct process_child {
	pid_t pid; /* 0 = none, or reaped */
	int input;
	int output;
	int errors;
	int end;	 /* pidfd: readable once the child has ended; -1 = the kernel has none */
	int start_error; /* errno of an exec that failed */
	int64_t started; /* ms */
};

#define PROCESS_CHILD_INIT {.input = -1, .output = -1, .errors = -1, .end = -1}
#define cleanup_process_child __attribute__((cleanup(process_stop)))

/*
 * Starts a command that goes on while the caller does something else; process_end() with the same
 * request waits for it. Until then it is not fed, and its output waits in a pipe of up to 1 MiB.
 * The deadline counts from here. Leaving the child's scope kills and reaps its group. Fails as
 * process_run().
 */
must_check bool process_begin(struct process_child *child, const struct process_request *request,
	struct error *err);

/* Feeds the child, takes what it says, and waits for its end. */
void process_end(struct process_child *child, const struct process_request *request,
	struct arena *arena, struct process_result *ret_result);

/* Kills what is left of the child's group and reaps it, unless process_end() has. */
void process_stop(struct process_child *child);

/*
 * Runs a command to its end. Environment: PATH=/usr/sbin:/usr/bin:/sbin:/bin, LC_ALL=C, TZ=UTC; the
 * caller's umask; cwd "/"; no descriptor but 0 to 2; default signals. SIGPIPE is ignored while it
 * runs: a child need not read all of its input. Fails only when no process could be made at all
 * (temporary, filesystem); everything else is in *ret_result.
 */
must_check bool process_run(const struct process_request *request, struct arena *arena,
	struct process_result *ret_result, struct error *err);

/* Whether the command ran and exited with 0. */
bool process_succeeded(const struct process_result *result);

/* One line on how it ended, such as "exit status 1", "killed by signal 9", "no answer within 30 s";
 * in the arena. */
const char *process_describe(const struct process_request *request,
	const struct process_result *result, struct arena *arena);

#endif
