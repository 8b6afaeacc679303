#include "format/dovecot_conf.h"

#include "base/strbuf.h"

#include "unit.h"

static struct dovecot_conf parse(const char *text, struct arena *arena)
{
	struct dovecot_conf conf;

	dovecot_conf_parse(text, strlen(text), arena, &conf);
	return conf;
}

static const char *get(const struct dovecot_conf *conf, const char *section, const char *key)
{
	const char *value = dovecot_conf_get(conf, section, key);

	return value ? value : "(none)";
}

START_TEST(reads_blocks)
{
	static const char text[] = "# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf\n"
				   "# Pigeonhole version 0.5.19 (4eae2f79)\n"
				   "mail_location = maildir:~/Maildir\n"
				   "passdb {\n"
				   "  args = /etc/dovecot/dovecot-sql.conf.ext\n"
				   "  driver = sql\n"
				   "}\n"
				   "passdb {\n"
				   "  driver = pam\n"
				   "}\n"
				   "protocols = \" imap lmtp\"\n"
				   "service auth {\n"
				   "  unix_listener /var/spool/postfix/private/auth {\n"
				   "    mode = 0660\n"
				   "  }\n"
				   "  user = dovecot\n"
				   "}\n"
				   "ssl_key = # hidden, use -P to show it\n";
	struct arena arena cleanup_arena = ARENA_INIT;
	struct dovecot_conf conf = parse(text, &arena);
	static const char listener[] = "service auth/unix_listener /var/spool/postfix/private/auth";

	ck_assert(conf.whole);
	ck_assert_str_eq(conf.version, "2.3.19.1");
	ck_assert_uint_eq(conf.count, 8);
	ck_assert_str_eq(get(&conf, "", "mail_location"), "maildir:~/Maildir");
	ck_assert_str_eq(get(&conf, "", "protocols"), "\" imap lmtp\"");
	ck_assert_str_eq(get(&conf, "passdb", "driver"), "sql");
	ck_assert_str_eq(get(&conf, listener, "mode"), "0660");
	ck_assert_str_eq(get(&conf, "service auth", "user"), "dovecot");
	ck_assert_str_eq(get(&conf, "service auth", "mode"), "(none)");
	ck_assert_str_eq(get(&conf, "", "user"), "(none)");
	ck_assert_uint_eq(conf.items[1].block, 1);
	ck_assert_uint_eq(conf.items[3].block, 2);
	ck_assert_uint_eq(conf.items[0].block, 0);
}
END_TEST

static const struct {
	const char *text;
	size_t count;
	bool whole;
} rows[] = {
	{"", 0, true},
	{"a = b", 1, true},
	{"a =\n", 1, true},
	{"= b\n", 1, true},
	{"rubbish\n", 0, true},
	{"a {\n", 0, false},
	{"}\n", 0, false},
	{"}\na {\n", 0, false},
	{"a {\n b = c\n}\n", 1, true},
	{"mailbox \"Sent Messages\" {\n special_use = \\Sent\n}", 1, true},
	{"a = {\n", 1, true},
	{"doveconf: Fatal: Error in configuration file\n", 0, true},
};

START_TEST(counts)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct dovecot_conf conf = parse(rows[_i].text, &arena);

	ck_assert_msg(conf.count == rows[_i].count && conf.whole == rows[_i].whole,
		"\"%s\": %zu %d", rows[_i].text, conf.count, conf.whole);
}
END_TEST

START_TEST(leaves_the_bottomless_out)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct dovecot_conf conf;

	for (int i = 0; i < DOVECOT_DEPTH_MAX + 5; i++)
		strbuf_append_text(&text, "a {\n b = c\n");
	for (int i = 0; i < DOVECOT_DEPTH_MAX + 5; i++)
		strbuf_append_text(&text, "}\n");
	strbuf_append_text(&text, "last = here\n");
	conf = parse(strbuf_text(&text), &arena);
	ck_assert(conf.whole);
	ck_assert_uint_eq(conf.count, DOVECOT_DEPTH_MAX + 1);
	ck_assert_str_eq(get(&conf, "", "last"), "here");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dovecot_conf");
	TCase *parse_case = unit_case(suite, "parse");

	tcase_add_test(parse_case, reads_blocks);
	tcase_add_loop_test(parse_case, counts, 0, (int)ARRAY_LENGTH(rows));
	tcase_add_test(parse_case, leaves_the_bottomless_out);
	return unit_run(suite);
}
