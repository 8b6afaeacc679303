/*
 * The grammar of a forwarding destination: one implementation for the member tool, the setgid helper, the admin side,
 * the store and the map renderer (links into postigo-drop: libc only).
 *
 * ASCII only, one "@", a dot-atom local part from an allow-list, an LDH domain of at least two labels. Narrower than RFC 5321 on
 * purpose: everything that Postfix would read as a list, a command, a file, an include, a route or a comment is refused, and so is
 * what would be accepted at RCPT and bounced later.
 */
#ifndef POSTIGO_FORMAT_EMAIL_ADDRESS_H
#define POSTIGO_FORMAT_EMAIL_ADDRESS_H

#include "base/compiler.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

#define EMAIL_ADDRESS_MAX 254
#define EMAIL_LOCAL_MAX 64
#define EMAIL_DOMAIN_MAX 253
#define EMAIL_LABEL_MAX 63

enum email_fault {
	EMAIL_OK,
	EMAIL_EMPTY,
	EMAIL_TOO_LONG,
	EMAIL_NOT_ASCII,
	EMAIL_BAD_BYTE,	       /* a blank, a control byte, or a sign that means something to a mail server */
	EMAIL_NO_AT,
	EMAIL_TWO_AT,
	EMAIL_LOCAL_EMPTY,
	EMAIL_LOCAL_TOO_LONG,
	EMAIL_LOCAL_DOT,       /* a dot at the start, at the end, or two in a row */
	EMAIL_LOCAL_HYPHEN,    /* starts with "-" */
	EMAIL_DOMAIN_EMPTY,
	EMAIL_DOMAIN_TOO_LONG,
	EMAIL_DOMAIN_LABEL,    /* a label that is empty, over 63 bytes, or starts or ends with "-" */
	EMAIL_DOMAIN_BYTE,     /* a byte outside a-z, 0-9, "-" and "." */
	EMAIL_DOMAIN_SINGLE,   /* only one label */
	EMAIL_DOMAIN_NUMERIC,  /* last label all digits: an IP address */
	EMAIL_DOMAIN_FORBIDDEN, /* under localhost, local, invalid, internal, arpa, onion */
};

/*
 * Checks `text` against the grammar. `text` may be hostile. Upper case is allowed in both parts.
 * Returns the first fault found, EMAIL_OK when there is none.
 */
must_check enum email_fault email_address_check(const char *text);

/* The same for an address without terminator. */
must_check enum email_fault email_address_check_span(struct span text);

/* Whether a valid address is in canonical form already. */
bool email_address_is_canonical(struct span address);

/*
 * Writes the canonical form of a valid address: domain in lower case, local part as given.
 * `ret_text` holds EMAIL_ADDRESS_MAX + 1 bytes.
 */
void email_address_canonical(const char *address, char ret_text[EMAIL_ADDRESS_MAX + 1]);

/* The domain of a valid address: the text behind "@", inside `address`. */
const char *email_address_domain(const char *address);

/* Checks a domain name alone by the rules above. */
must_check enum email_fault email_domain_check(const char *text);

/* Whether `domain` equals `parent` or lies below it, ignoring case. */
bool email_domain_is_within(const char *domain, const char *parent);

/* Whether two valid addresses are the same mailbox for us: compared without case in both parts. */
bool email_address_equal(const char *left, const char *right);

#endif
