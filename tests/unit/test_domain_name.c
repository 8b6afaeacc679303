#include "format/domain_name.h"

#include "format/email_address.h"
#include "unit.h"

static const struct {
	const char *text;
	const char *expected; /* NULL = refused */
} conversions[] = {
	{"ana@elsewhere.example", "ana@elsewhere.example"},
	{"Ana@ELSEWHERE.Example", "Ana@elsewhere.example"},
	{"ana", "ana"},
	{"", ""},
	{"ana@", "ana@"},
	{"ana@munic\xc3\xadpio.example", "ana@xn--municpio-g2a.example"},
	/* the same in decomposed form: one address, not two */
	{"ana@munic" "i\xcc\x81" "pio.example", "ana@xn--municpio-g2a.example"},
	{"ana@M\xc3\x9cNCHEN.example", "ana@xn--mnchen-3ya.example"},
	{"ana@fa\xc3\x9f.example", "ana@xn--fa-hia.example"},
	{"ana@\xef\xbc\xa1.example", "ana@a.example"},
	{"ana@a\xe3\x80\x82\x62.example", "ana@a.b.example"},
	{"ana@xn--mnchen-3ya.example", "ana@xn--mnchen-3ya.example"},
	{"jos\xc3\xa9@elsewhere.example", "jos\xc3\xa9@elsewhere.example"},
	{"a@b@m\xc3\xbcnchen.example", "a@b@xn--mnchen-3ya.example"},
	{"ana@\xf0\x9f\x98\x80.example", NULL},
	{"ana@-m\xc3\xbcnchen.example", NULL},
	{"ana@m\xc3.example", NULL},
	{"\xff@elsewhere.example", NULL},
	{"ana@\xc0\xaf.example", NULL},
	{"ana@\xed\xa0\x80.example", NULL},
	/* invisible: UTS 46 would drop them, and the mail would go elsewhere */
	{"ana@a\xe2\x80\x8b" "b.example", NULL},
	{"ana@a\xef\xbb\xbf" "b.example", NULL},
	{"ana@a\xc2\xad" "b.example", NULL},
};

START_TEST(converts_domains)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct error err = {0};
	const char *address = "untouched";
	bool good = email_address_to_ascii(conversions[_i].text, &arena, &address, &err);

	if (conversions[_i].expected) {
		unit_assert_ok(good, err);
		ck_assert_str_eq(address, conversions[_i].expected);
		return;
	}
	ck_assert_msg(!good, "%s became %s", conversions[_i].text, address);
	unit_assert_error(err, ERROR_RULE);
	ck_assert_str_eq(err.field, "destination");
	ck_assert_str_ne(err.why, "");
	ck_assert_str_eq(address, "untouched");
}
END_TEST

/* No byte may vanish on the way: the grammar must get to see what was typed. */
START_TEST(keeps_odd_bytes_for_the_grammar)
{
	static const char *const texts[] = {
		"ana@foo bar.org", "ana@a/b.org", "ana@a..b", "ana@foo bar.m\xc3\xbcnchen.org",
		"ana@a_b.m\xc3\xbcnchen.org", "ana@a\tb.m\xc3\xbcnchen.org", "ana@a,b.m\xc3\xbcnchen.org",
		"ana@x.example\xef\xbc\xa0m\xc3\xbcnchen.org", "ana@m\xc3\xbcnchen.org\xef\xbc\x8c.b.org",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct arena arena cleanup_arena = ARENA_INIT;
		struct error err = {0};
		const char *address;

		if (email_address_to_ascii(texts[i], &arena, &address, &err))
			ck_assert_msg(email_address_check(address) != EMAIL_OK, "%s passed as %s", texts[i], address);
	}
}
END_TEST

START_TEST(refuses_what_is_far_too_long)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct error err = {0};
	const char *address;
	static char text[100000];

	memset(text, 'a', sizeof(text) - 1);
	text[1] = '@';
	memcpy(text + 2, "\xc3\xbc", 2);
	ck_assert(!email_address_to_ascii(text, &arena, &address, &err));
	unit_assert_error(err, ERROR_RULE);
}
END_TEST

static const struct {
	const char *domain;
	const char *expected; /* NULL = show as it is */
} displays[] = {
	{"elsewhere.example", NULL},
	{"", NULL},
	{"xn--mnchen-3ya.example", "m\xc3\xbcnchen.example"},
	{"XN--MNCHEN-3YA.example", "m\xc3\xbcnchen.example"},
	{"mail.xn--mnchen-3ya.example", "mail.m\xc3\xbcnchen.example"},
	{"xn--p1ai.xn--p1ai", "\xd1\x80\xd1\x84.\xd1\x80\xd1\x84"},
	{"elsewhere.xn--p1ai", "elsewhere.\xd1\x80\xd1\x84"},
	{"xn--fa-hia.example", "fa\xc3\x9f.example"},
	{"xn--.example", NULL},
	{"xn--a.example", NULL},
	{"xn--aaaaaaaaaaaaaaaaaaaaaa.example", NULL},
	{"xn--elsewhere-.example", NULL},
	{"m\xc3\xbcnchen.example", NULL},
	{"xn", NULL},
	{"x.xn-.example", NULL},
};

START_TEST(shows_domains_to_people)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *unicode = domain_name_unicode(displays[_i].domain, &arena);

	if (displays[_i].expected)
		ck_assert_pstr_eq(unicode, displays[_i].expected);
	else
		ck_assert_msg(!unicode, "%s came out as %s", displays[_i].domain, unicode);
}
END_TEST

/* What people write together is no sign of anything; what they do not is. */
START_TEST(sees_mixed_scripts)
{
	static const char *const plain[] = {"", "elsewhere.example", "m\xc3\xbcnchen.example", "пример.example",
		"アニメの森tv.example", "한국2.example", "中文ㄅ.example", "ελληνικά-1.gr", "а.example", "\xff"};
	static const char *const mixed[] = {"pаypal.example", "www.gооgle.example", "ελa.gr", "한かな.example", "пρ.example",
		"x.中文а.example"};

	for (size_t i = 0; i < ARRAY_LENGTH(plain); i++)
		ck_assert_msg(!domain_name_mixes_scripts(plain[i]), "mixed: %s", plain[i]);
	for (size_t i = 0; i < ARRAY_LENGTH(mixed); i++)
		ck_assert_msg(domain_name_mixes_scripts(mixed[i]), "not mixed: %s", mixed[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("domain_name");
	TCase *ascii = unit_case(suite, "ascii");
	TCase *unicode = unit_case(suite, "unicode");

	tcase_add_loop_test(ascii, converts_domains, 0, (int)ARRAY_LENGTH(conversions));
	tcase_add_test(ascii, keeps_odd_bytes_for_the_grammar);
	tcase_add_test(ascii, refuses_what_is_far_too_long);
	tcase_add_loop_test(unicode, shows_domains_to_people, 0, (int)ARRAY_LENGTH(displays));
	tcase_add_test(ascii, sees_mixed_scripts);
	return unit_run(suite);
}
