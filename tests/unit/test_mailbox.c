#include "service/mailbox.h"

#include "service/domain.h"
#include "service/mail_worker.h"
#include "storage/sql_faulty.h"

#include "sql_fixture.h"

#include <dirent.h>

#define NOW 1800000000
#define STORED "{SHA512-CRYPT}$6$rounds=1000$abcdefgh$x"

/* A database with a domain, a connection, and what the services want. */
struct bench {
	struct arena arena;
	struct sql_connection *sql;
	struct schema schema;
	struct settings settings;
	struct identity actor;
	struct mail_worker worker;
	struct mail_job_runner runner;
	struct mail_context context;
};

static void bench_clear(struct bench *bench)
{
	mail_worker_discard(&bench->worker);
	sql_close(&bench->sql);
	arena_clear(&bench->arena);
}

#define cleanup_bench __attribute__((cleanup(bench_clear)))

static void bench_settings(struct bench *bench)
{
	bench->settings.mailboxes = (struct mailbox_settings){
		.directory = arena_printf(&bench->arena, "%s/vmail", unit_scratch()),
		.owner = "20001",
		.group = "20001",
		.identity_backend = "local",
		.password_scheme = "BLF-CRYPT",
		.self_alias = true,
	};
	bench->settings.hooks = (struct hook_settings){"", 20, "", "", "", "", "", "", ""};
	bench->settings.domains = (struct domain_settings){.quota_multiplier = 1048576, .lmtp_destination = "", .allow_special_use = true};
	bench->actor = (struct identity){.login = "tester"};
}

static void bench_open(struct bench *bench, const struct sql_settings *settings)
{
	struct error err;

	bench_settings(bench);
	unit_assert_ok(sql_open(settings, &bench->sql, &err), err);
	unit_assert_ok(schema_read(bench->sql, "", &bench->schema, &err), err);
	bench->runner = mail_worker_begin(&bench->worker, &bench->settings, &bench->arena);
	bench->context = (struct mail_context){
		.sql = bench->sql,
		.schema = &bench->schema,
		.settings = &bench->settings,
		.actor = &bench->actor,
		.now = NOW,
		.runner = &bench->runner,
	};
}

static void set_domain(struct bench *bench, const char *name, unsigned fields, struct domain values)
{
	const struct domain_wish wish = {.fields = fields, .values = values};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err;

	unit_assert_ok(domain_set(&bench->context, name, &wish, &bench->arena, &change, &err), err);
}

static void add_domain(struct bench *bench, const char *name)
{
	const struct domain_wish wish = {.fields = 0};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err;

	unit_assert_ok(domain_add(&bench->context, name, &wish, &bench->arena, &change, &err), err);
}

static void bench_begin(struct bench *bench, int database)
{
	struct sql_connection *sql = fixture_sql(database);
	struct sql_settings settings = fixture_settings(database, "postigo");
	struct schema schema;
	struct error err;

	close(unit_directory("vmail"));
	unit_assert_ok(schema_read(sql, "", &schema, &err), err);
	unit_assert_ok(schema_create(sql, &schema, NOW, &err), err);
	unit_assert_ok(schema_migrate(sql, NOW, &err), err);
	sql_close(&sql);
	bench_open(bench, &settings);
	add_domain(bench, "club.example");
}

/* ---------------------------------------------------------------- short words */

static const char *one(struct bench *bench, struct sql_text text)
{
	struct sql_statement *row cleanup_sql_statement = NULL;
	struct error err;

	if (sql_find(bench->sql, text, SQL_NO_VALUES, &row, &err) != LOOKUP_FOUND)
		return "nothing";
	return sql_column_is_null(row, 0) ? "null" : sql_column_copy(row, 0, &bench->arena);
}

static int64_t number(struct bench *bench, struct sql_text text)
{
	int64_t count = -7;
	struct error err;

	unit_assert_ok(mail_count(bench->sql, text, SQL_NO_VALUES, &count, &err), err);
	return count;
}

static bool is_there(const char *path)
{
	char full[256];
	struct stat status;

	snprintf(full, sizeof(full), "%s/vmail/%s", unit_scratch(), path);
	return lstat(full, &status) == 0;
}

static size_t count_entries(const char *path)
{
	char full[256];
	size_t count = 0;
	DIR *stream;

	snprintf(full, sizeof(full), "%s/vmail/%s", unit_scratch(), path);
	stream = opendir(full);
	if (!stream)
		return 0;
	while (readdir(stream))
		count++;
	closedir(stream);
	return count - 2;
}

static bool try_add(struct bench *bench, const char *username, int64_t quota, struct mail_change *change, struct error *err)
{
	const struct mailbox_wish wish = {.username = username, .name = "Somebody", .has_quota = quota >= 0, .quota = quota, .stored = STORED};

	return mailbox_add(&bench->context, &wish, &bench->arena, change, err) && mail_worker_finish(&bench->worker, change, err);
}

static void add(struct bench *bench, const char *username)
{
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err;

	unit_assert_ok(try_add(bench, username, -1, &change, &err), err);
}

static void refuse_add(struct bench *bench, const char *username, int64_t quota, enum error_code code)
{
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err = {.code = ERROR_NONE};

	ck_assert_msg(!try_add(bench, username, quota, &change, &err), "%s with %lld", username, (long long)quota);
	unit_assert_error(err, code);
}

static bool try_delete(struct bench *bench, const char *username, struct mail_change *change, struct error *err)
{
	const struct mailbox_removal removal = {.username = username};

	return mailbox_delete(&bench->context, &removal, &bench->arena, change, err) && mail_worker_finish(&bench->worker, change, err);
}

static struct mailbox get(struct bench *bench, const char *username)
{
	struct mailbox mailbox = {.username = NULL};
	struct error err;

	unit_assert_ok(mailbox_get(&bench->context, username, &bench->arena, &mailbox, &err), err);
	return mailbox;
}

/* ---------------------------------------------------------------- adding */

START_TEST(a_mailbox_has_all_its_rows_and_its_directory)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	struct mailbox ana;

	bench_begin(&bench, _i);
	ck_assert(sql_execute(bench.sql, SQL("INSERT INTO {quota2} (username, bytes, messages) VALUES ('ana@club.example', 99, 9)"), SQL_NO_VALUES, NULL,
		&(struct error){.code = ERROR_NONE}));
	add(&bench, "ana@club.example");
	ana = get(&bench, "ana@club.example");
	ck_assert_str_eq(ana.maildir, "club.example/ana/");
	ck_assert_str_eq(ana.local_part, "ana");
	ck_assert_str_eq(ana.domain, "club.example");
	ck_assert(ana.active && ana.smtp_active && ana.counted);
	ck_assert_int_eq(ana.quota, 0);
	ck_assert_int_eq(ana.used, 0);
	ck_assert_int_eq(ana.messages, 0);
	ck_assert_int_eq(ana.created, NOW);
	ck_assert_int_eq(ana.password_expiry, NOW + 365 * 86400);
	ck_assert_int_eq(ana.password, PASSWORD_HASH);
	ck_assert_str_eq(one(&bench, SQL("SELECT goto FROM {alias} WHERE address = 'ana@club.example' AND active = 1")), "ana@club.example");
	ck_assert_str_eq(one(&bench, SQL("SELECT data FROM {log} WHERE action = 'postigo.mailbox.create'")), "ana@club.example");
	ck_assert(is_there("club.example/ana/cur") && is_there("club.example/ana/new") && is_there("club.example/ana/tmp"));
}
END_TEST

START_TEST(a_name_that_is_taken_is_refused_and_nothing_is_lost)
{
	struct bench bench cleanup_bench = {.sql = NULL};

	bench_begin(&bench, _i);
	add(&bench, "ana@club.example");
	ck_assert_int_eq(mkdirat(AT_FDCWD, fixture_path("vmail/club.example/ana/.Sent"), 0700), 0);
	refuse_add(&bench, "ana@club.example", -1, ERROR_ALREADY_EXISTS);
	ck_assert(is_there("club.example/ana/.Sent"));
	ck_assert(sql_execute(bench.sql, SQL("INSERT INTO {alias} (address, goto, domain) VALUES ('info@club.example', 'ana@club.example', 'club.example')"),
		SQL_NO_VALUES, NULL, &(struct error){.code = ERROR_NONE}));
	refuse_add(&bench, "info@club.example", -1, ERROR_ALREADY_EXISTS);
	ck_assert(!is_there("club.example/info"));
	refuse_add(&bench, "ana@elsewhere.example", -1, ERROR_NOT_FOUND);
	ck_assert(!is_there("elsewhere.example"));
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {mailbox}")), 1);
}
END_TEST

START_TEST(an_alias_to_itself_is_taken_over)
{
	struct bench bench cleanup_bench = {.sql = NULL};

	bench_begin(&bench, _i);
	ck_assert(sql_execute(bench.sql, SQL("INSERT INTO {alias} (address, goto, domain, active) VALUES ('ana@club.example', 'ANA@club.example', 'club.example', 0)"),
		SQL_NO_VALUES, NULL, &(struct error){.code = ERROR_NONE}));
	add(&bench, "ana@club.example");
	ck_assert_int_eq(number(&bench, SQL("SELECT active FROM {alias} WHERE address = 'ana@club.example'")), 1);
}
END_TEST

START_TEST(without_self_alias_there_is_none)
{
	struct bench bench cleanup_bench = {.sql = NULL};

	bench_begin(&bench, _i);
	bench.settings.mailboxes.self_alias = false;
	add(&bench, "ana@club.example");
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {alias}")), 0);
}
END_TEST

START_TEST(limits_of_the_domain_hold)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	const int64_t megabyte = 1048576;

	bench_begin(&bench, _i);
	set_domain(&bench, "club.example", DOMAIN_MAX_MAILBOXES, (struct domain){.max_mailboxes = -1});
	refuse_add(&bench, "ana@club.example", -1, ERROR_CAPACITY);
	set_domain(&bench, "club.example", DOMAIN_MAX_MAILBOXES, (struct domain){.max_mailboxes = 2});
	add(&bench, "ana@club.example");
	set_domain(&bench, "club.example", DOMAIN_MAX_QUOTA, (struct domain){.max_quota = 10});
	refuse_add(&bench, "beto@club.example", -1, ERROR_CAPACITY);
	refuse_add(&bench, "beto@club.example", 0, ERROR_CAPACITY);
	refuse_add(&bench, "beto@club.example", 10 * megabyte + 1, ERROR_CAPACITY);
	set_domain(&bench, "club.example", DOMAIN_QUOTA, (struct domain){.quota = 8});
	refuse_add(&bench, "beto@club.example", 9 * megabyte, ERROR_CAPACITY);
	ck_assert(!is_there("club.example/beto"));
	ck_assert(try_add(&bench, "beto@club.example", 8 * megabyte, &(struct mail_change)MAIL_CHANGE_INIT, &(struct error){.code = ERROR_NONE}));
	refuse_add(&bench, "carla@club.example", 1, ERROR_CAPACITY);
	refuse_add(&bench, "beto@club.example", 1, ERROR_ALREADY_EXISTS);
	set_domain(&bench, "club.example", DOMAIN_MAX_MAILBOXES, (struct domain){.max_mailboxes = 0});
	refuse_add(&bench, "carla@club.example", 1, ERROR_CAPACITY);
	set_domain(&bench, "club.example", DOMAIN_QUOTA | DOMAIN_MAX_QUOTA, (struct domain){.quota = 0, .max_quota = 0});
	add(&bench, "carla@club.example");
}
END_TEST

START_TEST(the_domains_default_quota_is_taken)
{
	struct bench bench cleanup_bench = {.sql = NULL};

	bench_begin(&bench, _i);
	set_domain(&bench, "club.example", DOMAIN_DEFAULT_QUOTA | DOMAIN_PASSWORD_EXPIRY, (struct domain){.default_quota = 12345, .password_expiry = 10});
	add(&bench, "ana@club.example");
	ck_assert_int_eq(get(&bench, "ana@club.example").quota, 12345);
	ck_assert_int_eq(get(&bench, "ana@club.example").password_expiry, NOW + 10 * 86400);
}
END_TEST

START_TEST(an_alias_of_a_domain_has_no_mailboxes)
{
	struct bench bench cleanup_bench = {.sql = NULL};

	bench_begin(&bench, _i);
	add_domain(&bench, "shop.example");
	ck_assert(sql_execute(bench.sql, SQL("INSERT INTO {alias_domain} (alias_domain, target_domain) VALUES ('shop.example', 'club.example')"), SQL_NO_VALUES, NULL,
		&(struct error){.code = ERROR_NONE}));
	refuse_add(&bench, "ana@shop.example", -1, ERROR_RULE);
}
END_TEST

START_TEST(a_base_that_is_no_directory_leaves_no_row)
{
	struct bench bench cleanup_bench = {.sql = NULL};

	bench_begin(&bench, _i);
	ck_assert_int_eq(rmdir(fixture_path("vmail")), 0);
	close(open(fixture_path("vmail"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	refuse_add(&bench, "ana@club.example", -1, ERROR_FILESYSTEM);
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {mailbox}")), 0);
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {quota2}")), 0);
	ck_assert_int_eq(unlink(fixture_path("vmail")), 0);
}
END_TEST

START_TEST(a_dry_run_refuses_the_same_and_writes_nothing)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err;

	bench_begin(&bench, _i);
	bench.context.dry_run = true;
	unit_assert_ok(try_add(&bench, "ana@club.example", -1, &change, &err), err);
	ck_assert(change.changed);
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {mailbox}")), 0);
	ck_assert(!is_there("club.example"));
	refuse_add(&bench, "ana@elsewhere.example", -1, ERROR_NOT_FOUND);
}
END_TEST

/* ---------------------------------------------------------------- changing */

static void set(struct bench *bench, struct mailbox_edit edit, bool changed)
{
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err;

	unit_assert_ok(mailbox_set(&bench->context, &edit, &bench->arena, &change, &err), err);
	ck_assert_int_eq(change.changed, changed);
}

START_TEST(what_is_set_is_kept_and_only_that)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	struct mailbox_edit edit = {.username = "ana@club.example", .fields = MAILBOX_NAME, .name = "Ana L\xc3\xaa"};
	struct error err = {.code = ERROR_NONE};
	struct mail_change change = MAIL_CHANGE_INIT;

	bench_begin(&bench, _i);
	add(&bench, "ana@club.example");
	set(&bench, edit, true);
	set(&bench, edit, false);
	ck_assert_str_eq(get(&bench, "ana@club.example").name, "Ana L\xc3\xaa");
	set(&bench, (struct mailbox_edit){.username = "ana@club.example", .fields = MAILBOX_SMTP_ACTIVE, .smtp_active = false}, true);
	ck_assert(!get(&bench, "ana@club.example").smtp_active);
	set(&bench, (struct mailbox_edit){.username = "ana@club.example", .fields = MAILBOX_ACTIVE, .active = false}, true);
	ck_assert_int_eq(number(&bench, SQL("SELECT active FROM {alias} WHERE address = 'ana@club.example'")), 0);
	ck_assert_str_eq(one(&bench, SQL("SELECT data FROM {log} WHERE action = 'postigo.mailbox.set_status'")), "ana@club.example=DISABLED");
	set(&bench, (struct mailbox_edit){.username = "ana@club.example", .fields = MAILBOX_ACTIVE, .active = true}, true);
	ck_assert_int_eq(number(&bench, SQL("SELECT active FROM {alias} WHERE address = 'ana@club.example'")), 1);
	edit.username = "nobody@club.example";
	ck_assert(!mailbox_set(&bench.context, &edit, &bench.arena, &change, &err));
	unit_assert_error(err, ERROR_NOT_FOUND);
	edit.username = "ana@club.example";
	edit.name = "a\nb";
	ck_assert(!mailbox_set(&bench.context, &edit, &bench.arena, &change, &err));
	unit_assert_error(err, ERROR_USAGE);
}
END_TEST

START_TEST(a_larger_quota_must_fit_as_well)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	struct mailbox_edit edit = {.username = "ana@club.example", .fields = MAILBOX_QUOTA, .quota = 3 << 20};
	struct error err = {.code = ERROR_NONE};
	struct mail_change change = MAIL_CHANGE_INIT;

	bench_begin(&bench, _i);
	set_domain(&bench, "club.example", DOMAIN_QUOTA, (struct domain){.quota = 4});
	ck_assert(try_add(&bench, "ana@club.example", 2 << 20, &change, &err));
	ck_assert(try_add(&bench, "beto@club.example", 1 << 20, &change, &err));
	set(&bench, edit, true);
	edit.quota++;
	ck_assert(!mailbox_set(&bench.context, &edit, &bench.arena, &change, &err));
	unit_assert_error(err, ERROR_CAPACITY);
	edit.quota = 0;
	ck_assert(!mailbox_set(&bench.context, &edit, &bench.arena, &change, &err));
	ck_assert_int_eq(get(&bench, "ana@club.example").quota, 3 << 20);
	ck_assert_str_eq(one(&bench, SQL("SELECT data FROM {log} WHERE action = 'postigo.mailbox.set_quota'")), "ana@club.example=3145728");
}
END_TEST

/* ---------------------------------------------------------------- passwords and who knows them */

static bool set_password(struct bench *bench, const char *username, bool claim, struct mail_change *change, struct error *err)
{
	const struct mailbox_wish wish = {.username = username, .stored = "{CRYPT}$y$new"};

	return mailbox_set_password(&bench->context, &wish, claim, &bench->arena, change, err);
}

static bool add_elsewhere(struct bench *bench, const char *username, struct error *err)
{
	const struct mailbox_wish wish = {.username = username, .name = ""};

	return mailbox_add(&bench->context, &wish, &bench->arena, &(struct mail_change)MAIL_CHANGE_INIT, err);
}

START_TEST(local_knows_all_passwords)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err = {.code = ERROR_NONE};

	bench_begin(&bench, _i);
	add(&bench, "ana@club.example");
	bench.context.now++;
	unit_assert_ok(set_password(&bench, "ana@club.example", false, &change, &err), err);
	ck_assert_str_eq(one(&bench, SQL("SELECT password FROM {mailbox}")), "{CRYPT}$y$new");
	ck_assert_int_eq(get(&bench, "ana@club.example").modified, NOW + 1);
	ck_assert_int_eq(get(&bench, "ana@club.example").password_expiry, NOW + 1 + 365 * 86400);
	ck_assert_uint_eq(change.warnings.count, 0);
	ck_assert(!set_password(&bench, "nobody@club.example", false, &change, &err));
	unit_assert_error(err, ERROR_NOT_FOUND);
	ck_assert(!add_elsewhere(&bench, "beto@club.example", &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert(!mailbox_release(&bench.context, "ana@club.example", &bench.arena, &change, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.fix, "identity_backend=hybrid"));
	ck_assert(sql_execute(bench.sql, SQL("UPDATE {mailbox} SET password = ?"), SQL_VALUES(sql_text(PASSWORD_NOAUTH)), NULL, &err));
	unit_assert_ok(set_password(&bench, "ana@club.example", false, &change, &err), err);
}
END_TEST

START_TEST(noauth_knows_none)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err = {.code = ERROR_NONE};

	bench_begin(&bench, _i);
	bench.settings.mailboxes.identity_backend = "noauth";
	refuse_add(&bench, "ana@club.example", -1, ERROR_CONFIG);
	unit_assert_ok(add_elsewhere(&bench, "ana@club.example", &err), err);
	ck_assert_str_eq(one(&bench, SQL("SELECT password FROM {mailbox}")), "{NOAUTH}");
	ck_assert(!set_password(&bench, "ana@club.example", true, &change, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert(!mailbox_release(&bench.context, "ana@club.example", &bench.arena, &change, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_eq(one(&bench, SQL("SELECT password FROM {mailbox}")), "{NOAUTH}");
}
END_TEST

START_TEST(hybrid_claims_and_releases)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err = {.code = ERROR_NONE};

	bench_begin(&bench, _i);
	bench.settings.mailboxes.identity_backend = "hybrid";
	unit_assert_ok(add_elsewhere(&bench, "ana@club.example", &err), err);
	ck_assert(!set_password(&bench, "ana@club.example", false, &change, &err));
	unit_assert_error(err, ERROR_RULE);
	ck_assert_ptr_nonnull(strstr(err.what, "currently IdP-managed"));
	ck_assert_ptr_nonnull(strstr(err.fix, "--claim"));
	ck_assert_str_eq(one(&bench, SQL("SELECT password FROM {mailbox}")), "{NOAUTH}");
	unit_assert_ok(set_password(&bench, "ana@club.example", true, &change, &err), err);
	ck_assert_uint_eq(change.warnings.count, 1);
	ck_assert_ptr_nonnull(strstr(change.warnings.items[0], "claimed into SQL auth"));
	unit_assert_ok(set_password(&bench, "ana@club.example", false, &change, &err), err);
	ck_assert_uint_eq(change.warnings.count, 0);
	unit_assert_ok(mailbox_release(&bench.context, "ana@club.example", &bench.arena, &change, &err), err);
	ck_assert(change.changed);
	ck_assert_str_eq(one(&bench, SQL("SELECT password FROM {mailbox}")), "{NOAUTH}");
	unit_assert_ok(mailbox_release(&bench.context, "ana@club.example", &bench.arena, &change, &err), err);
	ck_assert(!change.changed);
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {log} WHERE action = 'postigo.mailbox.release'")), 1);
	ck_assert(!mailbox_release(&bench.context, "nobody@club.example", &bench.arena, &change, &err));
	unit_assert_error(err, ERROR_NOT_FOUND);
}
END_TEST

/* ---------------------------------------------------------------- removing */

START_TEST(nothing_of_a_mailbox_is_left)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err = {.code = ERROR_NONE};

	bench_begin(&bench, _i);
	add(&bench, "bob@club.example");
	add(&bench, "bbob@club.example");
	ck_assert(sql_execute(bench.sql, SQL("INSERT INTO {alias} (address, goto, domain) VALUES ('info@club.example', 'ana@x.example,Bob@club.example', 'club.example'), "
			"('more@club.example', 'bbob@club.example', 'club.example')"), SQL_NO_VALUES, NULL, &err));
	ck_assert(sql_execute(bench.sql, SQL("INSERT INTO {vacation} (email, subject, body, cache, domain) VALUES ('bob@club.example', '', '', '', 'club.example')"),
		SQL_NO_VALUES, NULL, &err));
	ck_assert(sql_execute(bench.sql, SQL("INSERT INTO {mailbox_app_password} (username) VALUES ('bob@club.example')"), SQL_NO_VALUES, NULL, &err));
	unit_assert_ok(try_delete(&bench, "bob@club.example", &change, &err), err);
	ck_assert_uint_eq(change.warnings.count, 1);
	ck_assert_ptr_nonnull(strstr(change.warnings.items[0], "info@club.example"));
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {mailbox}")), 1);
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {alias} WHERE address = 'bob@club.example'")), 0);
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {quota2}")), 1);
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {vacation}")), 0);
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {mailbox_app_password}")), 0);
	ck_assert_uint_eq(count_entries("club.example"), 1);
	ck_assert(!try_delete(&bench, "bob@club.example", &change, &err));
	unit_assert_error(err, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(mail_is_kept_when_asked)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	const struct mailbox_removal removal = {.username = "ana@club.example", .keep_maildir = true};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err;

	bench_begin(&bench, _i);
	add(&bench, "ana@club.example");
	unit_assert_ok(mailbox_delete(&bench.context, &removal, &bench.arena, &change, &err), err);
	unit_assert_ok(mail_worker_finish(&bench.worker, &change, &err), err);
	ck_assert(is_there("club.example/ana/cur"));
}
END_TEST

/* As a removal leaves it that was killed before its commit. */
START_TEST(a_removal_that_was_cut_off_is_repaired_by_the_next_change)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	const char *grave = "vmail/club.example/.deleting.ana.4711.0123abcd";
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err;

	bench_begin(&bench, _i);
	bench.context.now = time(NULL);
	add(&bench, "ana@club.example");
	ck_assert_int_eq(rename(fixture_path("vmail/club.example/ana"), fixture_path(grave)), 0);
	set(&bench, (struct mailbox_edit){.username = "ana@club.example", .fields = MAILBOX_NAME, .name = "Ana"}, true);
	ck_assert(is_there("club.example/ana/cur"));
	ck_assert_int_eq(rename(fixture_path("vmail/club.example/ana"), fixture_path(grave)), 0);
	unit_assert_ok(try_delete(&bench, "ana@club.example", &change, &err), err);
	ck_assert_uint_eq(count_entries("club.example"), 0);
}
END_TEST

/* ---------------------------------------------------------------- every call to the database failing once */

typedef bool attempt(struct bench *bench, struct error *err);

static bool attempt_add(struct bench *bench, struct error *err)
{
	struct mail_change change = MAIL_CHANGE_INIT;

	return try_add(bench, "beto@club.example", -1, &change, err);
}

static bool attempt_delete(struct bench *bench, struct error *err)
{
	struct mail_change change = MAIL_CHANGE_INIT;

	return try_delete(bench, "ana@club.example", &change, err);
}

/* Rows and directories of both, as one text. */
static const char *state(struct bench *bench)
{
	return arena_printf(&bench->arena, "ana %lld%lld%lld%d beto %lld%lld%lld%d graves %zu log %lld",
		(long long)number(bench, SQL("SELECT COUNT(*) FROM {mailbox} WHERE username = 'ana@club.example'")),
		(long long)number(bench, SQL("SELECT COUNT(*) FROM {alias} WHERE address = 'ana@club.example'")),
		(long long)number(bench, SQL("SELECT COUNT(*) FROM {quota2} WHERE username = 'ana@club.example'")), is_there("club.example/ana/cur/1"),
		(long long)number(bench, SQL("SELECT COUNT(*) FROM {mailbox} WHERE username = 'beto@club.example'")),
		(long long)number(bench, SQL("SELECT COUNT(*) FROM {alias} WHERE address = 'beto@club.example'")),
		(long long)number(bench, SQL("SELECT COUNT(*) FROM {quota2} WHERE username = 'beto@club.example'")), is_there("club.example/beto"),
		count_entries("club.example") - (size_t)is_there("club.example/ana") - (size_t)is_there("club.example/beto"),
		(long long)number(bench, SQL("SELECT COUNT(*) FROM {log}")));
}

#define BEFORE "ana 1111 beto 0000 graves 0 log 2"
#define AFTER_ADD "ana 1111 beto 1111 graves 0 log 3"
#define AFTER_DELETE "ana 0000 beto 0000 graves 0 log 3"
/* When the answer to COMMIT is lost directories are as before. */
#define UNKNOWN_ADD "ana 1111 beto 1110 graves 0 log 3"
#define UNKNOWN_DELETE "ana 0001 beto 0000 graves 0 log 3"

static void prepare_state(struct bench *bench, int database)
{
	bench_begin(bench, database);
	add(bench, "ana@club.example");
	close(open(fixture_path("vmail/club.example/ana/cur/1"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	ck_assert_str_eq(state(bench), BEFORE);
}

/* One attempt on a connection of its own that fails at a call. True when it succeeded. */
static bool fail_at(int database, attempt *try, struct sql_faults *faults, bool *ret_unknown)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	struct sql_settings settings = fixture_settings(database, "postigo");
	struct error err = {.code = ERROR_NONE};
	int64_t wanted = faults->fail_at;
	bool done;

	faults->fail_at = 0;
	faults->driver = settings.driver;
	settings.driver = &sql_faulty;
	settings.faults = faults;
	settings.lock_timeout_ms = 2000;
	bench_open(&bench, &settings);
	faults->calls = 0;
	faults->fail_at = wanted;
	done = try(&bench, &err);
	*ret_unknown = !done && sql_last_failure(bench.sql) == SQL_FAILURE_OUTCOME_UNKNOWN;
	ck_assert_msg(done || err.code == ERROR_DATABASE || err.code == ERROR_DEADLOCK, "%s: %s", error_name(err.code), err.what);
	return done;
}

static void sweep(int database, attempt *try, const char *after, const char *unknown)
{
	static const enum sql_fault_kind kinds[] = {SQL_FAULT_DEADLOCK, SQL_FAULT_LOST_BEFORE, SQL_FAULT_LOST_AFTER, SQL_FAULT_OTHER};
	struct bench bench cleanup_bench = {.sql = NULL};

	prepare_state(&bench, database);
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(kinds); i++) {
		struct sql_faults faults = {.kind = kinds[i / 2], .forever = i % 2 == 1};
		bool done = false;

		for (int64_t number = 1; !done || faults.calls >= number; number++) {
			bool is_unknown = false;
			const char *now;

			ck_assert_int_lt(number, 200);
			faults.fail_at = number;
			done = fail_at(database, try, &faults, &is_unknown);
			now = state(&bench);
			if (done)
				ck_assert_msg(strcmp(now, after) == 0, "kind %zu, call %lld, done: %s", i, (long long)number, now);
			else if (is_unknown)
				ck_assert_msg(strcmp(now, BEFORE) == 0 || strcmp(now, unknown) == 0, "kind %zu, call %lld, unknown: %s", i, (long long)number, now);
			else
				ck_assert_msg(strcmp(now, BEFORE) == 0, "kind %zu, call %lld, failed: %s", i, (long long)number, now);
			if (strcmp(now, BEFORE) != 0) {
				bool last = done && faults.calls < number;

				bench_clear(&bench);
				bench = (struct bench){.sql = NULL};
				prepare_state(&bench, database);
				if (last)
					break;
			}
		}
	}
}

START_TEST(adding_survives_the_failure_of_any_call)
{
	sweep(_i, attempt_add, AFTER_ADD, UNKNOWN_ADD);
}
END_TEST

START_TEST(removing_survives_the_failure_of_any_call)
{
	sweep(_i, attempt_delete, AFTER_DELETE, UNKNOWN_DELETE);
}
END_TEST

/* ---------------------------------------------------------------- hooks, old schemas */

START_TEST(a_hook_that_fails_takes_the_mailbox_back_but_no_mail)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err = {.code = ERROR_NONE};

	bench_begin(&bench, _i);
	bench.settings.hooks.mailbox_postcreation = "/bin/false";
	ck_assert(!try_add(&bench, "ana@club.example", -1, &change, &err));
	unit_assert_error(err, ERROR_HOOK);
	unit_assert_ok(mailbox_add_undo(&bench.context, "ana@club.example", &bench.arena, &err), err);
	mail_worker_discard(&bench.worker);
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {mailbox}")), 0);
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {quota2}")), 0);
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {alias}")), 0);
	ck_assert_int_eq(number(&bench, SQL("SELECT COUNT(*) FROM {log} WHERE action = 'postigo.mailbox.create'")), 1);
	ck_assert(!is_there("club.example"));
	ck_assert_int_eq(mkdir(fixture_path("vmail/club.example"), 0755), 0);
	ck_assert_int_eq(mkdir(fixture_path("vmail/club.example/ana"), 0755), 0);
	ck_assert_int_eq(mkdir(fixture_path("vmail/club.example/ana/old"), 0755), 0);
	ck_assert(!try_add(&bench, "ana@club.example", -1, &change, &err));
	unit_assert_ok(mailbox_add_undo(&bench.context, "ana@club.example", &bench.arena, &err), err);
	mail_worker_discard(&bench.worker);
	ck_assert(is_there("club.example/ana/old"));
	ck_assert(!is_there("club.example/ana/cur"));
}
END_TEST

START_TEST(older_schemas_do)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	struct mailbox_edit edit = {.username = "ana@club.example", .fields = MAILBOX_SMTP_ACTIVE};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err = {.code = ERROR_NONE};

	bench_begin(&bench, _i);
	ck_assert(sql_execute(bench.sql, SQL("ALTER TABLE {mailbox} DROP COLUMN smtp_active"), SQL_NO_VALUES, NULL, &err));
	ck_assert(sql_execute(bench.sql, SQL("ALTER TABLE {mailbox} DROP COLUMN password_expiry"), SQL_NO_VALUES, NULL, &err));
	ck_assert(sql_execute(bench.sql, SQL("ALTER TABLE {domain} DROP COLUMN password_expiry"), SQL_NO_VALUES, NULL, &err));
	ck_assert(sql_execute(bench.sql, SQL("DROP TABLE {mailbox_app_password}"), SQL_NO_VALUES, NULL, &err));
	unit_assert_ok(schema_read(bench.sql, "", &bench.schema, &err), err);
	add(&bench, "ana@club.example");
	ck_assert(get(&bench, "ana@club.example").smtp_active);
	ck_assert_int_eq(get(&bench, "ana@club.example").password_expiry, 0);
	ck_assert(!mailbox_set(&bench.context, &edit, &bench.arena, &change, &err));
	unit_assert_error(err, ERROR_CONFIG);
	unit_assert_ok(set_password(&bench, "ana@club.example", false, &change, &err), err);
	unit_assert_ok(try_delete(&bench, "ana@club.example", &change, &err), err);
}
END_TEST

START_TEST(lists_are_filtered_and_ordered)
{
	struct bench bench cleanup_bench = {.sql = NULL};
	static const struct {
		struct mailbox_filter filter;
		const char *names;
	} cases[] = {
		{{NULL, true}, "ana@club.example carla@shop.example "},
		{{NULL, false}, "ana@club.example beto@club.example carla@shop.example "},
		{{"club.example", true}, "ana@club.example "},
		{{"club.example", false}, "ana@club.example beto@club.example "},
		{{"nowhere.example", false}, ""},
	};

	bench_begin(&bench, _i);
	add_domain(&bench, "shop.example");
	add(&bench, "carla@shop.example");
	add(&bench, "beto@club.example");
	add(&bench, "ana@club.example");
	set(&bench, (struct mailbox_edit){.username = "beto@club.example", .fields = MAILBOX_ACTIVE, .active = false}, true);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct sql_statement *rows cleanup_sql_statement = NULL;
		struct mailbox mailbox;
		char names[256] = "";
		struct error err;

		unit_assert_ok(mailbox_list(&bench.context, &cases[i].filter, &rows, &err), err);
		while (mailbox_next(rows, &bench.arena, &mailbox, &err) == LOOKUP_FOUND)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s ", mailbox.username);
		ck_assert_str_eq(names, cases[i].names);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mailbox");
	TCase *tcase = sql_fixture_case(suite, "mailbox");
	const TTest *const tests[] = {
		a_mailbox_has_all_its_rows_and_its_directory,
		a_name_that_is_taken_is_refused_and_nothing_is_lost,
		an_alias_to_itself_is_taken_over,
		without_self_alias_there_is_none,
		limits_of_the_domain_hold,
		the_domains_default_quota_is_taken,
		an_alias_of_a_domain_has_no_mailboxes,
		a_base_that_is_no_directory_leaves_no_row,
		a_dry_run_refuses_the_same_and_writes_nothing,
		what_is_set_is_kept_and_only_that,
		a_larger_quota_must_fit_as_well,
		local_knows_all_passwords,
		noauth_knows_none,
		hybrid_claims_and_releases,
		nothing_of_a_mailbox_is_left,
		mail_is_kept_when_asked,
		a_removal_that_was_cut_off_is_repaired_by_the_next_change,
		a_hook_that_fails_takes_the_mailbox_back_but_no_mail,
		older_schemas_do,
		lists_are_filtered_and_ordered,
		adding_survives_the_failure_of_any_call,
		removing_survives_the_failure_of_any_call,
	};

	if (geteuid() != 0) {
		unit_add_root_test(tcase, a_mailbox_has_all_its_rows_and_its_directory);
		return unit_run(suite);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(tests); i++)
		sql_fixture_add(tcase, tests[i]);
	return unit_run(suite);
}
