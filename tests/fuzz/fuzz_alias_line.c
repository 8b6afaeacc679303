/* The short way for the canonical form of an entry: what it takes, the long way takes, too, and
 * prints the same again. */
#include "format/alias_line.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct alias_entry entry;
	struct alias_line line;
	struct error err;

	if (!alias_line_scan((const char *)bytes, length, &line))
		return 0;
	insist(alias_entry_parse_any((const char *)bytes, length, &arena, &entry, &err));
	alias_entry_print(&entry, &text);
	insist(text.length == length && memcmp(text.text, bytes, length) == 0);
	entry = alias_line_entry(&line, &arena);
	strbuf_reset(&text);
	alias_entry_print(&entry, &text);
	insist(text.length == length && memcmp(text.text, bytes, length) == 0);
	return 0;
}
