#include "format/destination_policy.h"

#include "format/name_server.h"
#include "unit.h"

static const struct {
	const char *allow;
	const char *block;
	const char *address;
	enum destination_verdict expected;
} rows[] = {
	{"", "", "ana@elsewhere.example", DESTINATION_ALLOWED},
	{"", "", "ana@club.example", DESTINATION_ITSELF},
	{"", "", "Ana@Club.Example", DESTINATION_ITSELF},
	{"", "", "beto@club.example", DESTINATION_OWN_DOMAIN},
	{"", "", "beto@mail.club.example", DESTINATION_OWN_DOMAIN},
	{"", "", "beto@myclub.example", DESTINATION_ALLOWED},
	{"", "bad.example", "ana@bad.example", DESTINATION_BLOCKED},
	{"", "bad.example", "ana@MAIL.Bad.Example", DESTINATION_BLOCKED},
	{"", "bad.example", "ana@notbad.example", DESTINATION_ALLOWED},
	{"", "bad.example", "ana@example", DESTINATION_ALLOWED},
	{"", "tk", "ana@any.tk", DESTINATION_BLOCKED},
	{"good.example", "", "ana@good.example", DESTINATION_ALLOWED},
	{"good.example", "", "ana@sub.good.example", DESTINATION_ALLOWED},
	{"good.example", "", "ana@other.example", DESTINATION_NOT_ALLOWED},
	{"good.example", "sub.good.example", "ana@sub.good.example", DESTINATION_BLOCKED},
	{"good.example", "good.example", "ana@good.example", DESTINATION_BLOCKED},
	{"club.example", "", "beto@club.example", DESTINATION_OWN_DOMAIN},
};

START_TEST(judges)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct settings settings = {.domain = "club.example"};
	enum destination_verdict verdict;

	string_list_split(&settings.policy.allow_domains, &arena, rows[_i].allow, " ");
	string_list_split(&settings.policy.block_domains, &arena, rows[_i].block, " ");
	verdict = destination_judge(rows[_i].address, "ana@club.example", &settings);
	ck_assert_msg(verdict == rows[_i].expected, "row %d, %s: \"%s\"", _i, rows[_i].address,
		destination_verdict_code(verdict));
}
END_TEST

START_TEST(own_domain_can_be_allowed)
{
	struct settings settings = {.domain = "club.example"};

	settings.policy.allow_local_destinations = true;
	ck_assert_int_eq(destination_judge("beto@club.example", "ana@club.example", &settings), DESTINATION_ALLOWED);
	ck_assert_int_eq(destination_judge("ana@club.example", "ana@club.example", &settings), DESTINATION_ITSELF);
}
END_TEST

START_TEST(every_refusal_has_words)
{
	ck_assert_str_eq(destination_verdict_code(DESTINATION_ALLOWED), "");
	for (int verdict = DESTINATION_ITSELF; verdict <= DESTINATION_NOT_ALLOWED; verdict++) {
		ck_assert_str_ne(destination_verdict_code((enum destination_verdict)verdict), "");
		ck_assert_str_ne(destination_verdict_text((enum destination_verdict)verdict), "");
	}
}
END_TEST

START_TEST(knows_domains_of_the_lists)
{
	static const char *const good[] = {"example.org", "tk", "xn--mnchen-3ya.example", "a.b.c"};
	static const char *const bad[] = {"", ".example", "a b.example", "m\xc3\xbcnchen.example", "*.example",
		"ana@elsewhere.example", "a..b", "192.0.2.1"};

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++)
		ck_assert_msg(destination_domain_is_valid(good[i]), "refused: %s", good[i]);
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		ck_assert_msg(!destination_domain_is_valid(bad[i]), "accepted: %s", bad[i]);
}
END_TEST

START_TEST(knows_name_servers)
{
	static const char *const good[] = {"192.0.2.1", "127.0.0.1:5353", "192.0.2.1:65535", "2001:db8::1", "::1",
		"[2001:db8::1]", "[::1]:53"};
	static const char *const bad[] = {"", "dns.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2",
		"[::1", "[::1]53", "[::1]:", "[192.0.2.1]:53", "::1]:53", "192.0.2.1:+5", ":53", "[]:53",
		"1111111111111111111111111111111111111111111111111111111111111111:1"};

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++)
		ck_assert_msg(name_server_is_valid(good[i]), "refused: %s", good[i]);
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		ck_assert_msg(!name_server_is_valid(bad[i]), "accepted: %s", bad[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("destination_policy");
	TCase *policy = unit_case(suite, "policy");

	tcase_add_loop_test(policy, judges, 0, ARRAY_LENGTH(rows));
	tcase_add_test(policy, own_domain_can_be_allowed);
	tcase_add_test(policy, every_refusal_has_words);
	tcase_add_test(policy, knows_domains_of_the_lists);
	tcase_add_test(policy, knows_name_servers);
	return unit_run(suite);
}
