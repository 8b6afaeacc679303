/*
 * Alias domains of the mail database: a domain whose addresses are those of another one. Both must be domains; there are no chains, disabled rows counted.
 */
#ifndef POSTIGO_SERVICE_ALIAS_DOMAIN_H
#define POSTIGO_SERVICE_ALIAS_DOMAIN_H

#include "service/mail_context.h"

struct alias_domain {
	const char *name;
	const char *target;
	const char *description;
	bool active;
	int64_t created; /* 0 = unknown */
	int64_t modified;
};

/* Finds an alias domain. Found, not found, or failed (database). */
must_check enum lookup_result alias_domain_find(const struct mail_context *context, const char *name, struct arena *arena,
	struct alias_domain *ret_alias, struct error *err);

/* Finds an alias domain. Fails with not_found or database. */
must_check bool alias_domain_get(const struct mail_context *context, const char *name, struct arena *arena,
	struct alias_domain *ret_alias, struct error *err);

struct alias_domain_filter {
	const char *target; /* NULL = all */
	bool disabled;	    /* also these */
};

/* The alias domains by name; rows stream, so that the connection does nothing else until the statement is closed. */
must_check bool alias_domain_list(const struct mail_context *context, const struct alias_domain_filter *filter,
	struct sql_statement **ret_rows, struct error *err);

/* The next one of alias_domain_list(): found, not found (the end), or failed. */
must_check enum lookup_result alias_domain_next(struct sql_statement *rows, struct arena *arena,
	struct alias_domain *ret_alias, struct error *err);

struct alias_domain_wish {
	const char *name;
	const char *target;
	const char *description; /* NULL = none, or as it is */
};

/*
 * Makes `name` an alias of `target`. Warns when the source has mailboxes or aliases of its own. Fails with rule_violation (itself, a chain), not_found (one of them is no
 * domain), already_exists, config (a column is missing), database or deadlock.
 */
must_check bool alias_domain_add(const struct mail_context *context, const struct alias_domain_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

/* Gives an alias domain another target; the same one is no change. Fails as alias_domain_add(). */
must_check bool alias_domain_retarget(const struct mail_context *context, const struct alias_domain_wish *wish,
	struct arena *arena, struct mail_change *ret_change, struct error *err);

/* Switches an alias domain on or off. Fails with not_found, database or deadlock. */
must_check bool alias_domain_set_active(const struct mail_context *context, const char *name, bool active, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

/* Removes an alias domain; the domain itself stays. Fails with not_found, database or deadlock. */
must_check bool alias_domain_delete(const struct mail_context *context, const char *name, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

#endif
