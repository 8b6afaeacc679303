/*
 * Destinations and names as somebody types them: the grammar says what a regular expression says of it, the canonical form is one, and what the conversion of
 * Unicode domains makes stays as it is.
 */
#include "format/domain_name.h"
#include "format/email_address.h"
#include "format/username.h"

#include "fuzz.h"

#include <regex.h>
#include <strings.h>

#define LOCAL "[A-Za-z0-9_+=~'][A-Za-z0-9_+=~'-]*(\\.[A-Za-z0-9_+=~'-]+)*"
#define LABEL "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
#define ADDRESS "^(" LOCAL ")@((" LABEL "\\.)+(" LABEL "))$"
#define DOMAIN "^(())((" LABEL "\\.)+(" LABEL "))$"
#define NAME "^[a-z_][a-z0-9_-]*$"

/* Groups of both patterns, counted by their opening parentheses. */
enum group {
	GROUP_LOCAL = 1,
	GROUP_DOMAIN = 3,
	GROUP_LAST = 6,
	GROUPS = 8,
};

enum pattern {
	PATTERN_ADDRESS,
	PATTERN_DOMAIN,
	PATTERN_NAME,
	PATTERNS,
};

static bool matches(enum pattern pattern, const char *text, regmatch_t groups[GROUPS])
{
	static const char *const patterns[PATTERNS] = {ADDRESS, DOMAIN, NAME};
	static regex_t compiled[PATTERNS];
	static bool ready[PATTERNS];

	if (!ready[pattern])
		insist(regcomp(&compiled[pattern], patterns[pattern], REG_EXTENDED) == 0);
	ready[pattern] = true;
	return regexec(&compiled[pattern], text, GROUPS, groups, 0) == 0;
}

static size_t length_of(const regmatch_t *group)
{
	return (size_t)(group->rm_eo - group->rm_so);
}

/* Whether no label of the matched domain is too long and the last one is of somebody's. */
static bool is_domain(const char *text, const regmatch_t groups[GROUPS])
{
	static const char *const refused[] = {"arpa", "internal", "invalid", "local", "localhost", "onion"};
	const char *last = text + groups[GROUP_LAST].rm_so;
	const char *label = text + groups[GROUP_DOMAIN].rm_so;

	if (length_of(&groups[GROUP_DOMAIN]) > EMAIL_DOMAIN_MAX || last[strspn(last, "0123456789")] == '\0')
		return false;
	for (; *label; label += strspn(label, ".")) {
		if (strcspn(label, ".") > EMAIL_LABEL_MAX)
			return false;
		label += strcspn(label, ".");
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (strcasecmp(last, refused[i]) == 0)
			return false;
	}
	return true;
}

static bool is_address(const char *text)
{
	regmatch_t groups[GROUPS];

	return strlen(text) <= EMAIL_ADDRESS_MAX && matches(PATTERN_ADDRESS, text, groups) &&
	       length_of(&groups[GROUP_LOCAL]) <= EMAIL_LOCAL_MAX && is_domain(text, groups);
}

static bool is_name(const char *text)
{
	regmatch_t groups[GROUPS];

	return strlen(text) <= USERNAME_MAX && matches(PATTERN_NAME, text, groups);
}

static void check_canonical(const char *text)
{
	char canonical[EMAIL_ADDRESS_MAX + 1];
	char again[EMAIL_ADDRESS_MAX + 1];

	email_address_canonical(text, canonical);
	insist(email_address_check(canonical) == EMAIL_OK);
	insist(email_address_is_canonical((struct span){canonical, strlen(canonical)}));
	insist(email_address_is_canonical((struct span){text, strlen(text)}) == (strcmp(text, canonical) == 0));
	insist(strcasecmp(text, canonical) == 0 && email_address_equal(text, canonical));
	email_address_canonical(canonical, again);
	insist(strcmp(canonical, again) == 0);
	insist(email_domain_check(email_address_domain(text)) == EMAIL_OK);
	insist(email_domain_is_within(email_address_domain(text), email_address_domain(canonical)));
}

/* What comes out for people converts back to what went in. */
static void check_unicode(const char *address, struct arena *arena)
{
	const char *unicode = domain_name_unicode(email_address_domain(address), arena);
	const char *back = NULL;
	struct error err;

	if (!unicode)
		return;
	(void)domain_name_mixes_scripts(unicode);
	insist(email_address_to_ascii(arena_printf(arena, "a@%s", unicode), arena, &back, &err));
	insist(strcasecmp(email_address_domain(back), email_address_domain(address)) == 0);
}

static void check_conversion(const char *text, struct arena *arena)
{
	const char *ascii = NULL;
	const char *again = NULL;
	struct error err = {0};

	if (!email_address_to_ascii(text, arena, &ascii, &err)) {
		insist(err.code == ERROR_RULE && err.what[0]);
		return;
	}
	if (email_address_check(ascii) != EMAIL_OK)
		return;
	insist(email_address_to_ascii(ascii, arena, &again, &err) && strcmp(ascii, again) == 0);
	insist(email_address_check(text) != EMAIL_OK || strcasecmp(text, ascii) == 0);
	check_unicode(ascii, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text = arena_strndup(&arena, (const char *)bytes, length);
	regmatch_t groups[GROUPS];
	bool valid = email_address_check(text) == EMAIL_OK;

	insist(valid == is_address(text));
	insist((email_domain_check(text) == EMAIL_OK) == (matches(PATTERN_DOMAIN, text, groups) && is_domain(text, groups)));
	insist(username_is_valid(text) == is_name(text));
	if (valid)
		check_canonical(text);
	check_conversion(text, &arena);
	return 0;
}
