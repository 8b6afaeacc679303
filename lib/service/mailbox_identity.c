/* Who knows a mailbox's password: the rules of mailboxes.identity_backend. */
#include "base/clock.h"
#include "base/message.h"
#include "service/mailbox_private.h"

#include <string.h>

enum identity_right {
	IDENTITY_PASSWORD = 1 << 0, /* has passwords here */
	IDENTITY_ELSEWHERE = 1 << 1, /* knows {NOAUTH} as somebody else's */
	IDENTITY_RELEASE = 1 << 2,
};

static const struct {
	const char *name;
	unsigned rights;
} backends[] = {
	{"local", IDENTITY_PASSWORD},
	{"noauth", IDENTITY_ELSEWHERE},
	{"hybrid", IDENTITY_PASSWORD | IDENTITY_ELSEWHERE | IDENTITY_RELEASE},
};

static bool has_right(const struct settings *settings, enum identity_right right)
{
	for (size_t i = 0; i < ARRAY_LENGTH(backends); i++) {
		if (strcmp(backends[i].name, settings->mailboxes.identity_backend) == 0)
			return (backends[i].rights & right) != 0;
	}
	return false;
}

static bool refuse(const struct settings *settings, const char *what, const char *fix, struct error *err)
{
	error_set(err, ERROR_CONFIG, "%s", what);
	error_why(err, "mailboxes.identity_backend = %s", settings->mailboxes.identity_backend);
	error_field(err, "mailboxes.identity_backend");
	return error_fix(err, "%s", fix);
}

bool mailbox_may_add(const struct settings *settings, bool with_password, struct error *err)
{
	if (has_right(settings, with_password ? IDENTITY_PASSWORD : IDENTITY_ELSEWHERE))
		return true;
	if (with_password)
		return refuse(settings, _("mailboxes have no password here"), "user add --idp", err);
	return refuse(settings, _("every mailbox has its password here"), "identity_backend=hybrid", err);
}

bool mailbox_may_set_password(const struct settings *settings, struct error *err)
{
	return has_right(settings, IDENTITY_PASSWORD) ||
	       refuse(settings, _("mailboxes have no password here"), _("change it where the passwords are"), err);
}

bool mailbox_may_release(const struct settings *settings, struct error *err)
{
	return has_right(settings, IDENTITY_RELEASE) ||
	       refuse(settings, _("mailboxes cannot be given up to somebody else here"), "identity_backend=hybrid", err);
}

bool mailbox_is_elsewhere(const struct settings *settings, const struct mailbox *mailbox)
{
	return mailbox->password == PASSWORD_ABSENT && has_right(settings, IDENTITY_ELSEWHERE);
}

bool mailbox_check_claim(const struct mail_context *context, const struct mailbox *mailbox, bool claim, struct error *err)
{
	if (claim || !mailbox_is_elsewhere(context->settings, mailbox))
		return true;
	error_set(err, ERROR_RULE, _("%s is currently IdP-managed: it has no password here"), mailbox->username);
	error_field(err, "username");
	return error_fix(err, "postigo-admin user passwd %s --claim", mailbox->username);
}

/* ---------------------------------------------------------------- passwords */

struct password_request {
	const struct mailbox_wish *wish;
	struct arena *arena;
	bool claim;
};

static bool write_password(const struct mail_context *context, const struct mailbox *mailbox, const char *stored,
	struct error *err)
{
	return sql_execute(context->sql, SQL("UPDATE {mailbox} SET password = ?, modified = ? WHERE username = ?"),
		SQL_VALUES(sql_text(stored), sql_time(context->now), sql_text(mailbox->username)), NULL, err);
}

/* The domain decides for how long; a mailbox whose domain is gone has PostfixAdmin's default. */
static bool write_expiry(const struct mail_context *context, const struct mailbox *mailbox, struct arena *arena, struct error *err)
{
	struct domain domain = {.password_expiry = 0};

	if (!schema_has_column(context->schema, SCHEMA_MAILBOX_PASSWORD_EXPIRY))
		return true;
	if (domain_find(context, mailbox->domain, arena, &domain, err) == LOOKUP_FAILED)
		return false;
	return sql_execute(context->sql, SQL("UPDATE {mailbox} SET password_expiry = ? WHERE username = ?"),
		SQL_VALUES(sql_time(mailbox_password_end(context, &domain)), sql_text(mailbox->username)), NULL, err);
}

int64_t mailbox_password_end(const struct mail_context *context, const struct domain *domain)
{
	int64_t days = domain->password_expiry > 0 ? domain->password_expiry : MAILBOX_EXPIRY_DAYS;

	return context->now + days * SECONDS_PER_DAY;
}

static bool set_password(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct password_request *request = data;
	struct mailbox mailbox;

	if (!mailbox_lock(context, request->wish->username, request->arena, &mailbox, err) ||
		!mailbox_check_claim(context, &mailbox, request->claim, err))
		return false;
	change->changed = true;
	if (mailbox_is_elsewhere(context->settings, &mailbox))
		string_list_add(&change->warnings, request->arena,
			arena_printf(request->arena, _("%s was IdP-managed and is claimed into SQL auth"), mailbox.username));
	mailbox_restore_directory(&mailbox, change, request->arena);
	mailbox_add_hook(context, "mailbox_postpassword", &mailbox, change, request->arena);
	return write_password(context, &mailbox, request->wish->stored, err) &&
	       write_expiry(context, &mailbox, request->arena, err) &&
	       mail_audit(context, mailbox.domain, "mailbox.set_password", mailbox.username, err);
}

bool mailbox_set_password(const struct mail_context *context, const struct mailbox_wish *wish, bool claim, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct password_request request = {wish, arena, claim};

	return mailbox_may_set_password(context->settings, err) &&
	       mail_transact(context, set_password, &request, ret_change, err);
}

static bool release(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct password_request *request = data;
	struct mailbox mailbox;

	if (!mailbox_lock(context, request->wish->username, request->arena, &mailbox, err))
		return false;
	mailbox_restore_directory(&mailbox, change, request->arena);
	if (mailbox.password == PASSWORD_ABSENT) {
		string_list_add(&change->warnings, request->arena,
			arena_printf(request->arena, _("%s is already IdP-managed; no change"), mailbox.username));
		return true;
	}
	change->changed = true;
	string_list_add(&change->warnings, request->arena,
		arena_printf(request->arena, _("%s is released to IdP: its password here is gone"), mailbox.username));
	return write_password(context, &mailbox, PASSWORD_NOAUTH, err) &&
	       mail_audit(context, mailbox.domain, "mailbox.release", mailbox.username, err);
}

bool mailbox_release(const struct mail_context *context, const char *username, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	const struct mailbox_wish wish = {.username = username};
	struct password_request request = {&wish, arena, false};

	return mailbox_may_release(context->settings, err) && mail_transact(context, release, &request, ret_change, err);
}
