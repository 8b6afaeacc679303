/*
 * What every service over the mail database wants, and the one way in which it writes.
 *
 * A writing call checks and changes in one transaction, its row of the audit log included, and fills a struct mail_change. With `dry_run` it does the very same and
 * undoes it: what would be refused is refused.
 */
#ifndef POSTIGO_SERVICE_MAIL_CONTEXT_H
#define POSTIGO_SERVICE_MAIL_CONTEXT_H

#include "base/string_list.h"
#include "format/settings.h"
#include "service/mail_job.h"
#include "storage/schema.h"
#include "storage/sql_transaction.h"
#include "system/identity.h"

struct mail_context {
	struct sql_connection *sql;
	const struct schema *schema;
	const struct settings *settings;
	const struct identity *actor;
	int64_t now;
	bool dry_run;
	const struct mail_job_runner *runner; /* NULL = jobs are only listed */
};

/* What Postfix has to be told about: the maps that a change touched. */
enum mail_target {
	MAIL_TARGET_DOMAINS = 1 << 0,
	MAIL_TARGET_MAILBOXES = 1 << 1,
	MAIL_TARGET_ALIASES = 1 << 2,
	MAIL_TARGET_ALIAS_DOMAINS = 1 << 3,
	MAIL_TARGET_TRANSPORTS = 1 << 4,
};

/* What came of a writing call. Everything lives in the caller's arena. */
struct mail_change {
	bool changed;	  /* false = everything was that way already */
	unsigned touched; /* enum mail_target */
	struct mail_job_list jobs;
	struct string_list warnings; /* sentences */
};

#define MAIL_CHANGE_INIT {.changed = false}

/* One unit of work inside a transaction; it may be called again, and starts from nothing then. */
typedef bool mail_work(const struct mail_context *context, void *request, struct mail_change *change, struct error *err);

/*
 * Begins, works, prepares the jobs, commits; over again after a deadlock. `change` is reset before each attempt and whole only on success. Nothing is left of a failure,
 * in the database or of prepared jobs. Fails as `work`, the runner or sql_transact() does.
 */
must_check bool mail_transact(const struct mail_context *context, mail_work *work, void *request, struct mail_change *change,
	struct error *err);

/* Writes a row of the audit log: `action` such as "domain.create", `data` names and addresses only. Inside the transaction. */
must_check bool mail_audit(const struct mail_context *context, const char *domain, const char *action, const char *data,
	struct error *err);

/* A DATETIME column; 0 also for the zero dates that old servers let in. */
int64_t mail_column_time(const struct sql_statement *row, unsigned column);

/* A text column, copied into the arena; "" for NULL. */
const char *mail_column_text(const struct sql_statement *row, unsigned column, struct arena *arena);

/* Goes to the next row of a list: found, not found behind the last, or failed as sql_step(). */
must_check enum lookup_result mail_next_row(struct sql_statement *rows, struct error *err);

/* Looks for one row and reads its first column as a number. Fails with database (also: no such row) or deadlock. */
must_check bool mail_count(struct sql_connection *sql, struct sql_text text, struct sql_values values, int64_t *ret_count,
	struct error *err);

#endif
