/*
 * Text of others on its way to a terminal, a shell and JSON: what comes out is clean, says the same of two texts only when they are equal, and reads back to
 * what went in.
 */
#include "format/json.h"
#include "format/nearest_word.h"
#include "format/printable.h"
#include "format/shell_word.h"
#include "format/utf8.h"

#include "fuzz.h"

/* The bytes of a code point, by the table of RFC 3629. */
static size_t encode(uint32_t code_point, unsigned char bytes[4])
{
	static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t length = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;

	for (size_t i = length; i > 1; i--, code_point >>= 6)
		bytes[i - 1] = (unsigned char)(0x80 | (code_point & 0x3f));
	bytes[0] = (unsigned char)(leads[length] | code_point);
	return length;
}

/* Whether all of it decodes; each code point is the only way to write its bytes. */
static bool check_utf8(const char *text, size_t length)
{
	while (length > 0) {
		unsigned char again[4];
		uint32_t code_point;
		size_t used = utf8_decode(text, length, &code_point);

		if (used == 0)
			return false;
		insist(used <= length && encode(code_point, again) == used && memcmp(again, text, used) == 0);
		insist(code_point <= 0x10ffff && (code_point < 0xd800 || code_point > 0xdfff));
		text += used;
		length -= used;
	}
	return true;
}

/* Undoes the printable form. */
static void read_back(const char *text, struct strbuf *ret_bytes)
{
	while (*text) {
		unsigned char bytes[4];
		char *end = NULL;

		if (*text != '\\' || text[1] == '\\') {
			strbuf_append_char(ret_bytes, *text);
			text += *text == '\\' ? 2 : 1;
		} else if (text[1] == 'x') {
			char digits[3] = {text[2], text[3], '\0'};

			strbuf_append_char(ret_bytes, (char)strtoul(digits, &end, 16));
			insist(*end == '\0');
			text += 4;
		} else {
			size_t length = encode((uint32_t)strtoul(text + 3, &end, 16), bytes);

			insist(text[1] == 'u' && text[2] == '{' && *end == '}');
			strbuf_append(ret_bytes, (const char *)bytes, length);
			text = end + 1;
		}
	}
}

static void check_printable(const char *text, size_t length)
{
	struct strbuf printed cleanup_strbuf = STRBUF_INIT;
	struct strbuf back cleanup_strbuf = STRBUF_INIT;

	printable_append(&printed, text, length);
	insist(printable_is_clean(strbuf_text(&printed)) && strlen(strbuf_text(&printed)) == printed.length);
	insist(check_utf8(strbuf_text(&printed), printed.length));
	read_back(strbuf_text(&printed), &back);
	insist(back.length == length && memcmp(strbuf_text(&back), text, length) == 0);
}

/* JSON holds texts that are UTF-8 without NUL; those come back. */
static void check_json(const char *text, size_t length)
{
	static const struct json_rules rules = {.bytes = (size_t)1 << 24, .depth = 1};
	struct strbuf printed cleanup_strbuf = STRBUF_INIT;
	struct json *parsed cleanup_json = NULL;
	struct error err;

	json_print_text(text, length, &printed);
	insist(json_parse(printed.text, printed.length, &rules, &parsed, &err));
	insist(strcmp(json_text(parsed), text) == 0);
	insist(printable_is_clean(strbuf_text(&printed)));
}

/* As sh(1) reads a word that is quoted by apostrophes or not at all. */
static void check_shell(const char *text, struct arena *arena)
{
	const char *word = shell_word(text, arena);
	struct strbuf read cleanup_strbuf = STRBUF_INIT;
	bool quoted = false;

	insist(*word);
	for (; *word; word++) {
		if (*word == '\'')
			quoted = !quoted;
		else if (quoted)
			strbuf_append_char(&read, *word);
		else if (*word == '\\')
			strbuf_append_char(&read, *++word);
		else {
			insist(!strchr(" \t\n\"$`&|;<>()*?[]{}~#!^", *word));
			strbuf_append_char(&read, *word);
		}
	}
	insist(!quoted && strcmp(strbuf_text(&read), text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const char *const words[] = {"approve", "pending", "rejects", "ok"};
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text = arena_strndup(&arena, (const char *)bytes, length);
	const char *nearest = nearest_word(text, words, 4);

	check_printable((const char *)bytes, length);
	if (check_utf8(text, strlen(text)))
		check_json(text, strlen(text));
	check_shell(text, &arena);
	insist(!nearest || (strlen(nearest) <= strlen(text) + 2 && strlen(text) <= strlen(nearest) + 2));
	return 0;
}
