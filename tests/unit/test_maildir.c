#include "system/maildir.h"

#include "unit.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define OWNER 20001
#define GROUP 20002

static struct maildir_base fixture_base(const char *name)
{
	static char path[128];

	close(unit_directory(name));
	snprintf(path, sizeof(path), "%s/%s", unit_scratch(), name);
	return (struct maildir_base){.path = path, .uid = OWNER, .gid = GROUP};
}

static const char *below(const struct maildir_base *base, const char *name)
{
	static char paths[4][512];
	static unsigned turn;

	turn = (turn + 1) % 4;
	snprintf(paths[turn], sizeof(paths[0]), "%s/%s", base->path, name);
	return paths[turn];
}

static bool is_there(const struct maildir_base *base, const char *name)
{
	struct stat status;

	return lstat(below(base, name), &status) == 0;
}

static void assert_owned(const struct maildir_base *base, const char *name)
{
	struct stat status;

	ck_assert_msg(lstat(below(base, name), &status) == 0, "%s", name);
	ck_assert_msg((status.st_mode & 07777) == 0700, "%s has %o", name, status.st_mode);
	ck_assert_uint_eq(status.st_uid, OWNER);
	ck_assert_uint_eq(status.st_gid, GROUP);
}

static size_t count_entries(const struct maildir_base *base, const char *name)
{
	DIR *stream = opendir(below(base, name));
	size_t count = 0;

	ck_assert_ptr_nonnull(stream);
	while (readdir(stream))
		count++;
	closedir(stream);
	return count - 2;
}

static void make(const struct maildir_base *base, const char *path)
{
	struct maildir_creation creation cleanup_maildir_creation = MAILDIR_CREATION_INIT;
	struct error err;

	unit_assert_ok(maildir_create(&creation, base, path, &err), err);
	ck_assert(maildir_creation_keep(&creation));
}

static void put_mail(const struct maildir_base *base, const char *path, const char *text)
{
	int fd = open(below(base, path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

START_TEST(a_skeleton_is_made_and_is_its_owners)
{
	static const char *const names[] = {"club.example", "club.example/ana", "club.example/ana/cur", "club.example/ana/new", "club.example/ana/tmp"};
	struct maildir_base base = fixture_base("base");

	make(&base, "club.example/ana/");
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		assert_owned(&base, names[i]);
	make(&base, "club.example/ana/");
	ck_assert_uint_eq(count_entries(&base, "club.example/ana"), 3);
}
END_TEST

START_TEST(what_is_not_kept_is_gone)
{
	struct maildir_base base = fixture_base("base");
	struct error err;

	{
		struct maildir_creation creation cleanup_maildir_creation = MAILDIR_CREATION_INIT;

		unit_assert_ok(maildir_create(&creation, &base, "club.example/ana", &err), err);
		ck_assert(is_there(&base, "club.example/ana/tmp"));
		ck_assert(!creation.existed);
	}
	ck_assert_uint_eq(count_entries(&base, ""), 0);
}
END_TEST

START_TEST(what_was_there_stays)
{
	struct maildir_base base = fixture_base("base");
	struct error err;

	ck_assert_int_eq(mkdir(below(&base, "club.example"), 0751), 0);
	ck_assert_int_eq(mkdir(below(&base, "club.example/ana"), 0750), 0);
	ck_assert_int_eq(mkdir(below(&base, "club.example/ana/cur"), 0750), 0);
	put_mail(&base, "club.example/ana/cur/1", "mail");
	{
		struct maildir_creation creation cleanup_maildir_creation = MAILDIR_CREATION_INIT;

		unit_assert_ok(maildir_create(&creation, &base, "club.example/ana", &err), err);
		ck_assert(creation.existed);
		ck_assert(is_there(&base, "club.example/ana/new"));
	}
	ck_assert_uint_eq(count_entries(&base, "club.example/ana"), 1);
	ck_assert(is_there(&base, "club.example/ana/cur/1"));
}
END_TEST

START_TEST(mail_that_came_meanwhile_is_not_removed)
{
	struct maildir_base base = fixture_base("base");
	struct error err;

	{
		struct maildir_creation creation cleanup_maildir_creation = MAILDIR_CREATION_INIT;

		unit_assert_ok(maildir_create(&creation, &base, "club.example/ana", &err), err);
		put_mail(&base, "club.example/ana/new/1", "mail");
	}
	ck_assert(is_there(&base, "club.example/ana/new/1"));
	ck_assert(!is_there(&base, "club.example/ana/tmp"));
}
END_TEST

/* As a killed call leaves it: made, and still root's. */
START_TEST(an_unfinished_one_is_finished)
{
	struct maildir_base base = fixture_base("base");

	ck_assert_int_eq(mkdir(below(&base, "club.example"), 0700), 0);
	ck_assert_int_eq(mkdir(below(&base, "club.example/ana"), 0700), 0);
	ck_assert_int_eq(mkdir(below(&base, "club.example/ana/cur"), 0700), 0);
	make(&base, "club.example/ana");
	assert_owned(&base, "club.example");
	assert_owned(&base, "club.example/ana");
	assert_owned(&base, "club.example/ana/cur");
	assert_owned(&base, "club.example/ana/new");
}
END_TEST

START_TEST(paths_that_leave_the_base_are_refused)
{
	static const char *const paths[] = {"", "/", "/etc", "../x", "club.example/../../x", "./x", "a//b", "club.example/an\na", "a/b/c/d/e/f/g", ".."};
	struct maildir_base base = fixture_base("base");
	struct maildir_burial burial cleanup_maildir_burial = MAILDIR_BURIAL_INIT;
	bool exhumed;

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		struct maildir_creation creation cleanup_maildir_creation = MAILDIR_CREATION_INIT;
		struct error err = {.code = ERROR_NONE};

		ck_assert(!maildir_path_is_valid(paths[i]));
		ck_assert_msg(!maildir_create(&creation, &base, paths[i], &err), "%s", paths[i]);
		unit_assert_error(err, ERROR_FILESYSTEM);
		ck_assert_msg(!maildir_bury(&burial, &base, paths[i], &err), "%s", paths[i]);
		unit_assert_error(err, ERROR_FILESYSTEM);
		ck_assert_msg(!maildir_purge(&base, paths[i], &err), "%s", paths[i]);
		ck_assert_msg(!maildir_exhume(&base, paths[i], 0, &exhumed, &err), "%s", paths[i]);
	}
	ck_assert_uint_eq(count_entries(&base, ""), 0);
}
END_TEST

START_TEST(links_are_refused_and_nothing_is_made_behind_them)
{
	static const char *const links[] = {"club.example", "club.example/ana", "club.example/ana/cur"};
	struct maildir_base outside = fixture_base("outside");
	char target[256];

	snprintf(target, sizeof(target), "%s", outside.path);
	for (size_t i = 0; i < ARRAY_LENGTH(links); i++) {
		struct maildir_base base = fixture_base("base");
		struct maildir_creation creation cleanup_maildir_creation = MAILDIR_CREATION_INIT;
		struct error err = {.code = ERROR_NONE};

		if (i > 0)
			ck_assert_int_eq(mkdir(below(&base, "club.example"), 0755), 0);
		if (i > 1)
			ck_assert_int_eq(mkdir(below(&base, "club.example/ana"), 0755), 0);
		ck_assert_int_eq(symlink(target, below(&base, links[i])), 0);
		ck_assert(!maildir_create(&creation, &base, "club.example/ana", &err));
		unit_assert_error(err, ERROR_FILESYSTEM);
		ck_assert(is_there(&base, links[i]));
	}
	outside.path = target;
	ck_assert_uint_eq(count_entries(&outside, ""), 0);
}
END_TEST

START_TEST(a_file_in_the_way_is_refused)
{
	struct maildir_base base = fixture_base("base");
	struct maildir_creation creation cleanup_maildir_creation = MAILDIR_CREATION_INIT;
	struct maildir_burial burial cleanup_maildir_burial = MAILDIR_BURIAL_INIT;
	struct error err = {.code = ERROR_NONE};

	put_mail(&base, "club.example", "");
	ck_assert(!maildir_create(&creation, &base, "club.example/ana", &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert(!maildir_bury(&burial, &base, "club.example/ana", &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert(!maildir_bury(&burial, &base, "club.example", &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert(is_there(&base, "club.example"));
}
END_TEST

START_TEST(what_is_put_aside_comes_back_unless_kept)
{
	struct maildir_base base = fixture_base("base");
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *grave;
	struct error err;

	make(&base, "club.example/ana");
	put_mail(&base, "club.example/ana/cur/1", "mail");
	{
		struct maildir_burial burial cleanup_maildir_burial = MAILDIR_BURIAL_INIT;

		unit_assert_ok(maildir_bury(&burial, &base, "club.example/ana/", &err), err);
		ck_assert(!is_there(&base, "club.example/ana"));
	}
	ck_assert(is_there(&base, "club.example/ana/cur/1"));
	{
		struct maildir_burial burial cleanup_maildir_burial = MAILDIR_BURIAL_INIT;

		unit_assert_ok(maildir_bury(&burial, &base, "club.example/ana/", &err), err);
		grave = maildir_burial_keep(&burial, "club.example/ana/", &arena);
	}
	ck_assert_msg(strncmp(grave, "club.example/.deleting.ana.", 27) == 0, "%s", grave);
	ck_assert(!is_there(&base, "club.example/ana"));
	ck_assert(is_there(&base, grave));
	unit_assert_ok(maildir_purge(&base, grave, &err), err);
	ck_assert_uint_eq(count_entries(&base, "club.example"), 0);
	unit_assert_ok(maildir_purge(&base, grave, &err), err);
}
END_TEST

START_TEST(what_took_the_name_meanwhile_stays)
{
	struct maildir_base base = fixture_base("base");
	struct error err;

	make(&base, "club.example/ana");
	{
		struct maildir_burial burial cleanup_maildir_burial = MAILDIR_BURIAL_INIT;

		unit_assert_ok(maildir_bury(&burial, &base, "club.example/ana", &err), err);
		ck_assert_int_eq(mkdir(below(&base, "club.example/ana"), 0755), 0);
		put_mail(&base, "club.example/ana/mine", "mine");
	}
	ck_assert(is_there(&base, "club.example/ana/mine"));
	ck_assert_uint_eq(count_entries(&base, "club.example"), 2);
}
END_TEST

START_TEST(nothing_to_put_aside_is_no_failure)
{
	struct maildir_base base = fixture_base("base");
	struct arena arena cleanup_arena = ARENA_INIT;
	struct maildir_burial burial cleanup_maildir_burial = MAILDIR_BURIAL_INIT;
	struct error err;

	unit_assert_ok(maildir_bury(&burial, &base, "club.example/ana", &err), err);
	ck_assert(mkdir(below(&base, "club.example"), 0755) == 0);
	unit_assert_ok(maildir_bury(&burial, &base, "club.example/ana", &err), err);
	ck_assert_ptr_null(maildir_burial_keep(&burial, "club.example/ana", &arena));
}
END_TEST

static void assert_exhumed(const struct maildir_base *base, const char *path, int64_t since, bool expected)
{
	bool exhumed = !expected;
	struct error err;

	unit_assert_ok(maildir_exhume(base, path, since, &exhumed, &err), err);
	ck_assert_msg(exhumed == expected, "%s", path);
}

/* A process that was killed between the rename and the commit. */
START_TEST(a_grave_is_given_back)
{
	struct maildir_base base = fixture_base("base");
	struct arena arena cleanup_arena = ARENA_INIT;
	struct maildir_burial burial cleanup_maildir_burial = MAILDIR_BURIAL_INIT;
	const char *grave;
	struct error err;

	assert_exhumed(&base, "club.example/ana", 0, false);
	make(&base, "club.example/ana");
	make(&base, "club.example/anabel");
	put_mail(&base, "club.example/ana/cur/1", "mail");
	assert_exhumed(&base, "club.example/ana", 0, false);
	unit_assert_ok(maildir_bury(&burial, &base, "club.example/ana", &err), err);
	grave = maildir_burial_keep(&burial, "club.example/ana", &arena);
	ck_assert_int_eq(rename(below(&base, "club.example/anabel"), below(&base, "club.example/.deleting.ana.1.x.2.00000000")), 0);
	assert_exhumed(&base, "club.example/ana", time(NULL) + 10, false);
	assert_exhumed(&base, "club.example/an", 0, false);
	assert_exhumed(&base, "club.example/ana", time(NULL) - 10, true);
	ck_assert(is_there(&base, "club.example/ana/cur/1"));
	ck_assert(!is_there(&base, grave));
}
END_TEST

START_TEST(only_graves_are_purged)
{
	struct maildir_base base = fixture_base("base");
	struct error err = {.code = ERROR_NONE};

	make(&base, "club.example/ana");
	ck_assert(!maildir_purge(&base, "club.example/ana", &err));
	ck_assert(!maildir_purge(&base, ".deleting.x/ana", &err));
	ck_assert(is_there(&base, "club.example/ana/cur"));
}
END_TEST

static void keep_grave(const struct maildir_base *base, const char *path, struct arena *arena, const char **ret_grave)
{
	struct maildir_burial burial cleanup_maildir_burial = MAILDIR_BURIAL_INIT;
	struct error err;

	unit_assert_ok(maildir_bury(&burial, base, path, &err), err);
	*ret_grave = maildir_burial_keep(&burial, path, arena);
}

START_TEST(purging_follows_no_link)
{
	struct maildir_base outside = fixture_base("outside");
	char target[256];
	struct maildir_base base;
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *grave;
	struct error err;

	snprintf(target, sizeof(target), "%s", outside.path);
	put_mail(&outside, "precious", "precious");
	base = fixture_base("base");
	make(&base, "club.example/ana");
	ck_assert_int_eq(symlink(target, below(&base, "club.example/ana/cur/link")), 0);
	ck_assert_int_eq(symlink("/", below(&base, "club.example/ana/.Sent")), 0);
	ck_assert_int_eq(symlink("../../..", below(&base, "club.example/ana/cur/up")), 0);
	ck_assert_int_eq(mkfifo(below(&base, "club.example/ana/fifo"), 0600), 0);
	ck_assert_int_eq(mkdir(below(&base, "club.example/ana/closed"), 0), 0);
	keep_grave(&base, "club.example/ana", &arena, &grave);
	unit_assert_ok(maildir_purge(&base, grave, &err), err);
	ck_assert_uint_eq(count_entries(&base, "club.example"), 0);
	outside.path = target;
	ck_assert(is_there(&outside, "precious"));
}
END_TEST

/* Deeper than a path may be long, and than descriptors last. */
START_TEST(a_very_deep_tree_is_purged)
{
	struct maildir_base base = fixture_base("base");
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *grave;
	struct error err;
	int at;

	make(&base, "club.example/ana");
	at = open(below(&base, "club.example/ana"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 3000; i++) {
		int next;

		ck_assert_int_eq(mkdirat(at, "d", 0700), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		close(at);
		at = next;
	}
	close(at);
	ck_assert_int_eq(mkdir(below(&base, "club.example/ana/.deep.0"), 0700), 0);
	put_mail(&base, "club.example/ana/.deep.0/x", "");
	keep_grave(&base, "club.example/ana", &arena, &grave);
	unit_assert_ok(maildir_purge(&base, grave, &err), err);
	ck_assert_uint_eq(count_entries(&base, "club.example"), 0);
}
END_TEST

/* Swaps the mailbox's directory and a link to somebody else's for as long as it lives. */
static void swap_forever(const struct maildir_base *base, const char *name, const char *target)
{
	char there[256];
	char aside[300];
	char link[300];

	snprintf(there, sizeof(there), "%s/%s", base->path, name);
	snprintf(aside, sizeof(aside), "%.250s.aside", there);
	snprintf(link, sizeof(link), "%.250s.link", there);
	for (;;) {
		unlink(link);
		(void)!symlink(target, link);
		rename(there, aside);
		rename(link, there);
		unlink(there);
		rename(aside, there);
		mkdir(there, 0700);
	}
}

START_TEST(who_swaps_directories_gets_nothing)
{
	struct maildir_base outside = fixture_base("outside");
	char target[256];
	char domain[512];
	struct maildir_base base;
	struct stat status;
	pid_t swapper;
	int made = 0;

	snprintf(target, sizeof(target), "%s", outside.path);
	ck_assert_int_eq(chmod(target, 0777), 0);
	put_mail(&outside, "precious", "precious");
	base = fixture_base("base");
	make(&base, "club.example/ana");
	snprintf(domain, sizeof(domain), "%s", below(&base, "club.example"));
	swapper = fork();
	if (swapper == 0) {
		(void)!setgid(GROUP);
		(void)!setuid(OWNER);
		swap_forever(&base, "club.example/ana", target);
	}
	for (int i = 0; i < 3000; i++) {
		struct arena arena cleanup_arena = ARENA_INIT;
		struct maildir_creation creation cleanup_maildir_creation = MAILDIR_CREATION_INIT;
		struct maildir_burial burial cleanup_maildir_burial = MAILDIR_BURIAL_INIT;
		struct error err;
		const char *grave;

		made += maildir_create(&creation, &base, "club.example/ana", &err);
		if (!maildir_bury(&burial, &base, "club.example/ana", &err))
			continue;
		grave = maildir_burial_keep(&burial, "club.example/ana", &arena);
		made += grave && maildir_purge(&base, grave, &err);
	}
	kill(swapper, SIGKILL);
	waitpid(swapper, NULL, 0);
	ck_assert_int_gt(made, 0);
	base.path = target;
	ck_assert(is_there(&base, "precious"));
	ck_assert_uint_eq(count_entries(&base, ""), 1);
	ck_assert_int_eq(lstat(target, &status), 0);
	ck_assert_uint_eq(status.st_uid, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("maildir");
	TCase *making = unit_case(suite, "making");
	TCase *removing = unit_case(suite, "removing");

	unit_add_root_test(making, a_skeleton_is_made_and_is_its_owners);
	unit_add_root_test(making, what_is_not_kept_is_gone);
	unit_add_root_test(making, what_was_there_stays);
	unit_add_root_test(making, mail_that_came_meanwhile_is_not_removed);
	unit_add_root_test(making, an_unfinished_one_is_finished);
	unit_add_root_test(making, paths_that_leave_the_base_are_refused);
	unit_add_root_test(making, links_are_refused_and_nothing_is_made_behind_them);
	unit_add_root_test(making, a_file_in_the_way_is_refused);
	unit_add_root_test(removing, what_is_put_aside_comes_back_unless_kept);
	unit_add_root_test(removing, what_took_the_name_meanwhile_stays);
	unit_add_root_test(removing, nothing_to_put_aside_is_no_failure);
	unit_add_root_test(removing, a_grave_is_given_back);
	unit_add_root_test(removing, only_graves_are_purged);
	unit_add_root_test(removing, purging_follows_no_link);
	unit_add_root_test(removing, a_very_deep_tree_is_purged);
	unit_add_root_test(removing, who_swaps_directories_gets_nothing);
	return unit_run(suite);
}
