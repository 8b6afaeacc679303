#include "system/environment.h"

#include "unit.h"

#include <signal.h>
#include <sys/wait.h>

/*
 * environment_sanitise() closes what libcheck reports through, so it runs in a child; a function
 * that looks at what it left returns 0 or the number of what is wrong, which becomes the exit
 * status.
 */
static int after_sanitise(void (*before)(void), int (*look)(void))
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (before)
			before();
		environment_sanitise();
		_exit(look());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static void set_environment(const char *const *variables)
{
	static char *copies[64];

	for (size_t i = 0; variables[i]; i++)
		copies[i] = strdup(variables[i]);
	environ = copies;
}

static void fill_environment(void)
{
	static const char *const variables[] = {"TERM=xterm", "COLUMNS=80", "LINES=25",
		"LANG=pt_BR.UTF-8", "LANGUAGE=pt:en", "LC_MESSAGES=C", "NO_COLOR=", "CI=1",
		"CLICOLOR_FORCE=1", "SUDO_USER=ana", "SUDO_UID=1001", "DOAS_USER=bia",
		"TZ=:/etc/shadow", "LD_PRELOAD=/tmp/x.so", "MAIL_CONFIG=/tmp/postfix",
		"HOME=/home/ana", "NLSPATH=/tmp/%N", "LOCPATH=/tmp", "PATH=/tmp", "TERMINAL=x",
		"nothing", "=odd", "IFS= ", NULL};

	set_environment(variables);
}

static int look_at_environment(void)
{
	static const char *const kept[] = {"TERM", "COLUMNS", "LINES", "LANG", "LANGUAGE",
		"LC_MESSAGES", "NO_COLOR", "CI", "CLICOLOR_FORCE", "SUDO_USER", "SUDO_UID",
		"DOAS_USER"};
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(kept); i++) {
		if (!getenv(kept[i]))
			return 10 + (int)i;
	}
	while (environ[count])
		count++;
	if (count != ARRAY_LENGTH(kept) + 1)
		return 1;
	return strcmp(getenv("PATH"), "/usr/sbin:/usr/bin:/sbin:/bin") == 0 ? 0 : 2;
}

START_TEST(only_what_display_needs_is_kept)
{
	ck_assert_int_eq(after_sanitise(fill_environment, look_at_environment), 0);
}
END_TEST

static void set_paths(void)
{
	static const char *const variables[] = {"LANGUAGE=../../../tmp/evil", "LC_ALL=/tmp/evil",
		"LANG=/tmp", "TERM=../x", "SUDO_USER=a/b", NULL};

	set_environment(variables);
}

static int look_for_path_only(void)
{
	return environ[0] && strncmp(environ[0], "PATH=", 5) == 0 && !environ[1] ? 0 : 1;
}

START_TEST(a_catalogue_by_path_is_dropped)
{
	ck_assert_int_eq(after_sanitise(set_paths, look_for_path_only), 0);
}
END_TEST

static void lose_environment(void)
{
	environ = NULL;
}

START_TEST(no_environment_at_all_is_fine)
{
	ck_assert_int_eq(after_sanitise(lose_environment, look_for_path_only), 0);
}
END_TEST

static void close_standard_descriptors(void)
{
	close(0);
	close(1);
	close(2);
	if (open("/dev/null", O_RDONLY) != 0 || dup2(0, 50) != 50)
		_exit(90);
	close(0);
}

static int look_at_descriptors(void)
{
	char byte;

	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			return 10 + fd;
	}
	for (int fd = 3; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			return 1;
	}
	if (read(0, &byte, 1) != 0)
		return 2;
	return write(1, "x", 1) < 0 && write(2, "x", 1) < 0 ? 0 : 3;
}

START_TEST(missing_descriptors_are_opened_others_closed)
{
	ck_assert_int_eq(after_sanitise(close_standard_descriptors, look_at_descriptors), 0);
}
END_TEST

static void keep_standard_descriptors(void)
{
	int fds[2];

	if (pipe(fds) != 0 || dup2(fds[0], 0) != 0 || dup2(fds[1], 1) != 1 || write(1, "x", 1) != 1)
		_exit(90);
}

static int look_at_pipe(void)
{
	char byte;

	return read(0, &byte, 1) == 1 && byte == 'x' ? 0 : 1;
}

START_TEST(present_descriptors_stay)
{
	ck_assert_int_eq(after_sanitise(keep_standard_descriptors, look_at_pipe), 0);
}
END_TEST

static void spoil_process(void)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t all;

	umask(0);
	sigaction(SIGCHLD, &ignore, NULL);
	sigaction(SIGTERM, &ignore, NULL);
	sigaction(SIGINT, &ignore, NULL);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
}

static int look_at_process(void)
{
	struct sigaction action;
	sigset_t mask;

	if (umask(0) != 077)
		return 1;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int number = 1; number < SIGRTMIN - 2; number++) {
		bool ignored = number == SIGPIPE || number == SIGXFSZ;

		if (sigismember(&mask, number))
			return 2;
		if (sigaction(number, NULL, &action) != 0 ||
			action.sa_handler != (ignored ? SIG_IGN : SIG_DFL))
			return 100 + number;
	}
	return 0;
}

START_TEST(umask_and_signals_are_reset)
{
	ck_assert_int_eq(after_sanitise(spoil_process, look_at_process), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("environment");
	TCase *variables = unit_case(suite, "variables");
	TCase *process = unit_case(suite, "process");

	tcase_add_test(variables, only_what_display_needs_is_kept);
	tcase_add_test(variables, a_catalogue_by_path_is_dropped);
	tcase_add_test(variables, no_environment_at_all_is_fine);
	tcase_add_test(process, missing_descriptors_are_opened_others_closed);
	tcase_add_test(process, present_descriptors_stay);
	tcase_add_test(process, umask_and_signals_are_reset);
	return unit_run(suite);
}
