/* Making and changing domains. */
#include "base/message.h"
#include "format/quota.h"
#include "service/domain_private.h"
#include "service/mail_name.h"

#include <string.h>

#define DAYS_MAX 36500

/* A request on its way through the transaction. */
struct domain_request {
	const char *name;
	const struct domain_wish *wish;
	struct arena *arena;
	bool active;
};

/* ---------------------------------------------------------------- values */

static bool check_limit(int64_t limit, const char *field, struct error *err)
{
	if (limit >= DOMAIN_LIMIT_NONE && limit <= INT32_MAX)
		return true;
	error_set(err, ERROR_USAGE, _("%lld cannot be a limit"), (long long)limit);
	error_field(err, field);
	return error_fix(err, _("say how many; 0 is unlimited, -1 is none"));
}

static bool check_days(int64_t days, struct error *err)
{
	if (days >= 0 && days <= DAYS_MAX)
		return true;
	error_set(err, ERROR_USAGE, _("passwords cannot be good for %lld days"), (long long)days);
	error_field(err, "password-expiry");
	return error_fix(err, _("say how many days; 0 is for ever"));
}

/* Whether the database has where to put what is wished. */
static bool check_columns(const struct mail_context *context, unsigned wished, struct error *err)
{
	if ((wished & DOMAIN_PASSWORD_EXPIRY) != 0 && !schema_require_column(context->schema, SCHEMA_DOMAIN_PASSWORD_EXPIRY, err))
		return error_field(err, "password-expiry");
	if ((wished & DOMAIN_DEFAULT_QUOTA) == 0 || schema_has_table(context->schema, SCHEMA_POSTIGO_DOMAIN))
		return true;
	error_set(err, ERROR_CONFIG, _("this database has no table \"%s\""), schema_table_name(SCHEMA_POSTIGO_DOMAIN));
	error_field(err, "default-quota");
	return error_fix(err, "postigo-admin schema migrate");
}

static bool check_wish(const struct mail_context *context, const struct domain_wish *wish, struct error *err)
{
	const struct domain *values = &wish->values;
	unsigned fields = wish->fields;

	if ((fields & DOMAIN_DESCRIPTION) != 0 && !mail_name_description(values->description, err))
		return false;
	if ((fields & DOMAIN_MAX_ALIASES) != 0 && !check_limit(values->max_aliases, "max-aliases", err))
		return false;
	if ((fields & DOMAIN_MAX_MAILBOXES) != 0 && !check_limit(values->max_mailboxes, "max-mailboxes", err))
		return false;
	if ((fields & DOMAIN_PASSWORD_EXPIRY) != 0 && !check_days(values->password_expiry, err))
		return false;
	return check_columns(context, fields, err);
}

static bool apply_wish(const struct mail_context *context, const struct domain_request *request, struct domain *domain,
	struct error *err)
{
	const struct domain *values = &request->wish->values;
	unsigned fields = request->wish->fields;

	if ((fields & DOMAIN_TRANSPORT) != 0 &&
		!domain_transport(context->settings, values->transport, request->arena, &domain->transport, err))
		return false;
	if ((fields & DOMAIN_DESCRIPTION) != 0)
		domain->description = values->description;
	if ((fields & DOMAIN_MAX_ALIASES) != 0)
		domain->max_aliases = values->max_aliases;
	if ((fields & DOMAIN_MAX_MAILBOXES) != 0)
		domain->max_mailboxes = values->max_mailboxes;
	if ((fields & DOMAIN_MAX_QUOTA) != 0)
		domain->max_quota = values->max_quota;
	if ((fields & DOMAIN_QUOTA) != 0)
		domain->quota = values->quota;
	if ((fields & DOMAIN_DEFAULT_QUOTA) != 0)
		domain->default_quota = values->default_quota;
	if ((fields & DOMAIN_PASSWORD_EXPIRY) != 0)
		domain->password_expiry = values->password_expiry;
	if ((fields & DOMAIN_BACKUP_MX) != 0)
		domain->backup_mx = values->backup_mx;
	return true;
}

static bool is_equal(const struct domain *left, const struct domain *right)
{
	return strcmp(left->description, right->description) == 0 && strcmp(left->transport, right->transport) == 0 &&
	       left->max_aliases == right->max_aliases && left->max_mailboxes == right->max_mailboxes &&
	       left->max_quota == right->max_quota && left->quota == right->quota &&
	       left->default_quota == right->default_quota && left->password_expiry == right->password_expiry &&
	       left->backup_mx == right->backup_mx;
}

static void warn_of_units(const struct mail_context *context, const struct domain *domain, struct arena *arena,
	struct mail_change *change)
{
	if (!quota_limit_is_suspect(domain->max_quota) && !quota_limit_is_suspect(domain->quota))
		return;
	string_list_add(&change->warnings, arena,
		arena_printf(arena, _("the limits of %s are over ten terabytes: were they written in bytes? They are megabytes of %lld bytes"),
			domain->name, (long long)context->settings->domains.quota_multiplier));
}

/* ---------------------------------------------------------------- what not every database has */

static bool write_default_quota(const struct mail_context *context, const struct domain *domain, struct error *err)
{
	int64_t found = 0;

	if (!sql_execute(context->sql, SQL("UPDATE {postigo_domain} SET default_quota = ? WHERE domain = ?"),
		    SQL_VALUES(sql_integer(domain->default_quota), sql_text(domain->name)), &found, err))
		return false;
	return found > 0 || sql_execute(context->sql, SQL("INSERT INTO {postigo_domain} (domain, default_quota) VALUES (?, ?)"),
				    SQL_VALUES(sql_text(domain->name), sql_integer(domain->default_quota)), NULL, err);
}

static bool write_later_columns(const struct mail_context *context, const struct domain *domain, unsigned fields,
	struct error *err)
{
	if ((fields & DOMAIN_PASSWORD_EXPIRY) != 0 &&
		!sql_execute(context->sql, SQL("UPDATE {domain} SET password_expiry = ? WHERE domain = ?"),
			SQL_VALUES(sql_integer(domain->password_expiry), sql_text(domain->name)), NULL, err))
		return false;
	return (fields & DOMAIN_DEFAULT_QUOTA) == 0 || write_default_quota(context, domain, err);
}

/* ---------------------------------------------------------------- adding */

static bool insert_domain(const struct mail_context *context, const struct domain *domain, struct error *err)
{
	struct sql_value now = sql_time(context->now);

	if (sql_execute(context->sql,
		    SQL("INSERT INTO {domain} (domain, description, transport, aliases, mailboxes, maxquota, quota, backupmx, active, created, modified) "
			"VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)"),
		    SQL_VALUES(sql_text(domain->name), sql_text(domain->description), sql_text(domain->transport),
			    sql_integer(domain->max_aliases), sql_integer(domain->max_mailboxes), sql_integer(domain->max_quota),
			    sql_integer(domain->quota), sql_boolean(domain->backup_mx), now, now),
		    NULL, err))
		return true;
	if (err->code != ERROR_ALREADY_EXISTS)
		return false;
	error_set(err, ERROR_ALREADY_EXISTS, _("domain %s exists already"), domain->name);
	error_field(err, "domain");
	return error_fix(err, "postigo-admin domain show %s", domain->name);
}

static bool insert_default_alias(const struct mail_context *context, const struct domain_request *request, const char *local,
	struct error *err)
{
	const char *target = request->wish->default_alias;
	struct sql_value now = sql_time(context->now);
	const char *address = "";

	if (!mail_name_address(context->settings, arena_printf(request->arena, "%s@%s", local, request->name), request->arena, &address,
		    err)) {
		err->code = ERROR_CONFIG;
		return error_field(err, "domains.default_aliases");
	}
	if (strcmp(address, target) == 0)
		return true;
	return sql_execute(context->sql,
		SQL("INSERT INTO {alias} (address, goto, domain, active, created, modified) VALUES (?, ?, ?, 1, ?, ?)"),
		SQL_VALUES(sql_text(address), sql_text(target), sql_text(request->name), now, now), NULL, err);
}

static bool insert_default_aliases(const struct mail_context *context, const struct domain_request *request,
	struct mail_change *change, struct error *err)
{
	const struct string_list *names = &context->settings->domains.default_aliases;

	if (!request->wish->default_alias)
		return true;
	for (size_t i = 0; i < names->count; i++) {
		if (!insert_default_alias(context, request, names->items[i], err))
			return false;
	}
	change->touched |= MAIL_TARGET_ALIASES;
	return true;
}

static bool add_domain(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct domain_request *request = data;
	struct domain domain = {.name = request->name, .description = "", .transport = "virtual"};

	change->changed = true;
	change->touched = MAIL_TARGET_DOMAINS | MAIL_TARGET_TRANSPORTS;
	if (!apply_wish(context, request, &domain, err) || !insert_domain(context, &domain, err) ||
		!write_later_columns(context, &domain, request->wish->fields, err) ||
		!insert_default_aliases(context, request, change, err))
		return false;
	warn_of_units(context, &domain, request->arena, change);
	domain_add_hook(context, "domain_postcreation", request->name, change, request->arena);
	return mail_audit(context, request->name, "domain.create", request->name, err);
}

bool domain_add(const struct mail_context *context, const char *name, const struct domain_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct domain_request request = {.name = name, .wish = wish, .arena = arena};

	return check_wish(context, wish, err) && mail_transact(context, add_domain, &request, ret_change, err);
}

/* ---------------------------------------------------------------- changing */

static bool set_domain(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct domain_request *request = data;
	struct domain before;
	struct domain after;

	if (!domain_lock(context, request->name, request->arena, &before, err))
		return false;
	after = before;
	if (!apply_wish(context, request, &after, err))
		return false;
	if (is_equal(&before, &after))
		return true;
	change->changed = true;
	if (strcmp(before.transport, after.transport) != 0)
		change->touched |= MAIL_TARGET_TRANSPORTS;
	if (before.backup_mx != after.backup_mx)
		change->touched |= MAIL_TARGET_DOMAINS;
	warn_of_units(context, &after, request->arena, change);
	domain_add_hook(context, "domain_postedit", request->name, change, request->arena);
	return sql_execute(context->sql,
		       SQL("UPDATE {domain} SET description = ?, transport = ?, aliases = ?, mailboxes = ?, maxquota = ?, quota = ?, backupmx = ?, "
			   "modified = ? WHERE domain = ?"),
		       SQL_VALUES(sql_text(after.description), sql_text(after.transport), sql_integer(after.max_aliases),
			       sql_integer(after.max_mailboxes), sql_integer(after.max_quota), sql_integer(after.quota),
			       sql_boolean(after.backup_mx), sql_time(context->now), sql_text(request->name)),
		       NULL, err) &&
	       write_later_columns(context, &after, request->wish->fields, err) &&
	       mail_audit(context, request->name, "domain.set", request->name, err);
}

bool domain_set(const struct mail_context *context, const char *name, const struct domain_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct domain_request request = {.name = name, .wish = wish, .arena = arena};

	return check_wish(context, wish, err) && mail_transact(context, set_domain, &request, ret_change, err);
}

static bool switch_domain(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct domain_request *request = data;
	struct domain domain;

	if (!domain_lock(context, request->name, request->arena, &domain, err))
		return false;
	if (domain.active == request->active)
		return true;
	change->changed = true;
	change->touched = MAIL_TARGET_DOMAINS | MAIL_TARGET_TRANSPORTS;
	domain_add_hook(context, "domain_postedit", request->name, change, request->arena);
	return sql_execute(context->sql, SQL("UPDATE {domain} SET active = ?, modified = ? WHERE domain = ?"),
		       SQL_VALUES(sql_boolean(request->active), sql_time(context->now), sql_text(request->name)), NULL, err) &&
	       mail_audit(context, request->name, "domain.set_status",
		       arena_printf(request->arena, "%s=%s", request->name, request->active ? "ACTIVE" : "DISABLED"), err);
}

bool domain_set_active(const struct mail_context *context, const char *name, bool active, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct domain_request request = {.name = name, .arena = arena, .active = active};

	return mail_transact(context, switch_domain, &request, ret_change, err);
}
