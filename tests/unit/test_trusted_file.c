#include "system/trusted_file.h"

#include "unit.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char *scratch_path(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", unit_scratch(), name);
	return path;
}

static enum lookup_result open_it(int directory, const char *name, struct error *err)
{
	int fd = -2;
	enum lookup_result result = trusted_file_open(directory, name, &fd, NULL, err);

	if (result == LOOKUP_FOUND)
		close(fd);
	else
		ck_assert_int_eq(fd, -2);
	return result;
}

static void assert_refused(int directory, const char *name)
{
	struct error err;

	ck_assert_int_eq(open_it(directory, name, &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_ne(err.why, "");
	ck_assert_ptr_nonnull(strstr(err.what, name));
}

START_TEST(a_file_of_root_is_opened)
{
	int directory cleanup_close = unit_directory("open");
	int fd cleanup_close = -1;
	struct stat status;
	struct error err;

	unit_write_file(directory, "store", "{}\n", 0644);
	ck_assert_int_eq(trusted_file_open(directory, "store", &fd, &status, &err), LOOKUP_FOUND);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(status.st_size, 3);
	ck_assert_int_eq(open_it(AT_FDCWD, scratch_path("open/store"), &err), LOOKUP_FOUND);
}
END_TEST

START_TEST(an_absent_file_is_not_found)
{
	int directory cleanup_close = unit_directory("absent");
	struct error err;

	ck_assert_int_eq(open_it(directory, "store", &err), LOOKUP_NOT_FOUND);
	ck_assert_int_eq(open_it(directory, "sub/store", &err), LOOKUP_NOT_FOUND);
}
END_TEST

START_TEST(what_cannot_be_opened_is_no_absence)
{
	int directory cleanup_close = unit_directory("failed");
	struct error err;

	unit_write_file(directory, "file", "", 0644);
	ck_assert_int_eq(open_it(directory, "file/store", &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert_int_eq(open_it(-1, "store", &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_FILESYSTEM);
}
END_TEST

START_TEST(links_are_refused)
{
	int directory cleanup_close = unit_directory("links");

	unit_write_file(directory, "store", "", 0644);
	ck_assert_int_eq(symlinkat("store", directory, "soft"), 0);
	ck_assert_int_eq(symlinkat("nowhere", directory, "dangling"), 0);
	assert_refused(directory, "soft");
	assert_refused(directory, "dangling");
	ck_assert_int_eq(linkat(directory, "store", directory, "hard", 0), 0);
	assert_refused(directory, "hard");
	assert_refused(directory, "store");
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused_without_waiting)
{
	int directory cleanup_close = unit_directory("kinds");
	int fd cleanup_close = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s",
		scratch_path("kinds/socket"));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(mkdirat(directory, "directory", 0755), 0);
	ck_assert_int_eq(mkfifoat(directory, "fifo", 0644), 0);
	assert_refused(directory, "directory");
	assert_refused(directory, "fifo");
	assert_refused(directory, "socket");
	assert_refused(AT_FDCWD, "/dev/null");
}
END_TEST

START_TEST(others_must_not_write)
{
	static const mode_t modes[] = {0664, 0646, 0602, 0620, 0666};
	int directory cleanup_close = unit_directory("modes");
	struct error err;

	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		unit_write_file(directory, "store", "", modes[i]);
		assert_refused(directory, "store");
	}
	unit_write_file(directory, "store", "", 0755);
	ck_assert_int_eq(open_it(directory, "store", &err), LOOKUP_FOUND);
}
END_TEST

START_TEST(it_must_be_roots)
{
	int directory cleanup_close = unit_directory("owner");

	unit_write_file(directory, "store", "", 0644);
	ck_assert_int_eq(fchownat(directory, "store", 1234, 0, 0), 0);
	assert_refused(directory, "store");
}
END_TEST

START_TEST(a_file_replaced_meanwhile_is_no_fault)
{
	int directory cleanup_close = unit_directory("race");
	struct error err;
	pid_t pid;

	unit_write_file(directory, "store", "", 0644);
	pid = fork();
	if (pid == 0) {
		for (;;) {
			int fd = openat(directory, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

			close(fd);
			renameat(directory, "new", directory, "store");
		}
	}
	for (int i = 0; i < 20000; i++) {
		enum lookup_result result = open_it(directory, "store", &err);

		if (result != LOOKUP_FOUND)
			kill(pid, SIGKILL);
		ck_assert_msg(result == LOOKUP_FOUND, "%s: %s", err.what, err.why);
	}
	kill(pid, SIGKILL);
}
END_TEST

START_TEST(a_file_is_read_whole)
{
	int directory cleanup_close = unit_directory("read");
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text = NULL;
	size_t length = 0;
	struct error err;

	unit_write_file(directory, "store", "0123456789", 0644);
	ck_assert_int_eq(trusted_file_read(directory, "store", 10, &arena, &text, &length, &err),
		LOOKUP_FOUND);
	ck_assert_str_eq(text, "0123456789");
	ck_assert_uint_eq(length, 10);
	unit_write_file(directory, "store", "", 0644);
	ck_assert_int_eq(trusted_file_read(directory, "store", 0, &arena, &text, &length, &err),
		LOOKUP_FOUND);
	ck_assert_str_eq(text, "");
	ck_assert_uint_eq(length, 0);
	ck_assert_int_eq(trusted_file_read(directory, "none", 10, &arena, &text, &length, &err),
		LOOKUP_NOT_FOUND);
}
END_TEST

START_TEST(a_file_over_the_limit_is_refused)
{
	int directory cleanup_close = unit_directory("limit");
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text = "untouched";
	size_t length = 42;
	struct error err;

	unit_write_file(directory, "store", "0123456789", 0644);
	ck_assert_int_eq(trusted_file_read(directory, "store", 9, &arena, &text, &length, &err),
		LOOKUP_FAILED);
	unit_assert_error(err, ERROR_CAPACITY);
	ck_assert_str_eq(text, "untouched");
	ck_assert_uint_eq(length, 42);
}
END_TEST

START_TEST(file_read_starts_at_the_start)
{
	int directory cleanup_close = unit_directory("offset");
	struct arena arena cleanup_arena = ARENA_INIT;
	int fd cleanup_close = -1;
	const char *text = NULL;
	size_t length = 0;
	struct error err;

	unit_write_file(directory, "file", "0123456789", 0644);
	fd = openat(directory, "file", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(lseek(fd, 5, SEEK_SET), 5);
	unit_assert_ok(file_read(fd, 100, &arena, &text, &length, &err), err);
	ck_assert_str_eq(text, "0123456789");
}
END_TEST

START_TEST(file_read_keeps_nul_bytes)
{
	int directory cleanup_close = unit_directory("nul");
	struct arena arena cleanup_arena = ARENA_INIT;
	int fd cleanup_close = openat(directory, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	const char *text = NULL;
	size_t length = 0;
	struct error err;

	ck_assert_int_eq(write(fd, "a\0b", 3), 3);
	unit_assert_ok(file_read(fd, 100, &arena, &text, &length, &err), err);
	ck_assert_uint_eq(length, 3);
	ck_assert_mem_eq(text, "a\0b", 4);
}
END_TEST

START_TEST(file_read_wants_a_regular_file)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int fd cleanup_close = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	const char *text;
	size_t length;
	struct error err;

	ck_assert(!file_read(fd, 100, &arena, &text, &length, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert(!file_read(-1, 100, &arena, &text, &length, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
}
END_TEST

static bool opens(bool (*open_function)(const char *, int *, struct error *), const char *name,
	struct error *err)
{
	int fd = -2;
	bool opened = open_function(scratch_path(name), &fd, err);

	if (opened)
		close(fd);
	else
		ck_assert_int_eq(fd, -2);
	return opened;
}

static void assert_directory_refused(bool (*open_function)(const char *, int *, struct error *),
	const char *name)
{
	struct error err;

	ck_assert_msg(!opens(open_function, name, &err), "%s was opened", name);
	unit_assert_error(err, ERROR_CONFIG);
}

START_TEST(a_directory_of_root_is_opened)
{
	int directory cleanup_close = unit_directory("trusted");
	struct error err;

	unit_assert_ok(opens(trusted_directory_open, "trusted", &err), err);
	unit_assert_ok(opens(trusted_directory_open, "trusted///", &err), err);
	unit_assert_ok(opens(trusted_path_open, "trusted", &err), err);
	unit_assert_ok(opens(trusted_path_open, "./trusted//", &err), err);
	ck_assert_int_eq(fchmod(directory, 01770), 0);
	unit_assert_ok(opens(trusted_directory_open, "trusted", &err), err);
}
END_TEST

START_TEST(an_untrustworthy_directory_is_refused)
{
	static const mode_t modes[] = {0775, 0757, 0777, 01777, 01773};
	int directory cleanup_close = unit_directory("refused");

	assert_directory_refused(trusted_directory_open, "nowhere");
	assert_directory_refused(trusted_path_open, "nowhere");
	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		ck_assert_int_eq(fchmod(directory, modes[i]), 0);
		assert_directory_refused(trusted_directory_open, "refused");
		assert_directory_refused(trusted_path_open, "refused");
	}
	ck_assert_int_eq(fchmod(directory, 0755), 0);
	ck_assert_int_eq(fchown(directory, 1234, 0), 0);
	assert_directory_refused(trusted_directory_open, "refused");
	assert_directory_refused(trusted_path_open, "refused");
}
END_TEST

START_TEST(what_is_no_directory_is_refused)
{
	int directory cleanup_close = unit_directory("no");

	unit_write_file(directory, "file", "", 0644);
	ck_assert_int_eq(mkdirat(directory, "real", 0755), 0);
	ck_assert_int_eq(symlinkat("real", directory, "link"), 0);
	assert_directory_refused(trusted_directory_open, "no/file");
	assert_directory_refused(trusted_path_open, "no/file");
	assert_directory_refused(trusted_directory_open, "no/link");
	assert_directory_refused(trusted_directory_open, "no/link/");
	assert_directory_refused(trusted_path_open, "no/link");
	assert_directory_refused(trusted_path_open, "no/link/");
}
END_TEST

START_TEST(every_parent_is_held_to_the_rule)
{
	int directory cleanup_close = unit_directory("parent");
	struct error err;

	ck_assert_int_eq(mkdirat(directory, "maps", 0755), 0);
	ck_assert_int_eq(symlinkat("parent", AT_FDCWD, scratch_path("alias")), 0);
	unit_assert_ok(opens(trusted_path_open, "parent/maps", &err), err);
	assert_directory_refused(trusted_path_open, "alias/maps");
	ck_assert_int_eq(fchmod(directory, 0775), 0);
	assert_directory_refused(trusted_path_open, "parent/maps");
	unit_assert_ok(opens(trusted_directory_open, "parent/maps", &err), err);
	ck_assert_int_eq(fchmod(directory, 01777), 0);
	unit_assert_ok(opens(trusted_path_open, "parent/maps", &err), err);
	ck_assert_int_eq(fchmod(directory, 0755), 0);
	ck_assert_int_eq(fchown(directory, 1234, 0), 0);
	assert_directory_refused(trusted_path_open, "parent/maps");
}
END_TEST

START_TEST(a_path_is_absolute)
{
	struct error err;
	int fd = -2;

	ck_assert(!trusted_path_open("etc", &fd, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert(!trusted_path_open("", &fd, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_int_eq(fd, -2);
	unit_assert_ok(trusted_path_open("/", &fd, &err), err);
	close(fd);
}
END_TEST

START_TEST(a_program_of_root_may_be_run)
{
	struct error err;

	unit_assert_ok(trusted_program_check("/bin/sh", &err), err);
}
END_TEST

START_TEST(other_programs_may_not)
{
	int directory cleanup_close = unit_directory("programs");
	struct error err;

	ck_assert(!trusted_program_check("sh", &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert(!trusted_program_check("/nonexistent/sh", &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert(!trusted_program_check("/bin", &err));
	unit_assert_error(err, ERROR_CONFIG);
	unit_write_file(directory, "program", "", 0644);
	ck_assert(!trusted_program_check(scratch_path("programs/program"), &err));
	unit_assert_error(err, ERROR_CONFIG);
	unit_write_file(directory, "program", "", 0775);
	ck_assert(!trusted_program_check(scratch_path("programs/program"), &err));
	unit_assert_error(err, ERROR_CONFIG);
	unit_write_file(directory, "program", "", 0755);
	unit_assert_ok(trusted_program_check(scratch_path("programs/program"), &err), err);
	ck_assert_int_eq(fchownat(directory, "program", 1234, 0, 0), 0);
	ck_assert(!trusted_program_check(scratch_path("programs/program"), &err));
	unit_assert_error(err, ERROR_CONFIG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trusted_file");
	TCase *file = unit_case(suite, "file");
	TCase *read_case = unit_case(suite, "read");
	TCase *directory = unit_case(suite, "directory");
	TCase *program = unit_case(suite, "program");

	unit_add_root_test(file, a_file_of_root_is_opened);
	tcase_add_test(file, an_absent_file_is_not_found);
	tcase_add_test(file, what_cannot_be_opened_is_no_absence);
	tcase_add_test(file, links_are_refused);
	tcase_add_test(file, what_is_no_regular_file_is_refused_without_waiting);
	unit_add_root_test(file, others_must_not_write);
	unit_add_root_test(file, it_must_be_roots);
	unit_add_root_test(file, a_file_replaced_meanwhile_is_no_fault);
	unit_add_root_test(read_case, a_file_is_read_whole);
	unit_add_root_test(read_case, a_file_over_the_limit_is_refused);
	tcase_add_test(read_case, file_read_starts_at_the_start);
	tcase_add_test(read_case, file_read_keeps_nul_bytes);
	tcase_add_test(read_case, file_read_wants_a_regular_file);
	unit_add_root_test(directory, a_directory_of_root_is_opened);
	unit_add_root_test(directory, an_untrustworthy_directory_is_refused);
	unit_add_root_test(directory, what_is_no_directory_is_refused);
	unit_add_root_test(directory, every_parent_is_held_to_the_rule);
	tcase_add_test(directory, a_path_is_absolute);
	tcase_add_test(program, a_program_of_root_may_be_run);
	unit_add_root_test(program, other_programs_may_not);
	return unit_run(suite);
}
