/* What the files of service/mail_alias share. */
#ifndef POSTIGO_SERVICE_MAIL_ALIAS_PRIVATE_H
#define POSTIGO_SERVICE_MAIL_ALIAS_PRIVATE_H

#include "service/mail_alias.h"

/* Whether the list has the target, upper and lower case being the same. */
bool mail_alias_has_target(const struct string_list *targets, const char *target);

/* Inside a transaction: finds the alias, which stays as it is until the end. Fails with not_found, database or deadlock. */
must_check bool mail_alias_lock(const struct mail_context *context, const char *address, struct arena *arena,
	struct mail_alias *ret_alias, struct error *err);

/* Whether a mailbox has the address. Fails with database. */
must_check bool mail_alias_is_mailbox(const struct mail_context *context, const char *address, bool *ret_mailbox, struct error *err);

/*
 * Follows the targets that `alias` is about to have, wherever they lead. Warns of those that lead nowhere. Fails with rule_violation (the way comes back, or is too long),
 * or database.
 */
must_check bool mail_alias_walk(const struct mail_context *context, const struct mail_alias *alias, struct arena *arena,
	struct mail_change *change, struct error *err);

#endif
