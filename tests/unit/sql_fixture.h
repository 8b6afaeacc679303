/*
 * Databases for the tests of what works on all of them: every case runs once a database, with nothing changed but the settings.
 *
 *	START_TEST(keeps_a_row)
 *	{
 *		struct sql_connection *sql cleanup_sql = fixture_sql(_i);
 *		…
 *	}
 *	END_TEST
 *
 *	TCase *tcase = sql_fixture_case(suite, "rows");
 *	sql_fixture_add(tcase, keeps_a_row);
 *
 * SQLite is a file in the scratch directory, MariaDB a real server of this program's own, which is started before the case and gone after it. Where there is no
 * server installed its half is reported as skipped, by name.
 */
#ifndef POSTIGO_TESTS_SQL_FIXTURE_H
#define POSTIGO_TESTS_SQL_FIXTURE_H

#include "storage/sql_transaction.h"

#include "unit.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

enum fixture_database {
	FIXTURE_SQLITE,
	FIXTURE_MARIADB,
	FIXTURE_DATABASES,
};

#define FIXTURE_TIMEOUT_SECONDS 120

static pid_t fixture_server;

static inline bool fixture_has_server(void)
{
	return access("/usr/sbin/mariadbd", X_OK) == 0;
}

static inline const char *fixture_path(const char *name)
{
	static char path[2][128];
	static unsigned turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", unit_scratch(), name);
	return path[turn];
}

/* Settings of a database that is there; `user` is MariaDB's. */
static inline struct sql_settings fixture_settings(int database, const char *user)
{
	static char sqlite[128];
	static char socket[128];

	snprintf(sqlite, sizeof(sqlite), "%s/mail.db", unit_scratch());
	snprintf(socket, sizeof(socket), "%s/mariadb/socket", unit_scratch());
	return (struct sql_settings){
		.driver = database == FIXTURE_MARIADB ? &sql_mariadb : &sql_sqlite,
		.lock_timeout_ms = 10000,
		.path = sqlite,
		.create = true,
		.socket = socket,
		.host = "",
		.database = "mail",
		.user = user,
		.password = strcmp(user, "root") == 0 ? "" : "secret",
		.timeout = 10,
		.tls_ca = "",
		.tls_cert = "",
		.tls_key = "",
	};
}

static inline struct sql_connection *fixture_open(int database)
{
	struct sql_settings settings = fixture_settings(database, "postigo");
	struct sql_connection *sql = NULL;
	struct error err;

	unit_assert_ok(sql_open(&settings, &sql, &err), err);
	return sql;
}

/* An empty database, and a connection to it. */
static inline struct sql_connection *fixture_sql(int database)
{
	struct sql_settings settings = fixture_settings(database, "root");
	struct sql_connection *sql cleanup_sql = NULL;
	struct error err;

	if (database == FIXTURE_SQLITE) {
		unlink(fixture_path("mail.db"));
		return fixture_open(database);
	}
	unit_assert_ok(sql_open(&settings, &sql, &err), err);
	unit_assert_ok(sql_execute(sql, SQL("DROP DATABASE mail"), SQL_NO_VALUES, NULL, &err), err);
	unit_assert_ok(sql_execute(sql, SQL("CREATE DATABASE mail CHARACTER SET utf8mb4"), SQL_NO_VALUES, NULL, &err), err);
	return fixture_open(database);
}

static inline bool fixture_answers(void)
{
	struct sql_settings settings = fixture_settings(FIXTURE_MARIADB, "postigo");
	struct sql_connection *sql cleanup_sql = NULL;
	struct error err;

	return sql_open(&settings, &sql, &err);
}

/* Ends with this program, whatever happens to it. */
static inline void fixture_serve(void)
{
	char *arguments[] = {(char[]){"tests/support/mariadb"}, (char *)(uintptr_t)fixture_path("mariadb"), NULL};
	int log = open(fixture_path("server.log"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0)
		execv(arguments[0], arguments);
	_exit(126);
}

static inline void fixture_start(void)
{
	const struct timespec pause = {.tv_nsec = 50000000};

	if (!fixture_has_server())
		return;
	fixture_server = fork();
	if (fixture_server == 0)
		fixture_serve();
	for (int i = 0; i < 1200 && !fixture_answers(); i++)
		nanosleep(&pause, NULL);
}

static inline void fixture_stop(void)
{
	if (fixture_server <= 0)
		return;
	kill(fixture_server, SIGKILL);
	waitpid(fixture_server, NULL, 0);
	fixture_server = 0;
}

/* A test case whose tests may use the databases. */
static inline TCase *sql_fixture_case(Suite *suite, const char *name)
{
	TCase *tcase = unit_case(suite, name);

	tcase_set_timeout(tcase, FIXTURE_TIMEOUT_SECONDS);
	tcase_add_unchecked_fixture(tcase, fixture_start, fixture_stop);
	return tcase;
}

/* The stand-in of a test where there is no server. */
static inline const TTest *fixture_skipped(const TTest *test)
{
	static struct {
		TTest test;
		char name[128];
	} skipped[64];
	static size_t count;

	if (count == ARRAY_LENGTH(skipped))
		abort();
	snprintf(skipped[count].name, sizeof(skipped[count].name), "%s # SKIP needs mariadb-server", test->name);
	skipped[count].test = (TTest){skipped[count].name, unit_nothing, test->file, test->line};
	return &skipped[count++].test;
}

/* Adds a test, once for each database. */
static inline void sql_fixture_add(TCase *tcase, const TTest *test)
{
	tcase_add_loop_test(tcase, test, 0, fixture_has_server() ? FIXTURE_DATABASES : FIXTURE_MARIADB);
	if (!fixture_has_server())
		tcase_add_test(tcase, fixture_skipped(test));
}

/* Adds a test of what only a server can do. */
static inline void sql_fixture_add_server(TCase *tcase, const TTest *test)
{
	tcase_add_test(tcase, fixture_has_server() ? test : fixture_skipped(test));
}

#endif
