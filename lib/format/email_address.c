#include "format/email_address.h"

#include "base/ascii.h"

#include <string.h>

/* Never somebody else's mail server: RFC 6761, 6762, 7686, 8375, and ICANN's "internal". */
static const char *const forbidden_parents[] = {
	"arpa",
	"internal",
	"invalid",
	"local",
	"localhost",
	"onion",
};

/* Bits, so that those of many bytes can be taken together. */
enum byte_class {
	BYTE_BAD = 0,
	BYTE_ALNUM = 1,
	BYTE_SIGN = 2, /* only in a local part */
	BYTE_HYPHEN = 4,
	BYTE_DOT = 8,
	BYTE_AT = 16,
};

#define CLASS_8(class) class, class, class, class, class, class, class, class
#define CLASS_26(class) CLASS_8(class), CLASS_8(class), CLASS_8(class), class, class

/* clang-format off */
/*
 * Meaning of a byte; an allow-list, in which no byte from 0x80 on stands. Left out of RFC 5321's atoms are: "|", "/" and "\",
 * which make a command or a file of a local recipient; "%" and "!", which Postfix may read as
 * routes; and what a shell or a regular expression would take to heart.
 */
static const unsigned char byte_classes[256] = {
	CLASS_8(BYTE_BAD), CLASS_8(BYTE_BAD), CLASS_8(BYTE_BAD), CLASS_8(BYTE_BAD),
	/* blank to "/" */
	BYTE_BAD, BYTE_BAD, BYTE_BAD, BYTE_BAD, BYTE_BAD, BYTE_BAD, BYTE_BAD, BYTE_SIGN,
	BYTE_BAD, BYTE_BAD, BYTE_BAD, BYTE_SIGN, BYTE_BAD, BYTE_HYPHEN, BYTE_DOT, BYTE_BAD,
	CLASS_8(BYTE_ALNUM), BYTE_ALNUM, BYTE_ALNUM,
	/* ":" to "@" */
	BYTE_BAD, BYTE_BAD, BYTE_BAD, BYTE_SIGN, BYTE_BAD, BYTE_BAD, BYTE_AT,
	CLASS_26(BYTE_ALNUM),
	/* "[" to "`" */
	BYTE_BAD, BYTE_BAD, BYTE_BAD, BYTE_BAD, BYTE_SIGN, BYTE_BAD,
	CLASS_26(BYTE_ALNUM),
	/* "{" to the end */
	BYTE_BAD, BYTE_BAD, BYTE_BAD, BYTE_SIGN, BYTE_BAD,
};
/* clang-format on */

static unsigned char class_of(char byte)
{
	return byte_classes[(unsigned char)byte];
}

/* What is wrong with a byte that may stand nowhere. */
static enum email_fault byte_fault(char byte, enum email_fault fault)
{
	return (unsigned char)byte >= 0x80 ? EMAIL_NOT_ASCII : fault;
}

/* Goes through all bytes; `*ret_local` becomes the length of the local part. */
static enum email_fault check_bytes(struct span text, size_t *ret_local)
{
	size_t local = text.length;
	size_t signs = 0;

	for (size_t i = 0; i < text.length; i++) {
		unsigned char class = class_of(text.bytes[i]);

		if (class == BYTE_BAD)
			return byte_fault(text.bytes[i], EMAIL_BAD_BYTE);
		if (class == BYTE_AT && signs++ == 0)
			local = i;
	}
	if (signs != 1)
		return signs == 0 ? EMAIL_NO_AT : EMAIL_TWO_AT;
	*ret_local = local;
	return EMAIL_OK;
}

static enum email_fault check_local(const char *local, size_t length)
{
	if (length == 0)
		return EMAIL_LOCAL_EMPTY;
	if (length > EMAIL_LOCAL_MAX)
		return EMAIL_LOCAL_TOO_LONG;
	/* A program that hands the address to another one must not see an option. */
	if (local[0] == '-')
		return EMAIL_LOCAL_HYPHEN;
	if (local[0] == '.' || local[length - 1] == '.')
		return EMAIL_LOCAL_DOT;
	for (size_t i = 1; i < length; i++) {
		if (local[i] == '.' && local[i - 1] == '.')
			return EMAIL_LOCAL_DOT;
	}
	return EMAIL_OK;
}

static bool is_label(const char *label, size_t length)
{
	return length > 0 && length <= EMAIL_LABEL_MAX && label[0] != '-' &&
	       label[length - 1] != '-';
}

/* Walks bytes and labels; a wrong byte says more than a wrong label before it. */
static enum email_fault check_labels(struct span text, struct span *ret_last)
{
	enum email_fault fault = EMAIL_OK;
	size_t start = 0;

	for (size_t i = 0; i < text.length; i++) {
		unsigned char class = class_of(text.bytes[i]);

		if (class == BYTE_ALNUM || class == BYTE_HYPHEN)
			continue;
		if (class != BYTE_DOT)
			return byte_fault(text.bytes[i], EMAIL_DOMAIN_BYTE);
		if (!is_label(text.bytes + start, i - start))
			fault = EMAIL_DOMAIN_LABEL;
		start = i + 1;
	}
	*ret_last = (struct span){text.bytes + start, text.length - start};
	return is_label(ret_last->bytes, ret_last->length) ? fault : EMAIL_DOMAIN_LABEL;
}

static bool is_number(struct span label)
{
	for (size_t i = 0; i < label.length; i++) {
		if (!ascii_is_digit(label.bytes[i]))
			return false;
	}
	return true;
}

static bool equals_nocase(struct span left, const char *right)
{
	for (size_t i = 0; i < left.length; i++, right++) {
		if (ascii_to_lower(left.bytes[i]) != *right)
			return false;
	}
	return *right == '\0';
}

/* Every forbidden parent is one label: the last one tells. */
static bool is_forbidden(struct span last)
{
	for (size_t i = 0; i < ARRAY_LENGTH(forbidden_parents); i++) {
		if (ascii_to_lower(last.bytes[0]) == forbidden_parents[i][0] &&
			equals_nocase(last, forbidden_parents[i]))
			return true;
	}
	return false;
}

static enum email_fault check_domain(struct span text)
{
	enum email_fault fault;
	struct span last = {text.bytes, 0};

	if (text.length == 0)
		return EMAIL_DOMAIN_EMPTY;
	if (text.length > EMAIL_DOMAIN_MAX)
		return EMAIL_DOMAIN_TOO_LONG;
	fault = check_labels(text, &last);
	if (fault != EMAIL_OK)
		return fault;
	if (last.bytes == text.bytes)
		return EMAIL_DOMAIN_SINGLE;
	if (is_number(last))
		return EMAIL_DOMAIN_NUMERIC;
	return is_forbidden(last) ? EMAIL_DOMAIN_FORBIDDEN : EMAIL_OK;
}

enum email_fault email_domain_check(const char *text)
{
	return check_domain((struct span){text, strnlen(text, EMAIL_DOMAIN_MAX + 1)});
}

/* ---- the addresses of which nearly all stores are full */

/* Letters and digits, and single signs of `signs` between them. */
static bool is_plain_text(struct span text, unsigned signs)
{
	unsigned previous = BYTE_BAD;
	unsigned faults = 0;

	for (size_t i = 0; i < text.length; i++) {
		unsigned class = class_of(text.bytes[i]);

		/* Neither a class beyond those, nor two signs, nor a bad byte, which has no bit. */
		faults |= (class & ~(BYTE_ALNUM | signs)) | (~(class | previous) & BYTE_ALNUM) |
			  (class == BYTE_BAD);
		previous = class;
	}
	return faults == 0 && previous == BYTE_ALNUM;
}

/* So short that no label is too long. */
static bool is_plain_domain(struct span domain)
{
	struct span last;

	if (domain.length > EMAIL_LABEL_MAX || !is_plain_text(domain, BYTE_HYPHEN | BYTE_DOT))
		return false;
	last = (struct span){domain.bytes + domain.length, 0};
	for (; last.bytes > domain.bytes && last.bytes[-1] != '.'; last.length++)
		last.bytes--;
	if (last.bytes == domain.bytes)
		return false;
	return !ascii_is_digit(last.bytes[0]) && !is_forbidden(last);
}

/* Whether an address is in order at a glance; what is not may be, too. */
static bool is_plain(struct span text)
{
	const char *at = memchr(text.bytes, '@', text.length);
	size_t local = at ? (size_t)(at - text.bytes) : 0;

	return at && text.length <= EMAIL_ADDRESS_MAX &&
	       local <= EMAIL_LOCAL_MAX &&
	       is_plain_text((struct span){text.bytes, local},
		       BYTE_SIGN | BYTE_HYPHEN | BYTE_DOT) &&
	       is_plain_domain((struct span){at + 1, text.length - local - 1});
}

enum email_fault email_address_check_span(struct span text)
{
	enum email_fault fault;
	size_t local;

	if (text.length > 0 && is_plain(text))
		return EMAIL_OK;

	if (text.length == 0)
		return EMAIL_EMPTY;
	if (text.length > EMAIL_ADDRESS_MAX)
		return EMAIL_TOO_LONG;
	fault = check_bytes(text, &local);
	if (fault != EMAIL_OK)
		return fault;
	fault = check_local(text.bytes, local);
	if (fault != EMAIL_OK)
		return fault;
	return check_domain((struct span){text.bytes + local + 1, text.length - local - 1});
}

enum email_fault email_address_check(const char *text)
{
	return email_address_check_span(
		(struct span){text, strnlen(text, EMAIL_ADDRESS_MAX + 1)});
}

bool email_address_is_canonical(struct span address)
{
	const char *at = address.length > 0 ? memchr(address.bytes, '@', address.length) : NULL;
	bool upper = false;

	for (const char *byte = at; byte && byte < address.bytes + address.length; byte++)
		upper |= ascii_is_upper(*byte);
	return !upper;
}

void email_address_canonical(const char *address, char ret_text[EMAIL_ADDRESS_MAX + 1])
{
	size_t domain = strcspn(address, "@");
	size_t i;

	for (i = 0; i < EMAIL_ADDRESS_MAX && address[i]; i++)
		ret_text[i] = i > domain ? ascii_to_lower(address[i]) : address[i];
	ret_text[i] = '\0';
}

const char *email_address_domain(const char *address)
{
	size_t local = strcspn(address, "@");

	return address[local] ? address + local + 1 : address + local;
}

bool email_domain_is_within(const char *domain, const char *parent)
{
	size_t length = strlen(domain);
	size_t parent_length = strlen(parent);

	if (parent_length == 0 || parent_length > length)
		return false;
	if (!ascii_equal_nocase(domain + length - parent_length, parent))
		return false;
	return parent_length == length || domain[length - parent_length - 1] == '.';
}

bool email_address_equal(const char *left, const char *right)
{
	return ascii_equal_nocase(left, right);
}
