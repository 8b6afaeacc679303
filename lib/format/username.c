#include "format/username.h"

#include "base/ascii.h"

#include <stddef.h>
#include <string.h>

/* RFC 2142's mailboxes, addresses that machines write to, and the names that runv keeps back; in
 * bytewise order. */
/* clang-format off */
static const char *const reserved_names[] = {
	"abuse", "admin", "all", "bin", "contact", "contato", "daemon", "dmarc", "entre",
	"everyone", "ftp", "hostmaster", "info", "join", "mail", "mailer-daemon", "marketing",
	"members", "mta-sts", "news", "no-reply", "nobody", "noc", "noreply", "operator",
	"postmaster", "root", "sales", "security", "support", "sys", "tlsrpt", "usenet", "uucp",
	"webmaster", "welcome", "www",
};
/* clang-format on */

bool username_is_valid(const char *name)
{
	size_t length = strnlen(name, USERNAME_MAX + 1);

	if (length == 0 || length > USERNAME_MAX)
		return false;
	/* A name of digits would be taken for a uid; the first byte's rule excludes it too. */
	if (!ascii_is_lower(name[0]) && name[0] != '_')
		return false;
	for (size_t i = 1; i < length; i++) {
		char byte = name[i];

		if (!ascii_is_lower(byte) && !ascii_is_digit(byte) && byte != '_' && byte != '-')
			return false;
	}
	return true;
}

static bool has_prefix(const char *name, const char *prefix)
{
	while (*prefix) {
		if (ascii_to_lower(*name++) != *prefix++)
			return false;
	}
	return true;
}

/* `lower` is in lower case. */
static int compare_nocase(const char *name, const char *lower)
{
	while (*lower && ascii_to_lower(*name) == *lower) {
		name++;
		lower++;
	}
	return (unsigned char)ascii_to_lower(*name) - (unsigned char)*lower;
}

bool username_is_reserved(const char *name)
{
	size_t low = 0;
	size_t high = sizeof(reserved_names) / sizeof(reserved_names[0]);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_nocase(name, reserved_names[middle]);

		if (order == 0)
			return true;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return has_prefix(name, "abuse-");
}
