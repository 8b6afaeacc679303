#include "system/process.h"

#include "base/clock.h"
#include "process_fixture.h"

#include <signal.h>
#include <sys/wait.h>

static pid_t pid_in(const char *text)
{
	return (pid_t)strtol(text, NULL, 10);
}

/* Waits until no process has `pid`; a killed one may take a moment. */
static void assert_gone(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		char path[64];
		char text[256] = "";
		FILE *file;

		if (kill(pid, 0) != 0)
			return;
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		file = fopen(path, "re"); /* a zombie that nobody has reaped yet is gone as well */
		if (file && fgets(text, sizeof(text), file) && strstr(text, ") Z"))
			i = 500;
		if (file)
			fclose(file);
		if (i == 500)
			return;
		usleep(10000);
	}
	ck_abort_msg("process %d still runs", pid);
}

START_TEST(the_deadline_ends_it)
{
	static const char *const argv[] = {"/bin/sleep", "60", NULL};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_request request = shell(argv);
	struct process_result result;

	request.timeout_ms = 300;
	result = run(&request, &arena);
	ck_assert(!process_succeeded(&result));
	ck_assert_int_eq(result.end, PROCESS_TIMED_OUT);
	ck_assert_int_ge(result.elapsed_ms, 300);
	ck_assert_int_lt(result.elapsed_ms, 1200);
	request.timeout_ms = 30000;
	ck_assert_str_eq(process_describe(&request, &result, &arena), "no answer within 30 s");
	request.timeout_ms = 300;
	ck_assert_str_eq(process_describe(&request, &result, &arena), "no answer within 1 s");
}
END_TEST

START_TEST(the_deadline_kills_what_will_not_go)
{
	static const char *const argv[] = {"/bin/sh", "-c",
		"trap '' TERM; echo $$; while :; do sleep 0.1; done", NULL};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_request request = shell(argv);
	struct process_result result;

	request.timeout_ms = 500;
	result = run(&request, &arena);
	ck_assert_int_eq(result.end, PROCESS_TIMED_OUT);
	ck_assert_int_ge(result.elapsed_ms, 1500);
	ck_assert_int_lt(result.elapsed_ms, 6000);
	assert_gone(pid_in(result.output));
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

START_TEST(the_deadline_kills_grandchildren)
{
	static const char *const argv[] = {"/bin/sh", "-c", "sleep 300 & echo $!; wait", NULL};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_request request = shell(argv);
	struct process_result result;

	request.timeout_ms = 500;
	result = run(&request, &arena);
	ck_assert_int_eq(result.end, PROCESS_TIMED_OUT);
	ck_assert_int_gt(pid_in(result.output), 1);
	assert_gone(pid_in(result.output));
}
END_TEST

START_TEST(a_grandchild_with_the_pipes_does_not_delay)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result = run_script("sleep 300 & echo $!", &arena);

	ck_assert(process_succeeded(&result));
	ck_assert_int_lt(result.elapsed_ms, 5000);
	ck_assert_int_gt(pid_in(result.output), 1);
	assert_gone(pid_in(result.output));
}
END_TEST

START_TEST(a_daemon_neither_delays_nor_dies)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result =
		run_script("setsid sh -c 'echo $$; exec sleep 300' & sleep 0.5", &arena);
	pid_t daemon = pid_in(result.output);

	ck_assert(process_succeeded(&result));
	ck_assert_int_lt(result.elapsed_ms, 5000);
	ck_assert_int_gt(daemon, 1);
	ck_assert_int_eq(kill(daemon, 0), 0);
	kill(daemon, SIGKILL);
}
END_TEST

START_TEST(a_daemon_that_goes_on_writing_does_not_delay)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result =
		run_script("setsid sh -c 'echo $$; exec yes' & sleep 0.3", &arena);

	ck_assert(process_succeeded(&result));
	ck_assert_int_lt(result.elapsed_ms, 5000);
	ck_assert_uint_eq(result.output_length, OUTPUT_LIMIT);
	kill(pid_in(result.output), SIGKILL);
}
END_TEST

START_TEST(closed_pipes_are_no_end)
{
	static const char *const argv[] = {"/bin/sh", "-c", "exec >&- 2>&-; sleep 0.4; exit 3",
		NULL};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_request request = shell(argv);
	struct process_result result = run(&request, &arena);

	ck_assert_int_eq(result.end, PROCESS_EXITED);
	ck_assert_int_eq(result.status, 3);
	request.timeout_ms = 100;
	result = run(&request, &arena);
	ck_assert_int_eq(result.end, PROCESS_TIMED_OUT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("process_deadline");
	TCase *deadline = unit_case(suite, "deadline");

	tcase_add_test(deadline, the_deadline_ends_it);
	tcase_add_test(deadline, the_deadline_kills_what_will_not_go);
	tcase_add_test(deadline, the_deadline_kills_grandchildren);
	tcase_add_test(deadline, a_grandchild_with_the_pipes_does_not_delay);
	tcase_add_test(deadline, a_daemon_neither_delays_nor_dies);
	tcase_add_test(deadline, a_daemon_that_goes_on_writing_does_not_delay);
	tcase_add_test(deadline, closed_pipes_are_no_end);
	return unit_run(suite);
}
