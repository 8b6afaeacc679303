/*
 * Where a database is and how to get in. Nothing of it comes from arguments or the environment: places come from the configuration, user and password from the
 * credentials file, which is root's alone (JSON), or one of Postfix's sql .cf files.
 */
#ifndef POSTIGO_STORAGE_SQL_SETTINGS_H
#define POSTIGO_STORAGE_SQL_SETTINGS_H

#include "base/arena.h"
#include "base/error.h"
#include "format/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct sql_driver;
struct sql_faults;

extern const struct sql_driver sql_sqlite;
extern const struct sql_driver sql_mariadb;

enum sql_tls {
	SQL_TLS_OFF,
	SQL_TLS_REQUIRED, /* encrypted, whoever it is */
	SQL_TLS_VERIFIED, /* and the certificate is good for the host */
};

struct sql_settings {
	const struct sql_driver *driver;
	struct sql_faults *faults; /* for sql_faulty, of tests */
	int64_t lock_timeout_ms;
	/* SQLite */
	const char *path;
	bool create; /* the file when it is absent, 0600 */
	/* MariaDB: over `socket` when `host` is "" */
	const char *socket;
	const char *host;
	int64_t port;
	const char *database;
	const char *user;
	const char *password;
	int64_t timeout; /* seconds to connect, and for each answer beyond the lock timeout */
	enum sql_tls tls;
	const char *tls_ca;   /* PEM file; "" = the system's */
	const char *tls_cert; /* our own, or "" */
	const char *tls_key;
};

/*
 * Fills `ret_settings` from section "database", reading the credentials file it names. The place of the server is the configuration's; what it leaves out is taken
 * from the credentials file when that says it. Texts live in `arena`. Fails with config, the file's name in the message, the password in none.
 */
must_check bool sql_settings_read(const struct database_settings *database, struct arena *arena,
	struct sql_settings *ret_settings, struct error *err);

#endif
