#include "format/domain_name.h"

#include "base/ascii.h"
#include "base/message.h"
#include "format/email_address.h"
#include "format/printable.h"

#include <idn2.h>
#include <string.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

/*
 * IDN2_USE_STD3_ASCII_RULES stays away: libidn2 2.3 deletes the bytes that it forbids, and so turns
 * one address into another. Without it odd bytes come through, and the grammar of email_address
 * refuses them.
 */
#define CONVERSION IDN2_NONTRANSITIONAL

/* Bytes; no longer one fits as A-labels. */
#define UNICODE_DOMAIN_MAX ((size_t)4 * EMAIL_DOMAIN_MAX)

#define cleanup_idn2 __attribute__((cleanup(cleanup_idn2_function)))

static void cleanup_idn2_function(char **text)
{
	idn2_free(*text);
}

static bool is_ascii(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= 0x80)
			return false;
	}
	return true;
}

static char *lower_case_copy(const char *text, struct arena *arena)
{
	char *copy = arena_strdup(arena, text);

	for (char *byte = copy; *byte; byte++)
		*byte = ascii_to_lower(*byte);
	return copy;
}

static bool refuse(struct error *err, const char *domain, struct arena *arena, const char *reason)
{
	error_set(err, ERROR_RULE, _("\"%s\" is no domain name"), printable_text(domain, arena));
	error_field(err, "destination");
	return error_why(err, "%s", reason);
}

static bool domain_to_ascii(const char *domain, struct arena *arena, const char **ret_domain,
	struct error *err)
{
	uint8_t *normal cleanup_free = NULL;
	char *labels cleanup_idn2 = NULL;
	size_t length = strlen(domain);
	int status;

	if (is_ascii(domain)) {
		*ret_domain = lower_case_copy(domain, arena);
		return true;
	}
	if (length > UNICODE_DOMAIN_MAX)
		return refuse(err, domain, arena, _("it is too long"));
	/* The mapping of UTS 46 would drop them: another domain than the one that was typed. */
	if (!printable_is_clean(domain))
		return refuse(err, domain, arena, _("it holds characters that cannot be seen"));
	normal = u8_normalize(UNINORM_NFC, (const uint8_t *)domain, length + 1, NULL, &length);
	if (!normal)
		out_of_memory();
	status = idn2_to_ascii_8z((const char *)normal, &labels, CONVERSION);
	if (status == IDN2_MALLOC)
		out_of_memory();
	if (status != IDN2_OK)
		return refuse(err, domain, arena, idn2_strerror(status));
	*ret_domain = lower_case_copy(labels, arena);
	return true;
}

bool email_address_to_ascii(const char *text, struct arena *arena, const char **ret_address,
	struct error *err)
{
	const char *at = strrchr(text, '@');
	const char *domain = NULL;

	if (u8_check((const uint8_t *)text, strlen(text))) {
		error_set(err, ERROR_RULE, _("\"%s\" cannot be a destination"),
			printable_text(text, arena));
		error_field(err, "destination");
		return error_why(err, _("it is not UTF-8 text"));
	}
	if (!at) {
		*ret_address = arena_strdup(arena, text);
		return true;
	}
	if (!domain_to_ascii(at + 1, arena, &domain, err))
		return false;
	*ret_address = arena_printf(arena, "%.*s%s", (int)(at + 1 - text), text, domain);
	return true;
}

static bool has_a_label(const char *domain)
{
	for (const char *label = domain; label; label = strchr(label, '.')) {
		if (*label == '.')
			label++;
		if (strncmp(label, "xn--", 4) == 0)
			return true;
	}
	return false;
}

const char *domain_name_unicode(const char *domain, struct arena *arena)
{
	char *unicode cleanup_idn2 = NULL;
	char *back cleanup_idn2 = NULL;
	const char *lower = lower_case_copy(domain, arena);

	if (!is_ascii(domain) || !has_a_label(lower))
		return NULL;
	if (idn2_to_unicode_8z8z(lower, &unicode, 0) != IDN2_OK || is_ascii(unicode))
		return NULL;
	/* What does not convert back would show another name than the one that gets the mail. */
	if (idn2_to_ascii_8z(unicode, &back, CONVERSION) != IDN2_OK || strcmp(back, lower) != 0)
		return NULL;
	return printable_is_clean(unicode) ? arena_strdup(arena, unicode) : NULL;
}

/* ---- scripts */

/* Bits of the scripts that may stand together with others. */
enum script_bit {
	SCRIPT_LATIN = 1,
	SCRIPT_HAN = 2,
	SCRIPT_KANA = 4,
	SCRIPT_BOPOMOFO = 8,
	SCRIPT_HANGUL = 16,
};

static unsigned script_bit(const uc_script_t *script)
{
	static const struct {
		const char *name;
		unsigned bit;
	} bits[] = {
		{"Latin", SCRIPT_LATIN},
		{"Han", SCRIPT_HAN},
		{"Hiragana", SCRIPT_KANA},
		{"Katakana", SCRIPT_KANA},
		{"Bopomofo", SCRIPT_BOPOMOFO},
		{"Hangul", SCRIPT_HANGUL},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bits); i++) {
		if (strcmp(script->name, bits[i].name) == 0)
			return bits[i].bit;
	}
	return 0;
}

static bool is_within(unsigned scripts, unsigned allowed)
{
	return (scripts & ~allowed) == 0;
}

static bool is_neutral(const uc_script_t *script)
{
	return !script || strcmp(script->name, "Common") == 0 || strcmp(script->name, "Inherited") == 0;
}

static bool label_mixes_scripts(const uint8_t *label, size_t length)
{
	const uc_script_t *other = NULL; /* the one script outside the table above */
	unsigned scripts = 0;

	while (length > 0) {
		ucs4_t code_point;
		int used = u8_mbtoucr(&code_point, label, length);
		const uc_script_t *script = used > 0 ? uc_script(code_point) : NULL;

		if (used <= 0)
			return false;
		label += used;
		length -= (size_t)used;
		if (is_neutral(script))
			continue;
		if (script_bit(script))
			scripts |= script_bit(script);
		else if (other && other != script)
			return true;
		else
			other = script;
	}
	if (other)
		return scripts != 0;
	return !is_within(scripts, SCRIPT_LATIN | SCRIPT_HAN | SCRIPT_KANA) &&
	       !is_within(scripts, SCRIPT_LATIN | SCRIPT_HAN | SCRIPT_BOPOMOFO) &&
	       !is_within(scripts, SCRIPT_LATIN | SCRIPT_HAN | SCRIPT_HANGUL);
}

bool domain_name_mixes_scripts(const char *unicode)
{
	while (*unicode) {
		size_t length = strcspn(unicode, ".");

		if (label_mixes_scripts((const uint8_t *)unicode, length))
			return true;
		unicode += length + (unicode[length] == '.');
	}
	return false;
}
