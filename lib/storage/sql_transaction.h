/*
 * Transactions that undo themselves: what leaves its scope without sql_commit() never happened.
 *
 *	struct sql_transaction transaction cleanup_sql_transaction = SQL_TRANSACTION_INIT;
 *
 *	return sql_begin(&transaction, sql, err) && change(sql, err) && sql_commit(&transaction, err);
 *
 * A transaction is for writing: it has the right to write from its start (SQLite takes the lock then). There is none inside another one. Work that may be
 * done over, because it has no effect but on the database, goes through sql_transact(), which retries what lost a deadlock.
 */
#ifndef POSTIGO_STORAGE_SQL_TRANSACTION_H
#define POSTIGO_STORAGE_SQL_TRANSACTION_H

#include "storage/sql.h"

#define SQL_ATTEMPTS 5 /* of sql_transact() */

struct sql_transaction {
	struct sql_connection *sql; /* NULL = not begun, or over */
};

#define SQL_TRANSACTION_INIT {NULL}
#define cleanup_sql_transaction __attribute__((cleanup(sql_rollback)))

/* Begins. Fails with deadlock (the database is locked), database, or bug (there is one already). */
must_check bool sql_begin(struct sql_transaction *transaction, struct sql_connection *sql, struct error *err);

/*
 * Commits; over after it, whatever came of it. Nothing is written after a failure, but for one: when the connection is lost before the answer came, the outcome is
 * unknown (database, SQL_FAILURE_OUTCOME_UNKNOWN): look with a new connection, and do not just do it again.
 */
must_check bool sql_commit(struct sql_transaction *transaction, struct error *err);

/* Undoes a transaction that was not committed; does nothing otherwise. */
void sql_rollback(struct sql_transaction *transaction);

/* One unit of work inside a transaction that somebody else begins and commits. It may be called several times. */
typedef bool sql_work(struct sql_connection *sql, void *context, struct error *err);

/*
 * Begins, works, commits; starts over when a deadlock or a lock that was not had in time undid it, at most SQL_ATTEMPTS times with growing pauses, and not any more
 * once twice the lock timeout has passed. Fails with deadlock then, or as `work` or sql_commit() did.
 */
must_check bool sql_transact(struct sql_connection *sql, sql_work *work, void *context, struct error *err);

#endif
