#include "format/postfix_master_cf.h"

#include "unit.h"

static struct postfix_master_cf parse(const char *text, struct arena *arena)
{
	struct postfix_master_cf services;

	postfix_master_cf_parse(text, strlen(text), arena, &services);
	return services;
}

START_TEST(reads_services)
{
	static const char text[] =
		"# service type private unpriv chroot wakeup maxproc command\n"
		"smtp      inet  n - y - - smtpd\n"
		"#submission inet n - y - - smtpd\n"
		"127.0.0.1:587 inet n - - - - smtpd\n"
		"  -o smtpd_tls_security_level=encrypt\n"
		"# in between\n"
		"\n"
		"  -o { smtpd_milters = inet:localhost:8891, inet:localhost:1 } -osmtpd_x=y\n"
		"\t-v\n"
		"vmail unix - n n - 10 pipe\n"
		"  flags=DRhu user=vmail:vmail argv=/usr/lib/deliver -o secret=x -d ${recipient}\n";
	struct arena arena cleanup_arena = ARENA_INIT;
	struct postfix_master_cf services = parse(text, &arena);

	ck_assert_uint_eq(services.count, 3);
	ck_assert_uint_eq(services.faults, 0);
	ck_assert_str_eq(services.items[0].name, "smtp");
	ck_assert_str_eq(services.items[0].type, "inet");
	ck_assert_int_eq(services.items[0].chroot, 'y');
	ck_assert_str_eq(services.items[0].command, "smtpd");
	ck_assert_uint_eq(services.items[0].overrides.count, 0);
	ck_assert_str_eq(services.items[1].name, "127.0.0.1:587");
	ck_assert_int_eq(services.items[1].chroot, '-');
	ck_assert_str_eq(string_list_join(&services.items[1].overrides, &arena, " "),
		"smtpd_tls_security_level smtpd_milters smtpd_x");
	ck_assert_str_eq(services.items[2].user, "vmail:vmail");
	ck_assert_str_eq(services.items[2].program, "/usr/lib/deliver");
	ck_assert_uint_eq(services.items[2].overrides.count, 0);
}
END_TEST

static const struct {
	const char *text;
	size_t count;
	size_t faults;
} rows[] = {
	{"", 0, 0},
	{"\n\n# only this", 0, 0},
	{"smtp inet n - y - - smtpd", 1, 0},
	{"smtp inet n - y - - smtpd\r\n", 1, 0},
	{"smtp inet n - y - -\n", 0, 1},
	{"smtp inet n - y - -\n  smtpd\n", 1, 0},
	{"smtp tcp n - y - - smtpd\n", 0, 1},
	{"rubbish\nsmtp inet n - y - - smtpd\n", 1, 1},
	{"  smtp inet n - y - - smtpd\n", 1, 0},
	{"smtp inet n - y - - smtpd -o\n", 1, 0},
	{"smtp inet n - y - - smtpd -o { open\n", 1, 0},
};

START_TEST(counts)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct postfix_master_cf services = parse(rows[_i].text, &arena);

	ck_assert_msg(services.count == rows[_i].count && services.faults == rows[_i].faults,
		"\"%s\": %zu services, %zu faults", rows[_i].text, services.count, services.faults);
}
END_TEST

START_TEST(takes_zero_bytes_as_blanks)
{
	static const char text[] = "smtp\0inet n - y - - smtpd";
	struct arena arena cleanup_arena = ARENA_INIT;
	struct postfix_master_cf services;

	postfix_master_cf_parse(text, sizeof(text) - 1, &arena, &services);
	ck_assert_uint_eq(services.count, 1);
}
END_TEST

START_TEST(finds)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct postfix_master_cf services = parse("cleanup unix n - n - 0 cleanup\nsmtps inet n - "
						  "y - - smtpd\nx unix n - y - - smtpd\n",
		&arena);

	ck_assert_str_eq(postfix_master_cf_find(&services, "smtpd", NULL)->name, "smtps");
	ck_assert_str_eq(postfix_master_cf_find(&services, "smtpd", "unix")->name, "x");
	ck_assert_ptr_null(postfix_master_cf_find(&services, "qmgr", NULL));
	ck_assert_ptr_null(postfix_master_cf_find(&services, "cleanup", "inet"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("postfix_master_cf");
	TCase *parse_case = unit_case(suite, "parse");

	tcase_add_test(parse_case, reads_services);
	tcase_add_loop_test(parse_case, counts, 0, (int)ARRAY_LENGTH(rows));
	tcase_add_test(parse_case, takes_zero_bytes_as_blanks);
	tcase_add_test(parse_case, finds);
	return unit_run(suite);
}
