/* status, log, search: looks over the whole mail database. */
#include "admin_mail.h"
#include "base/message.h"
#include "base/number.h"
#include "format/printable.h"
#include "service/mail_name.h"
#include "service/mail_overview.h"

#define LOG_ROWS 50

static bool open_mail(struct admin *admin, const struct command_line *line, struct admin_mail *mail, struct error *err)
{
	return admin_mail_begin(admin, line, mail, err) && admin_mail_open(admin, mail, err);
}

/* ---------------------------------------------------------------- status */

static void print_count(struct admin *admin, const char *title, const char *key, int64_t count)
{
	output_field(&admin->output, title, key, arena_printf(&admin->arena, "%lld", (long long)count));
}

int command_status(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct json *object cleanup_json = json_new_object();
	struct mail_counts counts = {0};
	struct error err;

	if (!open_mail(admin, line, &mail, &err) || !mail_overview_count(&mail.services, &counts, &err))
		return output_error(&admin->output, &err);
	json_set_integer(object, "domains", counts.domains);
	json_set_integer(object, "mailboxes", counts.mailboxes);
	json_set_integer(object, "aliases", counts.aliases);
	json_set_integer(object, "alias_domains", counts.alias_domains);
	json_set_integer(object, "quota2", counts.quotas);
	output_json(&admin->output, object);
	print_count(admin, _("domains"), "domains", counts.domains);
	print_count(admin, _("mailboxes"), "mailboxes", counts.mailboxes);
	print_count(admin, _("aliases"), "aliases", counts.aliases);
	print_count(admin, _("alias domains"), "alias_domains", counts.alias_domains);
	print_count(admin, _("known sizes"), "quota2", counts.quotas);
	return ERROR_NONE;
}

/* ---------------------------------------------------------------- log */

static bool print_log(struct sql_statement *rows, struct output_list *list, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct mail_log_entry entry = {.id = 0};
	enum lookup_result result;

	while ((result = mail_overview_log_next(rows, &arena, &entry, err)) == LOOKUP_FOUND) {
		struct json *row = json_new_object();

		json_set_integer(row, "id", entry.id);
		admin_set_known_time(row, "time", entry.time);
		json_set_text(row, "actor", entry.actor);
		json_set_text(row, "domain", entry.domain);
		json_set_text(row, "action", entry.action);
		json_set_text(row, "data", entry.data);
		output_list_add(list, row);
		arena_clear(&arena);
	}
	return result == LOOKUP_NOT_FOUND;
}

static bool read_limit(const struct command_line *line, int64_t *ret_limit, struct error *err)
{
	if (!admin_number(line, "limit", ret_limit, err))
		return false;
	if (*ret_limit > 0)
		return true;
	error_set(err, ERROR_USAGE, _("%lld rows cannot be shown"), (long long)*ret_limit);
	error_field(err, "limit");
	return error_fix(err, "--limit %d", LOG_ROWS);
}

int command_log(void *context, const struct command_line *line)
{
	static const struct output_column columns[] = {
		{"time", N_("WHEN"), COLUMN_TIME},
		{"actor", N_("WHO"), COLUMN_TEXT},
		{"domain", N_("DOMAIN"), COLUMN_TEXT},
		{"action", N_("WHAT"), COLUMN_TEXT},
		{"data", N_("OF WHAT"), COLUMN_TEXT},
	};
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct output_list list cleanup_output_list = {.output = NULL};
	struct sql_statement *rows cleanup_sql_statement = NULL;
	const char *text = command_value(line, "domain");
	const char *domain = NULL;
	int64_t limit = LOG_ROWS;
	struct error err;

	if (!admin_mail_begin(admin, line, &mail, &err) || !read_limit(line, &limit, &err) ||
		(text && !mail_name_domain(&admin->settings, text, &admin->arena, &domain, &err)) ||
		!admin_mail_open(admin, &mail, &err) || !mail_overview_log(&mail.services, domain, limit, &rows, &err))
		return output_error(&admin->output, &err);
	output_list_begin(&list, &admin->output, columns, ARRAY_LENGTH(columns));
	if (!print_log(rows, &list, &err))
		return output_error(&admin->output, &err);
	output_list_end(&list, N_("Nothing was changed yet."));
	return ERROR_NONE;
}

/* ---------------------------------------------------------------- search */

static bool print_matches(const struct admin *admin, struct sql_statement *rows, struct output_list *list, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct mail_match match = {.kind = ""};
	enum lookup_result result;

	while ((result = mail_overview_search_next(rows, &arena, &match, err)) == LOOKUP_FOUND) {
		struct json *row = json_new_object();

		json_set_text(row, "kind", match.kind);
		json_set_text(row, "name", match.name);
		json_set_text(row, "detail", match.detail);
		json_set_boolean(row, "active", match.active);
		if (admin->output.shape != OUTPUT_JSON)
			json_set_text(row, "state", admin_state_word(match.active));
		output_list_add(list, row);
		arena_clear(&arena);
	}
	return result == LOOKUP_NOT_FOUND;
}

/* A few letters of an address or of a name; no more than any of them can have. */
static bool check_text(const char *text, struct error *err)
{
	if (*text && strlen(text) <= 255 && printable_is_clean(text))
		return true;
	error_set(err, ERROR_USAGE, _("this cannot be looked for"));
	error_why(err, _("it is empty, longer than 255 bytes, not UTF-8, or has control characters"));
	return error_field(err, "text");
}

int command_search(void *context, const struct command_line *line)
{
	static const struct output_column columns[] = {
		{"kind", N_("KIND"), COLUMN_TEXT},
		{"name", N_("NAME"), COLUMN_TEXT},
		{"state", N_("STATE"), COLUMN_STATE},
		{"detail", N_("DETAIL"), COLUMN_TEXT},
	};
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct output_list list cleanup_output_list = {.output = NULL};
	struct sql_statement *rows cleanup_sql_statement = NULL;
	struct error err;

	if (!admin_mail_begin(admin, line, &mail, &err) || !check_text(line->operands.items[0], &err) ||
		!admin_mail_open(admin, &mail, &err) ||
		!mail_overview_search(&mail.services, line->operands.items[0], &rows, &err))
		return output_error(&admin->output, &err);
	output_list_begin(&list, &admin->output, columns, ARRAY_LENGTH(columns));
	if (!print_matches(admin, rows, &list, &err))
		return output_error(&admin->output, &err);
	output_list_end(&list, N_("Nothing was found."));
	return ERROR_NONE;
}
