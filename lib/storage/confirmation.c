#include "storage/confirmation.h"

#include "base/message.h"
#include "format/digest.h"
#include "format/json.h"
#include "format/timestamp.h"
#include "system/atomic_file.h"
#include "system/directory.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FORMAT 1
#define FILE_MAX 8192
#define NAME_MAX_LENGTH 24

static bool open_directory(const char *state_directory, int *ret_fd, struct error *err)
{
	struct strbuf path cleanup_strbuf = STRBUF_INIT;

	strbuf_printf(&path, "%s/work/confirm", state_directory);
	return trusted_directory_open(strbuf_text(&path), ret_fd, err);
}

static void file_name(uint32_t uid, char name[NAME_MAX_LENGTH])
{
	(void)snprintf(name, NAME_MAX_LENGTH, "%" PRIu32 ".json", uid);
}

/* ---------------------------------------------------------------- read */

static bool read_text(const struct json *json, const char *key, struct arena *arena, const char **ret_text)
{
	const char *text = json_get_text(json, key);

	*ret_text = text ? arena_strdup(arena, text) : "";
	return text && *text;
}

static bool read_item(const struct json *json, struct arena *arena, struct confirmation *confirmation)
{
	struct confirmation_item item = {.destination = ""};

	if (confirmation->count == REQUEST_DESTINATIONS_MAX || !read_text(json, "destination", arena, &item.destination) ||
		!read_text(json, "token_sha256", arena, &item.token_digest) || !digest_is_valid(item.token_digest) ||
		!json_boolean(json_get(json, "confirmed"), &item.confirmed))
		return false;
	confirmation->items[confirmation->count++] = item;
	return true;
}

static bool read_document(const struct json *json, struct arena *arena, struct confirmation *confirmation)
{
	const struct json *items = json_get(json, "destinations");
	const char *expires = json_get_text(json, "expires_at");
	int64_t format;
	int64_t uid;

	if (!json_integer(json_get(json, "format"), &format) || format != FORMAT ||
		!json_integer(json_get(json, "uid"), &uid) || uid != (int64_t)confirmation->uid ||
		!read_text(json, "request_id", arena, &confirmation->request_id) ||
		!read_text(json, "approved_by", arena, &confirmation->approved_by) || !expires ||
		!timestamp_parse(expires, &confirmation->expires) || !json_is_array(items))
		return false;
	for (const struct json *item = json_first(items); item; item = json_next(item)) {
		if (!read_item(item, arena, confirmation))
			return false;
	}
	return confirmation->count > 0;
}

static bool parse(const char *text, size_t length, struct arena *arena, struct confirmation *confirmation)
{
	static const struct json_rules rules = {.bytes = FILE_MAX, .depth = 4};
	struct json *json cleanup_json = NULL;
	struct error ignored;

	return json_parse(text, length, &rules, &json, &ignored) && read_document(json, arena, confirmation);
}

enum lookup_result confirmation_read(const char *state_directory, uint32_t uid, struct arena *arena,
	struct confirmation *ret_confirmation, struct error *err)
{
	struct confirmation confirmation = {.uid = uid};
	int directory cleanup_close = -1;
	char name[NAME_MAX_LENGTH];
	enum lookup_result found;
	const char *text = "";
	size_t length = 0;

	file_name(uid, name);
	if (!open_directory(state_directory, &directory, err))
		return LOOKUP_FAILED;
	found = trusted_file_read(directory, name, FILE_MAX, arena, &text, &length, err);
	if (found != LOOKUP_FOUND)
		return found;
	if (!parse(text, length, arena, &confirmation))
		return LOOKUP_NOT_FOUND;
	*ret_confirmation = confirmation;
	return LOOKUP_FOUND;
}

/* ---------------------------------------------------------------- write */

static void print(const struct confirmation *confirmation, struct strbuf *buffer)
{
	struct json *json cleanup_json = json_new_object();
	char expires[TIMESTAMP_LENGTH + 1];
	struct json *items;

	timestamp_format(confirmation->expires, expires);
	json_set_integer(json, "format", FORMAT);
	json_set_integer(json, "uid", confirmation->uid);
	json_set_text(json, "request_id", confirmation->request_id);
	json_set_text(json, "approved_by", confirmation->approved_by);
	json_set_text(json, "expires_at", expires);
	items = json_set(json, "destinations", json_new_array());
	for (size_t i = 0; i < confirmation->count; i++) {
		struct json *item = json_add(items, json_new_object());

		json_set_text(item, "destination", confirmation->items[i].destination);
		json_set_text(item, "token_sha256", confirmation->items[i].token_digest);
		json_set_boolean(item, "confirmed", confirmation->items[i].confirmed);
	}
	json_print(json, buffer);
	strbuf_append_char(buffer, '\n');
}

bool confirmation_write(const char *state_directory, const struct confirmation *confirmation, struct error *err)
{
	static const struct atomic_file_settings settings = {.mode = 0600};
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	int directory cleanup_close = -1;
	char name[NAME_MAX_LENGTH];

	file_name(confirmation->uid, name);
	print(confirmation, &text);
	return open_directory(state_directory, &directory, err) &&
	       atomic_file_replace(directory, name, &settings, text.text, text.length, err);
}

bool confirmation_remove(const char *state_directory, uint32_t uid, struct error *err)
{
	int directory cleanup_close = -1;
	char name[NAME_MAX_LENGTH];

	file_name(uid, name);
	if (!open_directory(state_directory, &directory, err))
		return false;
	if (unlinkat(directory, name, 0) == 0)
		return directory_sync(directory, "work/confirm", err);
	if (errno == ENOENT)
		return true;
	return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot remove work/confirm/%s"), name);
}
