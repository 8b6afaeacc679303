#include "admin_mail.h"

#include "admin_json.h"
#include "base/message.h"
#include "base/number.h"
#include "cli/prompt.h"
#include "format/timestamp.h"
#include "service/mail_database.h"
#include "system/environment.h"

#include <string.h>

/* ---------------------------------------------------------------- the connection */

static bool has_option(const struct command_line *line, const char *name)
{
	for (size_t i = 0; i < line->command->option_count; i++) {
		if (strcmp(line->command->options[i].name, name) == 0)
			return command_has(line, name);
	}
	return false;
}

bool admin_mail_begin(struct admin *admin, const struct command_line *line, struct admin_mail *mail, struct error *err)
{
	environment_forbid_core();
	if (!admin_load_settings(admin, line, err))
		return false;
	mail->services = (struct mail_context){
		.settings = &admin->settings,
		.actor = &admin->identity,
		.now = admin->now,
		.dry_run = has_option(line, "dry-run"),
	};
	return true;
}

bool admin_mail_open(struct admin *admin, struct admin_mail *mail, struct error *err)
{
	if (!mail_database_open(&admin->settings, &admin->arena, &mail->sql, &mail->schema, err))
		return false;
	mail->services.sql = mail->sql;
	mail->services.schema = &mail->schema;
	mail->runner = mail_worker_begin(&mail->worker, &admin->settings, &admin->arena);
	mail->services.runner = &mail->runner;
	if (mail->schema.level > SCHEMA_LEVEL_NEWEST)
		output_warn(&admin->output, _("PostfixAdmin's schema %lld is newer than what is known here (%d)"),
			(long long)mail->schema.level, SCHEMA_LEVEL_NEWEST);
	return true;
}

bool admin_mail_finish(struct admin_mail *mail, struct mail_change *change, struct error *err)
{
	if (mail->services.dry_run || mail_worker_finish(&mail->worker, change, err))
		return true;
	mail_worker_keep(&mail->worker);
	return false;
}

void admin_mail_close(struct admin_mail *mail)
{
	mail_worker_discard(&mail->worker);
	sql_close(&mail->sql);
}

/* ---------------------------------------------------------------- what was done */

/* What Postfix looks up in the rows that were changed. */
static struct json *touched_json(unsigned touched)
{
	static const struct {
		enum mail_target target;
		const char *name;
	} targets[] = {
		{MAIL_TARGET_DOMAINS, "domains"},
		{MAIL_TARGET_MAILBOXES, "mailboxes"},
		{MAIL_TARGET_ALIASES, "aliases"},
		{MAIL_TARGET_ALIAS_DOMAINS, "alias_domains"},
		{MAIL_TARGET_TRANSPORTS, "transports"},
	};
	struct json *names = json_new_array();

	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		if ((touched & targets[i].target) != 0)
			json_add(names, json_new_text(targets[i].name));
	}
	return names;
}

int admin_tell_change(struct admin *admin, const struct admin_change *told)
{
	struct json *document cleanup_json = json_new_object();
	const struct mail_change *change = told->change;

	for (size_t i = 0; i < change->warnings.count; i++)
		output_warn(&admin->output, "%s", change->warnings.items[i]);
	json_set_boolean(document, "changed", change->changed && !told->dry_run);
	if (told->dry_run)
		json_set_boolean(document, "would_change", change->changed);
	json_set(document, "touched", touched_json(change->touched));
	if (told->object)
		json_set(document, told->key, told->object);
	output_json(&admin->output, document);
	if (!change->changed)
		output_say(&admin->output, _("Nothing to do."));
	else
		output_say(&admin->output, "%s", told->done);
	if (told->dry_run)
		output_say(&admin->output, _("Nothing was done."));
	return ERROR_NONE;
}

bool admin_confirm(const struct command_line *line, const char *question, struct error *err)
{
	bool yes = line->globals.yes;

	if (!yes && !prompt_yes(question, &yes, err))
		return false;
	if (yes)
		return true;
	return error_set(err, ERROR_ANSWERED_NO, _("nothing was changed, as you said no"));
}

/* ---------------------------------------------------------------- pieces */

bool admin_number(const struct command_line *line, const char *option, int64_t *ret_number, struct error *err)
{
	const char *text = command_value(line, option);

	if (!text || parse_int64(text, ret_number))
		return true;
	error_set(err, ERROR_USAGE, _("\"%s\" is no number"), text);
	error_field(err, option);
	return error_fix(err, "--%s 100", option);
}

void admin_set_known_time(struct json *object, const char *key, int64_t seconds)
{
	if (seconds != 0)
		admin_set_time(object, key, seconds);
}

void admin_print_known_time(struct admin *admin, const char *title, const char *key, int64_t seconds)
{
	char text[TIMESTAMP_LENGTH + 1];

	if (seconds == 0)
		return;
	timestamp_format(seconds, text);
	output_field(&admin->output, title, key, text);
}

const char *admin_state_word(bool active)
{
	return active ? N_("active") : N_("disabled");
}
