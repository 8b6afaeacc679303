/* domain: the domains of the mail database, shown and changed. */
#include "admin_mail.h"
#include "base/message.h"
#include "format/quota.h"
#include "service/domain.h"
#include "service/mail_name.h"

/* ---------------------------------------------------------------- showing */

static struct json *domain_json(const struct admin *admin, const struct domain *domain)
{
	const struct settings *settings = &admin->settings;
	int64_t multiplier = settings->domains.quota_multiplier;
	struct json *object = json_new_object();

	json_set_text(object, "domain", domain->name);
	json_set_text(object, "description", domain->description);
	json_set_boolean(object, "active", domain->active);
	json_set_integer(object, "aliases", domain->aliases);
	json_set_integer(object, "max_aliases", domain->max_aliases);
	json_set_integer(object, "mailboxes", domain->mailboxes);
	json_set_integer(object, "max_mailboxes", domain->max_mailboxes);
	json_set_integer(object, "max_quota_bytes", quota_limit_bytes(domain->max_quota, multiplier));
	json_set_integer(object, "quota_bytes", quota_limit_bytes(domain->quota, multiplier));
	json_set_integer(object, "allocated_bytes", domain->allocated);
	json_set_integer(object, "default_quota_bytes", domain->default_quota);
	json_set_text(object, "transport", domain_transport_word(settings, domain->transport));
	json_set_boolean(object, "backupmx", domain->backup_mx);
	json_set_integer(object, "password_expiry_days", domain->password_expiry);
	admin_set_known_time(object, "created", domain->created);
	admin_set_known_time(object, "modified", domain->modified);
	return object;
}

/* "3 of 10", "3" where there is no limit, "3 of 0" where none may be made. */
static const char *used_of(struct admin *admin, int64_t used, int64_t limit)
{
	if (limit == 0)
		return arena_printf(&admin->arena, "%lld", (long long)used);
	return arena_printf(&admin->arena, _("%lld of %lld"), (long long)used, (long long)(limit > 0 ? limit : 0));
}

static const char *size_word(struct admin *admin, int64_t bytes)
{
	char text[QUOTA_TEXT_LENGTH + 1];

	if (bytes == 0)
		return output_word(&admin->output, N_("unlimited"));
	if (bytes < 0)
		return output_word(&admin->output, N_("none"));
	quota_format(bytes, text);
	return arena_strdup(&admin->arena, text);
}

static void print_domain(struct admin *admin, const struct domain *domain)
{
	const struct settings *settings = &admin->settings;
	int64_t multiplier = settings->domains.quota_multiplier;
	struct output *output = &admin->output;

	output_field(output, _("domain"), "domain", domain->name);
	if (*domain->description)
		output_field(output, _("description"), "description", domain->description);
	output_field(output, _("state"), "state", output_word(output, admin_state_word(domain->active)));
	output_field(output, _("aliases"), "aliases", used_of(admin, domain->aliases, domain->max_aliases));
	output_field(output, _("mailboxes"), "mailboxes", used_of(admin, domain->mailboxes, domain->max_mailboxes));
	output_field(output, _("largest mailbox"), "max_quota", size_word(admin, quota_limit_bytes(domain->max_quota, multiplier)));
	output_field(output, _("all mailboxes"), "quota", size_word(admin, quota_limit_bytes(domain->quota, multiplier)));
	output_field(output, _("new mailbox"), "default_quota", size_word(admin, domain->default_quota));
	output_field(output, _("transport"), "transport", domain_transport_word(settings, domain->transport));
	if (domain->backup_mx)
		output_field(output, _("backup MX"), "backupmx", output_word(output, N_("yes")));
	admin_print_known_time(admin, _("created"), "created", domain->created);
	admin_print_known_time(admin, _("modified"), "modified", domain->modified);
}

/* Settings, the name in the first operand, the connection: how every command on one domain begins. */
static bool begin(struct admin *admin, const struct command_line *line, struct admin_mail *mail, const char **ret_name,
	struct error *err)
{
	return admin_mail_begin(admin, line, mail, err) &&
	       mail_name_domain(&admin->settings, line->operands.items[0], &admin->arena, ret_name, err) &&
	       admin_mail_open(admin, mail, err);
}

int command_domain_show(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct json *object cleanup_json = NULL;
	struct domain domain = {.name = ""};
	const char *name;
	struct error err;

	if (!begin(admin, line, &mail, &name, &err) || !domain_get(&mail.services, name, &admin->arena, &domain, &err))
		return output_error(&admin->output, &err);
	object = domain_json(admin, &domain);
	if (admin->output.shape == OUTPUT_JSON)
		output_json(&admin->output, object);
	else
		print_domain(admin, &domain);
	return ERROR_NONE;
}

/* ---------------------------------------------------------------- listing */

static struct json *row_json(const struct admin *admin, const struct domain *domain)
{
	struct json *object = domain_json(admin, domain);

	if (admin->output.shape != OUTPUT_JSON)
		json_set_text(object, "state", admin_state_word(domain->active));
	return object;
}

static bool print_list(struct admin *admin, struct sql_statement *rows, struct output_list *list, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct domain domain = {.name = ""};

	for (;;) {
		arena_clear(&arena);
		switch (domain_next(rows, &arena, &domain, err)) {
		case LOOKUP_FOUND:
			output_list_add(list, row_json(admin, &domain));
			break;
		case LOOKUP_NOT_FOUND:
			return true;
		case LOOKUP_FAILED:
			return false;
		}
	}
}

int command_domain_list(void *context, const struct command_line *line)
{
	static const struct output_column columns[] = {
		{"domain", N_("DOMAIN"), COLUMN_TEXT},
		{"state", N_("STATE"), COLUMN_STATE},
		{"aliases", N_("ALIASES"), COLUMN_NUMBER},
		{"max_aliases", N_("AT MOST"), COLUMN_NUMBER},
		{"mailboxes", N_("MAILBOXES"), COLUMN_NUMBER},
		{"max_mailboxes", N_("AT MOST"), COLUMN_NUMBER},
		{"transport", N_("TRANSPORT"), COLUMN_TEXT},
		{"description", N_("DESCRIPTION"), COLUMN_TEXT},
	};
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct output_list list cleanup_output_list = {.output = NULL};
	struct sql_statement *rows cleanup_sql_statement = NULL;
	struct error err;

	if (!admin_mail_begin(admin, line, &mail, &err) || !admin_mail_open(admin, &mail, &err) ||
		!domain_list(&mail.services, &rows, &err))
		return output_error(&admin->output, &err);
	output_list_begin(&list, &admin->output, columns, ARRAY_LENGTH(columns));
	if (!print_list(admin, rows, &list, &err))
		return output_error(&admin->output, &err);
	output_list_end(&list, N_("There is no domain."));
	return ERROR_NONE;
}

/* ---------------------------------------------------------------- wishes */

static bool take_number(const struct command_line *line, const char *option, enum domain_field field,
	struct domain_wish *wish, int64_t *ret_number, struct error *err)
{
	if (!command_value(line, option))
		return true;
	wish->fields |= field;
	return admin_number(line, option, ret_number, err);
}

static bool refuse_size(const char *text, const char *option, struct error *err)
{
	error_set(err, ERROR_USAGE, _("\"%s\" is no size that can be kept"), text);
	error_field(err, option);
	return error_fix(err, _("say a size such as 500M or 10G, in whole megabytes for a domain; 0 is unlimited"));
}

static bool take_limit(const struct admin *admin, const struct command_line *line, const char *option,
	int64_t *ret_megabytes, struct error *err)
{
	const char *text = command_value(line, option);

	return !text || quota_parse_limit(text, admin->settings.domains.quota_multiplier, ret_megabytes) ||
	       refuse_size(text, option, err);
}

static bool take_sizes(const struct admin *admin, const struct command_line *line, struct domain_wish *wish, struct error *err)
{
	const char *standard = command_value(line, "default-quota");

	wish->fields |= (command_has(line, "max-quota") ? DOMAIN_MAX_QUOTA : 0U) | (command_has(line, "quota") ? DOMAIN_QUOTA : 0U) |
			(standard ? DOMAIN_DEFAULT_QUOTA : 0U);
	if (standard && !quota_parse(standard, &wish->values.default_quota))
		return refuse_size(standard, "default-quota", err);
	return take_limit(admin, line, "max-quota", &wish->values.max_quota, err) &&
	       take_limit(admin, line, "quota", &wish->values.quota, err);
}

static bool take_backup_mx(const struct command_line *line, struct domain_wish *wish, struct error *err)
{
	bool yes = command_has(line, "backupmx");
	bool no = command_has(line, "no-backupmx");

	if (yes && no) {
		error_set(err, ERROR_USAGE, _("--%s and --%s contradict each other"), "backupmx", "no-backupmx");
		return error_fix(err, "postigo-admin help %s", line->command->words);
	}
	if (yes || no)
		wish->fields |= DOMAIN_BACKUP_MX;
	wish->values.backup_mx = yes;
	return true;
}

static bool read_wish(const struct admin *admin, const struct command_line *line, struct domain_wish *wish, struct error *err)
{
	struct domain *values = &wish->values;

	values->description = command_value(line, "description");
	values->transport = command_value(line, "transport");
	wish->fields = (values->description ? DOMAIN_DESCRIPTION : 0U) | (values->transport ? DOMAIN_TRANSPORT : 0U);
	return take_number(line, "max-aliases", DOMAIN_MAX_ALIASES, wish, &values->max_aliases, err) &&
	       take_number(line, "max-mailboxes", DOMAIN_MAX_MAILBOXES, wish, &values->max_mailboxes, err) &&
	       take_number(line, "password-expiry", DOMAIN_PASSWORD_EXPIRY, wish, &values->password_expiry, err) &&
	       take_sizes(admin, line, wish, err) && take_backup_mx(line, wish, err);
}

static bool read_default_alias(struct admin *admin, const struct command_line *line, struct domain_wish *wish, struct error *err)
{
	const char *text = command_value(line, "default-aliases");

	return !text || mail_name_address(&admin->settings, text, &admin->arena, &wish->default_alias, err) ||
	       error_field(err, "default-aliases");
}

/* ---------------------------------------------------------------- changing */

static int tell(struct admin *admin, struct admin_mail *mail, const char *name, struct mail_change *change,
	const char *done)
{
	struct admin_change told = {.change = change, .key = "domain", .done = done, .dry_run = mail->services.dry_run};
	struct domain domain = {.name = ""};
	struct error hook = {.code = ERROR_NONE};
	struct error err;
	int code;

	(void)!admin_mail_finish(mail, change, &hook);
	/* What was only tried is not there to be shown. */
	switch (admin->output.shape == OUTPUT_JSON ? domain_find(&mail->services, name, &admin->arena, &domain, &err) : LOOKUP_NOT_FOUND) {
	case LOOKUP_FOUND:
		told.object = domain_json(admin, &domain);
		break;
	case LOOKUP_FAILED:
		return output_error(&admin->output, &err);
	case LOOKUP_NOT_FOUND:
		break;
	}
	code = admin_tell_change(admin, &told);
	return hook.code == ERROR_NONE ? code : output_error(&admin->output, &hook);
}

int command_domain_add(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct domain_wish wish = {.fields = 0};
	struct mail_change change = MAIL_CHANGE_INIT;
	const char *name;
	struct error err;

	if (!admin_mail_begin(admin, line, &mail, &err))
		return output_error(&admin->output, &err);
	if (!mail_name_domain(&admin->settings, line->operands.items[0], &admin->arena, &name, &err)) {
		if (err.code == ERROR_NOT_FOUND)
			err.code = ERROR_CONFIG;
		return output_error(&admin->output, &err);
	}
	if (!read_wish(admin, line, &wish, &err) || !read_default_alias(admin, line, &wish, &err) ||
		!admin_mail_open(admin, &mail, &err) ||
		!domain_add(&mail.services, name, &wish, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return tell(admin, &mail, name, &change, arena_printf(&admin->arena, _("added domain %s"), name));
}

int command_domain_set(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct domain_wish wish = {.fields = 0};
	struct mail_change change = MAIL_CHANGE_INIT;
	const char *name;
	struct error err;

	if (!admin_mail_begin(admin, line, &mail, &err) ||
		!mail_name_domain(&admin->settings, line->operands.items[0], &admin->arena, &name, &err) ||
		!read_wish(admin, line, &wish, &err) || !admin_mail_open(admin, &mail, &err) ||
		!domain_set(&mail.services, name, &wish, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return tell(admin, &mail, name, &change, arena_printf(&admin->arena, _("changed domain %s"), name));
}

static int switch_domain(struct admin *admin, const struct command_line *line, bool active)
{
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct mail_change change = MAIL_CHANGE_INIT;
	const char *name;
	struct error err;

	if (!begin(admin, line, &mail, &name, &err) ||
		!domain_set_active(&mail.services, name, active, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return tell(admin, &mail, name, &change,
		arena_printf(&admin->arena, active ? _("enabled domain %s") : _("disabled domain %s"), name));
}

int command_domain_enable(void *context, const struct command_line *line)
{
	return switch_domain(context, line, true);
}

int command_domain_disable(void *context, const struct command_line *line)
{
	return switch_domain(context, line, false);
}

int command_domain_del(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct domain_removal removal = {
		.force = command_has(line, "force"),
		.keep_maildir = command_has(line, "keep-maildir"),
	};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct domain domain = {.name = ""};
	struct error err;

	if (!begin(admin, line, &mail, &removal.name, &err) ||
		!domain_get(&mail.services, removal.name, &admin->arena, &domain, &err))
		return output_error(&admin->output, &err);
	if (!mail.services.dry_run &&
		!admin_confirm(line,
			arena_printf(&admin->arena, _("Delete domain %s (mailboxes: %lld, aliases: %lld)?"), removal.name,
				(long long)domain.mailboxes, (long long)domain.aliases),
			&err))
		return output_error(&admin->output, &err);
	if (!domain_delete(&mail.services, &removal, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return tell(admin, &mail, removal.name, &change, arena_printf(&admin->arena, _("deleted domain %s"), removal.name));
}
