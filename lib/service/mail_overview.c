#include "service/mail_overview.h"

#include "base/message.h"
#include "base/strbuf.h"

bool mail_overview_count(const struct mail_context *context, struct mail_counts *ret_counts, struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;

	switch (sql_find(context->sql,
		SQL("SELECT (SELECT COUNT(*) FROM {domain} WHERE UPPER(domain) <> 'ALL'), (SELECT COUNT(*) FROM {mailbox}), "
		    "(SELECT COUNT(*) FROM {alias}), (SELECT COUNT(*) FROM {alias_domain}), (SELECT COUNT(*) FROM {quota2})"),
		SQL_NO_VALUES, &row, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return error_set(err, ERROR_DATABASE, _("the database gave no answer where there must be one"));
	case LOOKUP_FOUND:
		break;
	}
	*ret_counts = (struct mail_counts){
		.domains = sql_column_integer(row, 0),
		.mailboxes = sql_column_integer(row, 1),
		.aliases = sql_column_integer(row, 2),
		.alias_domains = sql_column_integer(row, 3),
		.quotas = sql_column_integer(row, 4),
	};
	return true;
}

/* ---------------------------------------------------------------- the log */

#define LOG "SELECT id, timestamp, username, domain, action, data FROM {log}"

bool mail_overview_log(const struct mail_context *context, const char *domain, int64_t limit, struct sql_statement **ret_rows,
	struct error *err)
{
	if (domain)
		return sql_query(context->sql, SQL(LOG " WHERE domain = ? ORDER BY timestamp DESC, id DESC LIMIT ?"),
			SQL_VALUES(sql_text(domain), sql_integer(limit)), ret_rows, err);
	return sql_query(context->sql, SQL(LOG " ORDER BY timestamp DESC, id DESC LIMIT ?"), SQL_VALUES(sql_integer(limit)), ret_rows, err);
}

enum lookup_result mail_overview_log_next(struct sql_statement *rows, struct arena *arena, struct mail_log_entry *ret_entry,
	struct error *err)
{
	enum lookup_result result = mail_next_row(rows, err);

	if (result == LOOKUP_FOUND)
		*ret_entry = (struct mail_log_entry){
			.id = sql_column_integer(rows, 0),
			.time = mail_column_time(rows, 1),
			.actor = mail_column_text(rows, 2, arena),
			.domain = mail_column_text(rows, 3, arena),
			.action = mail_column_text(rows, 4, arena),
			.data = mail_column_text(rows, 5, arena),
		};
	return result;
}

/* ---------------------------------------------------------------- the search */

/* The escape sign is none that addresses have, and no backslash, which the dialects take differently. */
#define LIKE "LIKE ? ESCAPE '|'"
/* Where columns have character sets, the pattern may have signs that one of them lacks. */
#define SQLITE_TEXT(column) column
#define MARIADB_TEXT(column) "CONVERT(" column " USING utf8mb4)"
#define SEARCH(D) \
	"SELECT 'domain' AS kind, domain AS name, description AS detail, active FROM {domain} WHERE UPPER(domain) <> 'ALL' AND (" \
	D##_TEXT("domain") " " LIKE " OR " D##_TEXT("description") " " LIKE ")" \
	" UNION ALL SELECT 'alias_domain', alias_domain, target_domain, active FROM {alias_domain} WHERE " \
	D##_TEXT("alias_domain") " " LIKE " OR " D##_TEXT("target_domain") " " LIKE \
	" UNION ALL SELECT 'mailbox', username, name, active FROM {mailbox} WHERE " \
	D##_TEXT("username") " " LIKE " OR " D##_TEXT("name") " " LIKE \
	" UNION ALL SELECT 'alias', address, goto, active FROM {alias} WHERE address <> goto AND (" \
	D##_TEXT("address") " " LIKE " OR " D##_TEXT("goto") " " LIKE ")" \
	" ORDER BY 1, 2"

static void append_pattern(struct strbuf *pattern, const char *text)
{
	strbuf_append_char(pattern, '%');
	for (; *text; text++) {
		if (*text == '%' || *text == '_' || *text == '|')
			strbuf_append_char(pattern, '|');
		strbuf_append_char(pattern, *text);
	}
	strbuf_append_char(pattern, '%');
}

bool mail_overview_search(const struct mail_context *context, const char *text, struct sql_statement **ret_rows,
	struct error *err)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;
	struct sql_value pattern;

	append_pattern(&buffer, text);
	pattern = sql_text(strbuf_text(&buffer));
	return sql_query(context->sql, sql_can(context->sql, SQL_CHARACTER_SETS) ? SQL(SEARCH(MARIADB)) : SQL(SEARCH(SQLITE)),
		SQL_VALUES(pattern, pattern, pattern, pattern, pattern, pattern, pattern, pattern), ret_rows, err);
}

enum lookup_result mail_overview_search_next(struct sql_statement *rows, struct arena *arena, struct mail_match *ret_match,
	struct error *err)
{
	enum lookup_result result = mail_next_row(rows, err);

	if (result == LOOKUP_FOUND)
		*ret_match = (struct mail_match){
			.kind = mail_column_text(rows, 0, arena),
			.name = mail_column_text(rows, 1, arena),
			.detail = mail_column_text(rows, 2, arena),
			.active = sql_column_boolean(rows, 3),
		};
	return result;
}
