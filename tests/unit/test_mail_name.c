/* One validator for all names of the mail database (Z18). */
#include "service/mail_name.h"

#include "unit.h"

static struct settings settings_with(bool special)
{
	return (struct settings){.domains = {.allow_special_use = special}};
}

static const struct {
	const char *text;
	const char *domain; /* NULL = refused */
	enum error_code code;
} domains[] = {
	{"example.org", "example.org", ERROR_NONE},
	{"Example.ORG", "example.org", ERROR_NONE},
	{"município.example", "xn--municpio-g2a.example", ERROR_NONE},
	{"mail.local", "mail.local", ERROR_NONE},
	{"a-b.c-d.test", "a-b.c-d.test", ERROR_NONE},
	{"ALL", NULL, ERROR_NOT_FOUND},
	{"all", NULL, ERROR_NOT_FOUND},
	{"All", NULL, ERROR_NOT_FOUND},
	{"", NULL, ERROR_USAGE},
	{"org", NULL, ERROR_USAGE},
	{"a b.org", NULL, ERROR_USAGE},
	{"a_b.org", NULL, ERROR_USAGE},
	{"a/b.org", NULL, ERROR_USAGE},
	{"a..org", NULL, ERROR_USAGE},
	{".a.org", NULL, ERROR_USAGE},
	{"-a.org", NULL, ERROR_USAGE},
	{"a-.org", NULL, ERROR_USAGE},
	{"10.1.2.3", NULL, ERROR_USAGE},
	{"ana@example.org", NULL, ERROR_USAGE},
	{"a%.org", NULL, ERROR_USAGE},
	{"a'b.org", NULL, ERROR_USAGE},
	{"a\nb.org", NULL, ERROR_USAGE},
	{"\xff.org", NULL, ERROR_USAGE},
};

START_TEST(reads_domains)
{
	const struct settings settings = settings_with(true);
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text = domains[_i].text;
	const char *domain = "untouched";
	struct error err = {.code = ERROR_NONE};
	bool good = mail_name_domain(&settings, text, &arena, &domain, &err);

	ck_assert_msg(good == !!domains[_i].domain, "%s: %s", text, err.what);
	if (good) {
		ck_assert_str_eq(domain, domains[_i].domain);
	} else {
		unit_assert_error(err, domains[_i].code);
		ck_assert_str_eq(domain, "untouched");
		ck_assert_str_eq(err.field, "domain");
	}
}
END_TEST

static const struct {
	const char *text;
	const char *address;
} addresses[] = {
	{"Ana.Maria+x@Example.ORG", "ana.maria+x@example.org"},
	{"a@b.local", "a@b.local"},
	{"@Example.org", "@example.org"},
	{"*@example.org", "@example.org"},
	{"ana", NULL},
	{"", NULL},
	{"@", NULL},
	{"*@", NULL},
	{"*", NULL},
	{"**@example.org", NULL},
	{"a*@example.org", NULL},
	{".a@example.org", NULL},
	{"a.@example.org", NULL},
	{"a..b@example.org", NULL},
	{"-a@example.org", NULL},
	{"a/b@example.org", NULL},
	{"a\\b@example.org", NULL},
	{"a\nb@example.org", NULL},
	{"a,b@example.org", NULL},
	{"|a@example.org", NULL},
	{"\"a\"@example.org", NULL},
	{"a@b@example.org", NULL},
	{"a@[192.0.2.1]", NULL},
	{"joão@example.org", NULL},
};

START_TEST(reads_addresses)
{
	const struct settings settings = settings_with(true);
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text = addresses[_i].text;
	const char *address = "untouched";
	struct error err = {.code = ERROR_NONE};
	bool good = mail_name_alias(&settings, text, &arena, &address, &err);

	ck_assert_msg(good == !!addresses[_i].address, "%s: %s %s", text, address, err.what);
	if (good)
		ck_assert_str_eq(address, addresses[_i].address);
	else
		unit_assert_error(err, ERROR_USAGE);
	/* A whole domain is an alias's address only. */
	if (mail_name_address(&settings, text, &arena, &address, &err))
		ck_assert(good && !mail_name_is_catch_all(address));
	else
		ck_assert(!good || mail_name_is_catch_all(address));
}
END_TEST

START_TEST(special_names_are_a_choice)
{
	const struct settings settings = settings_with(false);
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *name;
	struct error err;

	ck_assert(!mail_name_domain(&settings, "mail.local", &arena, &name, &err));
	unit_assert_error(err, ERROR_USAGE);
	ck_assert(!mail_name_address(&settings, "a@mail.internal", &arena, &name, &err));
	ck_assert(mail_name_domain(&settings, "example.org", &arena, &name, &err));
}
END_TEST

START_TEST(descriptions_are_text)
{
	char text[512];
	struct error err;

	ck_assert(mail_name_description("", &err));
	ck_assert(mail_name_description("São Paulo 📮", &err));
	ck_assert(!mail_name_description("a\033[2J", &err));
	ck_assert(!mail_name_description("a\nb", &err));
	ck_assert(!mail_name_description("\xff", &err));
	memset(text, 'x', sizeof(text));
	text[255] = '\0';
	ck_assert(mail_name_description(text, &err));
	text[255] = 'x';
	text[256] = '\0';
	ck_assert(!mail_name_description(text, &err));
	unit_assert_error(err, ERROR_USAGE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mail_name");
	TCase *names = unit_case(suite, "names");

	tcase_add_loop_test(names, reads_domains, 0, (int)ARRAY_LENGTH(domains));
	tcase_add_loop_test(names, reads_addresses, 0, (int)ARRAY_LENGTH(addresses));
	tcase_add_test(names, special_names_are_a_choice);
	tcase_add_test(names, descriptions_are_text);
	return unit_run(suite);
}
