/*
 * Mailboxes of the mail database: rows of PostfixAdmin's table `mailbox`, with what belongs to each: its alias to itself, its counters, its directory.
 *
 * Addresses are canonical (service/mail_name). Passwords come in hashed (format/password_hash): nothing is hashed while rows are locked. Who may have a password here
 * is the rule of mailboxes.identity_backend.
 */
#ifndef POSTIGO_SERVICE_MAILBOX_H
#define POSTIGO_SERVICE_MAILBOX_H

#include "format/password_hash.h"
#include "service/mail_context.h"

struct mailbox {
	const char *username;
	const char *name; /* of the person */
	const char *maildir; /* below mailboxes.directory, "/" at its end */
	const char *local_part;
	const char *domain;
	int64_t quota; /* bytes; 0 = unlimited */
	bool active;
	bool smtp_active; /* may send; true where the database does not say */
	enum password_kind password;
	int64_t password_expiry; /* 0 = never, or not said */
	int64_t created; /* 0 = unknown */
	int64_t modified;
	bool counted; /* there is a row of counters */
	int64_t used; /* bytes */
	int64_t messages;
};

/* Finds a mailbox. Found, not found, or failed (database). */
must_check enum lookup_result mailbox_find(const struct mail_context *context, const char *username, struct arena *arena,
	struct mailbox *ret_mailbox, struct error *err);

/* Finds a mailbox. Fails with not_found or database. */
must_check bool mailbox_get(const struct mail_context *context, const char *username, struct arena *arena,
	struct mailbox *ret_mailbox, struct error *err);

struct mailbox_filter {
	const char *domain; /* NULL = all */
	bool active_only;
};

/* Mailboxes by name; rows stream, so that the connection does nothing else until the statement is closed. */
must_check bool mailbox_list(const struct mail_context *context, const struct mailbox_filter *filter, struct sql_statement **ret_rows,
	struct error *err);

/* The next one of mailbox_list(): found, not found (the end), or failed. */
must_check enum lookup_result mailbox_next(struct sql_statement *rows, struct arena *arena, struct mailbox *ret_mailbox,
	struct error *err);

/* ---- identity: all fail with config when the backend does not do that */

/* Whether `user add` may make one: with a password of ours, or as one whom somebody else authenticates. */
must_check bool mailbox_may_add(const struct settings *settings, bool with_password, struct error *err);

/* Whether passwords are set here at all. */
must_check bool mailbox_may_set_password(const struct settings *settings, struct error *err);

/* Whether a mailbox may be given up to somebody else. */
must_check bool mailbox_may_release(const struct settings *settings, struct error *err);

/* ---- changes: each also fails with database or deadlock */

struct mailbox_wish {
	const char *username;
	const char *name;
	bool has_quota; /* else the domain's default */
	int64_t quota;
	const char *stored; /* hashed password; NULL = {NOAUTH} */
};

/*
 * Makes a mailbox with its own alias and counters; the jobs make its directory and run mailbox_postcreation. Fails with not_found (the domain), already_exists (a mailbox, or an
 * alias), capacity (a limit of the domain), rule_violation (the domain is an alias of another one), usage or config.
 */
must_check bool mailbox_add(const struct mail_context *context, const struct mailbox_wish *wish, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

/* Takes a mailbox back whose hook failed: its rows, not those of the audit log. */
must_check bool mailbox_add_undo(const struct mail_context *context, const char *username, struct arena *arena,
	struct error *err);

enum mailbox_field {
	MAILBOX_NAME = 1 << 0,
	MAILBOX_QUOTA = 1 << 1,
	MAILBOX_SMTP_ACTIVE = 1 << 2,
	MAILBOX_ACTIVE = 1 << 3, /* its own alias follows */
};

struct mailbox_edit {
	const char *username;
	unsigned fields; /* enum mailbox_field */
	const char *name;
	int64_t quota;
	bool smtp_active;
	bool active;
};

/* Changes what the edit names; nothing is written when all is that way. Fails with not_found, capacity (quota), usage (name), config (no such column). */
must_check bool mailbox_set(const struct mail_context *context, const struct mailbox_edit *edit, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

/*
 * Puts a hashed password in. Fails with not_found, or rule_violation when somebody else authenticates the mailbox and `claim` is false. What was claimed is said in
 * the warnings.
 */
must_check bool mailbox_set_password(const struct mail_context *context, const struct mailbox_wish *wish, bool claim,
	struct arena *arena, struct mail_change *ret_change, struct error *err);

/* Whether setting a password would be refused without `claim`: to be asked before anybody types one. */
must_check bool mailbox_check_claim(const struct mail_context *context, const struct mailbox *mailbox, bool claim, struct error *err);

/* Whether somebody else authenticates it: {NOAUTH}, and the backend knows such ones. */
bool mailbox_is_elsewhere(const struct settings *settings, const struct mailbox *mailbox);

/* Gives a mailbox up to somebody else's authentication; nothing is written when it is that way. Fails with not_found. */
must_check bool mailbox_release(const struct mail_context *context, const char *username, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

struct mailbox_removal {
	const char *username;
	bool keep_maildir;
};

/* Removes a mailbox with everything of it in all tables; aliases of others that point to it stay and are warned of. Fails with not_found. */
must_check bool mailbox_delete(const struct mail_context *context, const struct mailbox_removal *removal, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

#endif
