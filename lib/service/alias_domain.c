#include "service/alias_domain.h"

#include "base/message.h"
#include "service/domain.h"
#include "service/mail_name.h"

#include <string.h>

struct alias_domain_request {
	const struct alias_domain_wish *wish;
	struct arena *arena;
	bool active;
};

/* ---------------------------------------------------------------- reading */

#define BASE "SELECT alias_domain, target_domain, active, created, modified"
#define DESCRIBED ", description FROM {alias_domain}"
#define PLAIN ", '' FROM {alias_domain}"
#define BY_SCHEMA(schema, rest) \
	(schema_has_column((schema), SCHEMA_ALIAS_DOMAIN_DESCRIPTION) ? SQL(BASE DESCRIBED rest) : SQL(BASE PLAIN rest))

static void read_row(const struct sql_statement *row, struct arena *arena, struct alias_domain *ret_alias)
{
	*ret_alias = (struct alias_domain){
		.name = sql_column_copy(row, 0, arena),
		.target = sql_column_copy(row, 1, arena),
		.description = mail_column_text(row, 5, arena),
		.active = sql_column_boolean(row, 2),
		.created = mail_column_time(row, 3),
		.modified = mail_column_time(row, 4),
	};
}

static enum lookup_result find(const struct mail_context *context, struct sql_text text, const char *name,
	struct arena *arena, struct alias_domain *ret_alias, struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;
	enum lookup_result result = sql_find(context->sql, text, SQL_VALUES(sql_text(name)), &row, err);

	if (result == LOOKUP_FOUND)
		read_row(row, arena, ret_alias);
	return result;
}

enum lookup_result alias_domain_find(const struct mail_context *context, const char *name, struct arena *arena,
	struct alias_domain *ret_alias, struct error *err)
{
	return find(context, BY_SCHEMA(context->schema, " WHERE alias_domain = ?"), name, arena, ret_alias, err);
}

static bool require(enum lookup_result result, const char *name, struct error *err)
{
	if (result == LOOKUP_NOT_FOUND) {
		error_set(err, ERROR_NOT_FOUND, _("alias_domain %s does not exist"), name);
		error_field(err, "alias");
		error_fix(err, "postigo-admin domain alias list --all");
	}
	return result == LOOKUP_FOUND;
}

bool alias_domain_get(const struct mail_context *context, const char *name, struct arena *arena,
	struct alias_domain *ret_alias, struct error *err)
{
	return require(alias_domain_find(context, name, arena, ret_alias, err), name, err);
}

/* Inside a transaction: it stays as it is until the end. */
static bool lock(const struct mail_context *context, const char *name, struct arena *arena, struct alias_domain *ret_alias,
	struct error *err)
{
	struct sql_text text = sql_can(context->sql, SQL_ROW_LOCKS)
				       ? BY_SCHEMA(context->schema, " WHERE alias_domain = ? FOR UPDATE")
				       : BY_SCHEMA(context->schema, " WHERE alias_domain = ?");

	return require(find(context, text, name, arena, ret_alias, err), name, err);
}

bool alias_domain_list(const struct mail_context *context, const struct alias_domain_filter *filter,
	struct sql_statement **ret_rows, struct error *err)
{
	struct sql_value all = sql_boolean(filter->disabled);

	if (filter->target)
		return sql_query(context->sql,
			BY_SCHEMA(context->schema, " WHERE target_domain = ? AND (active = 1 OR ? = 1) ORDER BY alias_domain"),
			SQL_VALUES(sql_text(filter->target), all), ret_rows, err);
	return sql_query(context->sql, BY_SCHEMA(context->schema, " WHERE active = 1 OR ? = 1 ORDER BY alias_domain"), SQL_VALUES(all),
		ret_rows, err);
}

enum lookup_result alias_domain_next(struct sql_statement *rows, struct arena *arena, struct alias_domain *ret_alias,
	struct error *err)
{
	enum lookup_result result = mail_next_row(rows, err);

	if (result == LOOKUP_FOUND)
		read_row(rows, arena, ret_alias);
	return result;
}

/* ---------------------------------------------------------------- rules */

static bool refuse_itself(const struct alias_domain_wish *wish, struct error *err)
{
	error_set(err, ERROR_RULE, _("%s cannot be an alias of itself (self-alias)"), wish->name);
	return error_field(err, "target");
}

static bool refuse_chain(const char *name, const char *why, struct error *err)
{
	error_set(err, ERROR_RULE, _("this would chain alias domains at %s"), name);
	error_why(err, "%s", why);
	return error_fix(err, _("name the domain at the end of the chain as the target"));
}

/* Locks both in one order, so that of two changes which together would make a chain one sees the other's. */
static bool lock_both(const struct mail_context *context, const struct alias_domain_request *request, struct error *err)
{
	const struct alias_domain_wish *wish = request->wish;
	bool ordered = strcmp(wish->name, wish->target) < 0;
	struct domain domain;

	return domain_lock(context, ordered ? wish->name : wish->target, request->arena, &domain, err) &&
	       domain_lock(context, ordered ? wish->target : wish->name, request->arena, &domain, err);
}

static bool require_no_chain(const struct mail_context *context, const struct alias_domain_wish *wish, struct error *err)
{
	int64_t count = 0;

	if (!mail_count(context->sql, SQL("SELECT COUNT(*) FROM {alias_domain} WHERE target_domain = ?"),
		    SQL_VALUES(sql_text(wish->name)), &count, err))
		return false;
	if (count > 0)
		return refuse_chain(wish->name, _("it is the target of another alias domain"), err);
	if (!mail_count(context->sql, SQL("SELECT COUNT(*) FROM {alias_domain} WHERE alias_domain = ?"),
		    SQL_VALUES(sql_text(wish->target)), &count, err))
		return false;
	return count == 0 || refuse_chain(wish->target, _("it is an alias of another domain itself"), err);
}

static bool warn_of_shadows(const struct mail_context *context, const struct alias_domain_request *request,
	struct mail_change *change, struct error *err)
{
	const char *name = request->wish->name;
	int64_t mailboxes = 0;
	int64_t aliases = 0;

	if (!mail_count(context->sql, SQL("SELECT COUNT(*) FROM {mailbox} WHERE domain = ?"), SQL_VALUES(sql_text(name)), &mailboxes, err) ||
		!mail_count(context->sql, SQL("SELECT COUNT(*) FROM {alias} WHERE domain = ?"), SQL_VALUES(sql_text(name)), &aliases, err))
		return false;
	if (mailboxes + aliases > 0)
		string_list_add(&change->warnings, request->arena,
			arena_printf(request->arena, _("%s has addresses of its own (mailboxes: %lld, aliases: %lld), which may hide those of its target"),
				name, (long long)mailboxes, (long long)aliases));
	return true;
}

/* ---------------------------------------------------------------- changing */

static bool describe(const struct mail_context *context, const struct alias_domain_wish *wish, struct error *err)
{
	return !wish->description ||
	       sql_execute(context->sql, SQL("UPDATE {alias_domain} SET description = ? WHERE alias_domain = ?"),
		       SQL_VALUES(sql_text(wish->description), sql_text(wish->name)), NULL, err);
}

static bool insert(const struct mail_context *context, const struct alias_domain_wish *wish, struct error *err)
{
	struct sql_value now = sql_time(context->now);

	if (sql_execute(context->sql,
		    SQL("INSERT INTO {alias_domain} (alias_domain, target_domain, active, created, modified) VALUES (?, ?, 1, ?, ?)"),
		    SQL_VALUES(sql_text(wish->name), sql_text(wish->target), now, now), NULL, err))
		return true;
	if (err->code != ERROR_ALREADY_EXISTS)
		return false;
	error_set(err, ERROR_ALREADY_EXISTS, _("alias_domain %s exists already"), wish->name);
	error_field(err, "alias");
	return error_fix(err, "postigo-admin domain alias retarget %s --target %s", wish->name, wish->target);
}

/* Which of two was missing must be told in the order of the arguments, whichever was locked first. */
static bool require_both(const struct mail_context *context, const struct alias_domain_request *request, struct error *err)
{
	struct domain domain;

	return domain_get(context, request->wish->name, request->arena, &domain, err) &&
	       domain_get(context, request->wish->target, request->arena, &domain, err);
}

static bool add_alias(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct alias_domain_request *request = data;
	const struct alias_domain_wish *wish = request->wish;

	change->changed = true;
	change->touched = MAIL_TARGET_ALIAS_DOMAINS | MAIL_TARGET_DOMAINS;
	return require_both(context, request, err) && lock_both(context, request, err) && require_no_chain(context, wish, err) &&
	       insert(context, wish, err) && describe(context, wish, err) && warn_of_shadows(context, request, change, err) &&
	       mail_audit(context, wish->name, "alias_domain.add",
		       arena_printf(request->arena, "%s->%s", wish->name, wish->target), err);
}

static bool check_wish(const struct mail_context *context, const struct alias_domain_wish *wish, struct error *err)
{
	if (strcmp(wish->name, wish->target) == 0)
		return refuse_itself(wish, err);
	return !wish->description || (mail_name_description(wish->description, err) &&
					     schema_require_column(context->schema, SCHEMA_ALIAS_DOMAIN_DESCRIPTION, err));
}

bool alias_domain_add(const struct mail_context *context, const struct alias_domain_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct alias_domain_request request = {.wish = wish, .arena = arena};

	return check_wish(context, wish, err) && mail_transact(context, add_alias, &request, ret_change, err);
}

static bool is_that_way(const struct alias_domain *alias, const struct alias_domain_wish *wish)
{
	return strcmp(alias->target, wish->target) == 0 &&
	       (!wish->description || strcmp(alias->description, wish->description) == 0);
}

static bool retarget_alias(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct alias_domain_request *request = data;
	const struct alias_domain_wish *wish = request->wish;
	struct alias_domain alias;

	if (!alias_domain_get(context, wish->name, request->arena, &alias, err) || !require_both(context, request, err) ||
		!lock_both(context, request, err) || !lock(context, wish->name, request->arena, &alias, err) ||
		!require_no_chain(context, wish, err))
		return false;
	if (is_that_way(&alias, wish))
		return true;
	change->changed = true;
	change->touched = MAIL_TARGET_ALIAS_DOMAINS;
	return sql_execute(context->sql, SQL("UPDATE {alias_domain} SET target_domain = ?, modified = ? WHERE alias_domain = ?"),
		       SQL_VALUES(sql_text(wish->target), sql_time(context->now), sql_text(wish->name)), NULL, err) &&
	       describe(context, wish, err) &&
	       mail_audit(context, wish->name, "alias_domain.retarget",
		       arena_printf(request->arena, "%s->%s", wish->name, wish->target), err);
}

bool alias_domain_retarget(const struct mail_context *context, const struct alias_domain_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct alias_domain_request request = {.wish = wish, .arena = arena};

	return check_wish(context, wish, err) && mail_transact(context, retarget_alias, &request, ret_change, err);
}

static bool switch_alias(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct alias_domain_request *request = data;
	const char *name = request->wish->name;
	struct alias_domain alias;

	if (!lock(context, name, request->arena, &alias, err))
		return false;
	if (alias.active == request->active)
		return true;
	change->changed = true;
	change->touched = MAIL_TARGET_ALIAS_DOMAINS | MAIL_TARGET_DOMAINS;
	return sql_execute(context->sql, SQL("UPDATE {alias_domain} SET active = ?, modified = ? WHERE alias_domain = ?"),
		       SQL_VALUES(sql_boolean(request->active), sql_time(context->now), sql_text(name)), NULL, err) &&
	       mail_audit(context, name, "alias_domain.set_status",
		       arena_printf(request->arena, "%s=%s", name, request->active ? "ACTIVE" : "DISABLED"), err);
}

bool alias_domain_set_active(const struct mail_context *context, const char *name, bool active, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	const struct alias_domain_wish wish = {.name = name};
	struct alias_domain_request request = {.wish = &wish, .arena = arena, .active = active};

	return mail_transact(context, switch_alias, &request, ret_change, err);
}

static bool delete_alias(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct alias_domain_request *request = data;
	const char *name = request->wish->name;
	struct alias_domain alias;

	change->changed = true;
	change->touched = MAIL_TARGET_ALIAS_DOMAINS | MAIL_TARGET_DOMAINS;
	return lock(context, name, request->arena, &alias, err) &&
	       sql_execute(context->sql, SQL("DELETE FROM {alias_domain} WHERE alias_domain = ?"), SQL_VALUES(sql_text(name)), NULL, err) &&
	       mail_audit(context, name, "alias_domain.delete", name, err);
}

bool alias_domain_delete(const struct mail_context *context, const char *name, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	const struct alias_domain_wish wish = {.name = name};
	struct alias_domain_request request = {.wish = &wish, .arena = arena};

	return mail_transact(context, delete_alias, &request, ret_change, err);
}
