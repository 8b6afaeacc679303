#include "service/hook.h"

#include "unit.h"

#include <signal.h>

static int directory = -1;

static const char *program(const char *name, const char *text)
{
	static char path[256];

	if (directory < 0)
		directory = unit_directory("hooks");
	unit_write_file(directory, name, text, 0755);
	snprintf(path, sizeof(path), "%s/hooks/%s", unit_scratch(), name);
	return path;
}

static struct hook_settings no_hooks(void)
{
	return (struct hook_settings){"", 20, "", "", "", "", "", "", ""};
}

static const struct hook_call ana = {
	.name = "mailbox_postcreation", .username = "ana@club.example", .domain = "club.example", .maildir = "club.example/ana/", .quota_bytes = 5368709120};

static const char *prologue(const char *rest)
{
	static char script[512];

	snprintf(script, sizeof(script), "#!/bin/sh\nexec >>%s/told\n%s", unit_scratch(), rest);
	return script;
}

static void assert_told(const char *expected)
{
	int scratch = open(unit_scratch(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	unit_assert_file(scratch, "told", expected);
	unlinkat(scratch, "told", 0);
	close(scratch);
}

static void run(const struct hook_settings *settings, const struct hook_call *call)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct error err;

	unit_assert_ok(hook_run(settings, call, &arena, &err), err);
}

static struct error run_badly(const struct hook_settings *settings, const struct hook_call *call)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct error err = {.code = ERROR_NONE};

	ck_assert(!hook_run(settings, call, &arena, &err));
	unit_assert_error(err, ERROR_HOOK);
	return err;
}

START_TEST(arguments_are_postfixadmins)
{
	static const struct {
		const char *name;
		const char *told;
	} cases[] = {
		{"mailbox_postcreation", "4|ana@club.example|club.example|club.example/ana/|5368709120\n"},
		{"mailbox_postedit", "4|ana@club.example|club.example|club.example/ana/|5368709120\n"},
		{"mailbox_postdeletion", "2|ana@club.example|club.example||\n"},
		{"mailbox_postpassword", "2|ana@club.example|club.example||\n"},
		{"domain_postcreation", "1|club.example|||\n"},
		{"domain_postedit", "1|club.example|||\n"},
		{"domain_postdeletion", "1|club.example|||\n"},
	};
	const char *path = program("arguments", prologue("echo \"$#|$1|$2|$3|$4\"\n"));
	const struct hook_settings settings = {"", 20, path, path, path, path, path, path, path};
	struct hook_call call = ana;

	call.name = cases[_i].name;
	ck_assert(hook_is_configured(&settings, call.name));
	run(&settings, &call);
	assert_told(cases[_i].told);
}
END_TEST

START_TEST(what_is_not_configured_does_nothing)
{
	const struct hook_settings settings = no_hooks();
	struct arena arena cleanup_arena = ARENA_INIT;
	struct hook_call call = ana;
	struct error err = {.code = ERROR_NONE};

	ck_assert(!hook_is_configured(&settings, ana.name));
	ck_assert(!hook_is_configured(&settings, "nonsense"));
	run(&settings, &ana);
	call.name = "nonsense";
	ck_assert(!hook_run(&settings, &call, &arena, &err));
	unit_assert_error(err, ERROR_BUG);
}
END_TEST

START_TEST(it_sees_no_input_no_environment_and_no_descriptors)
{
	struct hook_settings settings = no_hooks();

	setenv("CANARY", "canary", 1);
	settings.mailbox_postcreation = program("around", prologue("cat; pwd; env | sort | grep -v '^_=\\|^PWD=\\|SHLVL'; ls /proc/self/fd | tr '\\n' ' '\n"));
	run(&settings, &ana);
	/* 3 is ls reading the directory. */
	assert_told("/\nLC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nTZ=UTC\n0 1 2 3 ");
}
END_TEST

START_TEST(a_password_comes_on_standard_input_only)
{
	struct hook_settings settings = no_hooks();
	struct secret password cleanup_secret = SECRET_INIT;
	struct hook_call call = ana;

	for (const char *at = "s3cret"; *at; at++)
		ck_assert(secret_add(&password, *at));
	settings.mailbox_postpassword = program("password", prologue("od -An -c; tr '\\0' ' ' </proc/$$/cmdline | grep -c s3cret\ntrue\n"));
	call.name = "mailbox_postpassword";
	call.password = &password;
	run(&settings, &call);
	assert_told("  \\0   s   3   c   r   e   t\n0\n");
}
END_TEST

START_TEST(what_it_says_is_the_reason_but_not_of_a_password)
{
	struct hook_settings settings = no_hooks();
	struct secret password cleanup_secret = SECRET_INIT;
	struct hook_call call = ana;
	struct error err;

	settings.mailbox_postcreation = program("fails", "#!/bin/sh\necho out of disk\nexit 3\n");
	err = run_badly(&settings, &ana);
	ck_assert_ptr_nonnull(strstr(err.what, "exit status 3"));
	ck_assert_ptr_nonnull(strstr(err.why, "out of disk"));
	ck_assert(secret_add(&password, 'x'));
	settings.mailbox_postpassword = program("echoes", "#!/bin/sh\ncat >&2\nexit 3\n");
	call.name = "mailbox_postpassword";
	call.password = &password;
	err = run_badly(&settings, &call);
	ck_assert_str_eq(err.why, "");
}
END_TEST

START_TEST(it_runs_as_its_own_user)
{
	struct hook_settings settings = no_hooks();
	struct error err;

	settings.user = "nobody";
	settings.mailbox_postcreation = program("who", "#!/bin/sh\nid -u >&2; id -G >&2; cat /etc/shadow >/dev/null && echo reads >&2\nexit 9\n");
	err = run_badly(&settings, &ana);
	ck_assert_ptr_nonnull(strstr(err.what, "exit status 9"));
	ck_assert_ptr_nonnull(strstr(err.why, "65534"));
	ck_assert_ptr_null(strstr(err.why, "reads"));
	settings.user = "no-such-user-here";
	err = run_badly(&settings, &ana);
	ck_assert_str_eq(err.field, "hooks.user");
}
END_TEST

START_TEST(a_program_that_is_not_roots_alone_is_not_run)
{
	struct hook_settings settings = no_hooks();
	char path[256];

	settings.mailbox_postcreation = "/nonexistent/hook";
	run_badly(&settings, &ana);
	snprintf(path, sizeof(path), "%s", program("open", "#!/bin/sh\nexit 0\n"));
	settings.mailbox_postcreation = path;
	run(&settings, &ana);
	ck_assert_int_eq(chmod(path, 0757), 0);
	run_badly(&settings, &ana);
	ck_assert_int_eq(chmod(path, 0644), 0);
	run_badly(&settings, &ana);
	ck_assert_int_eq(chmod(path, 0755), 0);
	unit_write_file(directory, "open", "#!/nonexistent/interpreter\n", 0755);
	run_badly(&settings, &ana);
	settings.user = "nobody";
	run_badly(&settings, &ana);
}
END_TEST

START_TEST(a_late_one_is_killed_with_its_children)
{
	struct hook_settings settings = no_hooks();
	char text[64] = "";
	struct error err;
	int scratch = open(unit_scratch(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	settings.timeout = 1;
	settings.user = _i == 0 ? "" : "nobody";
	ck_assert_int_eq(fchmodat(scratch, ".", 0777, 0), 0);
	unlinkat(scratch, "told", 0);
	settings.mailbox_postcreation = program("late", prologue("trap '' TERM\nsleep 60 & echo $!\nsleep 60\n"));
	err = run_badly(&settings, &ana);
	ck_assert_ptr_nonnull(strstr(err.what, "1 s"));
	fd = openat(scratch, "told", O_RDONLY | O_CLOEXEC);
	ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
	close(fd);
	for (int i = 0; i < 100 && kill((pid_t)strtol(text, NULL, 10), 0) == 0; i++)
		usleep(20000);
	ck_assert_int_ne(kill((pid_t)strtol(text, NULL, 10), 0), 0);
	close(scratch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hook");
	TCase *tcase = unit_case(suite, "hook");

	if (geteuid() != 0) {
		unit_add_root_test(tcase, it_runs_as_its_own_user);
		return unit_run(suite);
	}
	tcase_add_loop_test(tcase, arguments_are_postfixadmins, 0, 7);
	tcase_add_test(tcase, what_is_not_configured_does_nothing);
	tcase_add_test(tcase, it_sees_no_input_no_environment_and_no_descriptors);
	tcase_add_test(tcase, a_password_comes_on_standard_input_only);
	tcase_add_test(tcase, what_it_says_is_the_reason_but_not_of_a_password);
	tcase_add_test(tcase, it_runs_as_its_own_user);
	tcase_add_test(tcase, a_program_that_is_not_roots_alone_is_not_run);
	tcase_add_loop_test(tcase, a_late_one_is_killed_with_its_children, 0, 2);
	return unit_run(suite);
}
