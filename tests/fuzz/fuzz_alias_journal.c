/* A line of the journal: what is accepted prints to a line that is accepted and prints the same. */
#include "storage/journal_line.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf first cleanup_strbuf = STRBUF_INIT;
	struct strbuf second cleanup_strbuf = STRBUF_INIT;
	char previous[DIGEST_HEX_LENGTH + 1];
	struct journal_event event;
	struct error err;

	if (!journal_line_parse((const char *)data, size, &arena, &event, previous, &err))
		return 0;
	journal_line_print(&event, previous, &first);
	/* Escapes may make the printed line longer than what was read. */
	if (first.length > JOURNAL_LINE_MAX)
		return 0;
	insist(journal_line_parse(first.text, first.length, &arena, &event, previous, &err));
	journal_line_print(&event, previous, &second);
	insist_equal(&first, &second);
	return 0;
}
