/* quota: how full mailboxes are, and limits of domains that were written in the wrong unit. */
#include "base/message.h"
#include "format/quota.h"
#include "service/mail_name.h"
#include "service/quota_units.h"
#include "user_view.h"

static struct json *usage_json(const struct mailbox *mailbox)
{
	struct json *object = json_new_object();

	json_set_text(object, "username", mailbox->username);
	json_set_integer(object, "bytes_used", mailbox->used);
	json_set_integer(object, "messages", mailbox->messages);
	json_set_integer(object, "quota_bytes", mailbox->quota);
	if (mailbox->quota > 0)
		json_set_integer(object, "percent", quota_percent(mailbox->used, mailbox->quota));
	return object;
}

/* For people, sizes are words. */
static struct json *usage_row(struct admin *admin, const struct mailbox *mailbox)
{
	struct json *object = usage_json(mailbox);
	char text[QUOTA_TEXT_LENGTH + 1];

	if (admin->output.shape != OUTPUT_HUMAN)
		return object;
	quota_format(mailbox->used, text);
	json_set_text(object, "used", text);
	if (mailbox->quota > 0)
		quota_format(mailbox->quota, text);
	json_set_text(object, "quota", mailbox->quota > 0 ? text : output_word(&admin->output, N_("unlimited")));
	return object;
}

static bool is_over(const struct mailbox *mailbox, int64_t percent)
{
	return percent < 0 || (mailbox->quota > 0 && quota_percent(mailbox->used, mailbox->quota) > percent);
}

static bool print_list(struct admin *admin, struct sql_statement *rows, int64_t percent, struct output_list *list, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct mailbox mailbox = {.username = ""};

	for (;;) {
		arena_clear(&arena);
		switch (mailbox_next(rows, &arena, &mailbox, err)) {
		case LOOKUP_FOUND:
			if (is_over(&mailbox, percent))
				output_list_add(list, usage_row(admin, &mailbox));
			break;
		case LOOKUP_NOT_FOUND:
			return true;
		case LOOKUP_FAILED:
			return false;
		}
	}
}

static const struct output_column columns_human[] = {
	{"username", N_("MAILBOX"), COLUMN_TEXT},
	{"used", N_("USED"), COLUMN_NUMBER},
	{"quota", N_("QUOTA"), COLUMN_NUMBER},
	{"percent", "%", COLUMN_NUMBER},
	{"messages", N_("MESSAGES"), COLUMN_NUMBER},
};

static const struct output_column columns_plain[] = {
	{"username", "", COLUMN_TEXT},
	{"bytes_used", "", COLUMN_NUMBER},
	{"quota_bytes", "", COLUMN_NUMBER},
	{"percent", "", COLUMN_NUMBER},
	{"messages", "", COLUMN_NUMBER},
};

static int show_all(struct admin *admin, struct admin_mail *mail, const struct mailbox_filter *filter, int64_t percent)
{
	struct output_list list cleanup_output_list = {.output = NULL};
	struct sql_statement *rows cleanup_sql_statement = NULL;
	struct error err;

	if (!mailbox_list(&mail->services, filter, &rows, &err))
		return output_error(&admin->output, &err);
	output_list_begin(&list, &admin->output, admin->output.shape == OUTPUT_HUMAN ? columns_human : columns_plain,
		ARRAY_LENGTH(columns_human));
	if (!print_list(admin, rows, percent, &list, &err))
		return output_error(&admin->output, &err);
	output_list_end(&list, N_("There is no mailbox."));
	return ERROR_NONE;
}

static int show_one(struct admin *admin, struct admin_mail *mail, const char *username)
{
	struct mailbox mailbox = {.username = ""};
	struct json *object cleanup_json = NULL;
	struct error err;

	if (!mailbox_get(&mail->services, username, &admin->arena, &mailbox, &err))
		return output_error(&admin->output, &err);
	object = usage_json(&mailbox);
	if (admin->output.shape == OUTPUT_JSON)
		output_json(&admin->output, object);
	else
		user_print(admin, &mailbox);
	return ERROR_NONE;
}

static bool read_over(const struct command_line *line, int64_t *ret_percent, struct error *err)
{
	*ret_percent = -1;
	if (!admin_number(line, "over", ret_percent, err))
		return false;
	if (!command_value(line, "over") || *ret_percent >= 0)
		return true;
	error_set(err, ERROR_USAGE, _("\"%s\" is no percentage"), command_value(line, "over"));
	return error_field(err, "over");
}

int command_quota_show(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct mailbox_filter filter = {.domain = NULL};
	const char *text = line->operands.count > 0 ? line->operands.items[0] : command_value(line, "username");
	const char *domain = command_value(line, "domain");
	const char *username = NULL;
	int64_t percent;
	struct error err;

	if (!read_over(line, &percent, &err) || !admin_mail_begin(admin, line, &mail, &err) ||
		(text && !mail_name_address(&admin->settings, text, &admin->arena, &username, &err)) ||
		(domain && !mail_name_domain(&admin->settings, domain, &admin->arena, &filter.domain, &err)) ||
		!admin_mail_open(admin, &mail, &err))
		return output_error(&admin->output, &err);
	return username ? show_one(admin, &mail, username) : show_all(admin, &mail, &filter, percent);
}

/* ---------------------------------------------------------------- units */

static struct json *fixes_json(const struct quota_unit_fixes *fixes)
{
	struct json *rows = json_new_array();

	for (size_t i = 0; i < fixes->count; i++) {
		const struct quota_unit_fix *fix = &fixes->items[i];
		struct json *row = json_add(rows, json_new_object());

		json_set_text(row, "domain", fix->domain);
		json_set_integer(row, "maxquota_before", fix->max_quota_before);
		json_set_integer(row, "maxquota", fix->max_quota_after);
		json_set_integer(row, "quota_before", fix->quota_before);
		json_set_integer(row, "quota", fix->quota_after);
	}
	return rows;
}

static void show_fixes(struct admin *admin, const struct quota_unit_fixes *fixes)
{
	static const struct output_column columns[] = {
		{"domain", N_("DOMAIN"), COLUMN_TEXT},
		{"maxquota_before", N_("LARGEST"), COLUMN_NUMBER},
		{"maxquota", N_("BECOMES"), COLUMN_NUMBER},
		{"quota_before", N_("ALL"), COLUMN_NUMBER},
		{"quota", N_("BECOMES"), COLUMN_NUMBER},
	};
	struct json *rows cleanup_json = fixes_json(fixes);

	if (admin->output.shape != OUTPUT_JSON)
		output_rows(&admin->output, NULL, rows, columns, ARRAY_LENGTH(columns), "");
}

int command_quota_fix_units(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct quota_unit_fixes fixes = {NULL, 0};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct admin_change told = {.change = &change, .key = "domains", .done = _("The limits are in megabytes now.")};
	struct error err;

	if (!admin_mail_begin(admin, line, &mail, &err) || !admin_mail_open(admin, &mail, &err) ||
		!quota_units_find(&mail.services, &admin->arena, &fixes, &err))
		return output_error(&admin->output, &err);
	show_fixes(admin, &fixes);
	if (fixes.count > 0 && !mail.services.dry_run && !admin_confirm(line, _("Write these limits?"), &err))
		return output_error(&admin->output, &err);
	if (!quota_units_apply(&mail.services, &fixes, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	told.dry_run = mail.services.dry_run;
	told.object = fixes_json(&fixes);
	return admin_tell_change(admin, &told);
}
