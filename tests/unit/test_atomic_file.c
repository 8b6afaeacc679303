#include "system/atomic_file.h"

#include "system/directory.h"
#include "unit.h"

#include <signal.h>
#include <sys/resource.h>

static struct atomic_file_settings mine(mode_t mode)
{
	return (struct atomic_file_settings){.mode = mode, .owner = geteuid(), .group = getegid()};
}

/* How many names a directory holds. */
static size_t names_in(int directory)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	struct error err;

	unit_assert_ok(directory_list(directory, 100, &arena, &names, &err), err);
	return names.count;
}

START_TEST(temporaries_are_known_by_their_name)
{
	static const char *const others[] = {"", ".", "..", "map", ".map", "map.0123456789abcdef", ".0123456789abcdef",
		".map.0123456789abcde", ".map.0123456789abcdeg", ".map.0123456789abcdef0", ".map.0123456789abcdef~"};

	ck_assert(atomic_file_is_temporary(".map.0123456789abcdef"));
	ck_assert(atomic_file_is_temporary(".20001.json.00000000000000ff"));
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
		ck_assert_msg(!atomic_file_is_temporary(others[i]), "\"%s\"", others[i]);
}
END_TEST

START_TEST(replace_makes_a_file)
{
	int directory cleanup_close = unit_directory("made");
	const struct atomic_file_settings settings = mine(0640);
	struct stat status;
	struct error err;

	unit_assert_ok(atomic_file_replace(directory, "map", &settings, "content\n", 8, &err), err);
	unit_assert_file(directory, "map", "content\n");
	ck_assert_int_eq(fstatat(directory, "map", &status, 0), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
	ck_assert_uint_eq(status.st_uid, geteuid());
	ck_assert_uint_eq(names_in(directory), 1);
}
END_TEST

START_TEST(the_mode_does_not_depend_on_the_umask)
{
	int directory cleanup_close = unit_directory("umask");
	const struct atomic_file_settings settings = mine(0664);
	struct stat status;
	struct error err;

	umask(0777);
	unit_assert_ok(atomic_file_replace(directory, "map", &settings, "", 0, &err), err);
	ck_assert_int_eq(fstatat(directory, "map", &status, 0), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0664);
}
END_TEST

START_TEST(owner_and_group_are_set)
{
	int directory cleanup_close = unit_directory("owner");
	const struct atomic_file_settings settings = {.mode = 0440, .owner = 1234, .group = 4321};
	struct stat status;
	struct error err;

	unit_assert_ok(atomic_file_replace(directory, "map", &settings, "x", 1, &err), err);
	ck_assert_int_eq(fstatat(directory, "map", &status, 0), 0);
	ck_assert_uint_eq(status.st_uid, 1234);
	ck_assert_uint_eq(status.st_gid, 4321);
	ck_assert_uint_eq(status.st_mode & 07777, 0440);
}
END_TEST

START_TEST(the_temporary_is_private_and_named_after_the_file)
{
	int directory cleanup_close = unit_directory("temporary");
	const struct atomic_file_settings settings = mine(0644);
	struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;
	struct stat status;
	struct error err;

	unit_assert_ok(atomic_file_begin(&file, directory, "map", &settings, &err), err);
	ck_assert_int_eq(strncmp(file.temporary, ".map.", 5), 0);
	ck_assert_uint_eq(strlen(file.temporary), 5 + 16);
	ck_assert_int_eq(fstatat(directory, file.temporary, &status, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert_int_eq(fcntl(file.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}
END_TEST

START_TEST(readers_see_the_old_content_until_commit)
{
	int directory cleanup_close = unit_directory("old");
	const struct atomic_file_settings settings = mine(0644);
	struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;
	struct error err;

	unit_write_file(directory, "map", "old", 0644);
	unit_assert_ok(atomic_file_begin(&file, directory, "map", &settings, &err), err);
	unit_assert_ok(atomic_file_write(&file, "new", 3, &err), err);
	unit_assert_file(directory, "map", "old");
	unit_assert_ok(atomic_file_seal(&file, &err), err);
	unit_assert_file(directory, "map", "old");
	unit_assert_file(directory, file.temporary, "new");
	unit_assert_ok(atomic_file_commit(&file, &err), err);
	unit_assert_file(directory, "map", "new");
	ck_assert_uint_eq(names_in(directory), 1);
}
END_TEST

START_TEST(discard_leaves_nothing)
{
	int directory cleanup_close = unit_directory("discard");
	const struct atomic_file_settings settings = mine(0644);
	struct atomic_file file = ATOMIC_FILE_INIT;
	struct error err;

	unit_write_file(directory, "map", "old", 0644);
	unit_assert_ok(atomic_file_begin(&file, directory, "map", &settings, &err), err);
	unit_assert_ok(atomic_file_write(&file, "new", 3, &err), err);
	unit_assert_ok(atomic_file_seal(&file, &err), err);
	atomic_file_discard(&file);
	ck_assert_int_eq(file.fd, -1);
	ck_assert_ptr_null(file.buffer);
	atomic_file_discard(&file);
	unit_assert_file(directory, "map", "old");
	ck_assert_uint_eq(names_in(directory), 1);
}
END_TEST

START_TEST(leaving_the_scope_discards)
{
	int directory cleanup_close = unit_directory("scope");
	const struct atomic_file_settings settings = mine(0644);
	struct error err;

	for (int i = 0; i < 3; i++) {
		struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;

		unit_assert_ok(atomic_file_begin(&file, directory, "map", &settings, &err), err);
		ck_assert_uint_eq(names_in(directory), 1);
	}
	ck_assert_uint_eq(names_in(directory), 0);
}
END_TEST

START_TEST(a_committed_file_survives_the_scope)
{
	int directory cleanup_close = unit_directory("committed");
	const struct atomic_file_settings settings = mine(0644);
	struct error err;

	{
		struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;

		unit_assert_ok(atomic_file_begin(&file, directory, "map", &settings, &err), err);
		unit_assert_ok(atomic_file_commit(&file, &err), err);
	}
	unit_assert_file(directory, "map", "");
}
END_TEST

START_TEST(many_small_and_one_large_write)
{
	int directory cleanup_close = unit_directory("large");
	const struct atomic_file_settings settings = mine(0644);
	struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;
	size_t length = (size_t)3 << 20;
	char *bytes cleanup_free = malloc(length);
	char *back cleanup_free = malloc(length + 700001);
	int fd cleanup_close = -1;
	struct error err;

	for (size_t i = 0; i < length; i++)
		bytes[i] = (char)(i * 7919 >> 3);
	unit_assert_ok(atomic_file_begin(&file, directory, "map", &settings, &err), err);
	for (int i = 0; i < 100000; i++)
		unit_assert_ok(atomic_file_write(&file, "seven.\n", 7, &err), err);
	unit_assert_ok(atomic_file_write(&file, bytes, length, &err), err);
	unit_assert_ok(atomic_file_write(&file, "", 0, &err), err);
	unit_assert_ok(atomic_file_write(&file, "!", 1, &err), err);
	unit_assert_ok(atomic_file_commit(&file, &err), err);
	fd = openat(directory, "map", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(read(fd, back, length + 700001), (ssize_t)(length + 700001));
	ck_assert_mem_eq(back + 699993, "seven.\n", 7);
	ck_assert(memcmp(back + 700000, bytes, length) == 0);
	ck_assert_int_eq(back[length + 700000], '!');
	ck_assert_int_eq(read(fd, back, 1), 0);
}
END_TEST

/* RLIMIT_FSIZE gives what a full disk gives: a short write, then an error. */
static void limit_files(rlim_t bytes)
{
	const struct rlimit limit = {bytes, bytes};
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	ck_assert_int_eq(sigaction(SIGXFSZ, &ignore, NULL), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_failed_write_keeps_the_old_content)
{
	int directory cleanup_close = unit_directory("failed");
	const struct atomic_file_settings settings = mine(0644);
	static char bytes[100000];
	struct rlimit before;
	struct error err;

	unit_write_file(directory, "map", "old", 0644);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	memset(bytes, 'n', sizeof(bytes));
	limit_files(50000);
	ck_assert(!atomic_file_replace(directory, "map", &settings, bytes, sizeof(bytes), &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert_str_eq(err.why, strerror(EFBIG));
	ck_assert_ptr_nonnull(strstr(err.what, "map"));
	unit_assert_file(directory, "map", "old");
	ck_assert_uint_eq(names_in(directory), 1);
}
END_TEST

START_TEST(nothing_can_be_committed_after_a_failed_write)
{
	int directory cleanup_close = unit_directory("stubborn");
	const struct atomic_file_settings settings = mine(0644);
	struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;
	size_t length = (size_t)2 << 20;
	char *bytes cleanup_free = calloc(1, length);
	struct error err;

	unit_write_file(directory, "map", "old", 0644);
	limit_files(50000);
	unit_assert_ok(atomic_file_begin(&file, directory, "map", &settings, &err), err);
	ck_assert(!atomic_file_write(&file, bytes, length, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert_uint_eq(names_in(directory), 1);
	ck_assert(!atomic_file_write(&file, "x", 1, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert(!atomic_file_seal(&file, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert(!atomic_file_commit(&file, &err));
	unit_assert_error(err, ERROR_BUG);
	unit_assert_file(directory, "map", "old");
}
END_TEST

START_TEST(nothing_is_written_after_seal)
{
	int directory cleanup_close = unit_directory("sealed");
	const struct atomic_file_settings settings = mine(0644);
	struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;
	struct error err;

	unit_assert_ok(atomic_file_begin(&file, directory, "map", &settings, &err), err);
	unit_assert_ok(atomic_file_write(&file, "all", 3, &err), err);
	unit_assert_ok(atomic_file_seal(&file, &err), err);
	unit_assert_ok(atomic_file_seal(&file, &err), err);
	ck_assert(!atomic_file_write(&file, "more", 4, &err));
	unit_assert_error(err, ERROR_BUG);
	unit_assert_ok(atomic_file_commit(&file, &err), err);
	unit_assert_file(directory, "map", "all");
	ck_assert(!atomic_file_commit(&file, &err));
	unit_assert_error(err, ERROR_BUG);
}
END_TEST

START_TEST(a_directory_in_the_way_is_an_error)
{
	int directory cleanup_close = unit_directory("way");
	const struct atomic_file_settings settings = mine(0644);
	struct error err;

	ck_assert_int_eq(mkdirat(directory, "map", 0755), 0);
	ck_assert(!atomic_file_replace(directory, "map", &settings, "x", 1, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert_uint_eq(names_in(directory), 1);
}
END_TEST

START_TEST(a_link_is_replaced_not_followed)
{
	int directory cleanup_close = unit_directory("link");
	const struct atomic_file_settings settings = mine(0644);
	struct stat status;
	struct error err;

	unit_write_file(directory, "target", "precious", 0644);
	ck_assert_int_eq(symlinkat("target", directory, "map"), 0);
	unit_assert_ok(atomic_file_replace(directory, "map", &settings, "new", 3, &err), err);
	unit_assert_file(directory, "target", "precious");
	unit_assert_file(directory, "map", "new");
	ck_assert_int_eq(fstatat(directory, "map", &status, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(S_ISREG(status.st_mode));
}
END_TEST

START_TEST(names_are_plain)
{
	int directory cleanup_close = unit_directory("names");
	const struct atomic_file_settings settings = mine(0644);
	struct error err;
	char name[200];

	ck_assert(!atomic_file_replace(directory, "../map", &settings, "x", 1, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert(!atomic_file_replace(directory, "", &settings, "x", 1, &err));
	unit_assert_error(err, ERROR_BUG);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert(!atomic_file_replace(directory, name, &settings, "x", 1, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert_str_eq(err.why, strerror(ENAMETOOLONG));
	ck_assert_uint_eq(names_in(directory), 0);
}
END_TEST

START_TEST(a_lost_directory_is_an_error)
{
	const struct atomic_file_settings settings = mine(0644);
	struct error err;

	ck_assert(!atomic_file_replace(-1, "map", &settings, "x", 1, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("atomic_file");
	TCase *content = unit_case(suite, "content");
	TCase *undo = unit_case(suite, "undo");
	TCase *refusal = unit_case(suite, "refusal");

	tcase_add_test(content, temporaries_are_known_by_their_name);
	tcase_add_test(content, replace_makes_a_file);
	tcase_add_test(content, the_mode_does_not_depend_on_the_umask);
	unit_add_root_test(content, owner_and_group_are_set);
	tcase_add_test(content, the_temporary_is_private_and_named_after_the_file);
	tcase_add_test(content, readers_see_the_old_content_until_commit);
	tcase_add_test(content, many_small_and_one_large_write);
	tcase_add_test(undo, discard_leaves_nothing);
	tcase_add_test(undo, leaving_the_scope_discards);
	tcase_add_test(undo, a_committed_file_survives_the_scope);
	tcase_add_test(undo, a_failed_write_keeps_the_old_content);
	tcase_add_test(undo, nothing_can_be_committed_after_a_failed_write);
	tcase_add_test(refusal, nothing_is_written_after_seal);
	tcase_add_test(refusal, a_directory_in_the_way_is_an_error);
	tcase_add_test(refusal, a_link_is_replaced_not_followed);
	tcase_add_test(refusal, names_are_plain);
	tcase_add_test(refusal, a_lost_directory_is_an_error);
	return unit_run(suite);
}
