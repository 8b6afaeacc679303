/* domain alias: domains whose addresses are those of another one. */
#include "admin_mail.h"
#include "base/message.h"
#include "service/alias_domain.h"
#include "service/mail_name.h"

static struct json *alias_json(const struct alias_domain *alias)
{
	struct json *object = json_new_object();

	json_set_text(object, "alias_domain", alias->name);
	json_set_text(object, "target_domain", alias->target);
	json_set_text(object, "description", alias->description);
	json_set_boolean(object, "active", alias->active);
	admin_set_known_time(object, "created", alias->created);
	admin_set_known_time(object, "modified", alias->modified);
	return object;
}

static bool begin(struct admin *admin, const struct command_line *line, struct admin_mail *mail, const char **ret_name,
	struct error *err)
{
	return admin_mail_begin(admin, line, mail, err) &&
	       mail_name_domain(&admin->settings, line->operands.items[0], &admin->arena, ret_name, err);
}

/* ---------------------------------------------------------------- showing */

int command_domain_alias_show(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct output *output = &admin->output;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct json *object cleanup_json = NULL;
	struct alias_domain alias = {.name = ""};
	const char *name;
	struct error err;

	if (!begin(admin, line, &mail, &name, &err) || !admin_mail_open(admin, &mail, &err) ||
		!alias_domain_get(&mail.services, name, &admin->arena, &alias, &err))
		return output_error(output, &err);
	object = alias_json(&alias);
	output_json(output, object);
	output_field(output, _("alias domain"), "alias_domain", alias.name);
	output_field(output, _("target"), "target_domain", alias.target);
	if (*alias.description)
		output_field(output, _("description"), "description", alias.description);
	output_field(output, _("state"), "state", output_word(output, admin_state_word(alias.active)));
	return ERROR_NONE;
}

static bool print_list(struct admin *admin, struct sql_statement *rows, struct output_list *list, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_domain alias = {.name = ""};
	enum lookup_result result;

	while ((result = alias_domain_next(rows, &arena, &alias, err)) == LOOKUP_FOUND) {
		struct json *row = alias_json(&alias);

		if (admin->output.shape != OUTPUT_JSON)
			json_set_text(row, "state", admin_state_word(alias.active));
		output_list_add(list, row);
		arena_clear(&arena);
	}
	return result == LOOKUP_NOT_FOUND;
}

int command_domain_alias_list(void *context, const struct command_line *line)
{
	static const struct output_column columns[] = {
		{"alias_domain", N_("ALIAS DOMAIN"), COLUMN_TEXT},
		{"target_domain", N_("TARGET"), COLUMN_TEXT},
		{"state", N_("STATE"), COLUMN_STATE},
		{"modified", N_("SINCE"), COLUMN_TIME},
	};
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct output_list list cleanup_output_list = {.output = NULL};
	struct alias_domain_filter filter = {.disabled = command_has(line, "all")};
	struct sql_statement *rows cleanup_sql_statement = NULL;
	const char *target = command_value(line, "target");
	struct error err;

	if (!admin_mail_begin(admin, line, &mail, &err) ||
		(target && !mail_name_domain(&admin->settings, target, &admin->arena, &filter.target, &err)) ||
		!admin_mail_open(admin, &mail, &err) || !alias_domain_list(&mail.services, &filter, &rows, &err))
		return output_error(&admin->output, &err);
	output_list_begin(&list, &admin->output, columns, ARRAY_LENGTH(columns));
	if (!print_list(admin, rows, &list, &err))
		return output_error(&admin->output, &err);
	output_list_end(&list, N_("There is no alias domain."));
	return ERROR_NONE;
}

/* ---------------------------------------------------------------- changing */

static int tell(struct admin *admin, const struct admin_mail *mail, const char *name, const struct mail_change *change,
	const char *done)
{
	struct admin_change told = {.change = change, .key = "domain_alias", .done = done, .dry_run = mail->services.dry_run};
	struct alias_domain alias = {.name = ""};
	struct error err;

	switch (admin->output.shape == OUTPUT_JSON ? alias_domain_find(&mail->services, name, &admin->arena, &alias, &err)
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

static bool read_target(struct admin *admin, const struct command_line *line, struct alias_domain_wish *wish, struct error *err)
{
	const char *target = command_value(line, "target");

	wish->description = command_value(line, "description");
	if (target)
		return mail_name_domain(&admin->settings, target, &admin->arena, &wish->target, err) || error_field(err, "target");
	error_set(err, ERROR_USAGE, _("there is no target"));
	error_field(err, "target");
	return error_fix(err, "postigo-admin %s %s --target example.org", line->command->words, wish->name);
}

typedef bool act_on_wish(const struct mail_context *context, const struct alias_domain_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

static int act(struct admin *admin, const struct command_line *line, act_on_wish *act_on, const char *done)
{
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct alias_domain_wish wish = {.name = NULL};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err;

	if (!begin(admin, line, &mail, &wish.name, &err) || !read_target(admin, line, &wish, &err) ||
		!admin_mail_open(admin, &mail, &err) || !act_on(&mail.services, &wish, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return tell(admin, &mail, wish.name, &change,
		arena_printf(&admin->arena, "%s  %s -> %s", done, wish.name, wish.target));
}

int command_domain_alias_add(void *context, const struct command_line *line)
{
	return act(context, line, alias_domain_add, _("added"));
}

int command_domain_alias_retarget(void *context, const struct command_line *line)
{
	return act(context, line, alias_domain_retarget, _("changed"));
}

static int switch_alias(struct admin *admin, const struct command_line *line, bool active)
{
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct mail_change change = MAIL_CHANGE_INIT;
	const char *name;
	struct error err;

	if (!begin(admin, line, &mail, &name, &err) || !admin_mail_open(admin, &mail, &err) ||
		!alias_domain_set_active(&mail.services, name, active, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return tell(admin, &mail, name, &change,
		arena_printf(&admin->arena, active ? _("enabled alias domain %s") : _("disabled alias domain %s"), name));
}

int command_domain_alias_enable(void *context, const struct command_line *line)
{
	return switch_alias(context, line, true);
}

int command_domain_alias_disable(void *context, const struct command_line *line)
{
	return switch_alias(context, line, false);
}

int command_domain_alias_del(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct mail_change change = MAIL_CHANGE_INIT;
	struct alias_domain alias = {.name = ""};
	const char *name;
	struct error err;

	if (!begin(admin, line, &mail, &name, &err) || !admin_mail_open(admin, &mail, &err) ||
		!alias_domain_get(&mail.services, name, &admin->arena, &alias, &err))
		return output_error(&admin->output, &err);
	if (!mail.services.dry_run &&
		!admin_confirm(line, arena_printf(&admin->arena, _("Delete alias domain %s of %s?"), name, alias.target), &err))
		return output_error(&admin->output, &err);
	if (!alias_domain_delete(&mail.services, name, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return tell(admin, &mail, name, &change, arena_printf(&admin->arena, _("deleted alias domain %s"), name));
}
