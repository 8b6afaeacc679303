/* A new mailbox. */
#include "base/message.h"
#include "base/strbuf.h"
#include "format/email_address.h"
#include "format/quota.h"
#include "service/mail_name.h"
#include "service/mailbox_private.h"

#include <string.h>

struct add_request {
	const struct mailbox_wish *wish;
	struct arena *arena;
	const char *local_part;
	const char *domain;
};

/* ---------------------------------------------------------------- limits */

static bool refuse_limit(const struct domain *domain, const char *why, struct error *err)
{
	error_set(err, ERROR_CAPACITY, _("a limit of domain %s forbids it"), domain->name);
	error_why(err, "%s", why);
	return error_fix(err, "postigo-admin domain show %s", domain->name);
}

static bool check_count(const struct mail_context *context, const struct domain *domain, struct error *err)
{
	int64_t count = 0;

	if (domain->max_mailboxes == 0)
		return true;
	if (domain->max_mailboxes < 0)
		return refuse_limit(domain, _("it may have no mailboxes"), err);
	if (!mail_count(context->sql, SQL("SELECT COUNT(*) FROM {mailbox} WHERE domain = ?"), SQL_VALUES(sql_text(domain->name)),
		    &count, err))
		return false;
	if (count < domain->max_mailboxes)
		return true;
	refuse_limit(domain, "", err);
	return error_why(err, _("it has %lld of at most %lld mailboxes"), (long long)count, (long long)domain->max_mailboxes);
}

static bool check_largest(const struct mail_context *context, const struct domain *domain, int64_t quota, struct error *err)
{
	int64_t most = quota_limit_bytes(domain->max_quota, context->settings->domains.quota_multiplier);
	char text[QUOTA_TEXT_LENGTH + 1];

	if (most == 0 || (most == QUOTA_NONE && quota == 0))
		return true;
	if (most == QUOTA_NONE)
		return refuse_limit(domain, _("its mailboxes have no quotas"), err);
	if (quota > 0 && quota <= most)
		return true;
	quota_format(most, text);
	refuse_limit(domain, "", err);
	if (quota == 0)
		return error_why(err, _("a mailbox may have at most %s, so none may be unlimited"), text);
	return error_why(err, _("a mailbox may have at most %s"), text);
}

static bool check_total(const struct mail_context *context, const struct domain *domain, int64_t quota, int64_t before,
	struct error *err)
{
	int64_t most = quota_limit_bytes(domain->quota, context->settings->domains.quota_multiplier);
	int64_t allocated = 0;
	char text[QUOTA_TEXT_LENGTH + 1];
	char left[QUOTA_TEXT_LENGTH + 1];

	if (most <= 0)
		return true;
	quota_format(most, text);
	if (quota == 0) {
		refuse_limit(domain, "", err);
		return error_why(err, _("all of them together have %s, so none may be unlimited"), text);
	}
	if (!mail_count(context->sql, SQL("SELECT COALESCE(SUM(quota), 0) FROM {mailbox} WHERE domain = ? AND quota > 0"),
		    SQL_VALUES(sql_text(domain->name)), &allocated, err))
		return false;
	allocated -= before;
	if (allocated <= most && quota <= most - allocated)
		return true;
	quota_format(most - allocated, left);
	refuse_limit(domain, "", err);
	return error_why(err, _("all of them together have %s, of which %s is left"), text, left);
}

bool mailbox_check_quota(const struct mail_context *context, const struct domain *domain, int64_t quota, int64_t before,
	struct error *err)
{
	return check_largest(context, domain, quota, err) && check_total(context, domain, quota, before, err);
}

/* ---------------------------------------------------------------- collisions */

static bool check_domain(const struct mail_context *context, const struct domain *domain, struct mail_change *change,
	struct arena *arena, struct error *err)
{
	int64_t count = 0;

	if (!mail_count(context->sql, SQL("SELECT COUNT(*) FROM {alias_domain} WHERE alias_domain = ?"),
		    SQL_VALUES(sql_text(domain->name)), &count, err))
		return false;
	if (count > 0) {
		error_set(err, ERROR_RULE, _("%s is an alias of another domain: a mailbox in it would get no mail"), domain->name);
		return error_fix(err, "postigo-admin domain alias show %s", domain->name);
	}
	if (!domain->active)
		string_list_add(&change->warnings, arena,
			arena_printf(arena, _("domain %s is disabled: mail reaches the mailbox when it is enabled"), domain->name));
	return true;
}

static bool refuse_alias(const char *username, const char *target, struct error *err)
{
	error_set(err, ERROR_ALREADY_EXISTS, _("%s is an alias already"), username);
	error_why(err, _("it forwards to %s"), target);
	error_field(err, "username");
	return error_fix(err, "postigo-admin alias del %s", username);
}

static bool insert_alias(const struct mail_context *context, const struct add_request *request, struct error *err)
{
	const char *username = request->wish->username;
	struct sql_value now = sql_time(context->now);

	if (!context->settings->mailboxes.self_alias)
		return true;
	return sql_execute(context->sql,
		SQL("INSERT INTO {alias} (address, goto, domain, active, created, modified) VALUES (?, ?, ?, 1, ?, ?)"),
		SQL_VALUES(sql_text(username), sql_text(username), sql_text(request->domain), now, now), NULL, err);
}

/* An alias to itself is what a mailbox leaves behind that was removed by other means: it is taken over. */
static bool claim_address(const struct mail_context *context, const struct add_request *request, struct error *err)
{
	const char *username = request->wish->username;
	struct sql_statement *row cleanup_sql_statement = NULL;
	const char *target;

	switch (sql_find(context->sql, SQL("SELECT goto FROM {alias} WHERE address = ?"), SQL_VALUES(sql_text(username)), &row, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return insert_alias(context, request, err);
	case LOOKUP_FOUND:
		break;
	}
	target = sql_column_text(row, 0);
	if (!target || strcasecmp(target, username) != 0)
		return refuse_alias(username, target ? target : "", err);
	return sql_execute(context->sql, SQL("UPDATE {alias} SET active = 1, modified = ? WHERE address = ?"),
		SQL_VALUES(sql_time(context->now), sql_text(username)), NULL, err);
}

/* ---------------------------------------------------------------- rows */

static bool insert_mailbox(const struct mail_context *context, const struct mailbox *mailbox, const char *stored,
	struct error *err)
{
	struct sql_value now = sql_time(context->now);

	if (sql_execute(context->sql,
		    SQL("INSERT INTO {mailbox} (username, password, name, maildir, quota, local_part, domain, active, created, modified) "
			"VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)"),
		    SQL_VALUES(sql_text(mailbox->username), sql_text(stored), sql_text(mailbox->name), sql_text(mailbox->maildir),
			    sql_integer(mailbox->quota), sql_text(mailbox->local_part), sql_text(mailbox->domain), now, now),
		    NULL, err))
		return true;
	if (err->code != ERROR_ALREADY_EXISTS)
		return false;
	error_set(err, ERROR_ALREADY_EXISTS, _("mailbox %s exists already"), mailbox->username);
	error_field(err, "username");
	return error_fix(err, "postigo-admin user show %s", mailbox->username);
}

static bool write_end(const struct mail_context *context, const struct domain *domain, const char *username, struct error *err)
{
	return !schema_has_column(context->schema, SCHEMA_MAILBOX_PASSWORD_EXPIRY) ||
	       sql_execute(context->sql, SQL("UPDATE {mailbox} SET password_expiry = ? WHERE username = ?"),
		       SQL_VALUES(sql_time(mailbox_password_end(context, domain)), sql_text(username)), NULL, err);
}

/* Counters that an earlier mailbox of the name left are nobody's. */
static bool reset_counters(const struct mail_context *context, const char *username, struct error *err)
{
	int64_t found = 0;

	if (!sql_execute(context->sql, SQL("UPDATE {quota2} SET bytes = 0, messages = 0 WHERE username = ?"),
		    SQL_VALUES(sql_text(username)), &found, err))
		return false;
	return found > 0 || sql_execute(context->sql, SQL("INSERT INTO {quota2} (username, bytes, messages) VALUES (?, 0, 0)"),
				    SQL_VALUES(sql_text(username)), NULL, err);
}

static void add_jobs(const struct mail_context *context, const struct mailbox *mailbox, struct mail_change *change,
	struct arena *arena)
{
	mail_job_add(&change->jobs, arena,
		&(struct mail_job){.kind = MAIL_JOB_MAKE_MAILDIR, .path = mailbox->maildir, .hook = "", .domain = mailbox->domain,
			.address = mailbox->username});
	mailbox_add_hook(context, "mailbox_postcreation", mailbox, change, arena);
}

static bool add_mailbox(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct add_request *request = data;
	const struct mailbox_wish *wish = request->wish;
	struct mailbox mailbox = {.username = wish->username, .name = wish->name, .local_part = request->local_part,
		.domain = request->domain};
	struct domain domain;

	if (!domain_lock(context, request->domain, request->arena, &domain, err) ||
		!check_domain(context, &domain, change, request->arena, err))
		return false;
	mailbox.quota = wish->has_quota ? wish->quota : domain.default_quota;
	mailbox.maildir = arena_printf(request->arena, "%s/%s/", request->domain, request->local_part);
	change->changed = true;
	change->touched = MAIL_TARGET_MAILBOXES | MAIL_TARGET_ALIASES;
	add_jobs(context, &mailbox, change, request->arena);
	return insert_mailbox(context, &mailbox, wish->stored ? wish->stored : PASSWORD_NOAUTH, err) &&
	       claim_address(context, request, err) && write_end(context, &domain, wish->username, err) &&
	       reset_counters(context, wish->username, err) &&
	       mail_audit(context, request->domain, "mailbox.create", wish->username, err);
}

/* A limit is looked at before the row is there, a name that is taken is told before a limit is. */
static bool add_within_limits(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct add_request *request = data;
	const struct mailbox_wish *wish = request->wish;
	struct domain domain;
	int64_t taken = 0;

	if (!domain_lock(context, request->domain, request->arena, &domain, err) ||
		!mail_count(context->sql, SQL("SELECT COUNT(*) FROM {mailbox} WHERE username = ?"), SQL_VALUES(sql_text(wish->username)),
			&taken, err))
		return false;
	if (taken == 0 && (!check_count(context, &domain, err) ||
				  !mailbox_check_quota(context, &domain, wish->has_quota ? wish->quota : domain.default_quota, 0, err)))
		return false;
	return add_mailbox(context, data, change, err);
}

bool mailbox_add(const struct mail_context *context, const struct mailbox_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	const char *domain = email_address_domain(wish->username);
	struct add_request request = {
		.wish = wish,
		.arena = arena,
		.domain = domain,
		.local_part = arena_strndup(arena, wish->username, (size_t)(domain - wish->username - 1)),
	};

	if (!mailbox_may_add(context->settings, wish->stored != NULL, err))
		return false;
	if (!mail_name_description(wish->name, err))
		return error_field(err, "name");
	return mail_transact(context, add_within_limits, &request, ret_change, err);
}

/* ---------------------------------------------------------------- taking it back */

static bool undo_add(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct add_request *request = data;

	change->changed = true;
	return mailbox_remove_rows(context, request->wish->username, err) &&
	       mail_audit(context, request->domain, "mailbox.create_rollback", request->wish->username, err);
}

bool mailbox_add_undo(const struct mail_context *context, const char *username, struct arena *arena, struct error *err)
{
	const struct mailbox_wish wish = {.username = username};
	struct add_request request = {.wish = &wish, .arena = arena, .domain = email_address_domain(username)};
	struct mail_context alone = *context;
	struct mail_change change = MAIL_CHANGE_INIT;

	alone.runner = NULL;
	return mail_transact(&alone, undo_add, &request, &change, err);
}
