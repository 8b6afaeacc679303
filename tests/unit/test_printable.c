#include "format/printable.h"

#include "unit.h"

static const struct {
	const char *text;
	const char *expected;
	bool clean;
} texts[] = {
	{"", "", true},
	{"plain text ~!", "plain text ~!", true},
	{"back\\slash", "back\\\\slash", true},
	{"\\x41", "\\\\x41", true},
	{"ol\xc3\xa1, Z\xc3\xbcrich \xe2\x82\xac", "ol\xc3\xa1, Z\xc3\xbcrich \xe2\x82\xac", true},
	{"\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac", true},
	{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", true},
	{"e\xcc\x81", "e\xcc\x81", true},
	{"a\nb", "a\\x0Ab", false},
	{"a\r\tb", "a\\x0D\\x09b", false},
	{"\x1b[31m", "\\x1B[31m", false},
	{"\x7f", "\\x7F", false},
	{"\x08\x08", "\\x08\\x08", false},
	/* C1: CSI as one character, and as a raw byte */
	{"\xc2\x9b" "31m", "\\u{009B}31m", false},
	{"\x9b" "31m", "\\x9B31m", false},
	{"\xc2\x85", "\\u{0085}", false},
	/* malformed: lone, overlong, surrogate, too large, cut off */
	{"\xff", "\\xFF", false},
	{"\x80", "\\x80", false},
	{"\xc0\xaf", "\\xC0\\xAF", false},
	{"\xe0\x80\xaf", "\\xE0\\x80\\xAF", false},
	{"\xed\xa0\x80", "\\xED\\xA0\\x80", false},
	{"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80", false},
	{"a\xe2\x82", "a\\xE2\\x82", false},
	{"\xe2\x82z", "\\xE2\\x82z", false},
	/* what turns text around or cannot be seen */
	{"a\xe2\x80\xae" "b", "a\\u{202E}b", false},
	{"\xe2\x81\xa6", "\\u{2066}", false},
	{"\xe2\x80\x8f", "\\u{200F}", false},
	{"\xd8\x9c", "\\u{061C}", false},
	{"a\xe2\x80\x8b" "b", "a\\u{200B}b", false},
	{"\xe2\x80\x8d", "\\u{200D}", false},
	{"\xef\xbb\xbf", "\\u{FEFF}", false},
	{"\xc2\xad", "\\u{00AD}", false},
	{"\xe3\x85\xa4", "\\u{3164}", false},
	{"\xcd\x8f", "\\u{034F}", false},
	{"\xe2\x80\xa8", "\\u{2028}", false},
	{"\xe2\x80\xa9", "\\u{2029}", false},
	{"\xf3\xa0\x81\x81", "\\u{E0041}", false},
	/* private, unassigned, no character */
	{"\xee\x80\x80", "\\u{E000}", false},
	{"\xf4\x8f\xbf\xbd", "\\u{10FFFD}", false},
	{"\xcd\xb8", "\\u{0378}", false},
	{"\xef\xbf\xbf", "\\u{FFFF}", false},
	{"\xef\xb7\x90", "\\u{FDD0}", false},
	/* the replacement character is a character */
	{"\xef\xbf\xbd", "\xef\xbf\xbd", true},
};

START_TEST(makes_text_printable)
{
	struct arena arena cleanup_arena = ARENA_INIT;

	ck_assert_str_eq(printable_text(texts[_i].text, &arena), texts[_i].expected);
}
END_TEST

START_TEST(knows_clean_text)
{
	ck_assert_int_eq(printable_is_clean(texts[_i].text), texts[_i].clean);
}
END_TEST

START_TEST(adds_bytes_with_their_length)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	strbuf_append_text(&buffer, "<");
	printable_append(&buffer, "a\0b", 3);
	printable_append(&buffer, "", 0);
	/* The second byte of the character lies behind the length. */
	printable_append(&buffer, "\xc3\xa9", 1);
	strbuf_append_text(&buffer, ">");
	ck_assert_str_eq(strbuf_text(&buffer), "<a\\x00b\\xC3>");
}
END_TEST

/* Whatever comes in: what goes out has no control byte, and is clean. */
START_TEST(never_lets_a_control_byte_through)
{
	for (unsigned first = 0; first < 256; first++) {
		for (unsigned second = 0; second < 256; second++) {
			struct strbuf buffer cleanup_strbuf = STRBUF_INIT;
			char text[] = {'x', (char)first, (char)second, 'y'};

			printable_append(&buffer, text, sizeof(text));
			ck_assert(printable_is_clean(strbuf_text(&buffer)));
			ck_assert_uint_eq(strlen(strbuf_text(&buffer)), buffer.length);
			for (size_t i = 0; i < buffer.length; i++)
				ck_assert((unsigned char)buffer.text[i] >= 0x20 && buffer.text[i] != 0x7f);
		}
	}
}
END_TEST

START_TEST(judges_code_points)
{
	ck_assert(printable_code_point(' '));
	ck_assert(printable_code_point('~'));
	ck_assert(!printable_code_point(0));
	ck_assert(!printable_code_point(0x1f));
	ck_assert(!printable_code_point(0x7f));
	ck_assert(!printable_code_point(0x9f));
	ck_assert(printable_code_point(0xa0));
	ck_assert(!printable_code_point(0xd800));
	ck_assert(!printable_code_point(0x110000));
	ck_assert(!printable_code_point(UINT32_MAX));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("printable");
	TCase *tcase = unit_case(suite, "printable");

	tcase_add_loop_test(tcase, makes_text_printable, 0, (int)ARRAY_LENGTH(texts));
	tcase_add_loop_test(tcase, knows_clean_text, 0, (int)ARRAY_LENGTH(texts));
	tcase_add_test(tcase, adds_bytes_with_their_length);
	tcase_add_test(tcase, never_lets_a_control_byte_through);
	tcase_add_test(tcase, judges_code_points);
	return unit_run(suite);
}
