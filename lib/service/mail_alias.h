/*
 * Aliases of the mail database: rows of PostfixAdmin's table `alias`. (The aliases of members, which stand in the store, are service/alias_….)
 *
 * An address is canonical (mail_name_alias()): "ana@example.org", or "@example.org" for all that has no row of its own. Every mailbox has a row, too, which forwards to
 * itself unless somebody set it otherwise; it comes and goes with the mailbox, counts against no limit, and is only listed when asked for.
 */
#ifndef POSTIGO_SERVICE_MAIL_ALIAS_H
#define POSTIGO_SERVICE_MAIL_ALIAS_H

#include "service/mail_context.h"

#define MAIL_ALIAS_DEPTH_MAX 20	     /* aliases that lead to aliases */
#define MAIL_ALIAS_LOOKUPS_MAX 1000  /* as many as Postfix follows for one message */
#define MAIL_ALIAS_TARGETS_MAX 1000

struct mail_alias {
	const char *address;
	const char *domain;
	struct string_list targets;
	const char *description;
	bool active;
	bool of_mailbox; /* a mailbox has this address */
	int64_t created; /* 0 = unknown */
	int64_t modified;
};

/* Finds an alias. Found, not found, or failed (database). */
must_check enum lookup_result mail_alias_find(const struct mail_context *context, const char *address, struct arena *arena,
	struct mail_alias *ret_alias, struct error *err);

/* Finds an alias. Fails with not_found or database. */
must_check bool mail_alias_get(const struct mail_context *context, const char *address, struct arena *arena,
	struct mail_alias *ret_alias, struct error *err);

struct mail_alias_filter {
	const char *domain; /* NULL = all */
	bool of_mailboxes;  /* also these */
};

/* The aliases by address; rows stream, so that the connection does nothing else until the statement is closed. */
must_check bool mail_alias_list(const struct mail_context *context, const struct mail_alias_filter *filter,
	struct sql_statement **ret_rows, struct error *err);

/* The next one of mail_alias_list(): found, not found (the end), or failed. */
must_check enum lookup_result mail_alias_next(struct sql_statement *rows, struct arena *arena, struct mail_alias *ret_alias,
	struct error *err);

/* Adds the canonical forms of targets to the list: each argument one, or several with commas; doubles once. Fails with usage. */
must_check bool mail_alias_read_targets(const struct settings *settings, const char *argument, struct arena *arena,
	struct string_list *targets, struct error *err);

struct mail_alias_wish {
	const char *address;
	struct string_list targets; /* empty = as they are */
	const char *description;    /* NULL = as it is */
};

/*
 * Makes an alias. Warns of targets in domains of the database that do not exist. Fails with not_found (the domain), capacity, already_exists (also: a mailbox),
 * rule_violation (itself, a loop, too deep, a whole domain as the target of one address), config (a column is missing), database or deadlock.
 */
must_check bool mail_alias_add(const struct mail_context *context, const struct mail_alias_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

/* Changes what the wish names; nothing is written when all is that way. Fails with not_found, and as mail_alias_add(). */
must_check bool mail_alias_set(const struct mail_context *context, const struct mail_alias_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

/* Adds the targets to those that are there. Fails as mail_alias_set(). */
must_check bool mail_alias_add_targets(const struct mail_context *context, const struct mail_alias_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

/* Removes the targets. Fails with not_found (also: one is none of its targets), rule_violation (none would be left), database or deadlock. */
must_check bool mail_alias_remove_targets(const struct mail_context *context, const struct mail_alias_wish *wish,
	struct arena *arena, struct mail_change *ret_change, struct error *err);

/* Switches an alias on or off. Fails with not_found, rule_violation (it is a mailbox's, or would close a loop), database or deadlock. */
must_check bool mail_alias_set_active(const struct mail_context *context, const char *address, bool active, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

/* Removes an alias. Fails with not_found, rule_violation (it is a mailbox's), database or deadlock. */
must_check bool mail_alias_delete(const struct mail_context *context, const char *address, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

#endif
