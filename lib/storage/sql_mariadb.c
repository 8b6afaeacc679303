#include "storage/sql_mariadb_private.h"

#include "base/message.h"

#include <errmsg.h>
#include <string.h>

/* ---------------------------------------------------------------- connections */

static void close_connection(struct sql_connection *sql)
{
	mysql_close(sql->handle);
	sql->handle = NULL;
}

static void set_flag(MYSQL *handle, enum mysql_option option, bool value)
{
	const my_bool flag = value;

	(void)mysql_optionsv(handle, option, &flag);
}

static void set_timeout(MYSQL *handle, enum mysql_option option, int64_t seconds)
{
	const unsigned number = (unsigned)seconds;

	(void)mysql_optionsv(handle, option, &number);
}

static const char *unless_empty(const char *text)
{
	return text && *text ? text : NULL;
}

/* The library would fall back to an unencrypted connection by itself. */
static void require_tls(MYSQL *handle, const struct sql_settings *settings)
{
	const char *authority = unless_empty(settings->tls_ca);

	if (!authority)
		authority = "/etc/ssl/certs/ca-certificates.crt";
	(void)mysql_ssl_set(handle, unless_empty(settings->tls_key), unless_empty(settings->tls_cert),
		settings->tls == SQL_TLS_VERIFIED ? authority : unless_empty(settings->tls_ca), NULL, NULL);
	set_flag(handle, MYSQL_OPT_SSL_ENFORCE, true);
	set_flag(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, settings->tls == SQL_TLS_VERIFIED);
}

static void set_options(MYSQL *handle, const struct sql_settings *settings)
{
	const enum mysql_protocol_type protocol = *settings->host ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;

	(void)mysql_optionsv(handle, MYSQL_OPT_PROTOCOL, &protocol);
	(void)mysql_optionsv(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	set_flag(handle, MYSQL_OPT_RECONNECT, false);
	set_flag(handle, MYSQL_REPORT_DATA_TRUNCATION, true);
	/* A server could ask for any file of root's with it. */
	set_timeout(handle, MYSQL_OPT_LOCAL_INFILE, 0);
	set_timeout(handle, MYSQL_OPT_CONNECT_TIMEOUT, settings->timeout);
	set_timeout(handle, MYSQL_OPT_READ_TIMEOUT, settings->timeout + settings->lock_timeout_ms / 1000);
	set_timeout(handle, MYSQL_OPT_WRITE_TIMEOUT, settings->timeout);
	/* What a server may ask a client to prove itself with: never the password in clear. */
	(void)mysql_optionsv(handle, MARIADB_OPT_RESTRICTED_AUTH,
		"mysql_native_password,client_ed25519,caching_sha2_password,auth_gssapi_client");
	if (*settings->host && settings->tls != SQL_TLS_OFF)
		require_tls(handle, settings);
}

/*
 * Strict, so that a text that does not fit is refused and not cut; each statement sees what is committed; times are UTC. A table that is locked by ALTER counts as
 * locked for as long as a row.
 */
static bool prepare_session(struct sql_connection *sql, const struct sql_settings *settings, struct error *err)
{
	int64_t seconds = settings->lock_timeout_ms / 1000 + (settings->lock_timeout_ms < 1000);

	return sql_execute(sql, SQL("SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "
				    "time_zone = '+00:00', autocommit = 1, innodb_lock_wait_timeout = ?, lock_wait_timeout = ?"),
		       SQL_VALUES(sql_integer(seconds), sql_integer(seconds)), NULL, err) &&
	       sql_execute(sql, SQL("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"), SQL_NO_VALUES, NULL, err);
}

/* The library goes on without encryption where a server offers none, unless it is to verify it. What it has sent by then is a proof of the password, not the password. */
static bool check_encrypted(struct sql_connection *sql, const struct sql_settings *settings, struct error *err)
{
	if (!*settings->host || settings->tls == SQL_TLS_OFF || mysql_get_ssl_cipher(sql->handle))
		return true;
	return mariadb_fail(sql, CR_SSL_CONNECTION_ERROR, "the server does not offer TLS", err);
}

static bool open_connection(struct sql_connection *sql, const struct sql_settings *settings, struct error *err)
{
	MYSQL *handle = mysql_init(NULL);
	bool by_socket = !*settings->host;

	if (!handle)
		out_of_memory();
	sql->handle = handle;
	set_options(handle, settings);
	if (!mysql_real_connect(handle, by_socket ? NULL : settings->host, settings->user, settings->password,
		    settings->database, (unsigned)settings->port, by_socket ? settings->socket : NULL, CLIENT_FOUND_ROWS))
		mariadb_fail(sql, mysql_errno(handle), mysql_error(handle), err);
	else if (check_encrypted(sql, settings, err) && prepare_session(sql, settings, err))
		return true;
	close_connection(sql);
	return error_prefix(err, "%s", by_socket ? settings->socket : settings->host);
}

/* ---------------------------------------------------------------- transactions */

static bool run(struct sql_connection *sql, const char *text, struct error *err)
{
	MYSQL *handle = sql->handle;

	return mysql_real_query(handle, text, strlen(text)) == 0 ||
	       mariadb_fail(sql, mysql_errno(handle), mysql_error(handle), err);
}

static bool begin(struct sql_connection *sql, struct error *err)
{
	return run(sql, "START TRANSACTION", err);
}

static bool commit(struct sql_connection *sql, struct error *err)
{
	return run(sql, "COMMIT", err);
}

/* A connection that cannot even undo is of no use: the server undoes what it left. */
static void rollback(struct sql_connection *sql)
{
	struct error ignored;
	enum sql_failure failure = sql->failure;

	if (!run(sql, "ROLLBACK", &ignored))
		sql->lost = true;
	sql->failure = failure;
}

const struct sql_driver sql_mariadb = {
	.name = "mariadb",
	.capabilities = SQL_ON_DUPLICATE_KEY | SQL_ROW_LOCKS | SQL_INFORMATION_SCHEMA | SQL_STORAGE_ENGINES | SQL_DROP_TEMPORARY |
			SQL_CHARACTER_SETS,
	.quote = '`',
	.open = open_connection,
	.close = close_connection,
	.prepare = mariadb_prepare,
	.start = mariadb_start,
	.step = mariadb_step,
	.reset = mariadb_reset,
	.finish = mariadb_finish,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
};
