#include "system/side_process.h"

#include "unit.h"

#include <signal.h>
#include <sys/wait.h>

struct work {
	int number;
	int result;
};

static void add_one(void *context)
{
	struct work *work = context;

	work->result = work->number + 1;
}

static void crash(void *context)
{
	(void)context;
	raise(SIGKILL);
}

static void sleep_long(void *context)
{
	(void)context;
	sleep(60);
}

static struct side_work side_work_of(struct work *work, void (*run)(void *context))
{
	return (struct side_work){run, work, &work->result, sizeof(work->result)};
}

static bool no_child_is_left(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

START_TEST(brings_back_its_result)
{
	struct side_process side cleanup_side_process = SIDE_PROCESS_INIT;
	struct work work = {.number = 41};
	const struct side_work side_work = side_work_of(&work, add_one);
	struct error err;
	int result = 0;

	unit_assert_ok(side_process_begin(&side, &side_work, &err), err);
	ck_assert(side_process_end(&side, &result, sizeof(result), 10000));
	ck_assert_int_eq(result, 42);
	ck_assert_int_eq(work.result, 0);
	ck_assert(no_child_is_left());
}
END_TEST

START_TEST(may_be_left_to_end_by_itself)
{
	struct side_process side cleanup_side_process = SIDE_PROCESS_INIT;
	struct work work = {.number = 41};
	const struct side_work side_work = side_work_of(&work, add_one);
	struct error err;
	int result = 0;

	unit_assert_ok(side_process_begin(&side, &side_work, &err), err);
	ck_assert(side_process_take(&side, &result, sizeof(result), 10000));
	ck_assert_int_eq(result, 42);
	ck_assert_int_eq(kill(side.pid, 0), 0);
	side_process_stop(&side);
	ck_assert(no_child_is_left());
}
END_TEST

START_TEST(survives_a_crash)
{
	struct side_process side cleanup_side_process = SIDE_PROCESS_INIT;
	struct work work = {0};
	const struct side_work side_work = side_work_of(&work, crash);
	struct error err;
	int result = 7;

	unit_assert_ok(side_process_begin(&side, &side_work, &err), err);
	ck_assert(!side_process_end(&side, &result, sizeof(result), 10000));
	ck_assert_int_eq(result, 7);
	ck_assert(no_child_is_left());
}
END_TEST

START_TEST(does_not_wait_for_ever)
{
	struct side_process side cleanup_side_process = SIDE_PROCESS_INIT;
	struct work work = {0};
	const struct side_work side_work = side_work_of(&work, sleep_long);
	struct error err;
	int result;

	unit_assert_ok(side_process_begin(&side, &side_work, &err), err);
	ck_assert(!side_process_end(&side, &result, sizeof(result), 50));
	ck_assert(no_child_is_left());
}
END_TEST

static void leave_scope(void)
{
	struct side_process side cleanup_side_process = SIDE_PROCESS_INIT;
	struct work work = {0};
	const struct side_work side_work = side_work_of(&work, sleep_long);
	struct error err;

	unit_assert_ok(side_process_begin(&side, &side_work, &err), err);
}

START_TEST(does_not_outlive_its_scope)
{
	struct side_process none = SIDE_PROCESS_INIT;
	int result;

	leave_scope();
	ck_assert(no_child_is_left());
	ck_assert(!side_process_end(&none, &result, sizeof(result), 10000));
	side_process_stop(&none);
}
END_TEST

START_TEST(refuses_a_result_too_large)
{
	struct side_process side cleanup_side_process = SIDE_PROCESS_INIT;
	struct work work = {0};
	struct side_work side_work = side_work_of(&work, add_one);
	struct error err;

	side_work.size = 4097;
	ck_assert(!side_process_begin(&side, &side_work, &err));
	unit_assert_error(err, ERROR_BUG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("side_process");
	TCase *side = unit_case(suite, "side");

	tcase_add_test(side, brings_back_its_result);
	tcase_add_test(side, may_be_left_to_end_by_itself);
	tcase_add_test(side, survives_a_crash);
	tcase_add_test(side, does_not_wait_for_ever);
	tcase_add_test(side, does_not_outlive_its_scope);
	tcase_add_test(side, refuses_a_result_too_large);
	return unit_run(suite);
}
