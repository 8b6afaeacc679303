#include "admin_json.h"

#include "format/timestamp.h"

struct json *admin_list_json(const struct string_list *list)
{
	struct json *array = json_new_array();

	for (size_t i = 0; i < list->count; i++)
		json_add(array, json_new_text(list->items[i]));
	return array;
}

void admin_set_time(struct json *object, const char *key, int64_t seconds)
{
	char text[TIMESTAMP_LENGTH + 1];

	timestamp_format(seconds, text);
	json_set_text(object, key, text);
}

struct json *admin_entry_json(const struct alias_entry *entry)
{
	struct json *object = json_new_object();

	json_set_text(object, "user", entry->username);
	json_set_integer(object, "uid", entry->uid);
	json_set_text(object, "alias", entry->alias);
	json_set(object, "destinations", admin_list_json(&entry->destinations));
	json_set_boolean(object, "keep_copy", entry->keep_copy);
	json_set_text(object, "state", alias_status_name(entry->status));
	admin_set_time(object, "created_at", entry->created);
	admin_set_time(object, "updated_at", entry->updated);
	json_set_text(object, "approved_by", entry->approved_by);
	if (*entry->request_id)
		json_set_text(object, "request_id", entry->request_id);
	if (entry->expires)
		admin_set_time(object, "expires_at", entry->expires);
	if (entry->orphaned)
		admin_set_time(object, "orphaned_at", entry->orphaned);
	json_set_text(object, "source", entry->source);
	if (*entry->note)
		json_set_text(object, "note", entry->note);
	return object;
}
