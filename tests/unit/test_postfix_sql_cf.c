#include "format/postfix_sql_cf.h"

#include "base/strbuf.h"

#include "unit.h"

static const char good[] = "# a comment\n"
			   "user = postfix\n"
			   "password = se=cr#et with blanks  \n"
			   "\n"
			   "hosts = unix:/run/mysqld/mysqld.sock\n"
			   "    # a comment within\n"
			   "   inet:db.example:3307\n"
			   "dbname=mail\r\n"
			   "user = postfix_reader\n"
			   "query = SELECT goto FROM alias\n"
			   "\tWHERE address = '%s'\n"
			   "tls_CAfile =\n"
			   "last = no newline";

static const struct {
	const char *name;
	const char *value;
} values[] = {
	{"user", "postfix_reader"},
	{"password", "se=cr#et with blanks"},
	{"hosts", "unix:/run/mysqld/mysqld.sock   inet:db.example:3307"},
	{"dbname", "mail"},
	{"query", "SELECT goto FROM alias\tWHERE address = '%s'"},
	{"tls_CAfile", ""},
	{"last", "no newline"},
	{"absent", NULL},
	{"User", NULL},
};

START_TEST(reads_a_table)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct postfix_sql_cf cf;
	struct error err;
	const char *value;

	unit_assert_ok(postfix_sql_cf_parse(good, sizeof(good) - 1, &arena, &cf, &err), err);
	value = postfix_sql_cf_get(&cf, values[_i].name);
	if (values[_i].value)
		ck_assert_pstr_eq(value, values[_i].value);
	else
		ck_assert_ptr_null(value);
}
END_TEST

static const struct {
	const char *text;
	size_t length; /* 0 = of the text */
	const char *where;
} bad[] = {
	{"user = a\npassword secret\n", 0, "line 2:"},
	{"\n# x\n = secret\n", 0, "line 3:"},
	{"  user = a\n", 0, "line 1:"},
	{"pass word = secret\n", 0, "line 1:"},
	{"user = a\npassword = se\0cret\n", 30, "NUL"},
};

START_TEST(refuses_what_is_no_table_and_tells_no_secret)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct postfix_sql_cf cf = {.count = 77};
	size_t length = bad[_i].length ? bad[_i].length : strlen(bad[_i].text);
	struct error err;

	ck_assert(!postfix_sql_cf_parse(bad[_i].text, length, &arena, &cf, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.what, bad[_i].where));
	ck_assert_ptr_null(strstr(err.what, "cret"));
	ck_assert_ptr_null(strstr(err.why, "cret"));
	ck_assert_uint_eq(cf.count, 77);
}
END_TEST

START_TEST(has_a_most)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct postfix_sql_cf cf;
	struct error err;

	for (int i = 0; i < POSTFIX_SQL_CF_NAMES; i++)
		strbuf_printf(&text, "name%d = %d\n", i, i);
	unit_assert_ok(postfix_sql_cf_parse(text.text, text.length, &arena, &cf, &err), err);
	ck_assert_str_eq(postfix_sql_cf_get(&cf, "name63"), "63");
	strbuf_append_text(&text, "one = more\n");
	ck_assert(!postfix_sql_cf_parse(text.text, text.length, &arena, &cf, &err));
	unit_assert_error(err, ERROR_CONFIG);
}
END_TEST

static const struct {
	const char *hosts;
	const char *socket; /* NULL = refused */
	const char *host;
	int64_t port;
} hosts[] = {
	{"unix:/run/mysqld/mysqld.sock", "/run/mysqld/mysqld.sock", "", 0},
	{"localhost", "", "localhost", 0},
	{"db.example", "", "db.example", 0},
	{"db.example:3307", "", "db.example", 3307},
	{"inet:db.example:3307, other.example", "", "db.example", 3307},
	{" ,\t192.0.2.1 192.0.2.2", "", "192.0.2.1", 0},
	{"[2001:db8::1]", "", "2001:db8::1", 0},
	{"inet:[2001:db8::1]:3308", "", "2001:db8::1", 3308},
	{"", NULL, NULL, 0},
	{" , ", NULL, NULL, 0},
	{"unix:mysqld.sock", NULL, NULL, 0},
	{"db.example:", NULL, NULL, 0},
	{"db.example:0", NULL, NULL, 0},
	{"db.example:65536", NULL, NULL, 0},
	{"db.example:mysql", NULL, NULL, 0},
	{":3306", NULL, NULL, 0},
	{"[2001:db8::1", NULL, NULL, 0},
	{"[2001:db8::1]3306", NULL, NULL, 0},
};

START_TEST(knows_hosts)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct postfix_sql_host host;
	bool good_host = postfix_sql_host_parse(hosts[_i].hosts, &arena, &host);

	ck_assert_msg(good_host == (hosts[_i].socket != NULL), "\"%s\"", hosts[_i].hosts);
	if (!good_host)
		return;
	ck_assert_str_eq(host.socket, hosts[_i].socket);
	ck_assert_str_eq(host.host, hosts[_i].host);
	ck_assert_int_eq(host.port, hosts[_i].port);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("postfix_sql_cf");
	TCase *tcase = unit_case(suite, "parse");

	tcase_add_loop_test(tcase, reads_a_table, 0, (int)ARRAY_LENGTH(values));
	tcase_add_loop_test(tcase, refuses_what_is_no_table_and_tells_no_secret, 0, (int)ARRAY_LENGTH(bad));
	tcase_add_test(tcase, has_a_most);
	tcase_add_loop_test(tcase, knows_hosts, 0, (int)ARRAY_LENGTH(hosts));
	return unit_run(suite);
}
