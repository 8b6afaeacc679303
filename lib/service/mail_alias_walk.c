/*
 * Where the targets of an alias lead, found as Postfix finds it with PostfixAdmin's maps: the address itself, the same address in the target of an alias domain, then
 * whatever stands for the whole domain. An address that leads to itself among others ends there.
 */
#include "service/mail_alias_private.h"

#include "base/ascii.h"
#include "base/message.h"
#include "format/email_address.h"
#include "service/mail_name.h"

struct walk {
	const struct mail_context *context;
	const struct mail_alias *start; /* as it is going to be */
	struct arena *arena;
	struct mail_change *change;
	struct string_list path; /* from the start to where we are */
	struct string_list done;
	size_t lookups;
};

/* ---------------------------------------------------------------- one look-up */

/*
 * Locked, so that of two changes which only together make a circle one waits for the other and sees it: our own row was written, or locked, before.
 */
static struct sql_text targets_text(const struct mail_context *context)
{
	if (sql_can(context->sql, SQL_ROW_LOCKS))
		return SQL("SELECT goto FROM {alias} WHERE address = ? AND active = 1 FOR UPDATE");
	return SQL("SELECT goto FROM {alias} WHERE address = ? AND active = 1");
}

/* Adds the targets that the address has by a row of exactly this name. */
static enum lookup_result look(struct walk *walk, const char *address, struct string_list *targets, struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;
	enum lookup_result result;

	if (ascii_equal_nocase(address, walk->start->address)) {
		*targets = walk->start->targets;
		return LOOKUP_FOUND;
	}
	result = sql_find(walk->context->sql, targets_text(walk->context), SQL_VALUES(sql_text(address)), &row, err);
	if (result == LOOKUP_FOUND && !sql_column_is_null(row, 0))
		string_list_split(targets, walk->arena, sql_column_text(row, 0), ", \t\r\n");
	return result;
}

/* The domain that the address's domain is an alias of; "" = it is none. */
static bool find_target_domain(struct walk *walk, const char *domain, const char **ret_target, struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;

	*ret_target = "";
	switch (sql_find(walk->context->sql, SQL("SELECT target_domain FROM {alias_domain} WHERE alias_domain = ? AND active = 1"),
		SQL_VALUES(sql_text(domain)), &row, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FOUND:
		break;
	}
	*ret_target = sql_column_copy(row, 0, walk->arena);
	return true;
}

static enum lookup_result resolve(struct walk *walk, const char *address, struct string_list *targets, struct error *err)
{
	const char *domain = email_address_domain(address);
	const char *other;
	enum lookup_result result = look(walk, address, targets, err);

	if (result != LOOKUP_NOT_FOUND || mail_name_is_catch_all(address))
		return result;
	if (!find_target_domain(walk, domain, &other, err))
		return LOOKUP_FAILED;
	if (*other)
		result = look(walk, arena_printf(walk->arena, "%.*s@%s", (int)(domain - 1 - address), address, other), targets, err);
	if (result == LOOKUP_NOT_FOUND)
		result = look(walk, arena_printf(walk->arena, "@%s", domain), targets, err);
	if (result == LOOKUP_NOT_FOUND && *other)
		result = look(walk, arena_printf(walk->arena, "@%s", other), targets, err);
	return result;
}

/* An address of ours that nothing stands for bounces. */
static bool warn_of_nobody(struct walk *walk, const char *address, struct error *err)
{
	const char *domain = email_address_domain(address);
	const char *other;
	int64_t domains = 0;
	int64_t mailboxes = 0;

	if (mail_name_is_catch_all(address))
		return true;
	if (!mail_count(walk->context->sql, SQL("SELECT COUNT(*) FROM {domain} WHERE domain = ? AND backupmx = 0"),
		    SQL_VALUES(sql_text(domain)), &domains, err))
		return false;
	if (domains == 0)
		return true;
	if (!find_target_domain(walk, domain, &other, err) ||
		!mail_count(walk->context->sql, SQL("SELECT COUNT(*) FROM {mailbox} WHERE username = ? OR username = ?"),
			SQL_VALUES(sql_text(address),
				sql_text(arena_printf(walk->arena, "%.*s@%s", (int)(domain - 1 - address), address, other))),
			&mailboxes, err))
		return false;
	if (mailboxes == 0)
		string_list_add(&walk->change->warnings, walk->arena,
			arena_printf(walk->arena, _("there is no %s: mail to it is refused"), address));
	return true;
}

/* ---------------------------------------------------------------- the walk */

static bool refuse_loop(struct walk *walk, const char *address, struct error *err)
{
	string_list_add(&walk->path, walk->arena, address);
	error_set(err, ERROR_RULE, _("alias %s would come back to where it begins"), walk->start->address);
	error_field(err, "target");
	return error_why(err, "%s", string_list_join(&walk->path, walk->arena, " -> "));
}

static bool refuse_length(const struct walk *walk, struct error *err)
{
	error_set(err, ERROR_RULE, _("alias %s leads through too many others"), walk->start->address);
	error_field(err, "target");
	error_why(err, _("at most %d one behind the other, and %d in all, are followed"), MAIL_ALIAS_DEPTH_MAX, MAIL_ALIAS_LOOKUPS_MAX);
	return error_fix(err, _("name the addresses at the end of the way as the targets"));
}

/* NOLINTBEGIN(misc-no-recursion): as deep as MAIL_ALIAS_DEPTH_MAX */
static bool visit(struct walk *walk, const char *address, struct error *err);

static bool visit_all(struct walk *walk, const char *address, const struct string_list *targets, struct error *err)
{
	string_list_add(&walk->path, walk->arena, address);
	for (size_t i = 0; i < targets->count; i++) {
		if (!ascii_equal_nocase(targets->items[i], address) && !visit(walk, targets->items[i], err))
			return false;
	}
	walk->path.count--;
	string_list_add(&walk->done, walk->arena, address);
	return true;
}

static bool visit(struct walk *walk, const char *address, struct error *err)
{
	struct string_list targets = STRING_LIST_INIT;

	if (mail_alias_has_target(&walk->path, address))
		return refuse_loop(walk, address, err);
	if (mail_alias_has_target(&walk->done, address))
		return true;
	if (walk->path.count > MAIL_ALIAS_DEPTH_MAX || walk->lookups++ >= MAIL_ALIAS_LOOKUPS_MAX)
		return refuse_length(walk, err);
	switch (resolve(walk, address, &targets, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return warn_of_nobody(walk, address, err);
	case LOOKUP_FOUND:
		break;
	}
	return visit_all(walk, address, &targets, err);
}
/* NOLINTEND(misc-no-recursion) */

bool mail_alias_walk(const struct mail_context *context, const struct mail_alias *alias, struct arena *arena,
	struct mail_change *change, struct error *err)
{
	struct walk walk = {.context = context, .start = alias, .arena = arena, .change = change};

	return visit_all(&walk, alias->address, &alias->targets, err);
}
