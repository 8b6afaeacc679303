#include "format/nearest_word.h"

#include "unit.h"

#define LONG "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc" /* 63 bytes */

static const char *const words[] = {"type", "path", "mode", "group", "enabled", "reload", "ab",
	"sync.type", LONG};

static const struct {
	const char *word;
	const char *nearest;
} cases[] = {
	{"type", "type"},
	{"typ", "type"},
	{"types", "type"},
	{"tyqe", "type"},
	{"tpye", "type"},
	{"ytpe", "type"},
	{"typpee", "type"},
	{"ty", NULL},
	{"ba", "ab"},
	{"relaod", "reload"},
	{"rleaod", "reload"},
	{"relo", "reload"},
	{"rel", NULL},
	{"enabeld", "enabled"},
	{"sync.typ", "sync.type"},
	{"snyc.tpye", "sync.type"},
	{"TYPE", NULL},
	{"", NULL},
	{"zzzz", NULL},
	{LONG, LONG},
	{LONG "x", NULL},
	{LONG LONG LONG, NULL},
};

START_TEST(finds_the_nearest)
{
	const char *found = nearest_word(cases[_i].word, words, ARRAY_LENGTH(words));

	if (!cases[_i].nearest)
		ck_assert_msg(!found, "%s resembles %s", cases[_i].word, found);
	else
		ck_assert_str_eq(found ? found : "(none)", cases[_i].nearest);
}
END_TEST

START_TEST(takes_the_first_of_a_tie_and_the_nearer_of_two)
{
	static const char *const tie[] = {"cart", "card", "care"};
	static const char *const nearer[] = {"carrot", "carton", "carts"};

	ck_assert_str_eq(nearest_word("carx", tie, 3), "cart");
	ck_assert_str_eq(nearest_word("carto", nearer, 3), "carton");
	ck_assert_ptr_null(nearest_word("cart", tie, 0));
}
END_TEST

START_TEST(short_words_resemble_little)
{
	static const char *const shorts[] = {"to", "a", ""};

	ck_assert_str_eq(nearest_word("ot", shorts, 3), "to");
	ck_assert_ptr_null(nearest_word("xyz", shorts, 3));
	ck_assert_ptr_null(nearest_word("b", shorts, 3));
}
END_TEST

START_TEST(keeps_to_the_edits_it_was_given)
{
	static const char *const domains[] = {"gmail.example", "hotmail.example"};

	ck_assert_str_eq(nearest_word_within("gmial.example", domains, 2, 1), "gmail.example");
	ck_assert_str_eq(nearest_word_within("hotmal.example", domains, 2, 1), "hotmail.example");
	ck_assert_ptr_null(nearest_word_within("gmaul.exampl", domains, 2, 1));
	ck_assert_str_eq(nearest_word_within("gmaul.exampl", domains, 2, 2), "gmail.example");
	ck_assert_ptr_null(nearest_word_within("other.example", domains, 2, 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nearest_word");
	TCase *tcase = unit_case(suite, "words");

	tcase_add_loop_test(tcase, finds_the_nearest, 0, ARRAY_LENGTH(cases));
	tcase_add_test(tcase, takes_the_first_of_a_tie_and_the_nearer_of_two);
	tcase_add_test(tcase, short_words_resemble_little);
	tcase_add_test(tcase, keeps_to_the_edits_it_was_given);
	return unit_run(suite);
}
