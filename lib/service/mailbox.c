#include "service/mailbox.h"

#include "base/message.h"
#include "service/hook.h"
#include "service/mailbox_private.h"

#include <string.h>

#define BASE \
	"SELECT m.username, m.name, m.maildir, m.quota, m.local_part, m.domain, m.active, m.created, m.modified, m.password"
#define COUNTERS ", q.username, q.bytes, q.messages"
#define NO_COUNTERS ", NULL, 0, 0"
#define EXPIRY ", m.password_expiry"
#define NO_EXPIRY ", NULL"
#define SENDING ", m.smtp_active"
#define NO_SENDING ", 1"
#define FROM_BOTH " FROM {mailbox} AS m LEFT JOIN {quota2} AS q ON q.username = m.username"
#define FROM_ONE " FROM {mailbox} AS m"

/* The texts that a database's age makes of one. */
#define BY_SCHEMA(schema, counters, from) \
	(schema_has_column((schema), SCHEMA_MAILBOX_PASSWORD_EXPIRY) \
			? (schema_has_column((schema), SCHEMA_MAILBOX_SMTP_ACTIVE) ? SQL(BASE counters EXPIRY SENDING from) \
										  : SQL(BASE counters EXPIRY NO_SENDING from)) \
			: (schema_has_column((schema), SCHEMA_MAILBOX_SMTP_ACTIVE) ? SQL(BASE counters NO_EXPIRY SENDING from) \
										  : SQL(BASE counters NO_EXPIRY NO_SENDING from)))

static enum password_kind kind_of(const struct sql_statement *row, unsigned column)
{
	const char *stored = sql_column_text(row, column);

	return stored ? password_hash_kind(stored) : PASSWORD_FOREIGN;
}

static void read_row(const struct sql_statement *row, struct arena *arena, struct mailbox *ret_mailbox)
{
	*ret_mailbox = (struct mailbox){
		.username = mail_column_text(row, 0, arena),
		.name = mail_column_text(row, 1, arena),
		.maildir = mail_column_text(row, 2, arena),
		.quota = sql_column_integer(row, 3),
		.local_part = mail_column_text(row, 4, arena),
		.domain = mail_column_text(row, 5, arena),
		.active = sql_column_boolean(row, 6),
		.created = mail_column_time(row, 7),
		.modified = mail_column_time(row, 8),
		.password = kind_of(row, 9),
		.counted = !sql_column_is_null(row, 10),
		.used = sql_column_integer(row, 11),
		.messages = sql_column_integer(row, 12),
		.password_expiry = mail_column_time(row, 13),
		.smtp_active = sql_column_boolean(row, 14),
	};
}

bool mailbox_absent(const char *username, struct error *err)
{
	error_set(err, ERROR_NOT_FOUND, _("mailbox %s does not exist"), username);
	error_field(err, "username");
	return error_fix(err, "postigo-admin user list");
}

enum lookup_result mailbox_find(const struct mail_context *context, const char *username, struct arena *arena,
	struct mailbox *ret_mailbox, struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;
	enum lookup_result result = sql_find(context->sql, BY_SCHEMA(context->schema, COUNTERS, FROM_BOTH " WHERE m.username = ?"),
		SQL_VALUES(sql_text(username)), &row, err);

	if (result == LOOKUP_FOUND)
		read_row(row, arena, ret_mailbox);
	return result;
}

static bool require(enum lookup_result result, const char *username, struct error *err)
{
	switch (result) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		break;
	}
	return mailbox_absent(username, err);
}

bool mailbox_get(const struct mail_context *context, const char *username, struct arena *arena, struct mailbox *ret_mailbox,
	struct error *err)
{
	return require(mailbox_find(context, username, arena, ret_mailbox, err), username, err);
}

static struct sql_text lock_text(const struct mail_context *context)
{
	if (sql_can(context->sql, SQL_ROW_LOCKS))
		return BY_SCHEMA(context->schema, NO_COUNTERS, FROM_ONE " WHERE m.username = ? FOR UPDATE");
	return BY_SCHEMA(context->schema, NO_COUNTERS, FROM_ONE " WHERE m.username = ?");
}

bool mailbox_lock(const struct mail_context *context, const char *username, struct arena *arena, struct mailbox *ret_mailbox,
	struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;
	enum lookup_result result = sql_find(context->sql, lock_text(context), SQL_VALUES(sql_text(username)), &row, err);

	if (result == LOOKUP_FOUND)
		read_row(row, arena, ret_mailbox);
	return require(result, username, err);
}

bool mailbox_list(const struct mail_context *context, const struct mailbox_filter *filter, struct sql_statement **ret_rows,
	struct error *err)
{
	struct sql_value all = sql_boolean(!filter->active_only);

	if (filter->domain)
		return sql_query(context->sql,
			BY_SCHEMA(context->schema, COUNTERS, FROM_BOTH " WHERE m.domain = ? AND (m.active = 1 OR ? = 1) ORDER BY m.username"),
			SQL_VALUES(sql_text(filter->domain), all), ret_rows, err);
	return sql_query(context->sql,
		BY_SCHEMA(context->schema, COUNTERS, FROM_BOTH " WHERE (m.active = 1 OR ? = 1) ORDER BY m.username"), SQL_VALUES(all),
		ret_rows, err);
}

enum lookup_result mailbox_next(struct sql_statement *rows, struct arena *arena, struct mailbox *ret_mailbox, struct error *err)
{
	enum lookup_result result = mail_next_row(rows, err);

	if (result == LOOKUP_FOUND)
		read_row(rows, arena, ret_mailbox);
	return result;
}

void mailbox_add_hook(const struct mail_context *context, const char *hook, const struct mailbox *mailbox,
	struct mail_change *change, struct arena *arena)
{
	if (!hook_is_configured(&context->settings->hooks, hook))
		return;
	mail_job_add(&change->jobs, arena,
		&(struct mail_job){.kind = MAIL_JOB_RUN_HOOK, .path = mailbox->maildir, .hook = hook, .domain = mailbox->domain,
			.address = mailbox->username, .quota_bytes = mailbox->quota});
}
