/*
 * PostfixAdmin's tables as of level 1856. One text a table, in which the dialects differ by the types of their columns only: keys compare without regard to case, as
 * mail does, and free text is Unicode.
 */
#include "storage/schema_private.h"

#include "base/message.h"
#include "base/strbuf.h"

#define SQLITE_KEY "VARCHAR(255) COLLATE NOCASE NOT NULL"
#define SQLITE_SHORT_KEY "VARCHAR(255) COLLATE NOCASE NOT NULL"
#define SQLITE_WORDS "VARCHAR(255)"
#define SQLITE_PROSE "TEXT"
#define SQLITE_NUMBER "INTEGER PRIMARY KEY AUTOINCREMENT"
#define SQLITE_LOCK_ID "INTEGER"
#define SQLITE_END ""

/* An index over two columns may have 3072 bytes. */
#define MARIADB_KEY "VARCHAR(255) NOT NULL"
#define MARIADB_SHORT_KEY "VARCHAR(255) NOT NULL"
#define MARIADB_WORDS "VARCHAR(255) CHARACTER SET utf8mb4"
#define MARIADB_PROSE "TEXT CHARACTER SET utf8mb4"
#define MARIADB_NUMBER "INT NOT NULL AUTO_INCREMENT PRIMARY KEY"
#define MARIADB_LOCK_ID "INT"
#define MARIADB_END " ENGINE = InnoDB DEFAULT CHARACTER SET latin1 COLLATE latin1_general_ci"

#define TIME(name) name " DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00'"
#define CREATED_MODIFIED TIME("created") ", " TIME("modified")
#define ACTIVE "active TINYINT(1) NOT NULL DEFAULT 1"
#define PERSONAL(D) \
	"phone VARCHAR(30) NOT NULL DEFAULT '', email_other VARCHAR(255) NOT NULL DEFAULT '', token VARCHAR(255) NOT NULL DEFAULT '', " \
	TIME("token_validity")

#define CONFIG_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {config} (id " D##_NUMBER ", name VARCHAR(20) NOT NULL DEFAULT '' UNIQUE, " \
	"value VARCHAR(20) NOT NULL DEFAULT '')" D##_END
#define ADMIN_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {admin} (username " D##_KEY " PRIMARY KEY, password VARCHAR(255) NOT NULL, " \
	"superadmin TINYINT(1) NOT NULL DEFAULT 0, " CREATED_MODIFIED ", " ACTIVE ", " PERSONAL(D) ", " \
	"totp_secret VARCHAR(255) DEFAULT NULL)" D##_END
#define DOMAIN_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {domain} (domain " D##_KEY " PRIMARY KEY, description " D##_WORDS " NOT NULL, " \
	"aliases INT NOT NULL DEFAULT 0, mailboxes INT NOT NULL DEFAULT 0, maxquota BIGINT NOT NULL DEFAULT 0, " \
	"quota BIGINT NOT NULL DEFAULT 0, transport VARCHAR(255) NOT NULL, backupmx TINYINT(1) NOT NULL DEFAULT 0, " \
	CREATED_MODIFIED ", " ACTIVE ", password_expiry INT DEFAULT 0)" D##_END
#define DOMAIN_ADMINS_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {domain_admins} (id " D##_NUMBER ", username " D##_KEY ", domain " D##_KEY ", " TIME("created") ", " \
	ACTIVE ")" D##_END
#define MAILBOX_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {mailbox} (username " D##_KEY " PRIMARY KEY, password VARCHAR(255) NOT NULL, " \
	"name " D##_WORDS " NOT NULL, maildir VARCHAR(255) NOT NULL, quota BIGINT NOT NULL DEFAULT 0, local_part VARCHAR(255) NOT NULL, " \
	"domain " D##_KEY ", " CREATED_MODIFIED ", " ACTIVE ", " PERSONAL(D) ", " TIME("password_expiry") ", " \
	"totp_secret VARCHAR(255) DEFAULT NULL, smtp_active TINYINT(1) NOT NULL DEFAULT 1)" D##_END
#define ALIAS_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {alias} (address " D##_KEY " PRIMARY KEY, goto TEXT NOT NULL, domain " D##_KEY ", " \
	"description " D##_WORDS " NOT NULL DEFAULT '', " CREATED_MODIFIED ", " ACTIVE ")" D##_END
#define ALIAS_DOMAIN_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {alias_domain} (alias_domain " D##_KEY " PRIMARY KEY, target_domain " D##_KEY " DEFAULT '', " \
	"description " D##_WORDS " NOT NULL DEFAULT '', " CREATED_MODIFIED ", " ACTIVE ")" D##_END
#define QUOTA_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {quota} (username " D##_KEY ", path VARCHAR(100) NOT NULL, current BIGINT NOT NULL DEFAULT 0, " \
	"PRIMARY KEY (username, path))" D##_END
#define QUOTA2_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {quota2} (username " D##_KEY " PRIMARY KEY, bytes BIGINT NOT NULL DEFAULT 0, " \
	"messages INT NOT NULL DEFAULT 0)" D##_END
#define LOG_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {log} (" TIME("timestamp") ", username " D##_WORDS " NOT NULL, domain " D##_KEY ", " \
	"action VARCHAR(255) NOT NULL, data " D##_PROSE " NOT NULL, id " D##_NUMBER ")" D##_END
#define VACATION_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {vacation} (email " D##_KEY " PRIMARY KEY, subject " D##_WORDS " NOT NULL, body " D##_PROSE " NOT NULL, " \
	"activefrom DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00', activeuntil DATETIME NOT NULL DEFAULT '2038-01-18 00:00:00', " \
	"cache TEXT NOT NULL, domain " D##_KEY ", interval_time INT NOT NULL DEFAULT 0, " CREATED_MODIFIED ", " ACTIVE ")" D##_END
#define VACATION_NOTIFICATION_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {vacation_notification} (on_vacation " D##_KEY ", notified " D##_SHORT_KEY " DEFAULT '', " \
	"notified_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (on_vacation, notified), " \
	"FOREIGN KEY (on_vacation) REFERENCES {vacation} (email) ON DELETE CASCADE)" D##_END
#define FETCHMAIL_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {fetchmail} (id " D##_NUMBER ", domain VARCHAR(255) DEFAULT '', mailbox VARCHAR(255) NOT NULL, " \
	"src_server VARCHAR(255) NOT NULL, src_port INT NOT NULL DEFAULT 0, src_auth VARCHAR(20) DEFAULT 'password', " \
	"src_user VARCHAR(255) NOT NULL, src_password VARCHAR(255) NOT NULL, src_folder VARCHAR(255) NOT NULL, " \
	"poll_time INT NOT NULL DEFAULT 10, fetchall TINYINT(1) NOT NULL DEFAULT 0, keep TINYINT(1) NOT NULL DEFAULT 0, " \
	"protocol VARCHAR(10) DEFAULT 'IMAP', usessl TINYINT(1) NOT NULL DEFAULT 0, sslcertck TINYINT(1) NOT NULL DEFAULT 0, " \
	"sslcertpath VARCHAR(255) DEFAULT '', sslfingerprint VARCHAR(255) DEFAULT '', extra_options TEXT, returned_text TEXT, " \
	"mda VARCHAR(255) NOT NULL DEFAULT '', date DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00', " CREATED_MODIFIED ", " \
	"active TINYINT(1) NOT NULL DEFAULT 0)" D##_END
#define DKIM_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {dkim} (id " D##_NUMBER ", domain_name " D##_KEY ", description " D##_WORDS " DEFAULT '', " \
	"selector VARCHAR(63) NOT NULL DEFAULT 'default', private_key TEXT, public_key TEXT, " CREATED_MODIFIED ", " \
	"FOREIGN KEY (domain_name) REFERENCES {domain} (domain) ON DELETE CASCADE)" D##_END
#define DKIM_SIGNING_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {dkim_signing} (id " D##_NUMBER ", author VARCHAR(255) NOT NULL DEFAULT '', " \
	"dkim_id " D##_LOCK_ID " NOT NULL, " CREATED_MODIFIED ", " \
	"FOREIGN KEY (dkim_id) REFERENCES {dkim} (id) ON DELETE CASCADE)" D##_END
#define TOTP_EXCEPTION_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {totp_exception_address} (id " D##_NUMBER ", ip VARCHAR(46) NOT NULL, username VARCHAR(255) DEFAULT NULL, " \
	"description " D##_WORDS " DEFAULT NULL, " CREATED_MODIFIED ", UNIQUE (ip, username))" D##_END
#define APP_PASSWORD_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {mailbox_app_password} (id " D##_NUMBER ", username VARCHAR(255) DEFAULT NULL, " \
	"description " D##_WORDS " DEFAULT NULL, password_hash VARCHAR(255) DEFAULT NULL)" D##_END
#define ADMIN_PREFERENCES_TABLE(D) \
	"CREATE TABLE IF NOT EXISTS {admin_preferences} (username " D##_KEY ", pref_key VARCHAR(64) NOT NULL, " \
	"pref_value VARCHAR(2048) NOT NULL DEFAULT '', PRIMARY KEY (username, pref_key))" D##_END

#define TABLE(MADE) {SQL(MADE(SQLITE)), SQL(MADE(MARIADB))}
#define INDEX(name, on) {SQL("CREATE INDEX IF NOT EXISTS " name " ON " on), SQL("CREATE INDEX IF NOT EXISTS " name " ON " on)}

bool schema_run(struct sql_connection *sql, const struct schema_statement *statement, struct error *err)
{
	return sql_execute(sql, sql_can(sql, SQL_INFORMATION_SCHEMA) ? statement->mariadb : statement->sqlite, SQL_NO_VALUES, NULL,
		err);
}

/* All but the row that says which level it is: that comes last. */
static bool make_tables(struct sql_connection *sql, struct error *err)
{
	const struct schema_statement statements[] = {
		TABLE(CONFIG_TABLE),
		TABLE(ADMIN_TABLE),
		TABLE(DOMAIN_TABLE),
		TABLE(DOMAIN_ADMINS_TABLE),
		TABLE(MAILBOX_TABLE),
		TABLE(ALIAS_TABLE),
		TABLE(ALIAS_DOMAIN_TABLE),
		TABLE(QUOTA_TABLE),
		TABLE(QUOTA2_TABLE),
		TABLE(LOG_TABLE),
		TABLE(VACATION_TABLE),
		TABLE(VACATION_NOTIFICATION_TABLE),
		TABLE(FETCHMAIL_TABLE),
		TABLE(DKIM_TABLE),
		TABLE(DKIM_SIGNING_TABLE),
		TABLE(TOTP_EXCEPTION_TABLE),
		TABLE(APP_PASSWORD_TABLE),
		TABLE(ADMIN_PREFERENCES_TABLE),
		INDEX("domain_admins_username", "{domain_admins} (username, domain, active)"),
		INDEX("mailbox_domain", "{mailbox} (domain)"),
		INDEX("alias_domain_of", "{alias} (domain)"),
		INDEX("alias_domain_target", "{alias_domain} (target_domain)"),
		INDEX("alias_domain_active", "{alias_domain} (active)"),
		INDEX("log_timestamp", "{log} (timestamp)"),
		INDEX("log_domain_timestamp", "{log} (domain, timestamp)"),
		INDEX("vacation_domain", "{vacation} (domain)"),
		INDEX("app_password_username", "{mailbox_app_password} (username)"),
	};

	for (size_t i = 0; i < ARRAY_LENGTH(statements); i++) {
		if (!schema_run(sql, &statements[i], err))
			return false;
	}
	return true;
}

/* Somebody else may have been quicker. */
static bool make_row(struct sql_connection *sql, struct sql_text text, struct sql_values values, struct error *err)
{
	struct error failure;

	if (sql_execute(sql, text, values, NULL, &failure) || failure.code == ERROR_ALREADY_EXISTS)
		return true;
	*err = failure;
	return false;
}

static bool make_all(struct sql_connection *sql, void *context, struct error *err)
{
	const int64_t *now = context;

	return make_tables(sql, err) &&
	       make_row(sql, SQL("INSERT INTO {domain} (domain, description, transport, created, modified) VALUES ('ALL', '', '', ?, ?)"),
		       SQL_VALUES(sql_time(*now), sql_time(*now)), err) &&
	       make_row(sql, SQL("INSERT INTO {config} (name, value) VALUES ('version', ?)"),
		       SQL_VALUES(sql_integer(SCHEMA_LEVEL_NEWEST)), err);
}

/* A table of ours that a run made which was cut off has all columns; another one's may not. */
static bool tables_are_ours(const struct schema *schema, struct error *err)
{
	static const enum schema_table owners[SCHEMA_COLUMNS] = {
		[SCHEMA_DOMAIN_PASSWORD_EXPIRY] = SCHEMA_DOMAIN,
		[SCHEMA_MAILBOX_PASSWORD_EXPIRY] = SCHEMA_MAILBOX,
		[SCHEMA_MAILBOX_TOTP_SECRET] = SCHEMA_MAILBOX,
		[SCHEMA_MAILBOX_SMTP_ACTIVE] = SCHEMA_MAILBOX,
		[SCHEMA_ALIAS_DESCRIPTION] = SCHEMA_ALIAS,
		[SCHEMA_ALIAS_DOMAIN_DESCRIPTION] = SCHEMA_ALIAS_DOMAIN,
	};

	for (size_t i = 0; i < SCHEMA_COLUMNS; i++) {
		if (!schema_has_table(schema, owners[i]) || schema_has_column(schema, (enum schema_column)i))
			continue;
		error_set(err, ERROR_RULE, _("the database holds a table \"%s\" of another making"),
			schema_table_name(owners[i]));
		error_why(err, _("it has no column %s, and nothing says which schema it is of"), schema_column_name((enum schema_column)i));
		return error_fix(err, _("use an empty database, or set database.table_prefix"));
	}
	return true;
}

bool schema_create(struct sql_connection *sql, const struct schema *schema, int64_t now, struct error *err)
{
	if (schema->level != 0)
		return true;
	if (!tables_are_ours(schema, err))
		return false;
	if (sql_can(sql, SQL_TRANSACTIONAL_SCHEMA))
		return sql_transact(sql, make_all, &now, err);
	return make_all(sql, &now, err);
}
