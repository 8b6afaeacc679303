/* How mailboxes look, for the commands of user and quota. */
#ifndef POSTIGO_USER_VIEW_H
#define POSTIGO_USER_VIEW_H

#include "admin_mail.h"
#include "service/mailbox.h"

/* A mailbox as JSON; the caller frees it. */
struct json *user_json(const struct mailbox *mailbox);

/* Prints one mailbox, as a record or as JSON. */
void user_print(struct admin *admin, const struct mailbox *mailbox);

/* "5.0G", or "unlimited" for 0; in the arena. */
const char *user_size_word(struct admin *admin, int64_t bytes);

/* Settings, the address in the first operand, the connection: how every command on one mailbox begins. */
must_check bool user_begin(struct admin *admin, const struct command_line *line, struct admin_mail *mail, const char **ret_username,
	struct error *err);

/* Parses a size of a mailbox. Fails with usage. */
must_check bool user_parse_quota(const char *text, const char *option, int64_t *ret_bytes, struct error *err);

/* Does what a change leaves and tells of it, with the mailbox as it is now. Returns the exit code. */
int user_tell(struct admin *admin, struct admin_mail *mail, const char *username, struct mail_change *change, const char *done);

#endif
