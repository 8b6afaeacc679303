#include "format/secret_mask.h"

#include "base/ascii.h"
#include "base/strbuf.h"

#include <string.h>

static bool holds_word(const char *text, size_t length, const char *word)
{
	size_t wanted = strlen(word);

	for (size_t i = 0; i + wanted <= length; i++) {
		size_t same = 0;

		while (same < wanted && ascii_to_lower(text[i + same]) == word[same])
			same++;
		if (same == wanted)
			return true;
	}
	return false;
}

static bool announces(const char *name, size_t length)
{
	static const char *const words[] = {"pass", "pwd", "secret", "token", "key", "cred"};

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (holds_word(name, length, words[i]))
			return true;
	}
	return false;
}

bool secret_mask_names(const char *name)
{
	return announces(name, strlen(name));
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);
	size_t wanted = strlen(end);

	return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* Names whose values say where a secret is kept, not what it is. */
static bool names_a_place(const char *name)
{
	static const char *const ends[] = {"_file", "_files", "_map", "_maps", "_path", "_dir",
		"_directory", "_database"};

	for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
		if (ends_with(name, ends[i]))
			return true;
	}
	return false;
}

static bool is_separator(char byte)
{
	return byte == ' ' || byte == '\t' || byte == ',';
}

/* "/path" or "TYPE:/path" with any number of types in front. */
static bool is_place(const char *text, size_t length)
{
	size_t at = 0;

	while (at < length &&
		(ascii_is_lower(text[at]) || ascii_is_digit(text[at]) || text[at] == ':'))
		at++;
	return at < length && text[at] == '/' && (at == 0 || text[at - 1] == ':');
}

static bool is_list_of_places(const char *value)
{
	while (*value) {
		size_t length = strcspn(value, " \t,");

		if (length > 0 && !is_place(value, length))
			return false;
		value += length;
		while (is_separator(*value))
			value++;
	}
	return true;
}

static bool is_name_byte(char byte)
{
	return ascii_is_lower(byte) || ascii_is_upper(byte) || ascii_is_digit(byte) ||
	       byte == '_' || byte == '-' || byte == '.' || byte == '/';
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* The bytes from "://" to the "@" in front of a host; 0 = nobody is named there. The last one
 * counts: a password may hold others. */
static size_t login_length(const char *text)
{
	size_t length = strcspn(text, " \t\r\n\"'");

	while (length > 0 && text[length] != '@')
		length--;
	return length;
}

/* The bytes up to the first ":" of "inet:user:password@host"; 0 = it is something else. A path may
 * hold what it likes. */
static size_t service_length(const char *text)
{
	size_t colon = 0;

	while (ascii_is_lower(text[colon]) || ascii_is_upper(text[colon]) ||
		ascii_is_digit(text[colon]))
		colon++;
	if (text[colon] != ':' || text[colon + 1] == '/' || login_length(text + colon + 1) == 0)
		return 0;
	return colon;
}

/* What Dovecot says before it repeats a line of the file. */
static const char quoting[] = "Unknown setting:";

struct masking {
	struct strbuf text;
	bool sentence; /* of a program: it may quote anything */
};

/* Hides up to the end of the line; returns what is left. */
static const char *hide_line(struct masking *masking, const char *rest)
{
	size_t length = strcspn(rest, "\n");

	if (length > 0)
		strbuf_append_text(&masking->text, SECRET_MASK);
	return rest + length;
}

static const char *mask_quoted(struct masking *masking, const char *at)
{
	size_t length = strcspn(at + 1, "\"");

	strbuf_append_text(&masking->text, "\"" SECRET_MASK "\"");
	return at + 1 + length + (at[1 + length] == '"');
}

static const char *mask_repeated(struct masking *masking, const char *at)
{
	strbuf_append_text(&masking->text, quoting);
	return hide_line(masking, at + strlen(quoting));
}

static const char *mask_login(struct masking *masking, const char *at)
{
	size_t login = login_length(at + 3);

	strbuf_append_text(&masking->text, "://");
	if (login > 0)
		strbuf_append_text(&masking->text, SECRET_MASK);
	return at + 3 + login;
}

/* Whether what follows a word gives it a value. */
static bool is_assigned(const char *rest)
{
	return rest[strspn(rest, " \t")] == '=';
}

static const char *mask_word(struct masking *masking, const char *at)
{
	size_t service = service_length(at);
	bool in_line = starts_with(at, "static:") || starts_with(at, "inline:");
	size_t length = 0;

	if (service > 0) {
		strbuf_append(&masking->text, at, service);
		strbuf_append_text(&masking->text, ":" SECRET_MASK);
		return at + service + 1 + login_length(at + service + 1);
	}
	while (is_name_byte(at[length]))
		length++;
	strbuf_append(&masking->text, at, length);
	if (in_line) {
		strbuf_append_char(&masking->text, ':');
		return hide_line(masking, at + length + 1);
	}
	if (at[0] != '/' && announces(at, length) &&
		(masking->sentence || is_assigned(at + length)))
		return hide_line(masking, at + length);
	return at + length;
}

static const char *mask(const char *text, bool sentence, struct arena *arena)
{
	struct masking masking = {.text = STRBUF_INIT, .sentence = sentence};
	const char *result;

	while (*text) {
		if (sentence && *text == '"')
			text = mask_quoted(&masking, text);
		else if (sentence && starts_with(text, quoting))
			text = mask_repeated(&masking, text);
		else if (starts_with(text, "://"))
			text = mask_login(&masking, text);
		else if (is_name_byte(*text))
			text = mask_word(&masking, text);
		else
			strbuf_append_char(&masking.text, *text++);
	}
	result = arena_strdup(arena, strbuf_text(&masking.text));
	strbuf_clear(&masking.text);
	return result;
}

const char *secret_mask_value(const char *name, const char *value, struct arena *arena)
{
	if (!*value)
		return "";
	if (!secret_mask_names(name))
		return mask(value, false, arena);
	if (names_a_place(name) && is_list_of_places(value))
		return arena_strdup(arena, value);
	return SECRET_MASK;
}

const char *secret_mask_text(const char *text, struct arena *arena)
{
	return mask(text, true, arena);
}
