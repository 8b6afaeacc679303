/* Looks over the whole mail database: how much there is, what was done, where a text occurs. */
#ifndef POSTIGO_SERVICE_MAIL_OVERVIEW_H
#define POSTIGO_SERVICE_MAIL_OVERVIEW_H

#include "service/mail_context.h"

struct mail_counts {
	int64_t domains;
	int64_t mailboxes;
	int64_t aliases; /* all rows, those of mailboxes included */
	int64_t alias_domains;
	int64_t quotas; /* mailboxes whose size somebody has told */
};

/* Counts the rows. Fails with database. */
must_check bool mail_overview_count(const struct mail_context *context, struct mail_counts *ret_counts, struct error *err);

/* One row of the log, whoever wrote it. */
struct mail_log_entry {
	int64_t id;
	int64_t time; /* 0 = unknown */
	const char *actor;
	const char *domain;
	const char *action;
	const char *data;
};

/* The last `limit` rows of the log, newest first; of one domain unless it is NULL. Rows stream, so that the connection does nothing else until the statement is closed. */
must_check bool mail_overview_log(const struct mail_context *context, const char *domain, int64_t limit,
	struct sql_statement **ret_rows, struct error *err);

/* The next one of mail_overview_log(): found, not found (the end), or failed. */
must_check enum lookup_result mail_overview_log_next(struct sql_statement *rows, struct arena *arena,
	struct mail_log_entry *ret_entry, struct error *err);

/* One place where the text of a search occurs. */
struct mail_match {
	const char *kind; /* domain, alias_domain, mailbox, alias */
	const char *name;
	const char *detail; /* description, target, name, targets */
	bool active;
};

/*
 * Looks for `text` in names and details, upper and lower case being the same; no sign in it has a meaning. By kind and name. Mailboxes' own aliases that only say so are left
 * out. Rows stream as those of the log. Fails with database.
 */
must_check bool mail_overview_search(const struct mail_context *context, const char *text, struct sql_statement **ret_rows,
	struct error *err);

/* The next one of mail_overview_search(): found, not found (the end), or failed. */
must_check enum lookup_result mail_overview_search_next(struct sql_statement *rows, struct arena *arena,
	struct mail_match *ret_match, struct error *err);

#endif
