/* Where the database is, and the file with the password: read by root, told to nobody. */
#include "storage/sql_settings.h"

#include "unit.h"

#define CF "user = postfix\npassword = hidden\nhosts = unix:/run/db.sock\ndbname = vmail\n"
#define CF_TCP "user = postfix\npassword = hidden\nhosts = db.example:3307 other.example\ndbname = vmail\ntls_CAfile = /etc/ca.pem\n"
#define CREDENTIALS "{\"user\": \"u\", \"password\": \"hidden\"}"

static const struct database_settings defaults = {
	.engine = "mariadb",
	.path = "/var/lib/postigo/mail.db",
	.socket = "",
	.host = "",
	.port = 3306,
	.dbname = "",
	.credentials_file = "",
	.tls = "auto",
	.tls_ca_file = "",
	.tls_cert_file = "",
	.tls_key_file = "",
	.timeout = 7,
	.lock_timeout = 3,
};

/* The settings that a credentials file with this text and mode leads to. */
static bool read_with(struct database_settings database, const char *text, mode_t mode, struct arena *arena,
	struct sql_settings *ret_settings, struct error *err)
{
	int directory cleanup_close = unit_directory("etc");

	unit_write_file(directory, "credentials", text, mode);
	database.credentials_file = arena_printf(arena, "%s/etc/credentials", unit_scratch());
	return sql_settings_read(&database, arena, ret_settings, err);
}

START_TEST(sqlite_is_a_path)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct database_settings database = defaults;
	struct sql_settings settings;
	struct error err;

	database.engine = "sqlite";
	unit_assert_ok(sql_settings_read(&database, &arena, &settings, &err), err);
	ck_assert_ptr_eq(settings.driver, &sql_sqlite);
	ck_assert_str_eq(settings.path, "/var/lib/postigo/mail.db");
	ck_assert_int_eq(settings.lock_timeout_ms, 3000);
	ck_assert(!settings.create);
}
END_TEST

START_TEST(without_credentials_the_socket_tells_who_we_are)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct database_settings database = defaults;
	struct sql_settings settings;
	struct error err;

	ck_assert(!sql_settings_read(&database, &arena, &settings, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_eq(err.field, "database.dbname");
	database.dbname = "mail";
	unit_assert_ok(sql_settings_read(&database, &arena, &settings, &err), err);
	ck_assert_ptr_eq(settings.driver, &sql_mariadb);
	ck_assert_str_eq(settings.socket, "/run/mysqld/mysqld.sock");
	ck_assert_str_ne(settings.user, "");
	ck_assert_str_eq(settings.password, "");
	database.host = "db.example";
	ck_assert(!sql_settings_read(&database, &arena, &settings, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_eq(err.field, "database.credentials_file");
}
END_TEST

START_TEST(json_names_user_and_password)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct database_settings database = defaults;
	struct sql_settings settings;
	struct error err;

	database.dbname = "mail";
	unit_assert_ok(read_with(database, CREDENTIALS, 0600, &arena, &settings, &err), err);
	ck_assert_str_eq(settings.user, "u");
	ck_assert_str_eq(settings.password, "hidden");
}
END_TEST

START_TEST(what_is_not_configured_is_taken_from_postfix)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct database_settings database = defaults;
	struct sql_settings settings;
	struct error err;

	unit_assert_ok(read_with(database, CF, 0640, &arena, &settings, &err), err);
	ck_assert_str_eq(settings.user, "postfix");
	ck_assert_str_eq(settings.password, "hidden");
	ck_assert_str_eq(settings.socket, "/run/db.sock");
	ck_assert_str_eq(settings.database, "vmail");
	unit_assert_ok(read_with(database, CF_TCP, 0640, &arena, &settings, &err), err);
	ck_assert_str_eq(settings.host, "db.example");
	ck_assert_int_eq(settings.port, 3307);
	ck_assert_int_eq(settings.tls, SQL_TLS_VERIFIED);
	ck_assert_str_eq(settings.tls_ca, "/etc/ca.pem");
	database.socket = "/run/own.sock";
	database.dbname = "own";
	unit_assert_ok(read_with(database, CF_TCP, 0640, &arena, &settings, &err), err);
	ck_assert_str_eq(settings.socket, "/run/own.sock");
	ck_assert_str_eq(settings.host, "");
	ck_assert_str_eq(settings.database, "own");
}
END_TEST

static const struct {
	const char *text;
	mode_t mode;
} bad[] = {
	{CREDENTIALS, 0644},
	{CREDENTIALS, 0640},
	{CREDENTIALS, 0604},
	{CF, 0644},
	{CF, 0660},
	{"{\"user\": \"u\", \"password\": 7, \"x\": \"hidden\"}", 0600},
	{"{\"user\": \"u\", \"pass\": \"hidden\"}", 0600},
	{"{\"password\": \"hidden\"}", 0600},
	{"{\"user\": \"u\", \"password\": \"hidden\"", 0600},
	{"password = hidden\n", 0600},
	{"user = u\nhidden\n", 0600},
	{"user = u\npassword = hidden\ndbname = d\nhosts = unix:no\n", 0600},
	{"", 0600},
};

START_TEST(refuses_a_file_that_is_open_or_wrong_without_telling_it)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct database_settings database = defaults;
	struct sql_settings settings;
	struct error err;

	ck_assert_msg(!read_with(database, bad[_i].text, bad[_i].mode, &arena, &settings, &err), "%04o %s",
		(unsigned)bad[_i].mode, bad[_i].text);
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_eq(err.field, "database.credentials_file");
	ck_assert_ptr_null(strstr(err.what, "hidden"));
	ck_assert_ptr_null(strstr(err.why, "hidden"));
	ck_assert_ptr_null(strstr(err.fix, "hidden"));
}
END_TEST

START_TEST(an_absent_file_is_named)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct database_settings database = defaults;
	struct sql_settings settings;
	struct error err;

	database.credentials_file = "/nonexistent/credentials";
	ck_assert(!sql_settings_read(&database, &arena, &settings, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.what, "/nonexistent/credentials"));
}
END_TEST

static const struct {
	const char *choice;
	const char *host;
	enum sql_tls tls;
} choices[] = {
	{"auto", "db.example", SQL_TLS_VERIFIED},
	{"auto", "127.0.0.1", SQL_TLS_OFF},
	{"auto", "::1", SQL_TLS_OFF},
	{"off", "db.example", SQL_TLS_OFF},
	{"required", "db.example", SQL_TLS_REQUIRED},
	{"verified", "127.0.0.1", SQL_TLS_VERIFIED},
};

START_TEST(verifies_whoever_is_not_this_machine)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct database_settings database = defaults;
	struct sql_settings settings;
	struct error err;

	database.dbname = "mail";
	database.tls = choices[_i].choice;
	database.host = choices[_i].host;
	unit_assert_ok(read_with(database, CREDENTIALS, 0600, &arena, &settings, &err), err);
	ck_assert_int_eq(settings.tls, choices[_i].tls);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sql_settings");
	TCase *tcase = unit_case(suite, "read");

	tcase_add_test(tcase, sqlite_is_a_path);
	tcase_add_test(tcase, without_credentials_the_socket_tells_who_we_are);
	unit_add_root_test(tcase, json_names_user_and_password);
	unit_add_root_test(tcase, what_is_not_configured_is_taken_from_postfix);
	if (geteuid() == 0) {
		tcase_add_loop_test(tcase, refuses_a_file_that_is_open_or_wrong_without_telling_it, 0, (int)ARRAY_LENGTH(bad));
		tcase_add_loop_test(tcase, verifies_whoever_is_not_this_machine, 0, (int)ARRAY_LENGTH(choices));
	} else {
		unit_add_root_test(tcase, refuses_a_file_that_is_open_or_wrong_without_telling_it);
		unit_add_root_test(tcase, verifies_whoever_is_not_this_machine);
	}
	tcase_add_test(tcase, an_absent_file_is_named);
	return unit_run(suite);
}
