#include "format/request_file.h"

#include "base/ascii.h"
#include "format/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define IGNORED_PREFIX "x-"
#define TOOL_MAX 40

/* One file that is being read. */
struct reading {
	const struct json *document;
	struct request_record record;
	char *detail;
	bool bad_destination;
};

static enum request_fault refuse(const struct reading *reading, enum request_fault fault,
	const char *detail)
{
	size_t length = strnlen(detail, REQUEST_DETAIL_SIZE - 1);

	memcpy(reading->detail, detail, length);
	reading->detail[length] = '\0';
	return fault;
}

/* ---- values; each returns false when the value breaks the format */

static bool copy_text(const struct json *value, char *target, size_t size)
{
	const char *text = json_text(value);

	if (!text || !request_text_is_plain(text, size - 1))
		return false;
	memcpy(target, text, strlen(text) + 1);
	return true;
}

static bool read_kind(struct reading *reading, const struct json *value)
{
	const char *text = json_text(value);
	enum request_kind kind;

	/* The op alone decides; a kind that does not fit it is the fault of the op. */
	(void)reading;
	return text && request_kind_parse(text, &kind);
}

static bool read_op(struct reading *reading, const struct json *value)
{
	const char *text = json_text(value);
	const char *kind = json_get_text(reading->document, "kind");

	if (!text || !kind || !request_op_parse(text, &reading->record.op))
		return false;
	return strcmp(kind, request_kind_name(request_op_kind(reading->record.op))) == 0;
}

static bool read_nonce(struct reading *reading, const struct json *value)
{
	return copy_text(value, reading->record.nonce, sizeof(reading->record.nonce));
}

static bool read_uid(struct reading *reading, const struct json *value)
{
	int64_t uid;

	if (!json_integer(value, &uid) || uid < 1 || uid > (int64_t)UINT32_MAX)
		return false;
	reading->record.uid = (uint32_t)uid;
	return true;
}

static bool read_username(struct reading *reading, const struct json *value)
{
	return copy_text(value, reading->record.username, sizeof(reading->record.username)) &&
	       reading->record.username[0] != '\0';
}

/* What the grammar refuses is kept for people to look at, cut where it must be. */
static bool read_destination(struct reading *reading, const struct json *value)
{
	struct request_record *record = &reading->record;
	const char *text = json_text(value);
	char *target;

	if (!text || record->destination_count == REQUEST_DESTINATIONS_MAX)
		return false;
	target = record->destinations[record->destination_count];
	if (email_address_check(text) == EMAIL_OK) {
		email_address_canonical(text, target);
	} else {
		(void)snprintf(target, sizeof(record->destinations[0]), "%s", text);
		if (!reading->bad_destination)
			refuse(reading, REQUEST_FAULT_DESTINATION, text);
		reading->bad_destination = true;
	}
	for (size_t i = 0; i < record->destination_count; i++) {
		if (ascii_equal_nocase(record->destinations[i], target))
			return false;
	}
	record->destination_count++;
	return true;
}

static bool read_destinations(struct reading *reading, const struct json *value)
{
	if (!json_is_array(value))
		return false;
	for (const struct json *item = json_first(value); item; item = json_next(item)) {
		if (!read_destination(reading, item))
			return false;
	}
	return reading->record.destination_count > 0;
}

static bool read_keep_copy(struct reading *reading, const struct json *value)
{
	return json_boolean(value, &reading->record.keep_copy);
}

static bool read_note(struct reading *reading, const struct json *value)
{
	return copy_text(value, reading->record.note, sizeof(reading->record.note));
}

static bool read_token(struct reading *reading, const struct json *value)
{
	return copy_text(value, reading->record.token, sizeof(reading->record.token));
}

static bool read_language(struct reading *reading, const struct json *value)
{
	return copy_text(value, reading->record.language, sizeof(reading->record.language));
}

static bool read_created(struct reading *reading, const struct json *value)
{
	const char *text = json_text(value);

	return text && timestamp_parse(text, &reading->record.created);
}

/* For display only, and not displayed yet: checked, not kept. */
static bool read_tool(struct reading *reading, const struct json *value)
{
	const char *text = json_text(value);

	(void)reading;
	if (!text || strnlen(text, TOOL_MAX + 1) > TOOL_MAX)
		return false;
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			return false;
	}
	return true;
}

/* ---- fields */

enum field_scope {
	OF_ALL,
	OF_SET,
	OF_CONFIRM,
};

/* In the order of reading: "op" decides whether those of one op must be there or must not. */
static const struct file_field {
	const char *key;
	bool (*read)(struct reading *reading, const struct json *value);
	enum field_scope scope;
} file_fields[] = {
	{"kind", read_kind, OF_ALL},
	{"op", read_op, OF_ALL},
	{"nonce", read_nonce, OF_ALL},
	{"uid", read_uid, OF_ALL},
	{"username", read_username, OF_ALL},
	{"destinations", read_destinations, OF_SET},
	{"keep_copy", read_keep_copy, OF_SET},
	{"note", read_note, OF_SET},
	{"token", read_token, OF_CONFIRM},
	{"lang", read_language, OF_ALL},
	{"created_at", read_created, OF_ALL},
	{"tool", read_tool, OF_ALL},
};

static bool is_of_op(const struct file_field *field, enum request_op op)
{
	return field->scope == OF_ALL || (field->scope == OF_SET && op == REQUEST_SET) ||
	       (field->scope == OF_CONFIRM && op == REQUEST_CONFIRM);
}

static bool is_known(const char *key)
{
	if (strcmp(key, "format") == 0 || strncmp(key, IGNORED_PREFIX, strlen(IGNORED_PREFIX)) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LENGTH(file_fields); i++) {
		if (strcmp(key, file_fields[i].key) == 0)
			return true;
	}
	return false;
}

static enum request_fault check_format(const struct reading *reading)
{
	char number[32];
	int64_t format;

	if (!json_integer(json_get(reading->document, "format"), &format))
		return refuse(reading, REQUEST_FAULT_FIELD, "format");
	if (format == REQUEST_FORMAT)
		return REQUEST_FAULT_NONE;
	(void)snprintf(number, sizeof(number), "format %" PRId64, format);
	return refuse(reading, format > REQUEST_FORMAT ? REQUEST_FAULT_NEWER : REQUEST_FAULT_FORMAT,
		number);
}

static enum request_fault check_names(const struct reading *reading)
{
	const struct json *member = json_first(reading->document);

	for (; member; member = json_next(member)) {
		if (!is_known(json_key(member)))
			return refuse(reading, REQUEST_FAULT_UNKNOWN, json_key(member));
	}
	return REQUEST_FAULT_NONE;
}

static enum request_fault read_fields(struct reading *reading)
{
	for (size_t i = 0; i < ARRAY_LENGTH(file_fields); i++) {
		const struct file_field *field = &file_fields[i];
		const struct json *value = json_get(reading->document, field->key);

		if (!is_of_op(field, reading->record.op)) {
			if (value)
				return refuse(reading, REQUEST_FAULT_FIELD, field->key);
			continue;
		}
		if (!value || !field->read(reading, value))
			return refuse(reading, REQUEST_FAULT_FIELD, field->key);
	}
	return REQUEST_FAULT_NONE;
}

/*
 * Holds the record against the rules that the writer has. Username and destinations have codes of
 * their own, so stand-ins take their place.
 */
static enum request_fault check_rules(const struct reading *reading)
{
	struct request_record probe = reading->record;
	const char *field;

	(void)snprintf(probe.username, sizeof(probe.username), "member");
	if (reading->bad_destination) {
		probe.destination_count = 1;
		(void)snprintf(probe.destinations[0], sizeof(probe.destinations[0]), "a@b.example");
	}
	if (!request_record_validate(&probe, &field))
		return refuse(reading, REQUEST_FAULT_FIELD, field);
	return REQUEST_FAULT_NONE;
}

static enum request_fault read_document(struct reading *reading)
{
	enum request_fault fault = check_format(reading);

	if (fault == REQUEST_FAULT_NONE)
		fault = check_names(reading);
	if (fault == REQUEST_FAULT_NONE)
		fault = read_fields(reading);
	if (fault == REQUEST_FAULT_NONE)
		fault = check_rules(reading);
	if (fault == REQUEST_FAULT_NONE && reading->bad_destination)
		fault = REQUEST_FAULT_DESTINATION;
	return fault;
}

enum request_fault request_file_parse(const char *text, size_t length,
	struct request_record *ret_record, char detail[REQUEST_DETAIL_SIZE])
{
	static const struct json_rules rules = {.bytes = REQUEST_FILE_MAX, .depth = 3};
	struct json *document cleanup_json = NULL;
	struct reading reading = {.detail = detail};
	enum request_fault fault;
	struct error err;

	detail[0] = '\0';
	if (length < REQUEST_FILE_MIN)
		return refuse(&reading, REQUEST_FAULT_SYNTAX, "too small");
	if (!json_parse(text, length, &rules, &document, &err))
		return refuse(&reading, REQUEST_FAULT_SYNTAX, err.what);
	if (!json_is_object(document))
		return refuse(&reading, REQUEST_FAULT_SYNTAX, "not an object");
	reading.document = document;
	fault = read_document(&reading);
	if (fault == REQUEST_FAULT_NONE || fault == REQUEST_FAULT_DESTINATION)
		*ret_record = reading.record;
	return fault;
}
