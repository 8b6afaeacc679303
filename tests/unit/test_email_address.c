#include "format/email_address.h"

#include "format/email_fault.h"
#include "unit.h"

/* Case A52: the destination corpus. */

#define A10 "aaaaaaaaaa"
#define A50 A10 A10 A10 A10 A10
#define A60 A50 A10
#define A63 A60 "aaa"
#define A64 A60 "aaaa"
#define A65 A60 "aaaaa"

static const struct {
	const char *text;
	enum email_fault fault;
} addresses[] = {
	/* what people have */
	{"ana@elsewhere.example", EMAIL_OK},
	{"a@b.c", EMAIL_OK},
	{"ana.maria@elsewhere.example", EMAIL_OK},
	{"ana+list@elsewhere.example", EMAIL_OK},
	{"ana_maria@elsewhere.example", EMAIL_OK},
	{"ana-maria@elsewhere.example", EMAIL_OK},
	{"ana=tag@elsewhere.example", EMAIL_OK},
	{"~ana@elsewhere.example", EMAIL_OK},
	{"o'neil@elsewhere.example", EMAIL_OK},
	{"+@elsewhere.example", EMAIL_OK},
	{"_@elsewhere.example", EMAIL_OK},
	{"0@elsewhere.example", EMAIL_OK},
	{"ana-@elsewhere.example", EMAIL_OK},
	{"a--b@elsewhere.example", EMAIL_OK},
	{"Ana@Elsewhere.Example", EMAIL_OK},
	{"ANA@ELSEWHERE.EXAMPLE", EMAIL_OK},
	{"a.b.c.d.e@elsewhere.example", EMAIL_OK},
	{"ana@sub.elsewhere.example", EMAIL_OK},
	{"ana@a.b.c.d.e.f", EMAIL_OK},
	{"ana@1.example", EMAIL_OK},
	{"ana@1a.2b", EMAIL_OK},
	{"ana@1.2.3.4a", EMAIL_OK},
	{"ana@a-b.example", EMAIL_OK},
	{"ana@a--b.example", EMAIL_OK},
	{"ana@xn--mnchen-3ya.example", EMAIL_OK},
	{"ana@elsewhere.xn--p1ai", EMAIL_OK},
	{"ana@elsewhere.test", EMAIL_OK},
	{"ana@elsewhere.com.br", EMAIL_OK},
	{"ana@localhost.example", EMAIL_OK},
	{"ana@local.example", EMAIL_OK},
	{"ana@onion.example", EMAIL_OK},
	{"ana@mylocal", EMAIL_DOMAIN_SINGLE},
	{"ana@x.mylocal", EMAIL_OK},
	{"ana@x.arpanet", EMAIL_OK},

	/* the whole */
	{"", EMAIL_EMPTY},
	{"ana", EMAIL_NO_AT},
	{"root", EMAIL_NO_AT},
	{"elsewhere.example", EMAIL_NO_AT},
	{"@", EMAIL_LOCAL_EMPTY},
	{"@@", EMAIL_TWO_AT},
	{"ana@", EMAIL_DOMAIN_EMPTY},
	{"@elsewhere.example", EMAIL_LOCAL_EMPTY},
	{"ana@@elsewhere.example", EMAIL_TWO_AT},
	{"ana@elsewhere.example@", EMAIL_TWO_AT},
	{"ana@beto@elsewhere.example", EMAIL_TWO_AT},
	{"ana@elsewhere@example", EMAIL_TWO_AT},

	/* what a mail server reads as something else: lists, groups, names, comments */
	{"a@x.example,b@y.example", EMAIL_BAD_BYTE},
	{"a@x.example, b@y.example", EMAIL_BAD_BYTE},
	{"a@x.example b@y.example", EMAIL_BAD_BYTE},
	{"a@x.example;b@y.example", EMAIL_BAD_BYTE},
	{"friends: a@x.example, b@y.example;", EMAIL_BAD_BYTE},
	{"friends:a@x.example;", EMAIL_BAD_BYTE},
	{"Ana <a@x.example>", EMAIL_BAD_BYTE},
	{"<a@x.example>", EMAIL_BAD_BYTE},
	{"<>", EMAIL_BAD_BYTE},
	{"a@x.example (Ana)", EMAIL_BAD_BYTE},
	{"(c)a@x.example", EMAIL_BAD_BYTE},
	{"a(c)@x.example", EMAIL_BAD_BYTE},
	{"mailto:a@x.example", EMAIL_BAD_BYTE},
	{"smtp:[x.example]", EMAIL_BAD_BYTE},

	/* commands, files, includes, routes, options */
	{"|/bin/id", EMAIL_BAD_BYTE},
	{"|id@x.example", EMAIL_BAD_BYTE},
	{"\"|/bin/id\"@x.example", EMAIL_BAD_BYTE},
	{"a@x.example,|/bin/id", EMAIL_BAD_BYTE},
	{"/etc/passwd", EMAIL_BAD_BYTE},
	{"/var/mail/root@x.example", EMAIL_BAD_BYTE},
	{"a/b@x.example", EMAIL_BAD_BYTE},
	{"./mail@x.example", EMAIL_BAD_BYTE},
	{":include:/etc/passwd", EMAIL_BAD_BYTE},
	{":include:/etc/passwd@x.example", EMAIL_BAD_BYTE},
	{"include:x@x.example", EMAIL_BAD_BYTE},
	{"@r.example:a@x.example", EMAIL_BAD_BYTE},
	{"@r.example,@s.example:a@x.example", EMAIL_BAD_BYTE},
	{"<@r.example:a@x.example>", EMAIL_BAD_BYTE},
	{"@r.example@x.example", EMAIL_TWO_AT},
	{"a%y.example@x.example", EMAIL_BAD_BYTE},
	{"y.example!a@x.example", EMAIL_BAD_BYTE},
	{"x!y!a", EMAIL_BAD_BYTE},
	{"\\a@x.example", EMAIL_BAD_BYTE},
	{"a\\@x.example", EMAIL_BAD_BYTE},
	{"-a@x.example", EMAIL_LOCAL_HYPHEN},
	{"-oQ@x.example", EMAIL_LOCAL_HYPHEN},
	{"--@x.example", EMAIL_LOCAL_HYPHEN},
	{"-@x.example", EMAIL_LOCAL_HYPHEN},

	/* quoting and line structure */
	{"\"a\"@x.example", EMAIL_BAD_BYTE},
	{"\"a b\"@x.example", EMAIL_BAD_BYTE},
	{"\"\"@x.example", EMAIL_BAD_BYTE},
	{"a\"b@x.example", EMAIL_BAD_BYTE},
	{"a@x.example\n", EMAIL_BAD_BYTE},
	{"\na@x.example", EMAIL_BAD_BYTE},
	{"a@x.example\r", EMAIL_BAD_BYTE},
	{"a@x.example\nb@y.example c@z.example", EMAIL_BAD_BYTE},
	{"a\t@x.example", EMAIL_BAD_BYTE},
	{"a@x.example\t", EMAIL_BAD_BYTE},
	{" a@x.example", EMAIL_BAD_BYTE},
	{"a@x.example ", EMAIL_BAD_BYTE},
	{"a @x.example", EMAIL_BAD_BYTE},
	{"a@ x.example", EMAIL_BAD_BYTE},
	{"a\x01@x.example", EMAIL_BAD_BYTE},
	{"a\x1b[2J@x.example", EMAIL_BAD_BYTE},
	{"a\x7f@x.example", EMAIL_BAD_BYTE},
	{"#a@x.example", EMAIL_BAD_BYTE},
	{"a#@x.example", EMAIL_BAD_BYTE},
	{"a&b@x.example", EMAIL_BAD_BYTE},
	{"*@x.example", EMAIL_BAD_BYTE},
	{"a?b@x.example", EMAIL_BAD_BYTE},
	{"a^b@x.example", EMAIL_BAD_BYTE},
	{"{a}@x.example", EMAIL_BAD_BYTE},
	{"$a@x.example", EMAIL_BAD_BYTE},
	{"${HOME}@x.example", EMAIL_BAD_BYTE},
	{"`id`@x.example", EMAIL_BAD_BYTE},
	{"a@x.example#", EMAIL_BAD_BYTE},

	/* dots */
	{".a@x.example", EMAIL_LOCAL_DOT},
	{"a.@x.example", EMAIL_LOCAL_DOT},
	{"a..b@x.example", EMAIL_LOCAL_DOT},
	{".@x.example", EMAIL_LOCAL_DOT},
	{"..@x.example", EMAIL_LOCAL_DOT},
	{"a...b@x.example", EMAIL_LOCAL_DOT},
	{"a@.x.example", EMAIL_DOMAIN_LABEL},
	{"a@x.example.", EMAIL_DOMAIN_LABEL},
	{"a@x..example", EMAIL_DOMAIN_LABEL},
	{"a@.", EMAIL_DOMAIN_LABEL},
	{"a@..", EMAIL_DOMAIN_LABEL},
	{"a@.example", EMAIL_DOMAIN_LABEL},

	/* domains */
	{"a@-x.example", EMAIL_DOMAIN_LABEL},
	{"a@x-.example", EMAIL_DOMAIN_LABEL},
	{"a@x.-example", EMAIL_DOMAIN_LABEL},
	{"a@x.example-", EMAIL_DOMAIN_LABEL},
	{"a@-", EMAIL_DOMAIN_LABEL},
	{"a@-.-", EMAIL_DOMAIN_LABEL},
	{"a@x_y.example", EMAIL_DOMAIN_BYTE},
	{"a@_dmarc.x.example", EMAIL_DOMAIN_BYTE},
	{"a@x+y.example", EMAIL_DOMAIN_BYTE},
	{"a@x=y.example", EMAIL_DOMAIN_BYTE},
	{"a@x~y.example", EMAIL_DOMAIN_BYTE},
	{"a@x'y.example", EMAIL_DOMAIN_BYTE},
	{"a@x/y.example", EMAIL_BAD_BYTE},
	{"a@x:25", EMAIL_BAD_BYTE},
	{"a@x.example:25", EMAIL_BAD_BYTE},
	{"a@[127.0.0.1]", EMAIL_BAD_BYTE},
	{"a@[IPv6:::1]", EMAIL_BAD_BYTE},
	{"a@[x.example]", EMAIL_BAD_BYTE},
	{"a@#127", EMAIL_BAD_BYTE},
	{"a@127.0.0.1", EMAIL_DOMAIN_NUMERIC},
	{"a@1.2", EMAIL_DOMAIN_NUMERIC},
	{"a@x.example.1", EMAIL_DOMAIN_NUMERIC},
	{"a@x.123", EMAIL_DOMAIN_NUMERIC},
	{"a@2130706433", EMAIL_DOMAIN_SINGLE},
	{"a@x", EMAIL_DOMAIN_SINGLE},
	{"a@localhost", EMAIL_DOMAIN_SINGLE},
	{"a@x.localhost", EMAIL_DOMAIN_FORBIDDEN},
	{"a@LOCALHOST.LocalHost", EMAIL_DOMAIN_FORBIDDEN},
	{"a@printer.local", EMAIL_DOMAIN_FORBIDDEN},
	{"a@printer.LOCAL", EMAIL_DOMAIN_FORBIDDEN},
	{"a@x.invalid", EMAIL_DOMAIN_FORBIDDEN},
	{"a@mail.internal", EMAIL_DOMAIN_FORBIDDEN},
	{"a@1.0.0.127.in-addr.arpa", EMAIL_DOMAIN_FORBIDDEN},
	{"a@home.arpa", EMAIL_DOMAIN_FORBIDDEN},
	{"a@abcdefghijklmnop.onion", EMAIL_DOMAIN_FORBIDDEN},

	/* beyond ASCII */
	{"jos\xc3\xa9@x.example", EMAIL_NOT_ASCII},
	{"a@m\xc3\xbcnchen.example", EMAIL_NOT_ASCII},
	{"a@x.example\xc2\xa0", EMAIL_NOT_ASCII},
	{"a\xe2\x80\xae@x.example", EMAIL_NOT_ASCII},
	{"a@x\xe3\x80\x82\x65xample", EMAIL_NOT_ASCII},
	{"\xef\xbb\xbf\x61@x.example", EMAIL_NOT_ASCII},
	{"a\x80@x.example", EMAIL_NOT_ASCII},
	{"a\xff@x.example", EMAIL_NOT_ASCII},
	{"\xc0\xaf@x.example", EMAIL_NOT_ASCII},

	/* lengths */
	{A63 "@x.example", EMAIL_OK},
	{A64 "@x.example", EMAIL_OK},
	{A65 "@x.example", EMAIL_LOCAL_TOO_LONG},
	{A60 A10 A60 "@x.example", EMAIL_LOCAL_TOO_LONG},
	{"a@" A63 ".example", EMAIL_OK},
	{"a@" A64 ".example", EMAIL_DOMAIN_LABEL},
	{"a@x." A63, EMAIL_OK},
	{"a@x." A64, EMAIL_DOMAIN_LABEL},
	/* 253, 254 and 255 bytes: 62 + 3 * 64 are 254 */
	{"aaaaaaaaaa@" A50 "." A63 "." A63 "." A63, EMAIL_OK},
	{"aaaaaaaaaaa@" A50 "." A63 "." A63 "." A63, EMAIL_OK},
	{"aaaaaaaaa@" A50 "." A63 "." A63 "." A63, EMAIL_OK},
	{"aaaaaaaaaaaa@" A50 "." A63 "." A63 "." A63, EMAIL_TOO_LONG},
	{A60 A60 A60 A60 A60, EMAIL_TOO_LONG},
	{"@" A60 "." A63 "." A63 "." A63, EMAIL_LOCAL_EMPTY},
};

START_TEST(judges_addresses)
{
	enum email_fault fault = email_address_check(addresses[_i].text);

	ck_assert_msg(fault == addresses[_i].fault, "\"%s\": %s (%d), expected: %s", addresses[_i].text,
		email_fault_text(fault), (int)fault, email_fault_text(addresses[_i].fault));
}
END_TEST

/* The rule once more, as a list of bytes: what stands at `place` of an otherwise good address. */
static bool may_stand(int byte, const char *place)
{
	const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	if (strchr(letters, byte))
		return true;
	if (strcmp(place, "local first") == 0)
		return strchr("_+=~'", byte);
	if (strcmp(place, "local middle") == 0)
		return strchr("._+-=~'", byte);
	if (strcmp(place, "local last") == 0)
		return strchr("_+-=~'", byte);
	if (strcmp(place, "domain middle") == 0)
		return strchr("-.", byte);
	return false;
}

static const struct {
	const char *place;
	const char *format;
} places[] = {
	{"local first", "%cb@x.example"},
	{"local middle", "a%cb@x.example"},
	{"local last", "a%c@x.example"},
	{"domain first", "a@%cx.example"},
	{"domain middle", "a@x%cx.example"},
	{"domain last", "a@x.example%c"},
	{"label last", "a@x%c.example"},
};

START_TEST(judges_every_byte_in_every_place)
{
	for (int byte = 1; byte < 256; byte++) {
		char text[32];

		snprintf(text, sizeof(text), "%.*s%c%s", (int)strcspn(places[_i].format, "%"), places[_i].format,
			byte, strchr(places[_i].format, 'c') + 1);
		ck_assert_msg((email_address_check(text) == EMAIL_OK) == may_stand(byte, places[_i].place),
			"byte 0x%02x as %s", (unsigned)byte, places[_i].place);
	}
}
END_TEST

START_TEST(judges_domains)
{
	char longest[] = A63 "." A63 "." A63 "." A60 "a.b";

	longest[253] = '\0';
	ck_assert_int_eq(email_domain_check("club.example"), EMAIL_OK);
	ck_assert_int_eq(email_domain_check("CLUB.example"), EMAIL_OK);
	ck_assert_int_eq(email_domain_check(""), EMAIL_DOMAIN_EMPTY);
	ck_assert_int_eq(email_domain_check("club"), EMAIL_DOMAIN_SINGLE);
	ck_assert_int_eq(email_domain_check("a@club.example"), EMAIL_DOMAIN_BYTE);
	ck_assert_int_eq(email_domain_check("m\xc3\xbcnchen.example"), EMAIL_NOT_ASCII);
	ck_assert_int_eq(email_domain_check(A63 "." A63 "." A63 "." A60 "a"), EMAIL_OK);
	ck_assert_int_eq(email_domain_check(A63 "." A63 "." A63 "." A60 "aa"), EMAIL_DOMAIN_TOO_LONG);
	ck_assert_int_eq(email_domain_check(longest), EMAIL_OK);
}
END_TEST

START_TEST(makes_the_domain_lower_case)
{
	char text[EMAIL_ADDRESS_MAX + 1];

	email_address_canonical("Ana.Maria@ELSEWHERE.Example", text);
	ck_assert_str_eq(text, "Ana.Maria@elsewhere.example");
	email_address_canonical("a@b.c", text);
	ck_assert_str_eq(text, "a@b.c");
	email_address_canonical("aaaaaaaaaaa@" A50 "." A63 "." A63 "." A63, text);
	ck_assert_uint_eq(strlen(text), EMAIL_ADDRESS_MAX);
}
END_TEST

START_TEST(finds_the_domain)
{
	ck_assert_str_eq(email_address_domain("ana@club.example"), "club.example");
	ck_assert_str_eq(email_address_domain("nothing"), "");
}
END_TEST

START_TEST(knows_what_lies_below_a_domain)
{
	ck_assert(email_domain_is_within("club.example", "club.example"));
	ck_assert(email_domain_is_within("Mail.CLUB.example", "club.EXAMPLE"));
	ck_assert(email_domain_is_within("a.b.club.example", "club.example"));
	ck_assert(!email_domain_is_within("myclub.example", "club.example"));
	ck_assert(!email_domain_is_within("example", "club.example"));
	ck_assert(!email_domain_is_within("club.example.org", "club.example"));
	ck_assert(!email_domain_is_within("club.example", ""));
	ck_assert(!email_domain_is_within("", "club.example"));
}
END_TEST

START_TEST(compares_without_case)
{
	ck_assert(email_address_equal("Ana@X.example", "ana@x.EXAMPLE"));
	ck_assert(!email_address_equal("ana@x.example", "ana@x.exampl"));
	ck_assert(!email_address_equal("ana@x.exampl", "ana@x.example"));
	ck_assert(!email_address_equal("ana@x.example", "ano@x.example"));
}
END_TEST

START_TEST(has_words_for_every_fault)
{
	for (int fault = EMAIL_OK; fault <= EMAIL_DOMAIN_FORBIDDEN; fault++)
		ck_assert_uint_gt(strlen(email_fault_text((enum email_fault)fault)), 5);
	ck_assert_str_eq(email_fault_text(EMAIL_TWO_AT), "it has two @ signs");
}
END_TEST

START_TEST(quotes_a_bad_destination_safely)
{
	struct error err = {0};
	char text[1024];

	ck_assert(!email_fault_error(&err, "a\x1b[2J@@x", EMAIL_TWO_AT));
	unit_assert_error(err, ERROR_RULE);
	ck_assert_str_eq(err.field, "destination");
	ck_assert_str_eq(err.what, "\"a\\x1B[2J@@x\" cannot be a destination");
	ck_assert_str_eq(err.why, "it has two @ signs");

	/* Cut at 120 bytes, which is within a two-byte character here. */
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text + 119, "\xc3\xa9", 2);
	email_fault_error(&err, text, EMAIL_TOO_LONG);
	ck_assert_ptr_null(strstr(err.what, "\\x"));
	ck_assert_ptr_nonnull(strstr(err.what, "a...\" cannot be a destination"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("email_address");
	TCase *check = unit_case(suite, "check");
	TCase *rest = unit_case(suite, "rest");
	TCase *words = unit_case(suite, "words");

	tcase_add_loop_test(check, judges_addresses, 0, (int)ARRAY_LENGTH(addresses));
	tcase_add_loop_test(check, judges_every_byte_in_every_place, 0, (int)ARRAY_LENGTH(places));
	tcase_add_test(check, judges_domains);
	tcase_add_test(rest, makes_the_domain_lower_case);
	tcase_add_test(rest, finds_the_domain);
	tcase_add_test(rest, knows_what_lies_below_a_domain);
	tcase_add_test(rest, compares_without_case);
	tcase_add_test(words, has_words_for_every_fault);
	tcase_add_test(words, quotes_a_bad_destination_safely);
	return unit_run(suite);
}
