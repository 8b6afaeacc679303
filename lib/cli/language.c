#include "cli/language.h"

#include "base/ascii.h"
#include "base/message.h"

#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool locale_is_plain(const char *name)
{
	static const char *const plain[] = {"C", "POSIX", "C.UTF-8", "C.utf8"};

	for (size_t i = 0; i < ARRAY_LENGTH(plain); i++) {
		if (strcmp(name, plain[i]) == 0)
			return true;
	}
	return false;
}

void language_begin(const char *server_language)
{
	bool known = setlocale(LC_ALL, "") != NULL;
	const char *preferred = getenv("LANGUAGE");
	const char *messages = setlocale(LC_MESSAGES, NULL);

	/* gettext translates nothing in C itself, but does in C.UTF-8, by LANGUAGE alone. */
	if (!known || !messages || locale_is_plain(messages)) {
		(void)setlocale(LC_ALL, "C.UTF-8");
		if (server_language && *server_language)
			setenv("LANGUAGE", server_language, preferred && !*preferred);
	}
	(void)setlocale(LC_NUMERIC, "C");
	bindtextdomain("postigo", POSTIGO_LOCALE_DIRECTORY);
	bind_textdomain_codeset("postigo", "UTF-8");
	textdomain("postigo");
}

/* The first of these that is set decides, as in setlocale(3); language_begin() changes the locale, not them. */
bool language_draws_in_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, ".UTF-8") || strcasestr(value, ".utf8");
	}
	return false;
}

/* The length of the "xx" or "xx_XX" at the start of a locale's name; 0 when there is none. */
static size_t language_length(const char *name)
{
	if (!ascii_is_lower(name[0]) || !ascii_is_lower(name[1]))
		return 0;
	if (name[2] == '_' && ascii_is_upper(name[3]) && ascii_is_upper(name[4]) &&
		!ascii_is_lower(name[5]) && !ascii_is_upper(name[5]))
		return 5;
	return ascii_is_lower(name[2]) || name[2] == '_' ? 0 : 2;
}

void language_current(char ret_language[LANGUAGE_MAX + 1])
{
	const char *preferred = getenv("LANGUAGE");
	const char *messages = setlocale(LC_MESSAGES, NULL);
	const char *name = preferred && *preferred ? preferred : messages;
	size_t length = name ? language_length(name) : 0;

	memset(ret_language, 0, LANGUAGE_MAX + 1);
	if (length > 0)
		memcpy(ret_language, name, length);
}
