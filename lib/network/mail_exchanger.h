/*
 * Whether domains have a mail server: MX records, else an address (RFC 5321, 5.1); a null MX (RFC 7505) says no.
 *
 * All domains are asked at once, and all answers come within one deadline. What is not known by then stays unknown: DNS that is away is no
 * reason to doubt a destination. Nothing is remembered between calls.
 */
#ifndef POSTIGO_NETWORK_MAIL_EXCHANGER_H
#define POSTIGO_NETWORK_MAIL_EXCHANGER_H

#include "base/error.h"
#include "base/string_list.h"

#include <stdint.h>

#define MAIL_EXCHANGER_QUERIES_MAX 1000 /* at once; further ones stay unknown */

enum mail_exchanger_answer {
	MAIL_EXCHANGER_UNKNOWN, /* no answer in time, or DNS is not in order */
	MAIL_EXCHANGER_FOUND,
	MAIL_EXCHANGER_NONE, /* no such domain, a null MX, or neither MX nor address */
};

struct mail_exchanger_query {
	const char *domain; /* A-labels without a final dot, valid by email_domain_check() */
	enum mail_exchanger_answer answer; /* filled */
};

/*
 * Fills the answers of `count` queries, waiting at most `timeout_ms`. `servers` are addresses as format/name_server knows them; empty asks those of the
 * system. Each query is asked as it stands: name a domain once. Fails with config (the resolver cannot be set up); then all answers are unknown.
 */
must_check bool mail_exchanger_ask(const struct string_list *servers, int64_t timeout_ms,
	struct mail_exchanger_query *queries, size_t count, struct error *err);

#endif
