/* The language of texts: what the environment says, and what the server says where it is silent. */
#include "cli/language.h"

#include "unit.h"

#include <locale.h>

static void set_environment(const char *lang, const char *language)
{
	unsetenv("LC_ALL");
	unsetenv("LC_MESSAGES");
	setenv("LANG", lang, 1);
	setenv("LANGUAGE", language, 1);
}

static const struct {
	const char *lang;
	const char *language;
	const char *server;
	const char *expected;
} cases[] = {
	{"C", "", NULL, ""},
	{"C", "", "", ""},
	{"C", "", "pt_BR", "pt_BR"},
	{"POSIX", "", "pt_BR", "pt_BR"},
	{"C.UTF-8", "", "pt", "pt"},
	{"xx_YY.not-installed", "", "pt_BR", "pt_BR"},
	{"C.UTF-8", "de_AT:de", "pt_BR", "de_AT"},
	{"C.UTF-8", "es", NULL, "es"},
	{"C", "", "Brazilian", ""},
	{"C", "", "pt_BRx", ""},
	{"C", "", "p", ""},
	{"C", "", "fil_PH", ""},
};

START_TEST(chooses_a_language)
{
	char language[LANGUAGE_MAX + 1];

	set_environment(cases[_i].lang, cases[_i].language);
	language_begin(cases[_i].server);
	language_current(language);
	ck_assert_str_eq(language, cases[_i].expected);
}
END_TEST

START_TEST(knows_the_server_later)
{
	char language[LANGUAGE_MAX + 1];

	set_environment("C", "");
	language_begin(NULL);
	language_begin("pt_BR");
	language_current(language);
	ck_assert_str_eq(language, "pt_BR");
}
END_TEST

START_TEST(writes_numbers_as_in_c)
{
	char text[16];

	set_environment("de_DE.UTF-8", "");
	language_begin(NULL);
	ck_assert_str_eq(setlocale(LC_NUMERIC, NULL), "C");
	snprintf(text, sizeof(text), "%.1f", 1.5);
	ck_assert_str_eq(text, "1.5");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("language");
	TCase *language = unit_case(suite, "language");

	tcase_add_loop_test(language, chooses_a_language, 0, (int)ARRAY_LENGTH(cases));
	tcase_add_test(language, knows_the_server_later);
	tcase_add_test(language, writes_numbers_as_in_c);
	return unit_run(suite);
}
