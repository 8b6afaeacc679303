#include "format/utf8.h"

/* Bytes of a sequence by its lead byte; 0 for continuation bytes and leads that can only be
 * overlong or too high. */
static size_t sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	if (lead < 0xe0)
		return 2;
	return lead < 0xf0 ? 3 : 4;
}

size_t utf8_decode(const char *text, size_t length, uint32_t *ret_code_point)
{
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	size_t wanted = length > 0 ? sequence_length((unsigned char)text[0]) : 0;
	uint32_t code_point;

	if (wanted == 0 || wanted > length)
		return 0;
	code_point = (unsigned char)text[0] & lead_bits[wanted];
	for (size_t i = 1; i < wanted; i++) {
		unsigned char byte = (unsigned char)text[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		code_point = code_point << 6 | (byte & 0x3fU);
	}
	if (code_point < lowest[wanted] || code_point > 0x10ffff ||
		(code_point >= 0xd800 && code_point <= 0xdfff))
		return 0;
	*ret_code_point = code_point;
	return wanted;
}
