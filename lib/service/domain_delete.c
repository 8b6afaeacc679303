/* Removing a domain, and what is of it in every table that PostfixAdmin has. */
#include "base/message.h"
#include "service/domain_private.h"

struct removal_request {
	const struct domain_removal *removal;
	struct arena *arena;
};

/* What keeps a domain from being removed without force. */
struct content {
	int64_t mailboxes;
	int64_t aliases;
	int64_t alias_domains;
	int64_t admins;
};

static bool count_content(const struct mail_context *context, const char *name, struct content *ret_content,
	struct error *err)
{
	const struct sql_values once = SQL_VALUES(sql_text(name));

	return mail_count(context->sql, SQL("SELECT COUNT(*) FROM {mailbox} WHERE domain = ?"), once, &ret_content->mailboxes, err) &&
	       mail_count(context->sql, SQL("SELECT COUNT(*) FROM {alias} WHERE domain = ?"), once, &ret_content->aliases, err) &&
	       mail_count(context->sql, SQL("SELECT COUNT(*) FROM {alias_domain} WHERE alias_domain = ? OR target_domain = ?"),
		       SQL_VALUES(sql_text(name), sql_text(name)), &ret_content->alias_domains, err) &&
	       mail_count(context->sql, SQL("SELECT COUNT(*) FROM {domain_admins} WHERE domain = ?"), once, &ret_content->admins, err);
}

static bool require_empty(const struct mail_context *context, const char *name, struct error *err)
{
	struct content content = {0};

	if (!count_content(context, name, &content, err))
		return false;
	if (content.mailboxes == 0 && content.aliases == 0 && content.alias_domains == 0 && content.admins == 0)
		return true;
	error_set(err, ERROR_CAPACITY, _("domain %s is not empty"), name);
	error_why(err, _("mailboxes: %lld, aliases: %lld, alias domains: %lld, administrators: %lld"), (long long)content.mailboxes,
		(long long)content.aliases, (long long)content.alias_domains, (long long)content.admins);
	return error_fix(err, _("remove these first, or all of it: postigo-admin domain del %s --force"), name);
}

struct removal_step {
	enum schema_table table;
	struct sql_text text; /* with the domain's name as its one value */
};

#define OF_MAILBOXES(table, column) "DELETE FROM {" table "} WHERE " column " IN (SELECT username FROM {mailbox} WHERE domain = ?)"

/* What hangs on another row goes before it. */
static bool remove_rows(const struct mail_context *context, const char *name, struct error *err)
{
	const struct removal_step steps[] = {
		{SCHEMA_ALIAS_DOMAIN, SQL("DELETE FROM {alias_domain} WHERE alias_domain = ?")},
		{SCHEMA_ALIAS_DOMAIN, SQL("DELETE FROM {alias_domain} WHERE target_domain = ?")},
		{SCHEMA_ALIAS, SQL("DELETE FROM {alias} WHERE domain = ?")},
		{SCHEMA_VACATION_NOTIFICATION,
			SQL("DELETE FROM {vacation_notification} WHERE on_vacation IN (SELECT email FROM {vacation} WHERE domain = ?)")},
		{SCHEMA_VACATION, SQL("DELETE FROM {vacation} WHERE domain = ?")},
		{SCHEMA_FETCHMAIL, SQL(OF_MAILBOXES("fetchmail", "mailbox"))},
		{SCHEMA_APP_PASSWORD, SQL(OF_MAILBOXES("mailbox_app_password", "username"))},
		{SCHEMA_TOTP_EXCEPTION, SQL(OF_MAILBOXES("totp_exception_address", "username"))},
		{SCHEMA_QUOTA, SQL(OF_MAILBOXES("quota", "username"))},
		{SCHEMA_QUOTA2, SQL(OF_MAILBOXES("quota2", "username"))},
		{SCHEMA_DKIM_SIGNING, SQL("DELETE FROM {dkim_signing} WHERE dkim_id IN (SELECT id FROM {dkim} WHERE domain_name = ?)")},
		{SCHEMA_DKIM, SQL("DELETE FROM {dkim} WHERE domain_name = ?")},
		{SCHEMA_MAILBOX, SQL("DELETE FROM {mailbox} WHERE domain = ?")},
		{SCHEMA_DOMAIN_ADMINS, SQL("DELETE FROM {domain_admins} WHERE domain = ?")},
		{SCHEMA_POSTIGO_DOMAIN, SQL("DELETE FROM {postigo_domain} WHERE domain = ?")},
		{SCHEMA_DOMAIN, SQL("DELETE FROM {domain} WHERE domain = ?")},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
		if (schema_has_table(context->schema, steps[i].table) &&
			!sql_execute(context->sql, steps[i].text, SQL_VALUES(sql_text(name)), NULL, err))
			return false;
	}
	return true;
}

static bool delete_domain(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct removal_request *request = data;
	const struct domain_removal *removal = request->removal;
	struct domain domain;

	if (!domain_lock(context, removal->name, request->arena, &domain, err) ||
		(!removal->force && !require_empty(context, removal->name, err)) ||
		!remove_rows(context, removal->name, err))
		return false;
	change->changed = true;
	change->touched = MAIL_TARGET_DOMAINS | MAIL_TARGET_MAILBOXES | MAIL_TARGET_ALIASES | MAIL_TARGET_ALIAS_DOMAINS |
			  MAIL_TARGET_TRANSPORTS;
	if (!removal->keep_maildir)
		mail_job_add(&change->jobs, request->arena,
			&(struct mail_job){.kind = MAIL_JOB_RETIRE_DIRECTORY, .path = removal->name, .domain = removal->name,
				.hook = "", .address = "", .only_empty = !removal->force});
	domain_add_hook(context, "domain_postdeletion", removal->name, change, request->arena);
	return mail_audit(context, removal->name, "domain.delete",
		arena_printf(request->arena, "%s force=%s keep_maildir=%s", removal->name, removal->force ? "true" : "false",
			removal->keep_maildir ? "true" : "false"),
		err);
}

bool domain_delete(const struct mail_context *context, const struct domain_removal *removal, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct removal_request request = {removal, arena};

	return mail_transact(context, delete_domain, &request, ret_change, err);
}
