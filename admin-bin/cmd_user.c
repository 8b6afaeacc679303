/* user: mailboxes, shown, changed and removed. */
#include "base/message.h"
#include "service/mail_name.h"
#include "user_view.h"

int command_user_show(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct mailbox mailbox = {.username = ""};
	const char *username;
	struct error err;

	if (!user_begin(admin, line, &mail, &username, &err) ||
		!mailbox_get(&mail.services, username, &admin->arena, &mailbox, &err))
		return output_error(&admin->output, &err);
	user_print(admin, &mailbox);
	return ERROR_NONE;
}

/* ---------------------------------------------------------------- listing */

static struct json *row_json(const struct admin *admin, const struct mailbox *mailbox)
{
	struct json *object = user_json(mailbox);

	if (admin->output.shape != OUTPUT_JSON)
		json_set_text(object, "state", admin_state_word(mailbox->active));
	return object;
}

static bool print_list(struct admin *admin, struct sql_statement *rows, struct output_list *list, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct mailbox mailbox = {.username = ""};

	for (;;) {
		arena_clear(&arena);
		switch (mailbox_next(rows, &arena, &mailbox, err)) {
		case LOOKUP_FOUND:
			output_list_add(list, row_json(admin, &mailbox));
			break;
		case LOOKUP_NOT_FOUND:
			return true;
		case LOOKUP_FAILED:
			return false;
		}
	}
}

static bool read_filter(struct admin *admin, const struct command_line *line, struct mailbox_filter *filter, struct error *err)
{
	const char *domain = command_value(line, "domain");

	filter->active_only = !command_has(line, "all");
	if (!filter->active_only && command_has(line, "enabled-only")) {
		error_set(err, ERROR_USAGE, _("--%s and --%s contradict each other"), "all", "enabled-only");
		return error_fix(err, "postigo-admin help %s", line->command->words);
	}
	return !domain || mail_name_domain(&admin->settings, domain, &admin->arena, &filter->domain, err);
}

int command_user_list(void *context, const struct command_line *line)
{
	static const struct output_column columns[] = {
		{"username", N_("MAILBOX"), COLUMN_TEXT},
		{"name", N_("NAME"), COLUMN_TEXT},
		{"state", N_("STATE"), COLUMN_STATE},
		{"bytes_used", N_("USED"), COLUMN_NUMBER},
		{"quota_bytes", N_("QUOTA"), COLUMN_NUMBER},
		{"created", N_("SINCE"), COLUMN_TIME},
	};
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct output_list list cleanup_output_list = {.output = NULL};
	struct sql_statement *rows cleanup_sql_statement = NULL;
	struct mailbox_filter filter = {.domain = NULL};
	struct error err;

	if (!admin_mail_begin(admin, line, &mail, &err) || !read_filter(admin, line, &filter, &err) ||
		!admin_mail_open(admin, &mail, &err) || !mailbox_list(&mail.services, &filter, &rows, &err))
		return output_error(&admin->output, &err);
	output_list_begin(&list, &admin->output, columns, ARRAY_LENGTH(columns));
	if (!print_list(admin, rows, &list, &err))
		return output_error(&admin->output, &err);
	output_list_end(&list, N_("There is no mailbox."));
	return ERROR_NONE;
}

/* ---------------------------------------------------------------- changing */

static bool read_edit(const struct command_line *line, struct mailbox_edit *edit, struct error *err)
{
	const char *quota = command_value(line, "quota");

	edit->name = command_value(line, "name");
	edit->smtp_active = command_has(line, "smtp");
	edit->fields = (edit->name ? MAILBOX_NAME : 0U) | (quota ? MAILBOX_QUOTA : 0U) |
		       (edit->smtp_active || command_has(line, "no-smtp") ? MAILBOX_SMTP_ACTIVE : 0U);
	if (edit->smtp_active && command_has(line, "no-smtp")) {
		error_set(err, ERROR_USAGE, _("--%s and --%s contradict each other"), "smtp", "no-smtp");
		return error_fix(err, "postigo-admin help %s", line->command->words);
	}
	return !quota || user_parse_quota(quota, "quota", &edit->quota, err);
}

static int apply_edit(struct admin *admin, struct admin_mail *mail, const struct mailbox_edit *edit, const char *done)
{
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err;

	if (!mailbox_set(&mail->services, edit, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return user_tell(admin, mail, edit->username, &change, done);
}

int command_user_set(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct mailbox_edit edit = {.fields = 0};
	struct error err;

	if (!read_edit(line, &edit, &err) || !user_begin(admin, line, &mail, &edit.username, &err))
		return output_error(&admin->output, &err);
	return apply_edit(admin, &mail, &edit, arena_printf(&admin->arena, _("changed mailbox %s"), edit.username));
}

static int switch_user(struct admin *admin, const struct command_line *line, bool active)
{
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct mailbox_edit edit = {.fields = MAILBOX_ACTIVE, .active = active};
	struct error err;

	if (!user_begin(admin, line, &mail, &edit.username, &err))
		return output_error(&admin->output, &err);
	return apply_edit(admin, &mail, &edit,
		arena_printf(&admin->arena, active ? _("enabled mailbox %s") : _("disabled mailbox %s"), edit.username));
}

int command_user_enable(void *context, const struct command_line *line)
{
	return switch_user(context, line, true);
}

int command_user_disable(void *context, const struct command_line *line)
{
	return switch_user(context, line, false);
}

int command_user_quota(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct mailbox_edit edit = {.fields = MAILBOX_QUOTA};
	const char *quota = command_value(line, "set");
	struct error err;

	if (!quota)
		return command_user_show(context, line);
	if (!user_parse_quota(quota, "set", &edit.quota, &err) || !user_begin(admin, line, &mail, &edit.username, &err))
		return output_error(&admin->output, &err);
	return apply_edit(admin, &mail, &edit, arena_printf(&admin->arena, _("changed mailbox %s"), edit.username));
}

int command_user_release(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct mail_change change = MAIL_CHANGE_INIT;
	const char *username;
	struct error err;

	if (!user_begin(admin, line, &mail, &username, &err) ||
		!mailbox_release(&mail.services, username, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return user_tell(admin, &mail, username, &change, arena_printf(&admin->arena, _("released mailbox %s"), username));
}

/* ---------------------------------------------------------------- removing */

static bool confirm_removal(struct admin *admin, const struct command_line *line, const struct mailbox *mailbox, bool keep,
	struct error *err)
{
	if (keep)
		return admin_confirm(line, arena_printf(&admin->arena, _("Delete mailbox %s and keep its mail?"), mailbox->username), err);
	return admin_confirm(line,
		arena_printf(&admin->arena, _("Delete mailbox %s with its mail (messages: %lld)?"), mailbox->username,
			(long long)mailbox->messages),
		err);
}

static bool read_removal(const struct command_line *line, struct mailbox_removal *removal, struct error *err)
{
	removal->keep_maildir = command_has(line, "keep-maildir");
	if (!removal->keep_maildir || !command_has(line, "remove-maildir"))
		return true;
	error_set(err, ERROR_USAGE, _("--%s and --%s contradict each other"), "keep-maildir", "remove-maildir");
	return error_fix(err, "postigo-admin help %s", line->command->words);
}

int command_user_del(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct mailbox_removal removal = {.username = ""};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct mailbox mailbox = {.username = ""};
	struct error err;

	if (!read_removal(line, &removal, &err) || !user_begin(admin, line, &mail, &removal.username, &err) ||
		!mailbox_get(&mail.services, removal.username, &admin->arena, &mailbox, &err) ||
		(!mail.services.dry_run && !confirm_removal(admin, line, &mailbox, removal.keep_maildir, &err)) ||
		!mailbox_delete(&mail.services, &removal, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return user_tell(admin, &mail, removal.username, &change,
		arena_printf(&admin->arena, _("deleted mailbox %s"), removal.username));
}
