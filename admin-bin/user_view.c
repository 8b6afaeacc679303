#include "user_view.h"

#include "admin_json.h"
#include "base/message.h"
#include "format/quota.h"
#include "format/timestamp.h"
#include "service/mail_name.h"

#include <string.h>

static const char *password_word(enum password_kind kind)
{
	switch (kind) {
	case PASSWORD_HASH:
		return "hash";
	case PASSWORD_ABSENT:
		return "idp";
	case PASSWORD_FOREIGN:
		break;
	}
	return "foreign";
}

/* PostfixAdmin ends it with a slash; that is of no use to anybody. */
static void set_maildir(struct json *object, const char *maildir)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	size_t length = strlen(maildir);

	while (length > 0 && maildir[length - 1] == '/')
		length--;
	strbuf_append(&text, maildir, length);
	json_set_text(object, "maildir", strbuf_text(&text));
}

struct json *user_json(const struct mailbox *mailbox)
{
	struct json *object = json_new_object();

	json_set_text(object, "username", mailbox->username);
	json_set_text(object, "name", mailbox->name);
	json_set_text(object, "domain", mailbox->domain);
	json_set_text(object, "local_part", mailbox->local_part);
	set_maildir(object, mailbox->maildir);
	json_set_boolean(object, "active", mailbox->active);
	json_set_boolean(object, "smtp_active", mailbox->smtp_active);
	json_set_text(object, "password", password_word(mailbox->password));
	json_set_integer(object, "quota_bytes", mailbox->quota);
	json_set_integer(object, "bytes_used", mailbox->used);
	json_set_integer(object, "messages", mailbox->messages);
	if (mailbox->quota > 0)
		json_set_integer(object, "percent", quota_percent(mailbox->used, mailbox->quota));
	admin_set_known_time(object, "created", mailbox->created);
	admin_set_known_time(object, "modified", mailbox->modified);
	admin_set_known_time(object, "password_expires", mailbox->password_expiry);
	return object;
}

const char *user_size_word(struct admin *admin, int64_t bytes)
{
	char text[QUOTA_TEXT_LENGTH + 1];

	if (bytes == 0)
		return output_word(&admin->output, N_("unlimited"));
	quota_format(bytes, text);
	return arena_strdup(&admin->arena, text);
}

static void print_time(struct admin *admin, const char *title, const char *key, int64_t seconds)
{
	char text[TIMESTAMP_LENGTH + 1];

	if (seconds == 0)
		return;
	timestamp_format(seconds, text);
	output_field(&admin->output, title, key, text);
}

static const char *used_word(struct admin *admin, const struct mailbox *mailbox)
{
	char used[QUOTA_TEXT_LENGTH + 1];

	quota_format(mailbox->used, used);
	return arena_printf(&admin->arena, _("%s in %lld messages"), used, (long long)mailbox->messages);
}

static void print_record(struct admin *admin, const struct mailbox *mailbox)
{
	struct output *output = &admin->output;

	output_field(output, _("mailbox"), "username", mailbox->username);
	if (*mailbox->name)
		output_field(output, _("name"), "name", mailbox->name);
	output_field(output, _("state"), "state", output_word(output, admin_state_word(mailbox->active)));
	if (!mailbox->smtp_active)
		output_field(output, _("may send"), "smtp_active", output_word(output, N_("no")));
	output_field(output, _("directory"), "maildir", mailbox->maildir);
	output_field(output, _("quota"), "quota", user_size_word(admin, mailbox->quota));
	output_field(output, _("used"), "used", used_word(admin, mailbox));
	output_field(output, _("password"), "password", password_word(mailbox->password));
	print_time(admin, _("created"), "created", mailbox->created);
	print_time(admin, _("modified"), "modified", mailbox->modified);
	print_time(admin, _("password expires"), "password_expires", mailbox->password_expiry);
}

void user_print(struct admin *admin, const struct mailbox *mailbox)
{
	struct json *object cleanup_json = user_json(mailbox);

	if (admin->output.shape == OUTPUT_JSON)
		output_json(&admin->output, object);
	else
		print_record(admin, mailbox);
}

bool user_begin(struct admin *admin, const struct command_line *line, struct admin_mail *mail, const char **ret_username,
	struct error *err)
{
	return admin_mail_begin(admin, line, mail, err) &&
	       mail_name_address(&admin->settings, line->operands.items[0], &admin->arena, ret_username, err) &&
	       admin_mail_open(admin, mail, err);
}

bool user_parse_quota(const char *text, const char *option, int64_t *ret_bytes, struct error *err)
{
	if (quota_parse(text, ret_bytes))
		return true;
	error_set(err, ERROR_CONFIG, _("\"%s\" is no size"), text);
	error_field(err, option);
	return error_fix(err, "--%s 5G, --%s 500M, --%s 0", option, option, option);
}

int user_tell(struct admin *admin, struct admin_mail *mail, const char *username, struct mail_change *change, const char *done)
{
	struct admin_change told = {.change = change, .key = "user", .done = done, .dry_run = mail->services.dry_run};
	struct mailbox mailbox = {.username = ""};
	struct error hook = {.code = ERROR_NONE};
	struct error err;
	int code;

	(void)!admin_mail_finish(mail, change, &hook);
	if (admin->output.shape == OUTPUT_JSON) {
		switch (mailbox_find(&mail->services, username, &admin->arena, &mailbox, &err)) {
		case LOOKUP_FOUND:
			told.object = user_json(&mailbox);
			break;
		case LOOKUP_FAILED:
			return output_error(&admin->output, &err);
		case LOOKUP_NOT_FOUND:
			break;
		}
	}
	code = admin_tell_change(admin, &told);
	return hook.code == ERROR_NONE ? code : output_error(&admin->output, &hook);
}
