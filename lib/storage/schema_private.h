/* What schema.c, schema_tables.c and schema_migration.c share. */
#ifndef POSTIGO_STORAGE_SCHEMA_PRIVATE_H
#define POSTIGO_STORAGE_SCHEMA_PRIVATE_H

#include "storage/schema.h"
#include "storage/sql_transaction.h"

/* One change of a schema in both dialects. */
struct schema_statement {
	struct sql_text sqlite;
	struct sql_text mariadb;
};

/* Runs the statement of the connection's dialect. */
must_check bool schema_run(struct sql_connection *sql, const struct schema_statement *statement, struct error *err);

#endif
