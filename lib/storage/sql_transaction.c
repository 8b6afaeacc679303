#include "storage/sql_transaction.h"

#include "base/clock.h"
#include "base/message.h"
#include "storage/sql_driver.h"

#include <sys/random.h>
#include <time.h>

#define FIRST_PAUSE_MS 10

bool sql_begin(struct sql_transaction *transaction, struct sql_connection *sql, struct error *err)
{
	if (sql->in_transaction || transaction->sql)
		return error_set(err, ERROR_BUG, "a transaction begins inside another one");
	if (sql->stream)
		return error_set(err, ERROR_BUG, "a transaction begins while rows are being read");
	if (sql->lost) {
		sql_failed(sql, SQL_FAILURE_LOST);
		return error_set(err, ERROR_DATABASE, _("the connection to the database is lost"));
	}
	sql->failure = SQL_FAILURE_NONE;
	if (!sql->driver->begin(sql, err))
		return false;
	sql->in_transaction = true;
	transaction->sql = sql;
	return true;
}

static void end(struct sql_transaction *transaction)
{
	transaction->sql->in_transaction = false;
	transaction->sql->over = false;
	transaction->sql = NULL;
}

void sql_rollback(struct sql_transaction *transaction)
{
	struct sql_connection *sql = transaction->sql;

	if (!sql)
		return;
	if (sql->stream)
		sql->driver->reset(sql->stream);
	sql->stream = NULL;
	if (!sql->lost)
		sql->driver->rollback(sql);
	end(transaction);
}

static bool outcome_unknown(struct sql_connection *sql, struct error *err)
{
	struct error cause = *err;

	error_set(err, ERROR_DATABASE, _("the connection was lost while the change was being committed: it is either written whole or not at all"));
	error_why(err, "%s", cause.what);
	error_fix(err, _("look what the database holds before doing it again"));
	return sql_failed(sql, SQL_FAILURE_OUTCOME_UNKNOWN);
}

/* Whether COMMIT may be sent at all. */
static bool may_commit(struct sql_connection *sql, struct error *err)
{
	if (sql->stream)
		return error_set(err, ERROR_BUG, "a transaction is committed while rows are being read");
	if (sql->misread.code != ERROR_NONE) {
		*err = sql->misread;
		sql->misread.code = ERROR_NONE;
		return sql_failed(sql, SQL_FAILURE_OTHER);
	}
	if (sql->over || sql->lost)
		return error_set(err, ERROR_BUG, "a transaction that failed is committed");
	return true;
}

bool sql_commit(struct sql_transaction *transaction, struct error *err)
{
	struct sql_connection *sql = transaction->sql;
	bool done;

	if (!sql)
		return error_set(err, ERROR_BUG, "a transaction is committed that was not begun");
	if (!may_commit(sql, err)) {
		sql_rollback(transaction);
		return false;
	}
	sql->failure = SQL_FAILURE_NONE;
	done = sql->driver->commit(sql, err);
	if (!done && sql->lost)
		outcome_unknown(sql, err);
	if (!done && !sql->lost)
		sql->driver->rollback(sql);
	end(transaction);
	return done;
}

static bool work_once(struct sql_connection *sql, sql_work *work, void *context, struct error *err)
{
	struct sql_transaction transaction cleanup_sql_transaction = SQL_TRANSACTION_INIT;

	return sql_begin(&transaction, sql, err) && work(sql, context, err) && sql_commit(&transaction, err);
}

/* Two that collided must not collide again: between once and twice the time of the last pause. */
static void pause_before(unsigned attempt)
{
	uint32_t most = (uint32_t)FIRST_PAUSE_MS << attempt;
	uint32_t random = 0;
	struct timespec pause = {.tv_sec = 0};

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0;
	pause.tv_nsec = (long)(most / 2 + random % most / 2) * 1000000;
	(void)nanosleep(&pause, NULL);
}

bool sql_transact(struct sql_connection *sql, sql_work *work, void *context, struct error *err)
{
	int64_t end_ms = clock_monotonic_ms() + 2 * sql->lock_timeout_ms;
	struct error failure = {.code = ERROR_NONE};

	for (unsigned attempt = 1; attempt <= SQL_ATTEMPTS; attempt++) {
		if (work_once(sql, work, context, &failure))
			return true;
		if (failure.code != ERROR_DEADLOCK || sql->lost || clock_monotonic_ms() >= end_ms)
			break;
		if (attempt < SQL_ATTEMPTS)
			pause_before(attempt);
	}
	*err = failure;
	return false;
}
