/*
 * Names of domains and addresses in the mail database, as they come in arguments: one validator for every verb. What comes out is canonical: lower case, domains as
 * A-labels, no sign in a local part that means something in a path or to a mail server.
 *
 * Fails with usage and the field's name, or with not_found for PostfixAdmin's "ALL", which marks superadmins and is no domain, however it is spelled.
 */
#ifndef POSTIGO_SERVICE_MAIL_NAME_H
#define POSTIGO_SERVICE_MAIL_NAME_H

#include "base/arena.h"
#include "base/error.h"
#include "format/settings.h"

/* The name of a domain. */
must_check bool mail_name_domain(const struct settings *settings, const char *text, struct arena *arena, const char **ret_domain,
	struct error *err);

/* An address with both its parts. */
must_check bool mail_name_address(const struct settings *settings, const char *text, struct arena *arena,
	const char **ret_address, struct error *err);

/* The address of an alias: an address, or a whole domain, which "@d" and "*@d" stand for; the first is the canonical form. */
must_check bool mail_name_alias(const struct settings *settings, const char *text, struct arena *arena, const char **ret_address,
	struct error *err);

/* Whether the canonical address of an alias stands for a whole domain. */
bool mail_name_is_catch_all(const char *address);

/* A text for people: UTF-8 without control characters, at most 255 characters. */
must_check bool mail_name_description(const char *text, struct error *err);

#endif
