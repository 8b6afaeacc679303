#include "storage/audit_log.h"

#include "base/strbuf.h"

#include <string.h>

/* PostfixAdmin's viewer puts these into a script. */
static void append_harmless(struct strbuf *buffer, const char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		strbuf_append_char(buffer, byte < 0x20 || byte == 0x7f || strchr("'\"<\\", byte) ? '?' : *text);
	}
}

bool audit_log_append(struct sql_connection *sql, const struct audit_record *record, struct error *err)
{
	struct strbuf action cleanup_strbuf = STRBUF_INIT;
	struct strbuf data cleanup_strbuf = STRBUF_INIT;

	strbuf_append_text(&action, "postigo.");
	strbuf_append_text(&action, record->action);
	append_harmless(&data, record->data);
	return sql_execute(sql, SQL("INSERT INTO {log} (timestamp, username, domain, action, data) VALUES (?, ?, ?, ?, ?)"),
		SQL_VALUES(sql_time(record->time), sql_text(record->actor), sql_text(record->domain), sql_text(strbuf_text(&action)),
			sql_text(strbuf_text(&data))),
		NULL, err);
}
