/* alias: the aliases of the mail database, shown and changed. */
#include "admin_json.h"
#include "admin_mail.h"
#include "base/message.h"
#include "service/mail_alias.h"
#include "service/mail_name.h"

static struct json *alias_json(const struct mail_alias *alias)
{
	struct json *object = json_new_object();

	json_set_text(object, "address", alias->address);
	json_set(object, "destinations", admin_list_json(&alias->targets));
	json_set_text(object, "domain", alias->domain);
	json_set_text(object, "description", alias->description);
	json_set_boolean(object, "active", alias->active);
	json_set_boolean(object, "mailbox", alias->of_mailbox);
	admin_set_known_time(object, "created", alias->created);
	admin_set_known_time(object, "modified", alias->modified);
	return object;
}

/* Settings, and the address in the first operand. */
static bool begin(struct admin *admin, const struct command_line *line, struct admin_mail *mail, const char **ret_address,
	struct error *err)
{
	return admin_mail_begin(admin, line, mail, err) &&
	       mail_name_alias(&admin->settings, line->operands.items[0], &admin->arena, ret_address, err);
}

/* ---------------------------------------------------------------- showing */

static void print_alias(struct admin *admin, const struct mail_alias *alias)
{
	struct output *output = &admin->output;

	output_field(output, _("alias"), "address", alias->address);
	for (size_t i = 0; i < alias->targets.count; i++)
		output_field(output, _("forwards to"), "destination", alias->targets.items[i]);
	if (*alias->description)
		output_field(output, _("description"), "description", alias->description);
	output_field(output, _("state"), "state", output_word(output, admin_state_word(alias->active)));
	if (alias->of_mailbox)
		output_field(output, _("mailbox"), "mailbox", output_word(output, N_("yes")));
	admin_print_known_time(admin, _("created"), "created", alias->created);
	admin_print_known_time(admin, _("modified"), "modified", alias->modified);
}

int command_alias_show(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct json *object cleanup_json = NULL;
	struct mail_alias alias = {.address = ""};
	const char *address;
	struct error err;

	if (!begin(admin, line, &mail, &address, &err) || !admin_mail_open(admin, &mail, &err) ||
		!mail_alias_get(&mail.services, address, &admin->arena, &alias, &err))
		return output_error(&admin->output, &err);
	object = alias_json(&alias);
	output_json(&admin->output, object);
	print_alias(admin, &alias);
	return ERROR_NONE;
}

static bool print_list(struct admin *admin, struct sql_statement *rows, struct output_list *list, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct mail_alias alias = {.address = ""};
	enum lookup_result result;

	while ((result = mail_alias_next(rows, &arena, &alias, err)) == LOOKUP_FOUND) {
		struct json *row = alias_json(&alias);

		if (admin->output.shape != OUTPUT_JSON)
			json_set_text(row, "state", admin_state_word(alias.active));
		output_list_add(list, row);
		arena_clear(&arena);
	}
	return result == LOOKUP_NOT_FOUND;
}

int command_alias_list(void *context, const struct command_line *line)
{
	static const struct output_column columns[] = {
		{"address", N_("ALIAS"), COLUMN_TEXT},
		{"destinations", N_("FORWARDS TO"), COLUMN_LIST},
		{"state", N_("STATE"), COLUMN_STATE},
		{"modified", N_("SINCE"), COLUMN_TIME},
	};
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct output_list list cleanup_output_list = {.output = NULL};
	struct mail_alias_filter filter = {.of_mailboxes = command_has(line, "all")};
	struct sql_statement *rows cleanup_sql_statement = NULL;
	const char *domain = command_value(line, "domain");
	struct error err;

	if (!admin_mail_begin(admin, line, &mail, &err) ||
		(domain && !mail_name_domain(&admin->settings, domain, &admin->arena, &filter.domain, &err)) ||
		!admin_mail_open(admin, &mail, &err) || !mail_alias_list(&mail.services, &filter, &rows, &err))
		return output_error(&admin->output, &err);
	output_list_begin(&list, &admin->output, columns, ARRAY_LENGTH(columns));
	if (!print_list(admin, rows, &list, &err))
		return output_error(&admin->output, &err);
	output_list_end(&list, N_("There is no alias."));
	return ERROR_NONE;
}

/* ---------------------------------------------------------------- changing */

static int tell(struct admin *admin, const struct admin_mail *mail, const char *address, const struct mail_change *change,
	const char *done)
{
	struct admin_change told = {.change = change, .key = "alias", .done = done, .dry_run = mail->services.dry_run};
	struct mail_alias alias = {.address = ""};
	struct error err;

	switch (admin->output.shape == OUTPUT_JSON ? mail_alias_find(&mail->services, address, &admin->arena, &alias, &err)
						   : LOOKUP_NOT_FOUND) {
	case LOOKUP_FOUND:
		told.object = alias_json(&alias);
		break;
	case LOOKUP_FAILED:
		return output_error(&admin->output, &err);
	case LOOKUP_NOT_FOUND:
		break;
	}
	return admin_tell_change(admin, &told);
}

static bool read_targets(struct admin *admin, const struct command_line *line, struct mail_alias_wish *wish, struct error *err)
{
	for (size_t i = 1; i < line->operands.count; i++) {
		if (!mail_alias_read_targets(&admin->settings, line->operands.items[i], &admin->arena, &wish->targets, err))
			return false;
	}
	return true;
}

typedef bool act_on_wish(const struct mail_context *context, const struct mail_alias_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

/* `act` with the operands as the wish; `description` is NULL where the command has no such option. */
static int change_alias(struct admin *admin, const struct command_line *line, act_on_wish *act, const char *description,
	const char *done)
{
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct mail_alias_wish wish = {.description = description};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err;

	if (!begin(admin, line, &mail, &wish.address, &err) || !read_targets(admin, line, &wish, &err) ||
		!admin_mail_open(admin, &mail, &err) || !act(&mail.services, &wish, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return tell(admin, &mail, wish.address, &change,
		arena_printf(&admin->arena, "%s  %s -> %s", done, wish.address, string_list_join(&wish.targets, &admin->arena, ", ")));
}

int command_alias_add(void *context, const struct command_line *line)
{
	return change_alias(context, line, mail_alias_add, command_value(line, "description"), _("added"));
}

int command_alias_set(void *context, const struct command_line *line)
{
	return change_alias(context, line, mail_alias_set, command_value(line, "description"), _("changed"));
}

int command_alias_add_target(void *context, const struct command_line *line)
{
	return change_alias(context, line, mail_alias_add_targets, NULL, _("added"));
}

int command_alias_rm_target(void *context, const struct command_line *line)
{
	return change_alias(context, line, mail_alias_remove_targets, NULL, _("removed"));
}

static int switch_alias(struct admin *admin, const struct command_line *line, bool active)
{
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct mail_change change = MAIL_CHANGE_INIT;
	const char *address;
	struct error err;

	if (!begin(admin, line, &mail, &address, &err) || !admin_mail_open(admin, &mail, &err) ||
		!mail_alias_set_active(&mail.services, address, active, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return tell(admin, &mail, address, &change,
		arena_printf(&admin->arena, active ? _("enabled alias %s") : _("disabled alias %s"), address));
}

int command_alias_enable(void *context, const struct command_line *line)
{
	return switch_alias(context, line, true);
}

int command_alias_disable(void *context, const struct command_line *line)
{
	return switch_alias(context, line, false);
}

int command_alias_del(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct mail_change change = MAIL_CHANGE_INIT;
	struct mail_alias alias = {.address = ""};
	const char *address;
	struct error err;

	if (!begin(admin, line, &mail, &address, &err) || !admin_mail_open(admin, &mail, &err) ||
		!mail_alias_get(&mail.services, address, &admin->arena, &alias, &err))
		return output_error(&admin->output, &err);
	if (!mail.services.dry_run &&
		!admin_confirm(line, arena_printf(&admin->arena, _("Delete alias %s (targets: %zu)?"), address, alias.targets.count), &err))
		return output_error(&admin->output, &err);
	if (!mail_alias_delete(&mail.services, address, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return tell(admin, &mail, address, &change, arena_printf(&admin->arena, _("deleted alias %s"), address));
}
