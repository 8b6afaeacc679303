/* The walk over a long list: its items are the members or elements that the parser of the whole finds, in their order, with the lines they begin on. */
#include "format/json_items.h"

#include "fuzz.h"

static const struct json_rules rules = {.bytes = 1 << 20, .depth = 15};

static void check_item(const struct json_items *items, const struct json_item *item, const struct json *wanted)
{
	struct strbuf expected cleanup_strbuf = STRBUF_INIT;
	struct strbuf printed cleanup_strbuf = STRBUF_INIT;
	struct json *parsed cleanup_json = NULL;
	const struct json_rules one = {.bytes = 1 << 21, .depth = 16};
	const struct json *value;
	struct error err;

	insist(wanted && json_item_parse(items, item, &one, &parsed, &err));
	value = parsed;
	if (items->members) {
		insist(json_count(parsed) == 1);
		value = json_first(parsed);
		insist(strcmp(json_key(value), json_key(wanted)) == 0);
	}
	json_print(wanted, &expected);
	json_print(value, &printed);
	insist_equal(&expected, &printed);
}

static size_t line_of(const char *text, const char *at)
{
	size_t line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const char *text = (const char *)bytes;
	struct json *whole cleanup_json = NULL;
	const struct json *wanted;
	struct json_items items;
	struct json_item item;
	struct error err;

	if (!json_parse(text, length, &rules, &whole, &err))
		return 0;
	insist(json_items_begin(&items, text, length) == (json_is_array(whole) || json_is_object(whole)));
	if (!json_is_array(whole) && !json_is_object(whole))
		return 0;
	insist(items.members == json_is_object(whole));
	for (wanted = json_first(whole); json_items_next(&items, &item); wanted = json_next(wanted)) {
		insist(item.text >= text && item.length <= length - (size_t)(item.text - text));
		insist(item.line == line_of(text, item.text));
		check_item(&items, &item, wanted);
	}
	insist(!wanted && !json_items_next(&items, &item));
	return 0;
}
