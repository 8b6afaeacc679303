/* Making, changing and removing aliases. */
#include "service/mail_alias_private.h"

#include "base/ascii.h"
#include "base/message.h"
#include "format/email_address.h"
#include "service/domain.h"
#include "service/mail_name.h"

#include <string.h>

#define SHOWN_MAX 200 /* bytes of targets that the log keeps */

/* A request on its way through the transaction. */
struct alias_request {
	const struct mail_alias_wish *wish;
	struct arena *arena;
	bool active;
};

/* ---------------------------------------------------------------- rules */

/* What a target may be depends on whose alias it is. */
static bool check_targets(const struct mail_alias *alias, struct error *err)
{
	bool catch_all = mail_name_is_catch_all(alias->address);

	for (size_t i = 0; i < alias->targets.count; i++) {
		const char *target = alias->targets.items[i];

		if (mail_name_is_catch_all(target) && !catch_all) {
			error_set(err, ERROR_RULE, _("an alias of one address cannot forward to a whole domain (%s)"), target);
			error_field(err, "target");
			return error_fix(err, "postigo-admin alias add @%s %s", alias->domain, target);
		}
		if (!alias->of_mailbox && ascii_equal_nocase(target, alias->address)) {
			error_set(err, ERROR_RULE, _("alias %s cannot forward to itself"), target);
			error_field(err, "target");
			return error_fix(err, _("name where the mail is to go; only a mailbox keeps it"));
		}
	}
	return true;
}

static bool check_description(const struct mail_context *context, const struct mail_alias_wish *wish, struct error *err)
{
	return !wish->description || (mail_name_description(wish->description, err) &&
					     schema_require_column(context->schema, SCHEMA_ALIAS_DESCRIPTION, err));
}

static bool refuse_mailbox(const char *address, const char *verb, struct error *err)
{
	error_set(err, ERROR_RULE, _("%s is the address of a mailbox, and its alias goes with it"), address);
	error_field(err, "address");
	return error_fix(err, "postigo-admin user %s %s", verb, address);
}

/* As PostfixAdmin counts: what mailboxes have of their own is no alias. */
static bool require_room(const struct mail_context *context, const struct domain *domain, struct error *err)
{
	int64_t count = 0;

	if (domain->max_aliases == 0)
		return true;
	if (!mail_count(context->sql,
		    SQL("SELECT COUNT(*) FROM {alias} AS a WHERE a.domain = ? AND NOT EXISTS (SELECT 1 FROM {mailbox} AS m WHERE m.username = a.address)"),
		    SQL_VALUES(sql_text(domain->name)), &count, err))
		return false;
	if (domain->max_aliases > 0 && count < domain->max_aliases)
		return true;
	error_set(err, ERROR_CAPACITY, _("domain %s can have no more aliases"), domain->name);
	error_field(err, "address");
	error_why(err, _("it has %lld of at most %lld"), (long long)count,
		(long long)(domain->max_aliases > 0 ? domain->max_aliases : 0));
	return error_fix(err, "postigo-admin domain set %s --max-aliases %lld", domain->name, (long long)count + 1);
}

/* ---------------------------------------------------------------- writing */

static const char *joined(const struct mail_alias *alias, struct arena *arena)
{
	return string_list_join(&alias->targets, arena, ",");
}

static const char *audit_text(const struct mail_alias *alias, struct arena *arena)
{
	const char *targets = joined(alias, arena);

	if (strlen(targets) <= SHOWN_MAX)
		return arena_printf(arena, "%s->%s", alias->address, targets);
	return arena_printf(arena, "%s->%.*s...", alias->address, SHOWN_MAX, targets);
}

static bool describe(const struct mail_context *context, const struct mail_alias_wish *wish, struct error *err)
{
	return !wish->description ||
	       sql_execute(context->sql, SQL("UPDATE {alias} SET description = ? WHERE address = ?"),
		       SQL_VALUES(sql_text(wish->description), sql_text(wish->address)), NULL, err);
}

static bool refuse_double(const struct mail_alias *alias, bool mailbox, struct arena *arena, struct error *err)
{
	if (mailbox)
		error_set(err, ERROR_ALREADY_EXISTS, _("%s is a mailbox"), alias->address);
	else
		error_set(err, ERROR_ALREADY_EXISTS, _("alias %s exists already"), alias->address);
	error_field(err, "address");
	return error_fix(err, "postigo-admin alias add-target %s %s", alias->address, joined(alias, arena));
}

/* That there is one already says more than that there is no room for another one. */
static bool require_free(const struct mail_context *context, const struct mail_alias *alias, struct arena *arena,
	struct error *err)
{
	struct mail_alias other;
	bool mailbox = false;

	if (!mail_alias_is_mailbox(context, alias->address, &mailbox, err))
		return false;
	if (mailbox)
		return refuse_double(alias, true, arena, err);
	switch (mail_alias_find(context, alias->address, arena, &other, err)) {
	case LOOKUP_FOUND:
		return refuse_double(alias, false, arena, err);
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		break;
	}
	return true;
}

static bool insert(const struct mail_context *context, const struct mail_alias *alias, struct arena *arena, struct error *err)
{
	struct sql_value now = sql_time(context->now);

	if (sql_execute(context->sql,
		    SQL("INSERT INTO {alias} (address, goto, domain, active, created, modified) VALUES (?, ?, ?, 1, ?, ?)"),
		    SQL_VALUES(sql_text(alias->address), sql_text(joined(alias, arena)), sql_text(alias->domain), now, now), NULL, err))
		return true;
	return err->code == ERROR_ALREADY_EXISTS && refuse_double(alias, false, arena, err);
}

static bool add_alias(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct alias_request *request = data;
	const struct mail_alias_wish *wish = request->wish;
	struct mail_alias alias = {
		.address = wish->address,
		.domain = email_address_domain(wish->address),
		.targets = wish->targets,
	};
	struct domain domain;

	change->changed = true;
	change->touched = MAIL_TARGET_ALIASES;
	return domain_lock(context, alias.domain, request->arena, &domain, err) && check_targets(&alias, err) &&
	       require_free(context, &alias, request->arena, err) && require_room(context, &domain, err) &&
	       insert(context, &alias, request->arena, err) && describe(context, wish, err) &&
	       mail_alias_walk(context, &alias, request->arena, change, err) &&
	       mail_audit(context, alias.domain, "alias.create", audit_text(&alias, request->arena), err);
}

bool mail_alias_add(const struct mail_context *context, const struct mail_alias_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct alias_request request = {.wish = wish, .arena = arena};

	return check_description(context, wish, err) && mail_transact(context, add_alias, &request, ret_change, err);
}

static bool same_targets(const struct mail_alias *left, const struct mail_alias *right)
{
	if (left->targets.count != right->targets.count)
		return false;
	for (size_t i = 0; i < left->targets.count; i++) {
		if (strcmp(left->targets.items[i], right->targets.items[i]) != 0)
			return false;
	}
	return true;
}

static bool write_targets(const struct mail_context *context, const struct alias_request *request,
	const struct mail_alias *alias, struct mail_change *change, struct error *err)
{
	change->touched = MAIL_TARGET_ALIASES;
	return check_targets(alias, err) &&
	       sql_execute(context->sql, SQL("UPDATE {alias} SET goto = ?, modified = ? WHERE address = ?"),
		       SQL_VALUES(sql_text(joined(alias, request->arena)), sql_time(context->now), sql_text(alias->address)), NULL, err) &&
	       (!alias->active || mail_alias_walk(context, alias, request->arena, change, err)) &&
	       mail_audit(context, alias->domain, "alias.set", audit_text(alias, request->arena), err);
}

static bool set_alias(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct alias_request *request = data;
	const struct mail_alias_wish *wish = request->wish;
	struct mail_alias before;
	struct mail_alias after;
	bool described;

	if (!mail_alias_lock(context, wish->address, request->arena, &before, err))
		return false;
	after = before;
	if (wish->targets.count > 0)
		after.targets = wish->targets;
	described = wish->description && strcmp(wish->description, before.description) != 0;
	change->changed = described || !same_targets(&before, &after);
	if (described && !describe(context, wish, err))
		return false;
	if (!same_targets(&before, &after))
		return write_targets(context, request, &after, change, err);
	return !described || (sql_execute(context->sql, SQL("UPDATE {alias} SET modified = ? WHERE address = ?"),
				      SQL_VALUES(sql_time(context->now), sql_text(wish->address)), NULL, err) &&
				     mail_audit(context, before.domain, "alias.set", before.address, err));
}

bool mail_alias_set(const struct mail_context *context, const struct mail_alias_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct alias_request request = {.wish = wish, .arena = arena};

	return check_description(context, wish, err) && mail_transact(context, set_alias, &request, ret_change, err);
}

static bool add_targets(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct alias_request *request = data;
	const struct string_list *wished = &request->wish->targets;
	struct mail_alias alias;
	size_t before;

	if (!mail_alias_lock(context, request->wish->address, request->arena, &alias, err))
		return false;
	before = alias.targets.count;
	for (size_t i = 0; i < wished->count; i++) {
		if (!mail_alias_has_target(&alias.targets, wished->items[i]))
			string_list_add(&alias.targets, request->arena, wished->items[i]);
	}
	change->changed = alias.targets.count > before;
	return !change->changed || write_targets(context, request, &alias, change, err);
}

bool mail_alias_add_targets(const struct mail_context *context, const struct mail_alias_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct alias_request request = {.wish = wish, .arena = arena};

	return mail_transact(context, add_targets, &request, ret_change, err);
}

static bool take_targets(const struct alias_request *request, struct mail_alias *alias, struct error *err)
{
	const struct string_list *unwanted = &request->wish->targets;
	struct string_list left = STRING_LIST_INIT;

	for (size_t i = 0; i < unwanted->count; i++) {
		if (mail_alias_has_target(&alias->targets, unwanted->items[i]))
			continue;
		error_set(err, ERROR_NOT_FOUND, _("alias %s does not forward to %s"), alias->address, unwanted->items[i]);
		error_field(err, "target");
		return error_fix(err, "postigo-admin alias show %s", alias->address);
	}
	for (size_t i = 0; i < alias->targets.count; i++) {
		if (!mail_alias_has_target(unwanted, alias->targets.items[i]))
			string_list_add(&left, request->arena, alias->targets.items[i]);
	}
	alias->targets = left;
	if (left.count > 0)
		return true;
	error_set(err, ERROR_RULE, _("alias %s would forward to nobody"), alias->address);
	return error_fix(err, "postigo-admin alias del %s", alias->address);
}

static bool remove_targets(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct alias_request *request = data;
	struct mail_alias alias;

	change->changed = true;
	return mail_alias_lock(context, request->wish->address, request->arena, &alias, err) &&
	       take_targets(request, &alias, err) && write_targets(context, request, &alias, change, err);
}

bool mail_alias_remove_targets(const struct mail_context *context, const struct mail_alias_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct alias_request request = {.wish = wish, .arena = arena};

	return mail_transact(context, remove_targets, &request, ret_change, err);
}

static bool switch_alias(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct alias_request *request = data;
	struct mail_alias alias;

	if (!mail_alias_lock(context, request->wish->address, request->arena, &alias, err))
		return false;
	if (alias.of_mailbox)
		return refuse_mailbox(alias.address, request->active ? "enable" : "disable", err);
	if (alias.active == request->active)
		return true;
	change->changed = true;
	change->touched = MAIL_TARGET_ALIASES;
	return (!request->active || mail_alias_walk(context, &alias, request->arena, change, err)) &&
	       sql_execute(context->sql, SQL("UPDATE {alias} SET active = ?, modified = ? WHERE address = ?"),
		       SQL_VALUES(sql_boolean(request->active), sql_time(context->now), sql_text(alias.address)), NULL, err) &&
	       mail_audit(context, alias.domain, "alias.set_status",
		       arena_printf(request->arena, "%s=%s", alias.address, request->active ? "ACTIVE" : "DISABLED"), err);
}

bool mail_alias_set_active(const struct mail_context *context, const char *address, bool active, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	const struct mail_alias_wish wish = {.address = address};
	struct alias_request request = {.wish = &wish, .arena = arena, .active = active};

	return mail_transact(context, switch_alias, &request, ret_change, err);
}

static bool delete_alias(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct alias_request *request = data;
	struct mail_alias alias;

	if (!mail_alias_lock(context, request->wish->address, request->arena, &alias, err))
		return false;
	if (alias.of_mailbox)
		return refuse_mailbox(alias.address, "del", err);
	change->changed = true;
	change->touched = MAIL_TARGET_ALIASES;
	return sql_execute(context->sql, SQL("DELETE FROM {alias} WHERE address = ?"), SQL_VALUES(sql_text(alias.address)), NULL, err) &&
	       mail_audit(context, alias.domain, "alias.delete", alias.address, err);
}

bool mail_alias_delete(const struct mail_context *context, const char *address, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	const struct mail_alias_wish wish = {.address = address};
	struct alias_request request = {.wish = &wish, .arena = arena};

	return mail_transact(context, delete_alias, &request, ret_change, err);
}
