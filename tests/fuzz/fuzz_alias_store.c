/* The store's text: whatever is accepted in any layout has one form, which is accepted and stays as
 * it is. */
#include "storage/alias_store_text.h"

#include "fuzz.h"

/* Every line is found by its name, in order. */
static void check_lookup(const struct store_text *text)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	size_t offset = text->start;

	while (offset < text->end) {
		size_t line = offset;
		struct alias_entry entry;
		struct error err;

		insist(store_text_entry(text, &offset, &arena, &entry, &err));
		insist(store_text_position(text, entry.username) == line);
		insist(store_text_line(text, line, entry.username) == offset - line);
	}
	insist(store_text_position(text, "~") == text->end);
}

/* Lines nobody vouched for: reading them may fail, but nothing else. */
static void read_as_it_is(const char *bytes, size_t size)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct store_text text;
	struct error err;

	if (!store_text_open(&text, bytes, size, &arena, &err))
		return;
	(void)store_text_line(&text, store_text_position(&text, "ana"), "ana");
	if (store_text_check(&text, &err))
		check_lookup(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf form cleanup_strbuf = STRBUF_INIT;
	struct strbuf again cleanup_strbuf = STRBUF_INIT;
	const char *bytes = (const char *)data;
	struct store_text text;
	struct error err;

	if (size == 0)
		return 0;
	read_as_it_is(bytes, size);
	if (!store_text_reshape(bytes, size, &form, &err))
		return 0;
	insist(store_text_open(&text, form.text, form.length, &arena, &err));
	insist(store_text_check(&text, &err));
	check_lookup(&text);
	insist(store_text_reshape(form.text, form.length, &again, &err));
	insist(again.length == form.length && memcmp(again.text, form.text, form.length) == 0);
	return 0;
}
