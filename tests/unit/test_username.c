#include "format/username.h"

#include "unit.h"

static const char *const valid[] = {
	"a", "_", "ana", "_apt", "m200", "a-b", "a_b", "a1-_z", "x-", "a--b", "e2e4", "pablo", "zzz9",
	"abcdefghijklmnopqrstuvwxyz012345",
};

static const char *const invalid[] = {
	"", "1500", "0", "9a", "Bob", "bOb", "BOB", "a.b", ".a", "-x", "x$", "a b", " a", "a ", "a\n",
	"a\tb", "a@b", "a/b", "a:b", "a+b", "a,b", "a\\b", "jos\xc3\xa9", "\xc3\xa9", "a\x01",
	"a\x7f", "..", "../a", "abcdefghijklmnopqrstuvwxyz0123456",
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
};

static const char *const reserved[] = {
	"root", "admin", "postmaster", "abuse", "security", "support", "contato", "contact", "noreply",
	"no-reply", "mailer-daemon", "hostmaster", "webmaster", "entre", "join", "welcome", "ftp", "news",
	"usenet", "uucp", "www", "info", "marketing", "sales", "noc", "daemon", "bin", "sys", "mail",
	"nobody", "operator", "all", "everyone", "members", "dmarc", "tlsrpt", "mta-sts", "abuse-",
	"abuse-ana", "ABUSE-X", "Root", "POSTMASTER", "Mailer-Daemon", "MTA-sts",
};

static const char *const free_names[] = {
	"", "ana", "roots", "roo", "abuser", "xabuse", "x-abuse-y", "abus", "postmasters", "post",
	"infos", "mailer", "join2", "_root", "no_reply", "mta_sts", "www1", "zzz",
};

START_TEST(accepts_valid_names)
{
	ck_assert_msg(username_is_valid(valid[_i]), "refused %s", valid[_i]);
}
END_TEST

START_TEST(refuses_invalid_names)
{
	ck_assert_msg(!username_is_valid(invalid[_i]), "accepted %s", invalid[_i]);
}
END_TEST

START_TEST(knows_reserved_names)
{
	ck_assert_msg(username_is_reserved(reserved[_i]), "%s is free", reserved[_i]);
}
END_TEST

START_TEST(leaves_others_free)
{
	ck_assert_msg(!username_is_reserved(free_names[_i]), "%s is reserved", free_names[_i]);
}
END_TEST

/* Every byte, alone, first and later, held against the rule written another way. */
START_TEST(allows_exactly_the_bytes_of_the_rule)
{
	const char *first = "abcdefghijklmnopqrstuvwxyz_";
	const char *later = "abcdefghijklmnopqrstuvwxyz_0123456789-";

	for (int byte = 1; byte < 256; byte++) {
		char alone[] = {(char)byte, '\0'};
		char second[] = {'a', (char)byte, 'a', '\0'};

		ck_assert_int_eq(username_is_valid(alone), strchr(first, byte) != NULL);
		ck_assert_int_eq(username_is_valid(second), strchr(later, byte) != NULL);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("username");
	TCase *rule = unit_case(suite, "rule");
	TCase *kept = unit_case(suite, "reserved");

	tcase_add_loop_test(rule, accepts_valid_names, 0, (int)ARRAY_LENGTH(valid));
	tcase_add_loop_test(rule, refuses_invalid_names, 0, (int)ARRAY_LENGTH(invalid));
	tcase_add_test(rule, allows_exactly_the_bytes_of_the_rule);
	tcase_add_loop_test(kept, knows_reserved_names, 0, (int)ARRAY_LENGTH(reserved));
	tcase_add_loop_test(kept, leaves_others_free, 0, (int)ARRAY_LENGTH(free_names));
	return unit_run(suite);
}
