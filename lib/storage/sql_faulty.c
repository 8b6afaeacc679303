#include "storage/sql_faulty.h"

#include "storage/sql_driver.h"

#include <string.h>

struct faulty_connection {
	struct sql_connection inner;
	struct sql_faults *faults;
	struct sql_statement *stream; /* inner statement whose rows are being read */
};

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		out_of_memory();
	return memory;
}

/* ---------------------------------------------------------------- failing */

/* Whether it is the turn of this call to fail. */
static bool is_due(struct sql_faults *faults)
{
	faults->calls++;
	if (faults->fail_at == 0)
		return false;
	return faults->calls == faults->fail_at || (faults->forever && faults->calls > faults->fail_at);
}

/* The far end undoes what a connection that died had not committed. */
static void lose(struct sql_connection *sql)
{
	struct faulty_connection *own = sql->handle;

	if (own->stream)
		own->inner.driver->reset(own->stream);
	own->stream = NULL;
	if (sql->in_transaction)
		own->inner.driver->rollback(&own->inner);
	sql->lost = true;
}

static bool fail(struct sql_connection *sql, struct error *err)
{
	struct faulty_connection *own = sql->handle;

	switch (own->faults->kind) {
	case SQL_FAULT_DEADLOCK:
		error_set(err, ERROR_DEADLOCK, "fault: deadlock");
		return sql_failed(sql, SQL_FAILURE_DEADLOCK);
	case SQL_FAULT_LOST_BEFORE:
	case SQL_FAULT_LOST_AFTER:
		lose(sql);
		error_set(err, ERROR_DATABASE, "fault: connection lost");
		return sql_failed(sql, SQL_FAILURE_LOST);
	case SQL_FAULT_OTHER:
		break;
	}
	error_set(err, ERROR_DATABASE, "fault: failure");
	return sql_failed(sql, SQL_FAILURE_OTHER);
}

/* One call: fails instead of it, after it, or does it. */
#define CALL(sql, err, call)                                                                       \
	do {                                                                                       \
		struct faulty_connection *caller = (sql)->handle;                                  \
		bool due = is_due(caller->faults);                                                 \
		bool done;                                                                         \
                                                                                                   \
		if (due && caller->faults->kind != SQL_FAULT_LOST_AFTER)                           \
			return fail(sql, err);                                                     \
		done = (call);                                                                     \
		(sql)->failure = caller->inner.failure;                                            \
		(sql)->lost = caller->inner.lost;                                                  \
		return due ? fail(sql, err) : done;                                                \
	} while (0)

/* ---------------------------------------------------------------- connections */

static void close_connection(struct sql_connection *sql)
{
	struct faulty_connection *own = sql->handle;

	if (!own)
		return;
	own->inner.driver->close(&own->inner);
	free(own);
	sql->handle = NULL;
}

static bool open_connection(struct sql_connection *sql, const struct sql_settings *settings, struct error *err)
{
	struct faulty_connection *own = allocate(sizeof(*own));
	struct sql_connection *inner = &own->inner;

	sql->handle = own;
	own->faults = settings->faults;
	inner->driver = own->faults->driver;
	inner->lock_timeout_ms = settings->lock_timeout_ms;
	sql->capabilities = inner->driver->capabilities;
	sql->quote = inner->driver->quote;
	CALL(sql, err, inner->driver->open(inner, settings, err));
}

/* ---------------------------------------------------------------- statements */

static struct faulty_connection *connection_of(const struct sql_statement *statement)
{
	return statement->sql->handle;
}

static bool prepare_inner(struct sql_statement *statement, const char *text, struct error *err)
{
	struct sql_statement *inner = allocate(sizeof(*inner));

	statement->handle = inner;
	inner->sql = &connection_of(statement)->inner;
	if (!inner->sql->driver->prepare(inner, text, err))
		return false;
	statement->parameters = inner->parameters;
	statement->columns = inner->columns;
	return true;
}

static bool prepare(struct sql_statement *statement, const char *text, struct error *err)
{
	CALL(statement->sql, err, prepare_inner(statement, text, err));
}

static bool start_inner(struct sql_statement *statement, struct sql_values values, struct error *err)
{
	struct sql_statement *inner = statement->handle;

	if (!inner->sql->driver->start(inner, values, err))
		return false;
	statement->changed = inner->changed;
	if (inner->columns > 0)
		connection_of(statement)->stream = inner;
	return true;
}

static bool start(struct sql_statement *statement, struct sql_values values, struct error *err)
{
	CALL(statement->sql, err, start_inner(statement, values, err));
}

static bool step_inner(struct sql_statement *statement, enum sql_step *ret_step, struct error *err)
{
	struct sql_statement *inner = statement->handle;

	inner->cells = statement->cells;
	*ret_step = inner->sql->driver->step(inner, err);
	return *ret_step != SQL_FAILED;
}

static bool call_step(struct sql_statement *statement, enum sql_step *ret_step, struct error *err)
{
	CALL(statement->sql, err, step_inner(statement, ret_step, err));
}

static enum sql_step step(struct sql_statement *statement, struct error *err)
{
	enum sql_step result = SQL_FAILED;

	return call_step(statement, &result, err) ? result : SQL_FAILED;
}

static void reset(struct sql_statement *statement)
{
	struct sql_statement *inner = statement->handle;
	struct faulty_connection *own = connection_of(statement);

	if (own->stream != inner)
		return;
	own->stream = NULL;
	inner->sql->driver->reset(inner);
}

static void finish(struct sql_statement *statement)
{
	struct sql_statement *inner = statement->handle;

	if (!inner)
		return;
	if (connection_of(statement)->stream == inner)
		connection_of(statement)->stream = NULL;
	inner->sql->driver->finish(inner);
	free(inner);
	statement->handle = NULL;
}

/* ---------------------------------------------------------------- transactions */

static bool begin(struct sql_connection *sql, struct error *err)
{
	struct sql_connection *inner = &((struct faulty_connection *)sql->handle)->inner;

	/* What is lost after it was begun is undone by lose(). */
	sql->in_transaction = true;
	CALL(sql, err, inner->driver->begin(inner, err));
}

static bool begin_and_tell(struct sql_connection *sql, struct error *err)
{
	bool begun = begin(sql, err);

	sql->in_transaction = false;
	return begun;
}

static bool commit_inner(struct sql_connection *sql, struct error *err)
{
	struct sql_connection *inner = &((struct faulty_connection *)sql->handle)->inner;

	if (!inner->driver->commit(inner, err))
		return false;
	sql->in_transaction = false;
	return true;
}

static bool commit(struct sql_connection *sql, struct error *err)
{
	CALL(sql, err, commit_inner(sql, err));
}

static void rollback(struct sql_connection *sql)
{
	struct sql_connection *inner = &((struct faulty_connection *)sql->handle)->inner;

	inner->driver->rollback(inner);
	sql->lost = inner->lost;
}

const struct sql_driver sql_faulty = {
	.name = "faulty",
	.open = open_connection,
	.close = close_connection,
	.prepare = prepare,
	.start = start,
	.step = step,
	.reset = reset,
	.finish = finish,
	.begin = begin_and_tell,
	.commit = commit,
	.rollback = rollback,
};
