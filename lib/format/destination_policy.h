/*
 * Which destinations this server allows: the rules beyond the grammar, one implementation for the member's courtesy check and the administrator's binding one.
 *
 * A pure function of the settings; the address must have passed email_address_check().
 */
#ifndef POSTIGO_FORMAT_DESTINATION_POLICY_H
#define POSTIGO_FORMAT_DESTINATION_POLICY_H

#include "base/compiler.h"
#include "format/settings.h"

enum destination_verdict {
	DESTINATION_ALLOWED,
	DESTINATION_ITSELF,	 /* the alias */
	DESTINATION_OWN_DOMAIN,
	DESTINATION_BLOCKED,	 /* policy.block_domains */
	DESTINATION_NOT_ALLOWED, /* policy.allow_domains names others only */
};

/* Judges `address` as a destination of `alias`. A blocked domain is blocked even where it is also allowed. */
must_check enum destination_verdict destination_judge(const char *address, const char *alias,
	const struct settings *settings);

/* The stable name of a verdict: "itself", "own-domain", "blocked-domain", "not-allowed-domain"; "" for allowed. Static. */
const char *destination_verdict_code(enum destination_verdict verdict);

/* Why, as a clause about the address: "it is the alias itself"; translated, static. */
const char *destination_verdict_text(enum destination_verdict verdict);

/* Whether `text` may stand in allow_domains and block_domains: a domain in A-labels, or a top-level one. */
must_check bool destination_domain_is_valid(const char *text);

#endif
