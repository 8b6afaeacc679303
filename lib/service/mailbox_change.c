/* Changing a mailbox, and removing it with all that is of it. */
#include "base/message.h"
#include "format/email_address.h"
#include "service/mail_name.h"
#include "service/mailbox_private.h"

#include <string.h>

void mailbox_restore_directory(const struct mailbox *mailbox, struct mail_change *change, struct arena *arena)
{
	mail_job_add(&change->jobs, arena,
		&(struct mail_job){.kind = MAIL_JOB_RESTORE_DIRECTORY, .path = mailbox->maildir, .hook = "", .domain = mailbox->domain,
			.address = mailbox->username, .since = mailbox->created});
}

/* ---------------------------------------------------------------- changing */

struct set_request {
	const struct mailbox_edit *edit;
	struct arena *arena;
};

static void apply_edit(const struct mailbox_edit *edit, struct mailbox *mailbox)
{
	if ((edit->fields & MAILBOX_NAME) != 0)
		mailbox->name = edit->name;
	if ((edit->fields & MAILBOX_QUOTA) != 0)
		mailbox->quota = edit->quota;
	if ((edit->fields & MAILBOX_SMTP_ACTIVE) != 0)
		mailbox->smtp_active = edit->smtp_active;
	if ((edit->fields & MAILBOX_ACTIVE) != 0)
		mailbox->active = edit->active;
}

/*
 * The domain is locked before its mailbox, as it is for those who add one, and before anything is read: what is read after it is then what those before us left.
 */
static bool lock_both(const struct mail_context *context, const struct set_request *request, struct mailbox *ret_mailbox,
	struct domain *ret_domain, struct error *err)
{
	const char *username = request->edit->username;

	if ((request->edit->fields & MAILBOX_QUOTA) != 0 &&
		!domain_lock(context, email_address_domain(username), request->arena, ret_domain, err))
		return false;
	return mailbox_lock(context, username, request->arena, ret_mailbox, err);
}

static bool write_quota(const struct mail_context *context, const struct mailbox *before, const struct mailbox *after,
	const struct domain *domain, struct error *err)
{
	if (before->quota == after->quota)
		return true;
	return mailbox_check_quota(context, domain, after->quota, before->quota > 0 ? before->quota : 0, err) &&
	       sql_execute(context->sql, SQL("UPDATE {mailbox} SET quota = ? WHERE username = ?"),
		       SQL_VALUES(sql_integer(after->quota), sql_text(after->username)), NULL, err);
}

static bool write_sending(const struct mail_context *context, const struct mailbox *before, const struct mailbox *after,
	struct error *err)
{
	return before->smtp_active == after->smtp_active ||
	       sql_execute(context->sql, SQL("UPDATE {mailbox} SET smtp_active = ? WHERE username = ?"),
		       SQL_VALUES(sql_boolean(after->smtp_active), sql_text(after->username)), NULL, err);
}

/* Mail for a mailbox that is off must be refused at the door: its own alias would let it in. */
static bool write_active(const struct mail_context *context, const struct mailbox *before, const struct mailbox *after,
	struct error *err)
{
	return before->active == after->active || !context->settings->mailboxes.self_alias ||
	       sql_execute(context->sql, SQL("UPDATE {alias} SET active = ?, modified = ? WHERE address = ?"),
		       SQL_VALUES(sql_boolean(after->active), sql_time(context->now), sql_text(after->username)), NULL, err);
}

/* One row of the log for each thing that changed, as PostfixAdmin's readers expect them. */
static bool write_audit(const struct mail_context *context, const struct mailbox *before, const struct mailbox *after,
	struct arena *arena, struct error *err)
{
	if (before->active != after->active &&
		!mail_audit(context, after->domain, "mailbox.set_status",
			arena_printf(arena, "%s=%s", after->username, after->active ? "ACTIVE" : "DISABLED"), err))
		return false;
	if (before->quota != after->quota &&
		!mail_audit(context, after->domain, "mailbox.set_quota",
			arena_printf(arena, "%s=%lld", after->username, (long long)after->quota), err))
		return false;
	if (before->smtp_active != after->smtp_active &&
		!mail_audit(context, after->domain, "mailbox.set_smtp",
			arena_printf(arena, "%s=%s", after->username, after->smtp_active ? "ACTIVE" : "DISABLED"), err))
		return false;
	return strcmp(before->name, after->name) == 0 ||
	       mail_audit(context, after->domain, "mailbox.set_name", after->username, err);
}

static bool is_equal(const struct mailbox *left, const struct mailbox *right)
{
	return strcmp(left->name, right->name) == 0 && left->quota == right->quota && left->active == right->active &&
	       left->smtp_active == right->smtp_active;
}

static bool set_mailbox(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct set_request *request = data;
	struct mailbox before;
	struct mailbox after;
	struct domain domain = {.name = ""};

	if (!lock_both(context, request, &before, &domain, err))
		return false;
	mailbox_restore_directory(&before, change, request->arena);
	after = before;
	apply_edit(request->edit, &after);
	if (is_equal(&before, &after))
		return true;
	change->changed = true;
	if (before.active != after.active)
		change->touched = MAIL_TARGET_MAILBOXES | MAIL_TARGET_ALIASES;
	mailbox_add_hook(context, "mailbox_postedit", &after, change, request->arena);
	return sql_execute(context->sql, SQL("UPDATE {mailbox} SET name = ?, active = ?, modified = ? WHERE username = ?"),
		       SQL_VALUES(sql_text(after.name), sql_boolean(after.active), sql_time(context->now), sql_text(after.username)),
		       NULL, err) &&
	       write_quota(context, &before, &after, &domain, err) && write_sending(context, &before, &after, err) &&
	       write_active(context, &before, &after, err) && write_audit(context, &before, &after, request->arena, err);
}

bool mailbox_set(const struct mail_context *context, const struct mailbox_edit *edit, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct set_request request = {edit, arena};

	if ((edit->fields & MAILBOX_SMTP_ACTIVE) != 0 &&
		!schema_require_column(context->schema, SCHEMA_MAILBOX_SMTP_ACTIVE, err))
		return false;
	if ((edit->fields & MAILBOX_NAME) != 0 && !mail_name_description(edit->name, err))
		return error_field(err, "name");
	return mail_transact(context, set_mailbox, &request, ret_change, err);
}

/* ---------------------------------------------------------------- removing */

struct removal_step {
	enum schema_table table;
	struct sql_text text; /* with the address as its one value */
};

/* What hangs on another row goes before it. The alias of the same address goes, too: it is the mailbox's own. */
bool mailbox_remove_rows(const struct mail_context *context, const char *username, struct error *err)
{
	const struct removal_step steps[] = {
		{SCHEMA_VACATION_NOTIFICATION, SQL("DELETE FROM {vacation_notification} WHERE on_vacation = ?")},
		{SCHEMA_VACATION, SQL("DELETE FROM {vacation} WHERE email = ?")},
		{SCHEMA_FETCHMAIL, SQL("DELETE FROM {fetchmail} WHERE mailbox = ?")},
		{SCHEMA_APP_PASSWORD, SQL("DELETE FROM {mailbox_app_password} WHERE username = ?")},
		{SCHEMA_TOTP_EXCEPTION, SQL("DELETE FROM {totp_exception_address} WHERE username = ?")},
		{SCHEMA_QUOTA, SQL("DELETE FROM {quota} WHERE username = ?")},
		{SCHEMA_QUOTA2, SQL("DELETE FROM {quota2} WHERE username = ?")},
		{SCHEMA_ALIAS, SQL("DELETE FROM {alias} WHERE address = ?")},
		{SCHEMA_MAILBOX, SQL("DELETE FROM {mailbox} WHERE username = ?")},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
		if (schema_has_table(context->schema, steps[i].table) &&
			!sql_execute(context->sql, steps[i].text, SQL_VALUES(sql_text(username)), NULL, err))
			return false;
	}
	return true;
}

/* Whether the comma-separated list has the address as a whole member. */
static bool is_target(const char *list, const char *username)
{
	size_t length = strlen(username);

	while (list) {
		list += strspn(list, ", ");
		if (strncasecmp(list, username, length) == 0 && (list[length] == '\0' || list[length] == ',' || list[length] == ' '))
			return true;
		list = strchr(list, ',');
	}
	return false;
}

/* A pattern cannot be used: "_" is common in addresses. */
static bool warn_of_aliases(const struct mail_context *context, const char *username, struct mail_change *change,
	struct arena *arena, struct error *err)
{
	struct sql_statement *rows cleanup_sql_statement = NULL;
	enum sql_step step;

	if (!sql_query(context->sql, SQL("SELECT address, goto FROM {alias} WHERE INSTR(LOWER(goto), ?) > 0 AND address <> ? ORDER BY address"),
		    SQL_VALUES(sql_text(username), sql_text(username)), &rows, err))
		return false;
	while ((step = sql_step(rows, err)) == SQL_ROW) {
		const char *target = sql_column_text(rows, 1);

		if (target && is_target(target, username))
			string_list_add(&change->warnings, arena,
				arena_printf(arena, _("alias %s still forwards to %s"), sql_column_copy(rows, 0, arena), username));
	}
	return step == SQL_END;
}

struct removal_request {
	const struct mailbox_removal *removal;
	struct arena *arena;
};

static void add_removal_jobs(const struct mail_context *context, const struct mailbox *mailbox, bool keep,
	struct mail_change *change, struct arena *arena)
{
	if (!keep)
		mail_job_add(&change->jobs, arena,
			&(struct mail_job){.kind = MAIL_JOB_RETIRE_DIRECTORY, .path = mailbox->maildir, .hook = "",
				.domain = mailbox->domain, .address = mailbox->username, .since = mailbox->created});
	mailbox_add_hook(context, "mailbox_postdeletion", mailbox, change, arena);
}

static bool delete_mailbox(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct removal_request *request = data;
	const char *username = request->removal->username;
	struct mailbox mailbox;

	if (!mailbox_lock(context, username, request->arena, &mailbox, err) ||
		!warn_of_aliases(context, username, change, request->arena, err) || !mailbox_remove_rows(context, username, err))
		return false;
	change->changed = true;
	change->touched = MAIL_TARGET_MAILBOXES | MAIL_TARGET_ALIASES;
	add_removal_jobs(context, &mailbox, request->removal->keep_maildir, change, request->arena);
	return mail_audit(context, mailbox.domain, "mailbox.delete", username, err);
}

bool mailbox_delete(const struct mail_context *context, const struct mailbox_removal *removal, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct removal_request request = {removal, arena};

	return mail_transact(context, delete_mailbox, &request, ret_change, err);
}
