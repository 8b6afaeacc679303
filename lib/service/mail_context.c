#include "service/mail_context.h"

#include "base/message.h"
#include "base/strbuf.h"
#include "storage/audit_log.h"

#include <string.h>

struct attempt {
	const struct mail_context *context;
	mail_work *work;
	void *request;
	struct mail_change *change;
	bool prepared;
};

static void undo_jobs(struct attempt *attempt)
{
	const struct mail_job_runner *runner = attempt->context->runner;

	if (attempt->prepared)
		runner->undo(runner->context, &attempt->change->jobs);
	attempt->prepared = false;
}

static bool prepare_jobs(struct attempt *attempt, struct error *err)
{
	const struct mail_job_runner *runner = attempt->context->runner;

	if (!runner || attempt->context->dry_run || attempt->change->jobs.count == 0)
		return true;
	attempt->prepared = runner->prepare(runner->context, &attempt->change->jobs, err);
	return attempt->prepared;
}

static bool work_once(struct sql_connection *sql, void *context, struct error *err)
{
	struct attempt *attempt = context;

	(void)sql;
	undo_jobs(attempt);
	*attempt->change = (struct mail_change)MAIL_CHANGE_INIT;
	return attempt->work(attempt->context, attempt->request, attempt->change, err) && prepare_jobs(attempt, err);
}

static bool try_only(struct attempt *attempt, struct error *err)
{
	struct sql_transaction transaction cleanup_sql_transaction = SQL_TRANSACTION_INIT;

	return sql_begin(&transaction, attempt->context->sql, err) && work_once(attempt->context->sql, attempt, err);
}

bool mail_transact(const struct mail_context *context, mail_work *work, void *request, struct mail_change *change,
	struct error *err)
{
	struct attempt attempt = {context, work, request, change, false};

	if (context->dry_run)
		return try_only(&attempt, err);
	if (sql_transact(context->sql, work_once, &attempt, err))
		return true;
	/* Also when nobody knows whether COMMIT came through: a directory too many is better than lost mail. */
	undo_jobs(&attempt);
	return false;
}

bool mail_audit(const struct mail_context *context, const char *domain, const char *action, const char *data,
	struct error *err)
{
	struct strbuf actor cleanup_strbuf = STRBUF_INIT;
	struct audit_record record = {
		.time = context->now,
		.domain = domain,
		.action = action,
		.data = data,
	};

	strbuf_printf(&actor, "%s (uid %ju)", context->actor->login, (uintmax_t)context->actor->uid);
	record.actor = strbuf_text(&actor);
	return audit_log_append(context->sql, &record, err);
}

int64_t mail_column_time(const struct sql_statement *row, unsigned column)
{
	const char *text = sql_column_is_null(row, column) ? NULL : sql_column_bytes(row, column);

	if (!text || strncmp(text, "0000-00-00", strlen("0000-00-00")) == 0)
		return 0;
	return sql_column_time(row, column);
}

const char *mail_column_text(const struct sql_statement *row, unsigned column, struct arena *arena)
{
	const char *text = sql_column_copy(row, column, arena);

	return text ? text : "";
}

enum lookup_result mail_next_row(struct sql_statement *rows, struct error *err)
{
	switch (sql_step(rows, err)) {
	case SQL_ROW:
		return LOOKUP_FOUND;
	case SQL_END:
		return LOOKUP_NOT_FOUND;
	case SQL_FAILED:
		break;
	}
	return LOOKUP_FAILED;
}

bool mail_count(struct sql_connection *sql, struct sql_text text, struct sql_values values, int64_t *ret_count,
	struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;

	switch (sql_find(sql, text, values, &row, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return error_set(err, ERROR_DATABASE, _("the database gave no answer where there must be one"));
	case LOOKUP_FOUND:
		break;
	}
	*ret_count = sql_column_integer(row, 0);
	return true;
}
