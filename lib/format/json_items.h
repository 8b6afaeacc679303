/*
 * Walks over the elements of one JSON array, or the members of one object, as pieces of its text
 *with their lines: for long lists, in flat memory, where a tree of the whole would take twenty
 *times the file.
 *
 *	if (json_gate(text, length, &rules, &fault) && json_items_begin(&items, text, length))
 *		while (json_items_next(&items, &item))
 *			json_item_parse(&items, &item, &item_rules, &json, err);
 */
#ifndef POSTIGO_FORMAT_JSON_ITEMS_H
#define POSTIGO_FORMAT_JSON_ITEMS_H

#include "format/json.h"

struct json_items {
	const char *text;
	size_t length;
	size_t offset;
	size_t line;
	bool members; /* of an object: an item is "key": value */
};

struct json_item {
	const char *text; /* inside the walked text, not terminated */
	size_t length;
	size_t line; /* from 1, on which the item begins */
};

/* Starts at the first item of `text`, which has passed json_gate() without comments (or with them
 * blanked) and is borrowed. False when it is no list. */
must_check bool json_items_begin(struct json_items *items, const char *text, size_t length);

/* Finds the next item. False behind the last. */
must_check bool json_items_next(struct json_items *items, struct json_item *ret_item);

/* Parses one item: an element as it is, a member as an object of its own with that one member.
 * Fails as json_parse(). */
must_check bool json_item_parse(const struct json_items *items, const struct json_item *item,
	const struct json_rules *rules, struct json **ret_json, struct error *err);

#endif
