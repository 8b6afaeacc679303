#include "format/json_items.h"

#include <string.h>

static char at(const struct json_items *items)
{
	return items->offset < items->length ? items->text[items->offset] : '\0';
}

static void step(struct json_items *items)
{
	if (at(items) == '\n')
		items->line++;
	items->offset++;
}

static void skip(struct json_items *items, const char *bytes)
{
	while (at(items) && strchr(bytes, at(items)))
		step(items);
}

bool json_items_begin(struct json_items *items, const char *text, size_t length)
{
	*items = (struct json_items){.text = text, .length = length, .line = 1};
	skip(items, " \t\r\n");
	items->members = at(items) == '{';
	if (!items->members && at(items) != '[')
		return false;
	step(items);
	return true;
}

static void skip_string(struct json_items *items)
{
	for (step(items); at(items) && at(items) != '"'; step(items)) {
		if (at(items) == '\\')
			step(items);
	}
	step(items);
}

/* To the comma or bracket behind the item. */
static void skip_item(struct json_items *items)
{
	unsigned depth = 0;

	for (char byte = at(items); byte; byte = at(items)) {
		if (byte == '"') {
			skip_string(items);
			continue;
		}
		if (depth == 0 && (byte == ',' || byte == ']' || byte == '}'))
			return;
		if (byte == '{' || byte == '[')
			depth++;
		else if (byte == '}' || byte == ']')
			depth--;
		step(items);
	}
}

bool json_items_next(struct json_items *items, struct json_item *ret_item)
{
	struct json_item item;

	skip(items, " \t\r\n,");
	if (!at(items) || at(items) == ']' || at(items) == '}')
		return false;
	item.text = items->text + items->offset;
	item.line = items->line;
	skip_item(items);
	item.length = (size_t)(items->text + items->offset - item.text);
	while (strchr(" \t\r\n", item.text[item.length - 1]))
		item.length--;
	*ret_item = item;
	return true;
}

bool json_item_parse(const struct json_items *items, const struct json_item *item,
	const struct json_rules *rules, struct json **ret_json, struct error *err)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	if (!items->members)
		return json_parse(item->text, item->length, rules, ret_json, err);
	strbuf_append_char(&text, '{');
	strbuf_append(&text, item->text, item->length);
	strbuf_append_char(&text, '}');
	return json_parse(text.text, text.length, rules, ret_json, err);
}
