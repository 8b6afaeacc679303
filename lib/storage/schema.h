/*
 * The tables of the mail database: PostfixAdmin's, and a few of our own beside them.
 *
 * A site may have any schema of PostfixAdmin's from level 1835 on. What a connection's database really has is read once, by schema_read(), from the database itself;
 * columns that came later are used where they are there. In SQL texts {domain}, {mailbox} and so on are the tables, whatever prefix the site gave them.
 */
#ifndef POSTIGO_STORAGE_SCHEMA_H
#define POSTIGO_STORAGE_SCHEMA_H

#include "base/arena.h"
#include "storage/sql.h"

#include <stdbool.h>
#include <stdint.h>

#define SCHEMA_LEVEL_OLDEST 1835 /* of PostfixAdmin, that we work on */
#define SCHEMA_LEVEL_NEWEST 1856 /* that we know, and make */

enum schema_table {
	SCHEMA_CONFIG,
	SCHEMA_ADMIN,
	SCHEMA_DOMAIN,
	SCHEMA_DOMAIN_ADMINS,
	SCHEMA_MAILBOX,
	SCHEMA_ALIAS,
	SCHEMA_ALIAS_DOMAIN,
	SCHEMA_QUOTA,
	SCHEMA_QUOTA2,
	SCHEMA_LOG,
	SCHEMA_VACATION,
	SCHEMA_VACATION_NOTIFICATION,
	SCHEMA_FETCHMAIL,
	SCHEMA_DKIM,
	SCHEMA_DKIM_SIGNING,
	SCHEMA_TOTP_EXCEPTION,
	SCHEMA_APP_PASSWORD,
	SCHEMA_ADMIN_PREFERENCES,
	SCHEMA_POSTIGO_DOMAIN,
	SCHEMA_POSTIGO_SCHEMA,
	SCHEMA_TABLES,
};

/* Columns that not every level has. */
enum schema_column {
	SCHEMA_DOMAIN_PASSWORD_EXPIRY,
	SCHEMA_MAILBOX_PASSWORD_EXPIRY,
	SCHEMA_MAILBOX_TOTP_SECRET,
	SCHEMA_MAILBOX_SMTP_ACTIVE,
	SCHEMA_ALIAS_DESCRIPTION,
	SCHEMA_ALIAS_DOMAIN_DESCRIPTION,
	SCHEMA_COLUMNS,
};

/* What a database has. */
struct schema {
	uint32_t tables;  /* bits by enum schema_table */
	uint32_t columns; /* bits by enum schema_column */
	int64_t level;	  /* PostfixAdmin's number; 0 = the database does not say */
	int64_t version;  /* of our own tables: the highest migration that was applied; 0 = none */
};

/*
 * Lets {…} stand for the tables, `prefix` before PostfixAdmin's names, and reads what of them is there. Fails with config (the prefix makes no names) or database.
 */
must_check bool schema_read(struct sql_connection *sql, const char *prefix, struct schema *ret_schema, struct error *err);

/* Whether the table or the column is there. */
bool schema_has_table(const struct schema *schema, enum schema_table table);
bool schema_has_column(const struct schema *schema, enum schema_column column);

/* The table's standard name; static. */
const char *schema_table_name(enum schema_table table);

/* "alias.description" and so on; static. */
const char *schema_column_name(enum schema_column column);

/* Fails with database, naming it, when a table is missing that every command needs, or when the level is too old for us. */
must_check bool schema_require(const struct schema *schema, struct error *err);

/* Fails with database and a cure when the column is missing: for an option that needs it. */
must_check bool schema_require_column(const struct schema *schema, enum schema_column column, struct error *err);

/*
 * Makes PostfixAdmin's tables of the newest level where there are none; a run that was cut off is completed by the next one. Does nothing when the database has a level.
 * Fails with rule_violation when tables of an unknown kind have their names, else database. Atomic where schema changes are.
 */
must_check bool schema_create(struct sql_connection *sql, const struct schema *schema, int64_t now, struct error *err);

/* One change of our own tables. */
struct schema_migration {
	int64_t number;
	const char *what; /* N_() */
};

/* The migrations in order; static. `ret_count` may not be NULL. */
const struct schema_migration *schema_migrations(size_t *ret_count);

/* The highest number that this program knows. */
int64_t schema_version_newest(void);

/*
 * Applies the migrations above the database's version, in order. A newer version is left alone. Two at once do no harm. Fails with database or deadlock; what was applied
 * before stays, and counts.
 */
must_check bool schema_migrate(struct sql_connection *sql, int64_t now, struct error *err);

#endif
