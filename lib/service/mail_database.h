/*
 * The mail database as a place: opened for the services, made and brought up to date, and what state it is in.
 */
#ifndef POSTIGO_SERVICE_MAIL_DATABASE_H
#define POSTIGO_SERVICE_MAIL_DATABASE_H

#include "base/string_list.h"
#include "format/settings.h"
#include "storage/schema.h"

/* Opens the configured database and reads its schema. Fails with config, or database (also: a table is missing, the schema is too old). */
must_check bool mail_database_open(const struct settings *settings, struct arena *arena, struct sql_connection **ret_sql,
	struct schema *ret_schema, struct error *err);

struct mail_database_request {
	const char *credentials_file; /* of one who may change the schema; NULL = the configured ones */
	bool create;		      /* also PostfixAdmin's tables, and the file of an SQLite database */
	bool dry_run;
	int64_t now;
};

struct mail_database_result {
	bool changed;
	bool newer;		 /* the database knows migrations that we do not: it was left alone */
	struct string_list acts; /* sentences: what was done, or would be */
	int64_t level;		 /* after it */
	int64_t version;
};

/*
 * Makes what is missing of the schema: PostfixAdmin's tables where `create` says so and there are none, our own by migrations. What is there is left as it is; a second run
 * does nothing. An SQLite file is root's, 0640, and readable for the groups postigo and dovecot. Fails with config, rule_violation (tables of another making), database,
 * deadlock, or filesystem.
 */
must_check bool mail_database_prepare(const struct settings *settings, const struct mail_database_request *request,
	struct arena *arena, struct mail_database_result *ret_result, struct error *err);

/* Reads the schema as it is, complete or not. Fails with config or database. */
must_check bool mail_database_read(const struct settings *settings, struct arena *arena, struct schema *ret_schema,
	struct error *err);

#endif
