#include "system/file_access.h"

#include "unit.h"

#include <sched.h>
#include <sys/acl.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define READER 1234

/* Whether a process of this uid and gid may open the path in this way. */
static bool may_open(uid_t uid, gid_t gid, const char *path, int flags)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
			_exit(2);
		_exit(open(path, flags | O_CLOEXEC) >= 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 0;
}

static const char *scratch_path(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", unit_scratch(), name);
	return path;
}

START_TEST(exactly_one_user_may_read)
{
	int directory cleanup_close = unit_directory("one");
	int fd cleanup_close = -1;
	struct stat status;
	struct error err;

	unit_write_file(directory, "status", "{}", 0600);
	fd = openat(directory, "status", O_RDONLY | O_CLOEXEC);
	unit_assert_ok(file_access_grant_reader(fd, READER, &err), err);
	ck_assert(may_open(READER, 65534, scratch_path("one/status"), O_RDONLY));
	ck_assert(!may_open(READER, 65534, scratch_path("one/status"), O_WRONLY));
	ck_assert(!may_open(READER + 1, 0, scratch_path("one/status"), O_RDONLY));
	ck_assert_int_eq(fstat(fd, &status), 0);
	ck_assert_uint_eq(status.st_uid, 0);
	ck_assert_uint_eq(status.st_mode & 07707, 0600);
}
END_TEST

START_TEST(a_later_reader_replaces_the_first)
{
	int directory cleanup_close = unit_directory("later");
	int fd cleanup_close = -1;
	struct error err;

	unit_write_file(directory, "status", "{}", 0644);
	fd = openat(directory, "status", O_RDONLY | O_CLOEXEC);
	unit_assert_ok(file_access_grant_reader(fd, READER, &err), err);
	unit_assert_ok(file_access_grant_reader(fd, READER + 1, &err), err);
	ck_assert(!may_open(READER, 65534, scratch_path("later/status"), O_RDONLY));
	ck_assert(may_open(READER + 1, 65534, scratch_path("later/status"), O_RDONLY));
}
END_TEST

/* ramfs knows no access lists. */
START_TEST(without_access_lists_the_file_is_given_away)
{
	int directory cleanup_close = -1;
	int fd cleanup_close = -1;
	struct stat status;
	struct error err;
	bool set = false;

	close(unit_directory("plain"));
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("none", scratch_path("plain"), "ramfs", 0, NULL), 0);
	directory = open(scratch_path("plain"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unit_write_file(directory, "status", "{}", 0600);
	fd = openat(directory, "status", O_RDONLY | O_CLOEXEC);
	unit_assert_ok(file_access_grant_reader(fd, READER, &err), err);
	ck_assert_int_eq(fstat(fd, &status), 0);
	ck_assert_uint_eq(status.st_uid, READER);
	ck_assert_uint_eq(status.st_mode & 07777, 0400);
	unit_assert_ok(file_access_default_group(scratch_path("plain"), 4321, &err), err);
	unit_assert_ok(file_access_has_default_group(scratch_path("plain"), 4321, &set, &err), err);
	ck_assert(set);
}
END_TEST

START_TEST(a_lost_file_is_an_error)
{
	struct error err;

	ck_assert(!file_access_grant_reader(-1, READER, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert(!file_access_default_group(scratch_path("absent"), 4321, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
}
END_TEST

START_TEST(a_group_reads_what_is_made_in_a_directory)
{
	int directory cleanup_close = unit_directory("store");
	bool set = true;
	struct error err;

	unit_assert_ok(file_access_has_default_group(scratch_path("store"), 4321, &set, &err), err);
	ck_assert(!set);
	unit_assert_ok(file_access_default_group(scratch_path("store"), 4321, &err), err);
	unit_assert_ok(file_access_has_default_group(scratch_path("store"), 4321, &set, &err), err);
	ck_assert(set);
	unit_assert_ok(file_access_has_default_group(scratch_path("store"), 4322, &set, &err), err);
	ck_assert(!set);
	unit_write_file(directory, "aliases.json", "{}", 0640);
	ck_assert_int_eq(fchownat(directory, "aliases.json", 0, 777, 0), 0);
	ck_assert(may_open(1000, 4321, scratch_path("store/aliases.json"), O_RDONLY));
	ck_assert(!may_open(1000, 4321, scratch_path("store/aliases.json"), O_WRONLY));
	ck_assert(may_open(1000, 777, scratch_path("store/aliases.json"), O_RDONLY));
	ck_assert(!may_open(1000, 1000, scratch_path("store/aliases.json"), O_RDONLY));
	unit_write_file(directory, "journal.jsonl", "{}", 0600);
	ck_assert(!may_open(1000, 4321, scratch_path("store/journal.jsonl"), O_RDONLY));
}
END_TEST

/* A right that the mask takes away is none, whatever the group's own entry says. */
START_TEST(a_mask_takes_the_group_away)
{
	int directory cleanup_close = unit_directory("masked");
	acl_t list = acl_from_text("u::rwx,g::r-x,g:4321:r--,m::--x,o::---");
	bool set = true;
	struct error err;

	ck_assert_ptr_nonnull(list);
	ck_assert_int_eq(acl_set_file(scratch_path("masked"), ACL_TYPE_DEFAULT, list), 0);
	acl_free(list);
	unit_write_file(directory, "aliases.json", "{}", 0600);
	ck_assert(!may_open(1000, 4321, scratch_path("masked/aliases.json"), O_RDONLY));
	unit_assert_ok(file_access_has_default_group(scratch_path("masked"), 4321, &set, &err), err);
	ck_assert(!set);
}
END_TEST

START_TEST(an_absent_directory_has_none)
{
	bool set = true;
	struct error err;

	unit_assert_ok(file_access_has_default_group(scratch_path("absent"), 4321, &set, &err),
		err);
	ck_assert(!set);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file_access");
	TCase *reader = unit_case(suite, "reader");
	TCase *group = unit_case(suite, "group");

	unit_add_root_test(reader, exactly_one_user_may_read);
	unit_add_root_test(reader, a_later_reader_replaces_the_first);
	unit_add_root_test(reader, without_access_lists_the_file_is_given_away);
	tcase_add_test(reader, a_lost_file_is_an_error);
	unit_add_root_test(group, a_group_reads_what_is_made_in_a_directory);
	unit_add_root_test(group, a_mask_takes_the_group_away);
	tcase_add_test(group, an_absent_directory_has_none);
	return unit_run(suite);
}
