#include "service/mail_alias.h"

#include "base/ascii.h"
#include "base/message.h"
#include "service/mail_alias_private.h"
#include "service/mail_name.h"

/* ---------------------------------------------------------------- reading */

#define BASE \
	"SELECT a.address, a.goto, a.domain, a.active, a.created, a.modified, " \
	"CASE WHEN EXISTS (SELECT 1 FROM {mailbox} AS m WHERE m.username = a.address) THEN 1 ELSE 0 END"
#define DESCRIBED ", a.description FROM {alias} AS a"
#define PLAIN ", '' FROM {alias} AS a"
#define LISTED " AND (? = 1 OR NOT EXISTS (SELECT 1 FROM {mailbox} AS o WHERE o.username = a.address)) ORDER BY a.address"
#define BY_SCHEMA(schema, rest) \
	(schema_has_column((schema), SCHEMA_ALIAS_DESCRIPTION) ? SQL(BASE DESCRIBED rest) : SQL(BASE PLAIN rest))

static void read_row(const struct sql_statement *row, struct arena *arena, struct mail_alias *ret_alias)
{
	*ret_alias = (struct mail_alias){
		.address = mail_column_text(row, 0, arena),
		.domain = mail_column_text(row, 2, arena),
		.active = sql_column_boolean(row, 3),
		.created = mail_column_time(row, 4),
		.modified = mail_column_time(row, 5),
		.of_mailbox = sql_column_boolean(row, 6),
		.description = mail_column_text(row, 7, arena),
	};
	string_list_split(&ret_alias->targets, arena, mail_column_text(row, 1, arena), ", \t\r\n");
}

static enum lookup_result find(const struct mail_context *context, struct sql_text text, const char *address,
	struct arena *arena, struct mail_alias *ret_alias, struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;
	enum lookup_result result = sql_find(context->sql, text, SQL_VALUES(sql_text(address)), &row, err);

	if (result == LOOKUP_FOUND)
		read_row(row, arena, ret_alias);
	return result;
}

enum lookup_result mail_alias_find(const struct mail_context *context, const char *address, struct arena *arena,
	struct mail_alias *ret_alias, struct error *err)
{
	return find(context, BY_SCHEMA(context->schema, " WHERE a.address = ?"), address, arena, ret_alias, err);
}

static bool require(enum lookup_result result, const char *address, struct error *err)
{
	if (result == LOOKUP_NOT_FOUND) {
		error_set(err, ERROR_NOT_FOUND, _("alias %s does not exist"), address);
		error_field(err, "address");
		error_fix(err, "postigo-admin alias list");
	}
	return result == LOOKUP_FOUND;
}

bool mail_alias_get(const struct mail_context *context, const char *address, struct arena *arena,
	struct mail_alias *ret_alias, struct error *err)
{
	return require(mail_alias_find(context, address, arena, ret_alias, err), address, err);
}

bool mail_alias_lock(const struct mail_context *context, const char *address, struct arena *arena,
	struct mail_alias *ret_alias, struct error *err)
{
	struct sql_text text = sql_can(context->sql, SQL_ROW_LOCKS)
				       ? BY_SCHEMA(context->schema, " WHERE a.address = ? FOR UPDATE")
				       : BY_SCHEMA(context->schema, " WHERE a.address = ?");

	return require(find(context, text, address, arena, ret_alias, err), address, err);
}

bool mail_alias_list(const struct mail_context *context, const struct mail_alias_filter *filter,
	struct sql_statement **ret_rows, struct error *err)
{
	struct sql_value all = sql_boolean(filter->of_mailboxes);

	if (filter->domain)
		return sql_query(context->sql, BY_SCHEMA(context->schema, " WHERE a.domain = ?" LISTED),
			SQL_VALUES(sql_text(filter->domain), all), ret_rows, err);
	return sql_query(context->sql, BY_SCHEMA(context->schema, " WHERE 1 = 1" LISTED), SQL_VALUES(all), ret_rows, err);
}

enum lookup_result mail_alias_next(struct sql_statement *rows, struct arena *arena, struct mail_alias *ret_alias,
	struct error *err)
{
	enum lookup_result result = mail_next_row(rows, err);

	if (result == LOOKUP_FOUND)
		read_row(rows, arena, ret_alias);
	return result;
}

bool mail_alias_is_mailbox(const struct mail_context *context, const char *address, bool *ret_mailbox, struct error *err)
{
	int64_t count = 0;

	if (!mail_count(context->sql, SQL("SELECT COUNT(*) FROM {mailbox} WHERE username = ?"), SQL_VALUES(sql_text(address)), &count,
		    err))
		return false;
	*ret_mailbox = count > 0;
	return true;
}

/* ---------------------------------------------------------------- targets */

bool mail_alias_has_target(const struct string_list *targets, const char *target)
{
	for (size_t i = 0; i < targets->count; i++) {
		if (ascii_equal_nocase(targets->items[i], target))
			return true;
	}
	return false;
}

bool mail_alias_read_targets(const struct settings *settings, const char *argument, struct arena *arena,
	struct string_list *targets, struct error *err)
{
	struct string_list pieces = STRING_LIST_INIT;

	string_list_split(&pieces, arena, argument, ",");
	if (pieces.count == 0) {
		error_set(err, ERROR_USAGE, _("there is no target"));
		return error_field(err, "target");
	}
	for (size_t i = 0; i < pieces.count; i++) {
		const char *target;

		if (!mail_name_alias(settings, pieces.items[i], arena, &target, err)) {
			err->code = ERROR_USAGE;
			return error_field(err, "target");
		}
		if (!mail_alias_has_target(targets, target))
			string_list_add(targets, arena, target);
	}
	if (targets->count <= MAIL_ALIAS_TARGETS_MAX)
		return true;
	error_set(err, ERROR_USAGE, _("an alias cannot have more than %d targets"), MAIL_ALIAS_TARGETS_MAX);
	return error_fix(err, _("make it a mailing list"));
}
