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

static bool is_letter_or_digit(char byte)
{
	return ascii_is_digit(byte) || ascii_is_lower(byte) || ascii_is_upper(byte);
}

/*
 * An allow-list. Left out of RFC 5321's atoms are: "|", "/" and "\", which make a command or a file
 * of a local recipient; "%" and "!", which Postfix may read as routes; and what a shell or a
 * regular expression would take to heart.
 */
static bool is_local_byte(char byte)
{
	return is_letter_or_digit(byte) || (byte != '\0' && strchr("._+-=~'", byte));
}

static enum email_fault check_bytes(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= 0x80)
			return EMAIL_NOT_ASCII;
		if (!is_local_byte(*text) && *text != '@')
			return EMAIL_BAD_BYTE;
	}
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

static enum email_fault check_domain_bytes(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= 0x80)
			return EMAIL_NOT_ASCII;
		if (!is_letter_or_digit(*text) && *text != '-' && *text != '.')
			return EMAIL_DOMAIN_BYTE;
	}
	return EMAIL_OK;
}

static bool is_label(const char *label, size_t length)
{
	return length > 0 && length <= EMAIL_LABEL_MAX && label[0] != '-' &&
	       label[length - 1] != '-';
}

/* Walks the labels; `*ret_last` becomes the last one. */
static enum email_fault check_labels(const char *text, const char **ret_last)
{
	const char *label = text;

	for (;;) {
		size_t length = strcspn(label, ".");

		if (!is_label(label, length))
			return EMAIL_DOMAIN_LABEL;
		if (label[length] == '\0')
			break;
		label += length + 1;
	}
	*ret_last = label;
	return EMAIL_OK;
}

static bool is_forbidden(const char *domain)
{
	for (size_t i = 0; i < ARRAY_LENGTH(forbidden_parents); i++) {
		if (email_domain_is_within(domain, forbidden_parents[i]))
			return true;
	}
	return false;
}

enum email_fault email_domain_check(const char *text)
{
	size_t length = strnlen(text, EMAIL_DOMAIN_MAX + 1);
	enum email_fault fault;
	const char *last;

	if (length == 0)
		return EMAIL_DOMAIN_EMPTY;
	if (length > EMAIL_DOMAIN_MAX)
		return EMAIL_DOMAIN_TOO_LONG;
	fault = check_domain_bytes(text);
	if (fault != EMAIL_OK)
		return fault;
	fault = check_labels(text, &last);
	if (fault != EMAIL_OK)
		return fault;
	if (last == text)
		return EMAIL_DOMAIN_SINGLE;
	if (last[strspn(last, "0123456789")] == '\0')
		return EMAIL_DOMAIN_NUMERIC;
	return is_forbidden(text) ? EMAIL_DOMAIN_FORBIDDEN : EMAIL_OK;
}

enum email_fault email_address_check(const char *text)
{
	enum email_fault fault;
	const char *at;

	if (!*text)
		return EMAIL_EMPTY;
	if (strnlen(text, EMAIL_ADDRESS_MAX + 1) > EMAIL_ADDRESS_MAX)
		return EMAIL_TOO_LONG;
	fault = check_bytes(text);
	if (fault != EMAIL_OK)
		return fault;
	at = strchr(text, '@');
	if (!at)
		return EMAIL_NO_AT;
	if (strchr(at + 1, '@'))
		return EMAIL_TWO_AT;
	fault = check_local(text, (size_t)(at - text));
	return fault != EMAIL_OK ? fault : email_domain_check(at + 1);
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
