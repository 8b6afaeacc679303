/* The pieces of JSON that several commands print alike. */
#ifndef POSTIGO_ADMIN_JSON_H
#define POSTIGO_ADMIN_JSON_H

#include "base/string_list.h"
#include "format/alias_entry.h"
#include "format/json.h"

/* An array of texts; the caller owns it. */
struct json *admin_list_json(const struct string_list *list);

/* Sets an RFC 3339 time. */
void admin_set_time(struct json *object, const char *key, int64_t seconds);

/* An alias of the store as the commands show it; the caller owns it. */
struct json *admin_entry_json(const struct alias_entry *entry);

#endif
