#include "format/printable.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

#define CODE_POINT_LAST 0x10ffff

bool printable_code_point(uint32_t code_point)
{
	static const uint32_t refused =
		UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp;

	if (code_point < 0x80)
		return code_point >= 0x20 && code_point < 0x7f;
	/* Default-ignorable adds the invisible letters and marks, such as the Hangul fillers. */
	return code_point <= CODE_POINT_LAST &&
	       !uc_is_general_category_withtable(code_point, refused) &&
	       !uc_is_property_default_ignorable_code_point(code_point);
}

void printable_append(struct strbuf *buffer, const char *text, size_t length)
{
	while (length > 0) {
		ucs4_t code_point;
		int used = u8_mbtoucr(&code_point, (const uint8_t *)text, length);

		if (used <= 0) {
			strbuf_printf(buffer, "\\x%02X", (unsigned)(unsigned char)*text);
			used = 1;
		} else if (code_point == '\\') {
			strbuf_append_text(buffer, "\\\\");
		} else if (printable_code_point(code_point)) {
			strbuf_append(buffer, text, (size_t)used);
		} else if (code_point < 0x80) {
			strbuf_printf(buffer, "\\x%02X", (unsigned)code_point);
		} else {
			strbuf_printf(buffer, "\\u{%04X}", (unsigned)code_point);
		}
		text += used;
		length -= (size_t)used;
	}
}

const char *printable_text(const char *text, struct arena *arena)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	printable_append(&buffer, text, strlen(text));
	return arena_strndup(arena, strbuf_text(&buffer), buffer.length);
}

bool printable_is_clean(const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ucs4_t code_point;
		int used = u8_mbtoucr(&code_point, (const uint8_t *)text, length);

		if (used <= 0 || !printable_code_point(code_point))
			return false;
		text += used;
		length -= (size_t)used;
	}
	return true;
}
