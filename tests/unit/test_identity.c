#include "system/identity.h"

#include "unit.h"

#include <sched.h>
#include <sys/mount.h>

/* The tests that need a known login uid put a file of their own in the place of the kernel's. */
static void pretend_login_uid(const char *text)
{
	int directory = unit_directory("login");
	char path[256];
	char place[64];

	unit_write_file(directory, "loginuid", text, 0644);
	close(directory);
	snprintf(path, sizeof(path), "%s/login/loginuid", unit_scratch());
	snprintf(place, sizeof(place), "/proc/%d/loginuid", getpid());
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount(path, place, NULL, MS_BIND, NULL), 0);
}

static void claim(const char *sudo_user, const char *doas_user)
{
	unsetenv("SUDO_USER");
	unsetenv("DOAS_USER");
	if (sudo_user)
		setenv("SUDO_USER", sudo_user, 1);
	if (doas_user)
		setenv("DOAS_USER", doas_user, 1);
}

START_TEST(the_login_uid_comes_first)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct identity identity;

	pretend_login_uid("0");
	claim("mallory", NULL);
	identity_read(&identity, &arena);
	ck_assert_int_eq(identity.login_uid, 0);
	ck_assert_str_eq(identity.login, "root");
	ck_assert_str_eq(identity.claim, "mallory");
	ck_assert_uint_eq(identity.uid, getuid());
}
END_TEST

START_TEST(an_unknown_login_uid_is_its_number)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct identity identity;

	pretend_login_uid("3999999999");
	claim(NULL, NULL);
	identity_read(&identity, &arena);
	ck_assert_int_eq(identity.login_uid, 3999999999);
	ck_assert_str_eq(identity.login, "3999999999");
	ck_assert_str_eq(identity.claim, "");
}
END_TEST

START_TEST(without_login_the_claim_is_next)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct identity identity;

	pretend_login_uid("4294967295");
	claim("ana", "bia");
	identity_read(&identity, &arena);
	ck_assert_int_eq(identity.login_uid, -1);
	ck_assert_str_eq(identity.login, "ana");
	claim(NULL, "bia");
	identity_read(&identity, &arena);
	ck_assert_str_eq(identity.claim, "bia");
	ck_assert_str_eq(identity.login, "bia");
	claim(NULL, NULL);
	identity_read(&identity, &arena);
	ck_assert_str_eq(identity.claim, "");
	ck_assert_str_eq(identity.login, "root");
}
END_TEST

START_TEST(nonsense_from_the_kernel_is_no_login)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct identity identity;

	pretend_login_uid("-5");
	identity_read(&identity, &arena);
	ck_assert_int_eq(identity.login_uid, -1);
}
END_TEST

START_TEST(what_is_no_name_is_no_claim)
{
	static const char *const texts[] = {"", "ana bia", "ana\n", "\033[31mana", "an\xc3\xa1",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct identity identity;

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		claim(texts[i], NULL);
		identity_read(&identity, &arena);
		ck_assert_str_eq(identity.claim, "");
		ck_assert_ptr_nonnull(identity.login);
	}
}
END_TEST

START_TEST(the_terminal_is_found_on_any_descriptor)
{
	int leader cleanup_close = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct arena arena cleanup_arena = ARENA_INIT;
	int null cleanup_close = open("/dev/null", O_RDWR | O_CLOEXEC);
	int terminal cleanup_close = -1;
	struct identity identity;
	char name[64];

	ck_assert_int_ge(leader, 0);
	ck_assert(grantpt(leader) == 0 && unlockpt(leader) == 0);
	ck_assert_int_eq(ptsname_r(leader, name, sizeof(name)), 0);
	terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	for (int place = 0; place < 3; place++) {
		for (int fd = 0; fd < 3; fd++)
			dup2(fd == place ? terminal : null, fd);
		identity_read(&identity, &arena);
		ck_assert_str_eq(identity.terminal, name);
	}
	dup2(null, 2);
	identity_read(&identity, &arena);
	ck_assert_str_eq(identity.terminal, "");
}
END_TEST

START_TEST(root_may)
{
	struct error err;

	unit_assert_ok(identity_require_root("approve", &err), err);
}
END_TEST

START_TEST(others_may_not)
{
	uid_t before = geteuid();
	struct error err;

	if (before == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert(!identity_require_root("approve", &err));
	unit_assert_error(err, ERROR_PERMISSION);
	ck_assert_ptr_nonnull(strstr(err.what, "approve"));
	ck_assert_ptr_nonnull(strstr(err.fix, "sudo postigo-admin approve"));
	ck_assert_int_eq(seteuid(before), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("identity");
	TCase *read_case = unit_case(suite, "read");
	TCase *root = unit_case(suite, "root");

	unit_add_root_test(read_case, the_login_uid_comes_first);
	unit_add_root_test(read_case, an_unknown_login_uid_is_its_number);
	unit_add_root_test(read_case, without_login_the_claim_is_next);
	unit_add_root_test(read_case, nonsense_from_the_kernel_is_no_login);
	tcase_add_test(read_case, what_is_no_name_is_no_claim);
	tcase_add_test(read_case, the_terminal_is_found_on_any_descriptor);
	unit_add_root_test(root, root_may);
	tcase_add_test(root, others_may_not);
	return unit_run(suite);
}
