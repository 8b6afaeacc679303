#include "storage/sql_settings.h"

#include "base/message.h"
#include "format/json.h"
#include "format/postfix_sql_cf.h"
#include "storage/sql_driver.h"
#include "system/account.h"
#include "system/trusted_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/mysqld/mysqld.sock"

/* ---------------------------------------------------------------- credentials */

static bool take_text(const struct json *member, const char **ret_text, struct error *err)
{
	const char *text = json_text(member);

	if (!text)
		return error_set(err, ERROR_CONFIG, _("\"%s\" must be a text"), json_key(member));
	*ret_text = text;
	return true;
}

static bool read_json(const char *text, size_t length, struct arena *arena, struct sql_settings *settings,
	struct error *err)
{
	static const struct json_rules rules = {.bytes = POSTFIX_SQL_CF_MAX, .depth = 1};
	struct json *document cleanup_json = NULL;
	const char *user = NULL;
	const char *password = NULL;

	if (!json_parse(text, length, &rules, &document, err))
		return false;
	for (const struct json *member = json_first(document); member; member = json_next(member)) {
		bool is_user = strcmp(json_key(member), "user") == 0;

		if (!is_user && strcmp(json_key(member), "password") != 0)
			return error_set(err, ERROR_CONFIG, _("unknown key \"%s\""), json_key(member));
		if (!take_text(member, is_user ? &user : &password, err))
			return false;
	}
	if (!user)
		return error_set(err, ERROR_CONFIG, _("there is no \"user\""));
	settings->user = arena_strdup(arena, user);
	settings->password = password ? arena_strdup(arena, password) : "";
	return true;
}

static const char *value_or_empty(const struct postfix_sql_cf *cf, const char *name)
{
	const char *value = postfix_sql_cf_get(cf, name);

	return value ? value : "";
}

/* Where Postfix finds the server, if nobody told us another place. */
static bool take_place(const struct postfix_sql_cf *cf, struct arena *arena, struct sql_settings *settings,
	struct error *err)
{
	struct postfix_sql_host host;
	const char *hosts = value_or_empty(cf, "hosts");

	if (!*settings->database)
		settings->database = value_or_empty(cf, "dbname");
	if (*settings->host || *settings->socket || !*hosts)
		return true;
	if (!postfix_sql_host_parse(hosts, arena, &host))
		return error_set(err, ERROR_CONFIG, _("\"hosts\" names no server"));
	settings->socket = host.socket;
	if (strcmp(host.host, "localhost") != 0) {
		settings->host = host.host;
		settings->port = host.port ? host.port : settings->port;
	}
	return true;
}

static bool read_cf(const char *text, size_t length, struct arena *arena, struct sql_settings *settings,
	struct error *err)
{
	struct postfix_sql_cf *cf = arena_alloc(arena, sizeof(*cf));

	if (!postfix_sql_cf_parse(text, length, arena, cf, err))
		return false;
	if (!postfix_sql_cf_get(cf, "user"))
		return error_set(err, ERROR_CONFIG, _("there is no \"user\""));
	settings->user = value_or_empty(cf, "user");
	settings->password = value_or_empty(cf, "password");
	if (!*settings->tls_ca)
		settings->tls_ca = value_or_empty(cf, "tls_CAfile");
	return take_place(cf, arena, settings, err);
}

/* A file of Postfix's is read by Postfix's group, too; ours is root's alone. */
static bool check_mode(const struct stat *status, bool is_json, struct error *err)
{
	if ((status->st_mode & (is_json ? 077U : 07U)) == 0)
		return true;
	error_set(err, ERROR_CONFIG, _("others may read it (mode %04o)"), (unsigned)status->st_mode & 07777U);
	return error_fix(err, is_json ? "chmod 0600" : "chmod o=");
}

static bool read_open_file(int fd, const struct stat *status, struct arena *arena, struct sql_settings *settings,
	struct error *err)
{
	const char *text;
	size_t length;
	bool is_json;

	if (!file_read(fd, POSTFIX_SQL_CF_MAX, arena, &text, &length, err))
		return false;
	is_json = text[strspn(text, " \t\r\n")] == '{';
	if (!check_mode(status, is_json, err))
		return false;
	return is_json ? read_json(text, length, arena, settings, err) : read_cf(text, length, arena, settings, err);
}

static bool read_credentials(const char *path, struct arena *arena, struct sql_settings *settings, struct error *err)
{
	int fd cleanup_close = -1;
	struct stat status;

	switch (trusted_file_open(AT_FDCWD, path, &fd, &status, err)) {
	case LOOKUP_FOUND:
		if (read_open_file(fd, &status, arena, settings, err))
			return true;
		error_prefix(err, "%s", path);
		break;
	case LOOKUP_NOT_FOUND:
		error_set(err, ERROR_CONFIG, _("there is no file %s"), path);
		error_fix(err, _("write {\"user\": …, \"password\": …} into it, with mode 0600"));
		break;
	case LOOKUP_FAILED:
		break;
	}
	err->code = ERROR_CONFIG;
	return error_field(err, "database.credentials_file");
}

/* ---------------------------------------------------------------- the rest */

/* Without credentials the server asks the kernel who is at the other end of the socket. */
static bool use_own_name(struct arena *arena, struct sql_settings *settings, struct error *err)
{
	struct account account;

	if (*settings->user)
		return true;
	if (*settings->host) {
		error_set(err, ERROR_CONFIG, _("a database that is reached over TCP wants a user and a password"));
		error_fix(err, _("name a file with them in database.credentials_file"));
		return error_field(err, "database.credentials_file");
	}
	switch (account_by_uid(geteuid(), arena, &account, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return error_set(err, ERROR_CONFIG, _("uid %ju has no name to show to the database"), (uintmax_t)geteuid());
	case LOOKUP_FOUND:
		break;
	}
	settings->user = account.name;
	return true;
}

static bool is_this_machine(const char *host)
{
	return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

static enum sql_tls choose_tls(const char *choice, const char *host)
{
	if (strcmp(choice, "off") == 0)
		return SQL_TLS_OFF;
	if (strcmp(choice, "required") == 0)
		return SQL_TLS_REQUIRED;
	if (strcmp(choice, "verified") == 0)
		return SQL_TLS_VERIFIED;
	return is_this_machine(host) ? SQL_TLS_OFF : SQL_TLS_VERIFIED;
}

static bool complete_mariadb(const struct database_settings *database, struct arena *arena,
	struct sql_settings *settings, struct error *err)
{
	if (*database->credentials_file && !read_credentials(database->credentials_file, arena, settings, err))
		return false;
	if (!*settings->database) {
		error_set(err, ERROR_CONFIG, _("\"database.dbname\" is not configured"));
		error_fix(err, _("name the database on the server"));
		return error_field(err, "database.dbname");
	}
	if (!*settings->host && !*settings->socket)
		settings->socket = DEFAULT_SOCKET;
	settings->tls = choose_tls(database->tls, settings->host);
	return use_own_name(arena, settings, err);
}

bool sql_settings_read(const struct database_settings *database, struct arena *arena,
	struct sql_settings *ret_settings, struct error *err)
{
	bool mariadb = strcmp(database->engine, "mariadb") == 0;
	struct sql_settings settings = {
		.driver = mariadb ? &sql_mariadb : &sql_sqlite,
		.lock_timeout_ms = database->lock_timeout * 1000,
		.path = database->path,
		.socket = database->socket,
		.host = database->host,
		.port = database->port,
		.database = database->dbname,
		.user = "",
		.password = "",
		.timeout = database->timeout,
		.tls_ca = database->tls_ca_file,
		.tls_cert = database->tls_cert_file,
		.tls_key = database->tls_key_file,
	};

	if (mariadb && !complete_mariadb(database, arena, &settings, err))
		return false;
	*ret_settings = settings;
	return true;
}
