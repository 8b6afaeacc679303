/* What the files of service/mailbox share. */
#ifndef POSTIGO_SERVICE_MAILBOX_PRIVATE_H
#define POSTIGO_SERVICE_MAILBOX_PRIVATE_H

#include "service/domain.h"
#include "service/mailbox.h"

#define MAILBOX_EXPIRY_DAYS 365 /* of a password where the domain says nothing: PostfixAdmin's */

/* Inside a transaction: the mailbox, which stays as it is until the end. Counters are left out. Fails with not_found, database or deadlock. */
must_check bool mailbox_lock(const struct mail_context *context, const char *username, struct arena *arena,
	struct mailbox *ret_mailbox, struct error *err);

/* Sets not_found for a mailbox. Returns false. */
bool mailbox_absent(const char *username, struct error *err);

/* Whether the domain lets a mailbox have this quota, `before` being what it has already. Inside a transaction that locked the domain. Fails with capacity, database or deadlock. */
must_check bool mailbox_check_quota(const struct mail_context *context, const struct domain *domain, int64_t quota,
	int64_t before, struct error *err);

/* When a password that is set now expires. */
int64_t mailbox_password_end(const struct mail_context *context, const struct domain *domain);

/* Adds the job of a hook when that is configured. */
void mailbox_add_hook(const struct mail_context *context, const char *hook, const struct mailbox *mailbox,
	struct mail_change *change, struct arena *arena);

/* Adds the job that gives a mailbox its directory back when a removal was cut off before its end. */
void mailbox_restore_directory(const struct mailbox *mailbox, struct mail_change *change, struct arena *arena);

/* Deletes the rows of a mailbox in all tables, and its own alias. */
must_check bool mailbox_remove_rows(const struct mail_context *context, const char *username, struct error *err);

#endif
