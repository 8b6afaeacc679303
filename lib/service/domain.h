/*
 * Domains of the mail database: rows of PostfixAdmin's table `domain`, their limits, and all that goes with them when they go.
 *
 * Names are canonical (service/mail_name). "ALL" is none and is never seen here.
 */
#ifndef POSTIGO_SERVICE_DOMAIN_H
#define POSTIGO_SERVICE_DOMAIN_H

#include "service/mail_context.h"

#define DOMAIN_LIMIT_NONE ((int64_t)-1) /* of a limit: none may be made */

struct domain {
	const char *name;
	const char *description;
	const char *transport; /* as the database has it */
	int64_t max_aliases;   /* 0 = unlimited */
	int64_t max_mailboxes; /* 0 = unlimited */
	int64_t max_quota;     /* of one mailbox, in megabytes of domains.quota_multiplier; 0 = unlimited */
	int64_t quota;	       /* of all together, the same */
	int64_t default_quota; /* of a new mailbox, bytes; 0 = unlimited; our own table's */
	int64_t password_expiry; /* days; 0 = never */
	bool backup_mx;
	bool active;
	int64_t created; /* 0 = unknown */
	int64_t modified;
	/* What there is; mailboxes' own aliases are not counted. */
	int64_t aliases;
	int64_t mailboxes;
	int64_t allocated; /* bytes that mailboxes were promised */
};

/* What a wish says something about. */
enum domain_field {
	DOMAIN_DESCRIPTION = 1 << 0,
	DOMAIN_TRANSPORT = 1 << 1,
	DOMAIN_MAX_ALIASES = 1 << 2,
	DOMAIN_MAX_MAILBOXES = 1 << 3,
	DOMAIN_MAX_QUOTA = 1 << 4,
	DOMAIN_QUOTA = 1 << 5,
	DOMAIN_DEFAULT_QUOTA = 1 << 6,
	DOMAIN_PASSWORD_EXPIRY = 1 << 7,
	DOMAIN_BACKUP_MX = 1 << 8,
};

struct domain_wish {
	unsigned fields;	   /* enum domain_field */
	struct domain values;	   /* of these fields; transport: "virtual", "local", "relay", "lmtp", or NAME:NEXTHOP */
	const char *default_alias; /* of domain_add(): where the default aliases forward to; NULL = none are made */
};

/* Finds a domain. Found, not found, or failed (database). */
must_check enum lookup_result domain_find(const struct mail_context *context, const char *name, struct arena *arena,
	struct domain *ret_domain, struct error *err);

/* Finds a domain. Fails with not_found or database. */
must_check bool domain_get(const struct mail_context *context, const char *name, struct arena *arena,
	struct domain *ret_domain, struct error *err);

/*
 * Inside a transaction: the domain, which stays as it is until the end, so that those who count against its limits take turns. Counts are left 0. Fails with not_found,
 * database or deadlock.
 */
must_check bool domain_lock(const struct mail_context *context, const char *name, struct arena *arena,
	struct domain *ret_domain, struct error *err);

/* All domains by name; rows stream, so that the connection does nothing else until the statement is closed. */
must_check bool domain_list(const struct mail_context *context, struct sql_statement **ret_rows, struct error *err);

/* The next one of domain_list(): found, not found (the end), or failed. */
must_check enum lookup_result domain_next(struct sql_statement *rows, struct arena *arena, struct domain *ret_domain,
	struct error *err);

/* The transport as a person says it: "lmtp" for the configured destination, else as it is. */
const char *domain_transport_word(const struct settings *settings, const char *transport);

/* Makes a domain. Fails with already_exists, usage (a value), config (a column is missing), database or deadlock. */
must_check bool domain_add(const struct mail_context *context, const char *name, const struct domain_wish *wish,
	struct arena *arena, struct mail_change *ret_change, struct error *err);

/* Changes what the wish names; nothing is written when all is that way. Fails with not_found, and as domain_add(). */
must_check bool domain_set(const struct mail_context *context, const char *name, const struct domain_wish *wish,
	struct arena *arena, struct mail_change *ret_change, struct error *err);

/* Switches a domain on or off. Fails with not_found, database or deadlock. */
must_check bool domain_set_active(const struct mail_context *context, const char *name, bool active, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

struct domain_removal {
	const char *name;
	bool force;	   /* also what is in it */
	bool keep_maildir; /* its directory stays */
};

/*
 * Removes a domain with everything that is of it, in all tables. Without force fails with capacity when anything is in it, or another domain is an alias of it; the job
 * for its directory then wants it empty. The audit log keeps what it has. Fails with not_found, database or deadlock, too.
 */
must_check bool domain_delete(const struct mail_context *context, const struct domain_removal *removal, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

#endif
