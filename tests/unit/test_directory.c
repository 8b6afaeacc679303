#include "system/directory.h"

#include "unit.h"

START_TEST(names_are_listed_sorted)
{
	int directory cleanup_close = unit_directory("list");
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	struct error err;

	unit_assert_ok(directory_list(directory, 0, &arena, &names, &err), err);
	ck_assert_uint_eq(names.count, 0);
	unit_write_file(directory, "b", "", 0600);
	unit_write_file(directory, "B", "", 0600);
	unit_write_file(directory, ".hidden", "", 0600);
	ck_assert_int_eq(mkdirat(directory, "a", 0700), 0);
	unit_assert_ok(directory_list(directory, 4, &arena, &names, &err), err);
	ck_assert_str_eq(string_list_join(&names, &arena, " "), ".hidden B a b");
}
END_TEST

START_TEST(a_list_can_be_repeated)
{
	int directory cleanup_close = unit_directory("again");
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	struct error err;

	unit_write_file(directory, "one", "", 0600);
	for (int i = 0; i < 3; i++) {
		unit_assert_ok(directory_list(directory, 10, &arena, &names, &err), err);
		ck_assert_uint_eq(names.count, 1);
	}
	ck_assert_int_ge(fcntl(directory, F_GETFD), 0);
}
END_TEST

START_TEST(too_many_names_are_an_error)
{
	int directory cleanup_close = unit_directory("many");
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	struct error err;

	unit_write_file(directory, "a", "", 0600);
	unit_write_file(directory, "b", "", 0600);
	ck_assert(!directory_list(directory, 1, &arena, &names, &err));
	unit_assert_error(err, ERROR_CAPACITY);
	ck_assert_uint_eq(names.count, 0);
	ck_assert(!directory_list(-1, 1, &arena, &names, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
}
END_TEST

START_TEST(sync_works_on_a_directory)
{
	int directory cleanup_close = unit_directory("sync");
	struct error err;

	unit_assert_ok(directory_sync(directory, "sync", &err), err);
	ck_assert(!directory_sync(-1, "lost", &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert_ptr_nonnull(strstr(err.what, "lost"));
}
END_TEST

START_TEST(ensure_makes_a_directory)
{
	int parent cleanup_close = unit_directory("ensure");
	int fd cleanup_close = -1;
	struct stat status;
	struct error err;

	umask(0777);
	unit_assert_ok(directory_ensure(parent, "queue", 01730, 4321, &fd, &err), err);
	ck_assert_int_eq(fstat(fd, &status), 0);
	ck_assert(S_ISDIR(status.st_mode));
	ck_assert_uint_eq(status.st_mode & 07777, 01730);
	ck_assert_uint_eq(status.st_uid, 0);
	ck_assert_uint_eq(status.st_gid, 4321);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}
END_TEST

START_TEST(ensure_leaves_an_existing_one_alone)
{
	int parent cleanup_close = unit_directory("existing");
	int fd cleanup_close = -1;
	struct stat status;
	struct error err;

	ck_assert_int_eq(mkdirat(parent, "queue", 0711), 0);
	ck_assert_int_eq(fchownat(parent, "queue", 1234, 1234, 0), 0);
	unit_assert_ok(directory_ensure(parent, "queue", 0700, 0, &fd, &err), err);
	ck_assert_int_eq(fstat(fd, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0711);
	ck_assert_uint_eq(status.st_uid, 1234);
	ck_assert_uint_eq(status.st_gid, 1234);
}
END_TEST

START_TEST(ensure_refuses_what_is_no_directory)
{
	int parent cleanup_close = unit_directory("way");
	struct error err;
	int fd = -2;

	unit_write_file(parent, "file", "", 0600);
	ck_assert_int_eq(mkdirat(parent, "real", 0755), 0);
	ck_assert_int_eq(symlinkat("real", parent, "link"), 0);
	ck_assert(!directory_ensure(parent, "file", 0700, 0, &fd, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert(!directory_ensure(parent, "link", 0700, 0, &fd, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert(!directory_ensure(parent, "absent/queue", 0700, 0, &fd, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert_int_eq(fd, -2);
}
END_TEST

START_TEST(ensure_leaves_nothing_half_made)
{
	int parent cleanup_close = unit_directory("half");
	struct error err;
	struct stat status;
	int fd = -2;

	ck_assert_int_eq(fchown(parent, 1234, 1234), 0);
	ck_assert_int_eq(setegid(1234), 0);
	ck_assert_int_eq(seteuid(1234), 0);
	ck_assert(!directory_ensure(parent, "queue", 0700, 0, &fd, &err));
	ck_assert_int_eq(seteuid(0), 0);
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert_int_eq(fstatat(parent, "queue", &status, 0), -1);
	ck_assert_int_eq(fd, -2);
}
END_TEST

START_TEST(empty_unlinks_all_files)
{
	int directory cleanup_close = unit_directory("empty");
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	struct error err;

	unit_write_file(directory, "map", "", 0600);
	unit_write_file(directory, ".hidden", "", 0);
	ck_assert_int_eq(symlinkat("/", directory, "link"), 0);
	ck_assert_int_eq(mkfifoat(directory, "fifo", 0600), 0);
	unit_assert_ok(directory_empty(directory, &err), err);
	unit_assert_ok(directory_list(directory, 10, &arena, &names, &err), err);
	ck_assert_uint_eq(names.count, 0);
	unit_assert_ok(directory_empty(directory, &err), err);
}
END_TEST

START_TEST(empty_refuses_a_directory)
{
	int directory cleanup_close = unit_directory("tree");
	struct stat status;
	struct error err;

	ck_assert_int_eq(mkdirat(directory, "sub", 0755), 0);
	ck_assert(!directory_empty(directory, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.what, "sub"));
	ck_assert_int_eq(fstatat(directory, "sub", &status, 0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("directory");
	TCase *list = unit_case(suite, "list");
	TCase *ensure = unit_case(suite, "ensure");
	TCase *empty = unit_case(suite, "empty");

	tcase_add_test(list, names_are_listed_sorted);
	tcase_add_test(list, a_list_can_be_repeated);
	tcase_add_test(list, too_many_names_are_an_error);
	tcase_add_test(list, sync_works_on_a_directory);
	unit_add_root_test(ensure, ensure_makes_a_directory);
	unit_add_root_test(ensure, ensure_leaves_an_existing_one_alone);
	tcase_add_test(ensure, ensure_refuses_what_is_no_directory);
	unit_add_root_test(ensure, ensure_leaves_nothing_half_made);
	tcase_add_test(empty, empty_unlinks_all_files);
	tcase_add_test(empty, empty_refuses_a_directory);
	return unit_run(suite);
}
