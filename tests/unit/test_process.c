#include "system/process.h"

#include "base/clock.h"
#include "process_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#define BIG ((size_t)20 << 20)

START_TEST(output_and_errors_are_kept_apart)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result = run_script("echo out; echo err >&2", &arena);

	ck_assert(process_succeeded(&result));
	ck_assert_int_eq(result.end, PROCESS_EXITED);
	ck_assert_int_eq(result.status, 0);
	ck_assert_str_eq(result.output, "out\n");
	ck_assert_uint_eq(result.output_length, 4);
	ck_assert_str_eq(result.errors, "err\n");
	ck_assert_int_ge(result.elapsed_ms, 0);
	ck_assert_int_gt(result.peak_kib, 0);
}
END_TEST

START_TEST(the_exit_status_is_told)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result = run_script("exit 75", &arena);
	const struct process_request request = {0};

	ck_assert(!process_succeeded(&result));
	ck_assert_int_eq(result.end, PROCESS_EXITED);
	ck_assert_int_eq(result.status, 75);
	ck_assert_str_eq(process_describe(&request, &result, &arena), "exit status 75");
	ck_assert_str_eq(result.output, "");
	ck_assert_str_eq(result.errors, "");
}
END_TEST

START_TEST(a_signal_is_told)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result = run_script("kill -KILL $$", &arena);
	const struct process_request request = {0};

	ck_assert(!process_succeeded(&result));
	ck_assert_int_eq(result.end, PROCESS_SIGNALLED);
	ck_assert_int_eq(result.status, SIGKILL);
	ck_assert_str_eq(process_describe(&request, &result, &arena), "killed by signal 9");
}
END_TEST

START_TEST(a_missing_program_is_told_exactly)
{
	static const char *const argv[] = {"/nonexistent/postmap", NULL};
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct process_request request = shell(argv);
	struct process_result result = run(&request, &arena);

	ck_assert(!process_succeeded(&result));
	ck_assert_int_eq(result.end, PROCESS_NOT_STARTED);
	ck_assert_int_eq(result.status, ENOENT);
	ck_assert_ptr_nonnull(
		strstr(process_describe(&request, &result, &arena), strerror(ENOENT)));
	ck_assert_str_eq(result.output, "");
}
END_TEST

START_TEST(a_file_that_is_no_program_is_told)
{
	int directory cleanup_close = unit_directory("program");
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *path = arena_printf(&arena, "%s/program/text", unit_scratch());
	const char *const argv[] = {path, NULL};
	const struct process_request request = shell(argv);
	struct process_result result;

	unit_write_file(directory, "text", "echo no shell ran this\n", 0644);
	result = run(&request, &arena);
	ck_assert_int_eq(result.end, PROCESS_NOT_STARTED);
	ck_assert_int_eq(result.status, EACCES);
	unit_write_file(directory, "text", "echo no shell ran this\n", 0755);
	result = run(&request, &arena);
	ck_assert_int_eq(result.end, PROCESS_NOT_STARTED);
	ck_assert_int_eq(result.status, ENOEXEC);
	ck_assert_str_eq(result.output, "");
}
END_TEST

START_TEST(a_relative_path_is_a_bug)
{
	static const char *const argv[] = {"true", NULL};
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct process_request request = shell(argv);
	struct process_result result;
	struct error err;

	ck_assert(!process_run(&request, &arena, &result, &err));
	unit_assert_error(err, ERROR_BUG);
}
END_TEST

START_TEST(arguments_are_not_interpreted)
{
	static const char *const argv[] = {"/bin/echo", "$HOME; `id` *", "", "two", NULL};
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct process_request request = shell(argv);
	struct process_result result = run(&request, &arena);

	ck_assert_str_eq(result.output, "$HOME; `id` *  two\n");
}
END_TEST

START_TEST(the_environment_is_fixed)
{
	static const char *const argv[] = {"/usr/bin/env", NULL};
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct process_request request = shell(argv);
	struct process_result result;

	ck_assert_int_eq(setenv("LD_PRELOAD_NOT", "evil", 1), 0);
	ck_assert_int_eq(setenv("PATH", "/tmp", 1), 0);
	result = run(&request, &arena);
	ck_assert_str_eq(result.output, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\nTZ=UTC\n");
}
END_TEST

START_TEST(the_surroundings_are_fixed)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result;

	umask(027);
	result = run_script("pwd; umask; cat; ulimit -c >/dev/null; echo end", &arena);
	ck_assert_str_eq(result.output, "/\n0027\nend\n");
}
END_TEST

START_TEST(no_descriptor_is_inherited)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int leak cleanup_close = open("/dev/null", O_RDONLY); /* no O_CLOEXEC */
	struct process_result result;

	ck_assert_int_gt(leak, 2);
	ck_assert_int_eq(dup2(leak, 700), 700);
	result = run_script("ls /proc/$$/fd; :", &arena);
	ck_assert_str_eq(result.output, "0\n1\n2\n");
	close(700);
}
END_TEST

START_TEST(signals_are_as_by_default)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result;
	unsigned long long blocked;
	unsigned long long ignored;
	sigset_t all;

	sigaction(SIGTERM, &ignore, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	result = run_script("grep -E '^Sig(Blk|Ign)' /proc/self/status", &arena);
	ck_assert_int_eq(sscanf(result.output, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
	ck_assert_uint_eq(blocked, 0);
	ck_assert_uint_eq(ignored & 0x7fffffff, 0); /* 32 and 33 are glibc's own */
	result = run_script("kill -TERM $$; echo survived", &arena);
	ck_assert_int_eq(result.end, PROCESS_SIGNALLED);
	ck_assert_int_eq(result.status, SIGTERM);
}
END_TEST

START_TEST(it_leads_its_own_group)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result =
		run_script("set -- $(cat /proc/$$/stat); [ $1 = $5 ] && echo leader", &arena);

	ck_assert_str_eq(result.output, "leader\n");
}
END_TEST

START_TEST(a_text_is_its_input)
{
	static const char *const argv[] = {"/bin/cat", NULL};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_request request = shell(argv);
	struct process_result result;

	request.input = "op submit\nnote x\n";
	result = run(&request, &arena);
	ck_assert_str_eq(result.output, "op submit\nnote x\n");
	request.input = "";
	result = run(&request, &arena);
	ck_assert(process_succeeded(&result));
	ck_assert_str_eq(result.output, "");
	request.input = NULL;
	result = run(&request, &arena);
	ck_assert(process_succeeded(&result));
}
END_TEST

/* Both directions at once: bytes that tell their place, compared when they come back. */
struct echo {
	size_t sent;
	size_t received;
	size_t calls;
	bool different;
};

static char byte_at(size_t place)
{
	return (char)((place * 2654435761u) >> 11);
}

static size_t send_bytes(void *context, char *buffer, size_t size)
{
	struct echo *echo = context;
	size_t count = BIG - echo->sent < size ? BIG - echo->sent : size;

	for (size_t i = 0; i < count; i++)
		buffer[i] = byte_at(echo->sent + i);
	echo->sent += count;
	return count;
}

static bool receive_bytes(void *context, const char *bytes, size_t length)
{
	struct echo *echo = context;

	for (size_t i = 0; i < length; i++)
		echo->different |= bytes[i] != byte_at(echo->received + i);
	echo->received += length;
	echo->calls++;
	return true;
}

START_TEST(twenty_megabytes_go_through_both_ways)
{
	static const char *const argv[] = {"/bin/cat", NULL};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_request request = shell(argv);
	struct echo echo = {0};
	struct process_result result;

	request.source = send_bytes;
	request.sink = receive_bytes;
	request.context = &echo;
	result = run(&request, &arena);
	ck_assert(process_succeeded(&result));
	ck_assert_uint_eq(echo.sent, BIG);
	ck_assert_uint_eq(echo.received, BIG);
	ck_assert(!echo.different);
	ck_assert_uint_eq(result.output_length, 0);
	ck_assert_uint_lt(echo.calls, BIG / 1024);
}
END_TEST

START_TEST(errors_are_drained_while_output_flows)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result = run_script("head -c 3000000 /dev/zero >&2; echo done; head "
						  "-c 3000000 /dev/zero >&2",
		&arena);

	ck_assert(process_succeeded(&result));
	ck_assert_str_eq(result.output, "done\n");
}
END_TEST

START_TEST(output_beyond_the_limit_is_dropped)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result = run_script("head -c 10000000 /dev/zero | tr '\\0' x; head "
						  "-c 10000000 /dev/zero | tr '\\0' y >&2",
		&arena);

	ck_assert(process_succeeded(&result));
	ck_assert_uint_eq(result.output_length, OUTPUT_LIMIT);
	ck_assert_uint_eq(strlen(result.output), OUTPUT_LIMIT);
	ck_assert_uint_eq(strspn(result.output, "x"), OUTPUT_LIMIT);
	ck_assert_uint_eq(strlen(result.errors), OUTPUT_LIMIT);
}
END_TEST

START_TEST(a_full_pipe_at_the_end_is_not_lost)
{
	static const char *const argv[] = {"/usr/bin/head", "-c", "900000", "/dev/zero", NULL};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_request request = shell(argv);
	struct process_result result;

	request.output_limit = 1000000;
	for (int i = 0; i < 20; i++) {
		result = run(&request, &arena);
		ck_assert(process_succeeded(&result));
		ck_assert_uint_eq(result.output_length, 900000);
	}
}
END_TEST

START_TEST(a_child_need_not_read_its_input)
{
	static const char *const argv[] = {"/bin/sh", "-c", "exec <&-; sleep 0.3; echo fine", NULL};
	const struct sigaction standard = {.sa_handler = SIG_DFL};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_request request = shell(argv);
	struct echo echo = {0};
	struct process_result result;
	struct sigaction after;

	sigaction(SIGPIPE, &standard, NULL);
	request.source = send_bytes;
	request.context = &echo;
	result = run(&request, &arena);
	ck_assert(process_succeeded(&result));
	ck_assert_str_eq(result.output, "fine\n");
	ck_assert_uint_lt(echo.sent, BIG);
	sigaction(SIGPIPE, NULL, &after);
	ck_assert(after.sa_handler == SIG_DFL);
}
END_TEST

static bool refuse_second(void *context, const char *bytes, size_t length)
{
	int *calls = context;

	(void)bytes;
	ck_assert_uint_gt(length, 0);
	return ++*calls < 2;
}

START_TEST(the_sink_can_stop_it)
{
	static const char *const argv[] = {"/usr/bin/yes", NULL};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_request request = shell(argv);
	struct process_result result;
	int calls = 0;

	request.sink = refuse_second;
	request.context = &calls;
	result = run(&request, &arena);
	ck_assert(!process_succeeded(&result));
	ck_assert_int_eq(result.end, PROCESS_STOPPED);
	ck_assert_int_eq(calls, 2);
	ck_assert_int_lt(result.elapsed_ms, 5000);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_str_eq(process_describe(&request, &result, &arena), "stopped");
}
END_TEST

START_TEST(a_refusal_of_the_last_bytes_counts)
{
	static const char *const argv[] = {"/bin/echo", "x", NULL};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_request request = shell(argv);
	int calls = 1;

	request.sink = refuse_second;
	request.context = &calls;
	ck_assert_int_eq(run(&request, &arena).end, PROCESS_STOPPED);
}
END_TEST

START_TEST(it_runs_beside_its_caller)
{
	static const char *const argv[] = {"/bin/sh", "-c", "echo $$; kill -STOP $$; echo on", NULL};
	const struct process_request request = shell(argv);
	struct process_child child cleanup_process_child = PROCESS_CHILD_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result;
	struct error err;
	siginfo_t information = {0};

	unit_assert_ok(process_begin(&child, &request, &err), err);
	/* It got that far with nobody serving it. */
	ck_assert_int_eq(waitid(P_PID, (id_t)child.pid, &information, WSTOPPED), 0);
	ck_assert_int_eq(information.si_pid, child.pid);
	ck_assert_int_eq(kill(child.pid, SIGCONT), 0);
	process_end(&child, &request, &arena, &result);
	ck_assert(process_succeeded(&result));
	ck_assert_int_gt(strtol(result.output, NULL, 10), 0);
	ck_assert_ptr_nonnull(strstr(result.output, "\non\n"));
	ck_assert_int_eq(child.pid, 0);
}
END_TEST

START_TEST(what_is_not_waited_for_is_killed)
{
	static const char *const argv[] = {"/bin/sleep", "60", NULL};
	const struct process_request request = shell(argv);
	struct error err;
	pid_t pid;

	{
		struct process_child child cleanup_process_child = PROCESS_CHILD_INIT;

		unit_assert_ok(process_begin(&child, &request, &err), err);
		pid = child.pid;
		ck_assert_int_eq(kill(pid, 0), 0);
	}
	ck_assert_int_ne(kill(pid, 0), 0);
}
END_TEST

START_TEST(what_cannot_be_run_is_told_at_the_end)
{
	static const char *const argv[] = {"/nonexistent/program", NULL};
	const struct process_request request = shell(argv);
	struct process_child child cleanup_process_child = PROCESS_CHILD_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result;
	struct error err;

	unit_assert_ok(process_begin(&child, &request, &err), err);
	process_end(&child, &request, &arena, &result);
	ck_assert_int_eq(result.end, PROCESS_NOT_STARTED);
	ck_assert_int_eq(result.status, ENOENT);
}
END_TEST

START_TEST(nothing_stays_open)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int after;

	close(before);
	for (int i = 0; i < 20; i++)
		run_script("exit 1", &arena);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	ck_assert_int_eq(after, before);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("process");
	TCase *end = unit_case(suite, "end");
	TCase *surroundings = unit_case(suite, "surroundings");
	TCase *pipes = unit_case(suite, "pipes");

	tcase_add_test(end, output_and_errors_are_kept_apart);
	tcase_add_test(end, the_exit_status_is_told);
	tcase_add_test(end, a_signal_is_told);
	tcase_add_test(end, a_missing_program_is_told_exactly);
	tcase_add_test(end, a_file_that_is_no_program_is_told);
	tcase_add_test(end, a_relative_path_is_a_bug);
	tcase_add_test(end, it_runs_beside_its_caller);
	tcase_add_test(end, what_is_not_waited_for_is_killed);
	tcase_add_test(end, what_cannot_be_run_is_told_at_the_end);
	tcase_add_test(end, nothing_stays_open);
	tcase_add_test(surroundings, arguments_are_not_interpreted);
	tcase_add_test(surroundings, the_environment_is_fixed);
	tcase_add_test(surroundings, the_surroundings_are_fixed);
	tcase_add_test(surroundings, no_descriptor_is_inherited);
	tcase_add_test(surroundings, signals_are_as_by_default);
	tcase_add_test(surroundings, it_leads_its_own_group);
	tcase_add_test(pipes, a_text_is_its_input);
	tcase_add_test(pipes, twenty_megabytes_go_through_both_ways);
	tcase_add_test(pipes, errors_are_drained_while_output_flows);
	tcase_add_test(pipes, output_beyond_the_limit_is_dropped);
	tcase_add_test(pipes, a_full_pipe_at_the_end_is_not_lost);
	tcase_add_test(pipes, a_child_need_not_read_its_input);
	tcase_add_test(pipes, the_sink_can_stop_it);
	tcase_add_test(pipes, a_refusal_of_the_last_bytes_counts);
	return unit_run(suite);
}
