#include "format/secret_mask.h"

#include "unit.h"

static const struct {
	const char *name;
	const char *value;
	const char *shown;
} values[] = {
	{"myhostname", "mail.club.example", "mail.club.example"},
	{"password", "hunter2", "***"},
	{"PASSWORD", "two words", "***"},
	{"password", "/looks/like/a/path", "***"},
	{"api_token", "x", "***"},
	{"client_secret", "x", "***"},
	{"db_pwd", "x", "***"},
	{"relay_credentials", "x", "***"},
	{"ssl_key", "</etc/ssl/private/key.pem", "***"},
	{"password", "", ""},
	{"smtpd_tls_key_file", "/etc/ssl/private/key.pem", "/etc/ssl/private/key.pem"},
	{"smtpd_tls_key_file", "rubbish", "***"},
	{"smtp_sasl_password_maps", "hash:/etc/postfix/sasl_passwd",
		"hash:/etc/postfix/sasl_passwd"},
	{"smtp_sasl_password_maps", "proxy:mysql:/etc/a.cf, hash:/etc/b",
		"proxy:mysql:/etc/a.cf, hash:/etc/b"},
	{"smtp_sasl_password_maps", "static:me:hunter2", "***"},
	{"smtp_sasl_password_maps", "hash:/etc/b, static:me:hunter2", "***"},
	{"smtp_sasl_password_maps", "inline:{ [mx]=me:hunter2 }", "***"},
	{"virtual_alias_maps", "inline:{ a=hunter2 }", "inline:***"},
	{"transport_maps", "lmdb:/etc/t, static:hunter2", "lmdb:/etc/t, static:***"},
	{"local_recipient_maps", "proxy:unix:passwd.byname hash:/etc/aliases",
		"proxy:unix:passwd.byname hash:/etc/aliases"},
	{"args", "scheme=PLAIN password=hunter2 more", "scheme=PLAIN password***"},
	{"args", "password = hunter2", "password***"},
	{"args", "password=a:b@hunter2", "password***"},
	{"smtpd_milters", "inet:user:hunt@er2@localhost:1", "inet:***@localhost:1"},
	{"connect", "mysql://me:hunt@er2@db/mail", "mysql://***@db/mail"},
	{"args", "/etc/dovecot/dovecot-sql.conf.ext", "/etc/dovecot/dovecot-sql.conf.ext"},
	{"connect", "mysql://me:hunter2@db/mail", "mysql://***@db/mail"},
	{"smtpd_milters", "inet:user:hunter2@localhost:1, unix:/a",
		"inet:***@localhost:1, unix:/a"},
	{"transport", "lmtp:unix:private/dovecot-lmtp", "lmtp:unix:private/dovecot-lmtp"},
	{"mail_location", "maildir:/var/mail/%u@%d", "maildir:/var/mail/%u@%d"},
	{"virtual_alias", "ana@club.example, b@club.example", "ana@club.example, b@club.example"},
	{"connect", "http://db/mail?user=a@b", "http://***@b"},
};

START_TEST(masks_values)
{
	struct arena arena cleanup_arena = ARENA_INIT;

	ck_assert_str_eq(secret_mask_value(values[_i].name, values[_i].value, &arena),
		values[_i].shown);
}
END_TEST

static const struct {
	const char *text;
	const char *shown;
} texts[] = {
	{"", ""},
	{"fatal: open /etc/postfix/main.cf: Permission denied",
		"fatal: open /etc/postfix/main.cf: Permission denied"},
	{"line 3: missing '=' after attribute name: \"smtp_auth hunter2\"",
		"line 3: missing '=' after attribute name: \"***\""},
	{"an open quote \"hunter2", "an open quote \"***\""},
	{"unused parameter: my_password=hunter2", "unused parameter: my_password***"},
	{"my_password is hunter2\nnext line", "my_password***\nnext line"},
	{"cannot reach mysql://me:hunter2@db", "cannot reach mysql://***@db"},
	{"/etc/postfix/sasl_passwd.db: No such file", "/etc/postfix/sasl_passwd.db: No such file"},
	{"Token", "Token"},
	{"a.conf line 3: Unknown setting: hunter2 {\nmore",
		"a.conf line 3: Unknown setting:***\nmore"},
	{"unknown user a:hunter2@host", "unknown user a:***@host"},
};

START_TEST(masks_sentences)
{
	struct arena arena cleanup_arena = ARENA_INIT;

	ck_assert_str_eq(secret_mask_text(texts[_i].text, &arena), texts[_i].shown);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("secret_mask");
	TCase *masks = unit_case(suite, "masks");

	tcase_add_loop_test(masks, masks_values, 0, (int)ARRAY_LENGTH(values));
	tcase_add_loop_test(masks, masks_sentences, 0, (int)ARRAY_LENGTH(texts));
	return unit_run(suite);
}
