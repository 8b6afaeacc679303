/*
 * PostfixAdmin's table of what was changed by whom. A row is written in the transaction of the change: neither is there without the other. Rows are never changed again.
 */
#ifndef POSTIGO_STORAGE_AUDIT_LOG_H
#define POSTIGO_STORAGE_AUDIT_LOG_H

#include "storage/sql.h"

struct audit_record {
	int64_t time;
	const char *actor;
	const char *domain;
	const char *action; /* "domain.create": written as "postigo.domain.create" */
	const char *data;   /* names and addresses; what could hurt a page that shows it comes out as "?" */
};

/* Writes a record, inside the caller's transaction. Fails with database or deadlock. */
must_check bool audit_log_append(struct sql_connection *sql, const struct audit_record *record, struct error *err);

#endif
