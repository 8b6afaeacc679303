#include "system/lock_file.h"

#include "base/clock.h"
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>

static const char *lock_path(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/lock", unit_scratch());
	return path;
}

/* Another process that holds the lock for `hold_ms` (negative: until it is killed); returns when it
 * has it. */
static pid_t start_holder(int hold_ms)
{
	int ready[2];
	pid_t pid;
	char byte;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct lock_file lock = LOCK_FILE_INIT;
		struct error err;

		if (!lock_file_acquire(&lock, lock_path(), 0, &err) || write(ready[1], "x", 1) != 1)
			_exit(1);
		if (hold_ms < 0)
			pause();
		usleep((useconds_t)hold_ms * 1000);
		_exit(0);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end_holder(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_free_lock_is_taken_and_released)
{
	struct lock_file lock cleanup_lock = LOCK_FILE_INIT;
	struct stat status;
	struct error err;

	umask(0);
	unit_assert_ok(lock_file_acquire(&lock, lock_path(), 0, &err), err);
	ck_assert_int_ge(lock.fd, 0);
	ck_assert_int_eq(fcntl(lock.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(stat(lock_path(), &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert_int_eq(status.st_size, 0);
	lock_file_release(&lock);
	ck_assert_int_eq(lock.fd, -1);
	lock_file_release(&lock);
	ck_assert_int_eq(stat(lock_path(), &status), 0);
	unit_assert_ok(lock_file_acquire(&lock, lock_path(), 0, &err), err);
}
END_TEST

START_TEST(a_held_lock_is_temporary_after_the_deadline)
{
	struct lock_file lock cleanup_lock = LOCK_FILE_INIT;
	pid_t holder = start_holder(-1);
	int64_t started = clock_monotonic_ms();
	int64_t waited;
	struct error err;

	ck_assert(!lock_file_acquire(&lock, lock_path(), 1200, &err));
	waited = clock_monotonic_ms() - started;
	unit_assert_error(err, ERROR_TEMPORARY);
	ck_assert_str_ne(err.why, "");
	ck_assert_str_ne(err.fix, "");
	ck_assert_int_eq(lock.fd, -1);
	ck_assert_int_ge(waited, 1199);
	ck_assert_int_lt(waited, 5000);
	end_holder(holder);
}
END_TEST

START_TEST(without_timeout_it_is_tried_once)
{
	struct lock_file lock cleanup_lock = LOCK_FILE_INIT;
	pid_t holder = start_holder(-1);
	int64_t started = clock_monotonic_ms();
	struct error err;

	ck_assert(!lock_file_acquire(&lock, lock_path(), 0, &err));
	unit_assert_error(err, ERROR_TEMPORARY);
	ck_assert_int_lt(clock_monotonic_ms() - started, 1000);
	end_holder(holder);
}
END_TEST

START_TEST(a_lock_that_becomes_free_is_taken)
{
	struct lock_file lock cleanup_lock = LOCK_FILE_INIT;
	pid_t holder = start_holder(300);
	struct error err;

	unit_assert_ok(lock_file_acquire(&lock, lock_path(), 20000, &err), err);
	ck_assert_int_eq(waitpid(holder, NULL, 0), holder);
}
END_TEST

START_TEST(the_lock_of_a_killed_process_is_free)
{
	struct lock_file lock cleanup_lock = LOCK_FILE_INIT;
	pid_t holder = start_holder(-1);
	struct error err;

	end_holder(holder);
	unit_assert_ok(lock_file_acquire(&lock, lock_path(), 0, &err), err);
}
END_TEST

START_TEST(it_excludes_within_a_process_too)
{
	struct lock_file first cleanup_lock = LOCK_FILE_INIT;
	struct lock_file second cleanup_lock = LOCK_FILE_INIT;
	struct error err;

	unit_assert_ok(lock_file_acquire(&first, lock_path(), 0, &err), err);
	ck_assert(!lock_file_acquire(&second, lock_path(), 50, &err));
	unit_assert_error(err, ERROR_TEMPORARY);
}
END_TEST

START_TEST(a_link_is_refused)
{
	int directory cleanup_close = unit_directory("link");
	struct lock_file lock cleanup_lock = LOCK_FILE_INIT;
	struct error err;
	char path[128];

	ck_assert_int_eq(symlinkat("elsewhere", directory, "lock"), 0);
	snprintf(path, sizeof(path), "%s/link/lock", unit_scratch());
	ck_assert(!lock_file_acquire(&lock, path, 0, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert_int_ne(faccessat(directory, "elsewhere", F_OK, 0), 0);
}
END_TEST

START_TEST(a_missing_directory_is_an_error)
{
	struct lock_file lock cleanup_lock = LOCK_FILE_INIT;
	struct error err;
	char path[128];

	snprintf(path, sizeof(path), "%s/absent/lock", unit_scratch());
	ck_assert(!lock_file_acquire(&lock, path, 0, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert_str_eq(err.why, strerror(ENOENT));
	ck_assert_int_eq(lock.fd, -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lock_file");
	TCase *lock = unit_case(suite, "lock");
	TCase *refusal = unit_case(suite, "refusal");

	tcase_add_test(lock, a_free_lock_is_taken_and_released);
	tcase_add_test(lock, a_held_lock_is_temporary_after_the_deadline);
	tcase_add_test(lock, without_timeout_it_is_tried_once);
	tcase_add_test(lock, a_lock_that_becomes_free_is_taken);
	tcase_add_test(lock, the_lock_of_a_killed_process_is_free);
	tcase_add_test(lock, it_excludes_within_a_process_too);
	tcase_add_test(refusal, a_link_is_refused);
	tcase_add_test(refusal, a_missing_directory_is_an_error);
	return unit_run(suite);
}
