#include "format/email_fault.h"

#include "base/message.h"
#include "base/strbuf.h"
#include "format/printable.h"

#include <string.h>

#define QUOTED_MAX 120 /* bytes of the address that a message shows */

static const char *const fault_texts[] = {
	[EMAIL_OK] = N_("it is a valid address"),
	[EMAIL_EMPTY] = N_("it is empty"),
	[EMAIL_TOO_LONG] = N_("it is longer than 254 bytes"),
	[EMAIL_NOT_ASCII] = N_("it has letters outside ASCII"),
	[EMAIL_BAD_BYTE] =
		N_("it has a blank or a sign that mail servers do not take as part of an address"),
	[EMAIL_NO_AT] = N_("it has no @ sign"),
	[EMAIL_TWO_AT] = N_("it has two @ signs"),
	[EMAIL_LOCAL_EMPTY] = N_("there is nothing before the @ sign"),
	[EMAIL_LOCAL_TOO_LONG] = N_("the part before the @ sign is longer than 64 bytes"),
	[EMAIL_LOCAL_DOT] =
		N_("the part before the @ sign begins or ends with a dot, or has two in a row"),
	[EMAIL_LOCAL_HYPHEN] = N_("it begins with a hyphen"),
	[EMAIL_DOMAIN_EMPTY] = N_("there is nothing behind the @ sign"),
	[EMAIL_DOMAIN_TOO_LONG] = N_("the domain is longer than 253 bytes"),
	[EMAIL_DOMAIN_LABEL] = N_("a part of the domain is empty, longer than 63 bytes, or begins "
				  "or ends with a hyphen"),
	[EMAIL_DOMAIN_BYTE] =
		N_("the domain has a sign other than letters, digits, hyphens and dots"),
	[EMAIL_DOMAIN_SINGLE] = N_("the domain has no dot"),
	[EMAIL_DOMAIN_NUMERIC] = N_("the domain is an IP address"),
	[EMAIL_DOMAIN_FORBIDDEN] = N_("the domain cannot receive mail from the internet"),
};

const char *email_fault_text(enum email_fault fault)
{
	return _(fault_texts[fault]);
}

/* Cuts between characters, so that half a character is not shown as an error of the writer. */
static size_t quoted_length(const char *text)
{
	size_t length = strnlen(text, QUOTED_MAX + 1);

	if (length <= QUOTED_MAX)
		return length;
	length = QUOTED_MAX;
	while (length > QUOTED_MAX - 4 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

bool email_fault_error(struct error *err, const char *text, enum email_fault fault)
{
	struct strbuf quoted cleanup_strbuf = STRBUF_INIT;
	size_t length = quoted_length(text);

	printable_append(&quoted, text, length);
	if (text[length])
		strbuf_append_text(&quoted, "...");
	error_set(err, ERROR_RULE, _("\"%s\" cannot be a destination"), strbuf_text(&quoted));
	error_field(err, "destination");
	return error_why(err, "%s", email_fault_text(fault));
}
