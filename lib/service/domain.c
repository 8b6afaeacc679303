#include "service/domain.h"

#include "base/message.h"
#include "service/domain_private.h"
#include "service/hook.h"

#include <string.h>

/* ---------------------------------------------------------------- reading */

#define BASE \
	"SELECT d.domain, d.description, d.transport, d.aliases, d.mailboxes, d.maxquota, d.quota, d.backupmx, d.active, d.created, d.modified"
#define COUNTS \
	", (SELECT COUNT(*) FROM {alias} AS a WHERE a.domain = d.domain AND NOT EXISTS (SELECT 1 FROM {mailbox} AS m WHERE m.username = a.address))" \
	", (SELECT COUNT(*) FROM {mailbox} AS m WHERE m.domain = d.domain)" \
	", (SELECT COALESCE(SUM(m.quota), 0) FROM {mailbox} AS m WHERE m.domain = d.domain)"
#define NO_COUNTS ", 0, 0, 0"
#define EXPIRY ", d.password_expiry"
#define NO_EXPIRY ", 0"
#define OWN ", (SELECT p.default_quota FROM {postigo_domain} AS p WHERE p.domain = d.domain)"
#define NO_OWN ", 0"
/* PostfixAdmin marks superadmins with a domain of this name. */
#define FROM " FROM {domain} AS d WHERE UPPER(d.domain) <> 'ALL'"

/* The four texts that a database's age makes of one. */
#define BY_SCHEMA(schema, counts, rest) \
	(schema_has_column((schema), SCHEMA_DOMAIN_PASSWORD_EXPIRY) \
			? (schema_has_table((schema), SCHEMA_POSTIGO_DOMAIN) ? SQL(BASE counts EXPIRY OWN FROM rest) \
									    : SQL(BASE counts EXPIRY NO_OWN FROM rest)) \
			: (schema_has_table((schema), SCHEMA_POSTIGO_DOMAIN) ? SQL(BASE counts NO_EXPIRY OWN FROM rest) \
									    : SQL(BASE counts NO_EXPIRY NO_OWN FROM rest)))

static void read_row(const struct sql_statement *row, struct arena *arena, struct domain *ret_domain)
{
	*ret_domain = (struct domain){
		.name = mail_column_text(row, 0, arena),
		.description = mail_column_text(row, 1, arena),
		.transport = mail_column_text(row, 2, arena),
		.max_aliases = sql_column_integer(row, 3),
		.max_mailboxes = sql_column_integer(row, 4),
		.max_quota = sql_column_integer(row, 5),
		.quota = sql_column_integer(row, 6),
		.backup_mx = sql_column_boolean(row, 7),
		.active = sql_column_boolean(row, 8),
		.created = mail_column_time(row, 9),
		.modified = mail_column_time(row, 10),
		.aliases = sql_column_integer(row, 11),
		.mailboxes = sql_column_integer(row, 12),
		.allocated = sql_column_integer(row, 13),
		.password_expiry = sql_column_integer(row, 14),
		.default_quota = sql_column_integer(row, 15),
	};
}

enum lookup_result domain_find(const struct mail_context *context, const char *name, struct arena *arena,
	struct domain *ret_domain, struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;
	enum lookup_result result = sql_find(context->sql, BY_SCHEMA(context->schema, COUNTS, " AND d.domain = ?"),
		SQL_VALUES(sql_text(name)), &row, err);

	if (result == LOOKUP_FOUND)
		read_row(row, arena, ret_domain);
	return result;
}

bool domain_absent(const char *name, struct error *err)
{
	error_set(err, ERROR_NOT_FOUND, _("domain %s does not exist"), name);
	error_field(err, "domain");
	return error_fix(err, "postigo-admin domain list");
}

bool domain_get(const struct mail_context *context, const char *name, struct arena *arena, struct domain *ret_domain,
	struct error *err)
{
	switch (domain_find(context, name, arena, ret_domain, err)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		break;
	}
	return domain_absent(name, err);
}

static struct sql_text lock_text(const struct mail_context *context)
{
	if (sql_can(context->sql, SQL_ROW_LOCKS))
		return BY_SCHEMA(context->schema, NO_COUNTS, " AND d.domain = ? FOR UPDATE");
	return BY_SCHEMA(context->schema, NO_COUNTS, " AND d.domain = ?");
}

bool domain_lock(const struct mail_context *context, const char *name, struct arena *arena, struct domain *ret_domain,
	struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;

	switch (sql_find(context->sql, lock_text(context), SQL_VALUES(sql_text(name)), &row, err)) {
	case LOOKUP_FOUND:
		read_row(row, arena, ret_domain);
		return true;
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		break;
	}
	return domain_absent(name, err);
}

bool domain_list(const struct mail_context *context, struct sql_statement **ret_rows, struct error *err)
{
	return sql_query(context->sql, BY_SCHEMA(context->schema, COUNTS, " ORDER BY d.domain"), SQL_NO_VALUES, ret_rows, err);
}

enum lookup_result domain_next(struct sql_statement *rows, struct arena *arena, struct domain *ret_domain,
	struct error *err)
{
	enum lookup_result result = mail_next_row(rows, err);

	if (result == LOOKUP_FOUND)
		read_row(rows, arena, ret_domain);
	return result;
}

/* ---------------------------------------------------------------- transports */

const char *domain_transport_word(const struct settings *settings, const char *transport)
{
	static const char lmtp[] = "lmtp:";

	if (strncmp(transport, lmtp, strlen(lmtp)) == 0 &&
		strcmp(transport + strlen(lmtp), settings->domains.lmtp_destination) == 0)
		return "lmtp";
	return transport;
}

/* A name as in master.cf, ":" and where to: no blanks, nothing that a map would take for something else. */
static bool is_transport(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	static const char more[] = "._-:/[]";
	size_t name = strcspn(text, ":");

	if (name == 0 || text[name] != ':' || strlen(text) > 255)
		return false;
	for (const char *at = text; *at; at++) {
		if (!strchr(letters, *at) && !strchr(more, *at))
			return false;
	}
	return true;
}

bool domain_transport(const struct settings *settings, const char *word, struct arena *arena, const char **ret_transport,
	struct error *err)
{
	static const char *const words[] = {"virtual", "local", "relay"};

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret_transport = words[i];
			return true;
		}
	}
	if (strcmp(word, "lmtp") == 0) {
		*ret_transport = arena_printf(arena, "lmtp:%s", settings->domains.lmtp_destination);
		return true;
	}
	if (is_transport(word)) {
		*ret_transport = word;
		return true;
	}
	error_set(err, ERROR_USAGE, _("\"%s\" is no transport"), word);
	error_field(err, "transport");
	return error_fix(err, _("say virtual, lmtp, relay, local, or as Postfix does, such as smtp:[mail.example.org]:25"));
}

/* ---------------------------------------------------------------- hooks */

void domain_add_hook(const struct mail_context *context, const char *hook, const char *name, struct mail_change *change,
	struct arena *arena)
{
	if (hook_is_configured(&context->settings->hooks, hook))
		mail_job_add(&change->jobs, arena,
			&(struct mail_job){.kind = MAIL_JOB_RUN_HOOK, .path = "", .hook = hook, .domain = name, .address = ""});
}
