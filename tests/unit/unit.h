/*
 * What every unit test program shares: libcheck, TAP on stdout, a scratch directory, tests for root
 * only.
 *
 *	START_TEST(refuses_a_blank) { ck_assert(!parse(" ")); } END_TEST
 *
 *	int main(void)
 *	{
 *		Suite *suite = suite_create("number");
 *		TCase *parse = unit_case(suite, "parse");
 *
 *		tcase_add_test(parse, refuses_a_blank);
 *		unit_add_root_test(parse, reads_a_file_of_root);
 *		return unit_run(suite);
 *	}
 *
 * Each test runs in a process of its own (libcheck's fork mode). Tests write below unit_scratch()
 * only; it is removed at the end, whatever the tests did.
 */
#ifndef POSTIGO_TESTS_UNIT_H
#define POSTIGO_TESTS_UNIT_H

#include "base/error.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIT_TIMEOUT_SECONDS 30

/* The scratch directory of this program: made by unit_run(), 0755. */
static inline char *unit_scratch(void)
{
	static char path[64] = "/tmp/postigo-unit.XXXXXX";

	return path;
}

static inline int unit_remove_entry(const char *path, const struct stat *status, int type,
	struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static inline void unit_remove_tree(const char *path)
{
	nftw(path, unit_remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/*
 * Makes the directory `name` (0755) in the scratch directory and returns an open descriptor of it.
 * It is empty: what an earlier test left in one of this name is removed.
 */
static inline int unit_directory(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", unit_scratch(), name);
	unit_remove_tree(path);
	ck_assert_msg(mkdir(path, 0755) == 0, "mkdir %s: %s", path, strerror(errno));
	ck_assert_int_eq(chmod(path, 0755), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/* Writes the file `name` in an open directory, with exactly this mode. */
static inline void unit_write_file(int directory, const char *name, const char *text, mode_t mode)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_msg(fd >= 0, "open %s: %s", name, strerror(errno));
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

/*
 * Asserts that the file `name` in an open directory holds exactly `expected` (shorter than 64 KiB).
 */
static inline void unit_assert_file(int directory, const char *name, const char *expected)
{
	static char text[65536];
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	ck_assert_msg(fd >= 0, "open %s: %s", name, strerror(errno));
	length = read(fd, text, sizeof(text) - 1);
	ck_assert_int_ge(length, 0);
	text[length] = '\0';
	close(fd);
	ck_assert_str_eq(text, expected);
}

/* Asserts that a call succeeded; shows its error otherwise. */
#define unit_assert_ok(expression, err)                                                            \
	ck_assert_msg((expression), "%s: %s: %s", #expression, (err).what, (err).why)

/* Asserts that an error has `code`, and says what happened. */
#define unit_assert_error(err, expected)                                                           \
	do {                                                                                       \
		ck_assert_msg((err).code == (expected), "%s instead of %s: %s: %s",                \
			error_name((err).code), error_name(expected), (err).what, (err).why);      \
		ck_assert_str_ne((err).what, "");                                                  \
	} while (0)

/* Adds a test case with the house's time limit to the suite. */
static inline TCase *unit_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, UNIT_TIMEOUT_SECONDS);
	suite_add_tcase(suite, tcase);
	return tcase;
}

static inline void unit_nothing(int index)
{
	(void)index;
}

/* Returns `test`, or where it is not possible its stand-in: a test that does nothing and reports
 * "NAME # SKIP reason". */
static inline const TTest *unit_test_if(bool possible, const TTest *test, const char *reason)
{
	static struct {
		TTest test;
		char name[96];
	} skipped[128];
	static size_t count;

	if (possible)
		return test;
	if (count == ARRAY_LENGTH(skipped))
		abort();
	snprintf(skipped[count].name, sizeof(skipped[count].name), "%s # SKIP %s", test->name,
		reason);
	skipped[count].test = (TTest){skipped[count].name, unit_nothing, test->file, test->line};
	return &skipped[count++].test;
}

static inline const TTest *unit_root_test(const TTest *test)
{
	return unit_test_if(geteuid() == 0, test, "needs root");
}

/* Adds a test that needs root; without root it is reported as skipped, by name. */
#define unit_add_root_test(tcase, test) tcase_add_test(tcase, unit_root_test(test))

/* Runs the suite, prints TAP, removes the scratch directory. Returns the exit status of main(). */
static inline int unit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	umask(022);
	if (!mkdtemp(unit_scratch()) || chmod(unit_scratch(), 0755) != 0)
		return 99;
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	unit_remove_tree(unit_scratch());
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
