#include "service/mail_name.h"

#include "base/ascii.h"
#include "base/message.h"
#include "format/domain_name.h"
#include "format/email_address.h"
#include "format/email_fault.h"
#include "format/printable.h"

#include <string.h>

#define SUPERADMINS "ALL"
#define DESCRIPTION_MAX 255 /* characters */

static bool refuse(const char *text, const char *field, const char *why, struct arena *arena, struct error *err)
{
	if (strcmp(field, "domain") == 0)
		error_set(err, ERROR_USAGE, _("\"%s\" cannot be a domain"), printable_text(text, arena));
	else
		error_set(err, ERROR_USAGE, _("\"%s\" cannot be an address"), printable_text(text, arena));
	error_field(err, field);
	return error_why(err, "%s", why);
}

/* As A-labels, all in lower case. */
static bool canonical(const char *text, const char *field, struct arena *arena, char **ret_text, struct error *err)
{
	const char *ascii = "";
	char *lower;
	struct error failure;

	if (!email_address_to_ascii(text, arena, &ascii, &failure))
		return refuse(text, field, failure.why, arena, err);
	lower = arena_strdup(arena, ascii);
	for (char *byte = lower; *byte; byte++)
		*byte = ascii_to_lower(*byte);
	*ret_text = lower;
	return true;
}

static bool accepts(const struct settings *settings, enum email_fault fault)
{
	return fault == EMAIL_OK || (fault == EMAIL_DOMAIN_FORBIDDEN && settings->domains.allow_special_use);
}

bool mail_name_domain(const struct settings *settings, const char *text, struct arena *arena, const char **ret_domain,
	struct error *err)
{
	enum email_fault fault;
	char *address = NULL;

	if (ascii_equal_nocase(text, SUPERADMINS)) {
		error_set(err, ERROR_NOT_FOUND, _("\"%s\" is no domain"), SUPERADMINS);
		error_why(err, _("PostfixAdmin marks superadmins with it"));
		return error_field(err, "domain");
	}
	if (strchr(text, '@'))
		return refuse(text, "domain", _("it has an @ sign"), arena, err);
	if (!canonical(arena_printf(arena, "@%s", text), "domain", arena, &address, err))
		return false;
	fault = email_domain_check(address + 1);
	if (!accepts(settings, fault))
		return refuse(text, "domain", email_fault_text(fault), arena, err);
	*ret_domain = address + 1;
	return true;
}

bool mail_name_address(const struct settings *settings, const char *text, struct arena *arena, const char **ret_address,
	struct error *err)
{
	enum email_fault fault;
	char *address = NULL;

	if (!canonical(text, "address", arena, &address, err))
		return false;
	fault = email_address_check(address);
	if (!accepts(settings, fault))
		return refuse(text, "address", email_fault_text(fault), arena, err);
	*ret_address = address;
	return true;
}

bool mail_name_alias(const struct settings *settings, const char *text, struct arena *arena, const char **ret_address,
	struct error *err)
{
	const char *domain = "";

	if (text[0] == '*' && text[1] == '@')
		text++;
	if (!mail_name_is_catch_all(text))
		return mail_name_address(settings, text, arena, ret_address, err);
	if (!mail_name_domain(settings, text + 1, arena, &domain, err))
		return false;
	*ret_address = arena_printf(arena, "@%s", domain);
	return true;
}

bool mail_name_is_catch_all(const char *address)
{
	return address[0] == '@';
}

static size_t count_characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

bool mail_name_description(const char *text, struct error *err)
{
	if (printable_is_clean(text) && count_characters(text) <= DESCRIPTION_MAX)
		return true;
	error_set(err, ERROR_USAGE, _("the description cannot be kept"));
	error_why(err, _("it is longer than %d characters, not UTF-8, or has control characters"), DESCRIPTION_MAX);
	return error_field(err, "description");
}
