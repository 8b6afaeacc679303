#include "format/request_record.h"

#include "base/ascii.h"
#include "base/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define UID_LAST UINT32_C(4294967293) /* above it: overflow uid and "no change" */
#define RECORD_FIELD "record"	      /* at fault: the shape of the whole */

static const char *const kind_names[] = {
	[REQUEST_ALIAS] = "alias",
	[REQUEST_ALIAS_STATE] = "alias-state",
};

static const char *const op_names[] = {
	[REQUEST_SET] = N_("set"),
	[REQUEST_PAUSE] = N_("pause"),
	[REQUEST_RESUME] = N_("resume"),
	[REQUEST_REMOVE] = N_("remove"),
	[REQUEST_CONFIRM] = N_("confirm"),
};

/* ---------------------------------------------------------------- names */

const char *request_kind_name(enum request_kind kind)
{
	return kind_names[kind];
}

bool request_kind_parse(const char *name, enum request_kind *ret_kind)
{
	for (size_t i = 0; i < ARRAY_LENGTH(kind_names); i++) {
		if (strcmp(name, kind_names[i]) == 0) {
			*ret_kind = (enum request_kind)i;
			return true;
		}
	}
	return false;
}

const char *request_op_name(enum request_op op)
{
	return op_names[op];
}

bool request_op_parse(const char *name, enum request_op *ret_op)
{
	for (size_t i = 0; i < ARRAY_LENGTH(op_names); i++) {
		if (strcmp(name, op_names[i]) == 0) {
			*ret_op = (enum request_op)i;
			return true;
		}
	}
	return false;
}

enum request_kind request_op_kind(enum request_op op)
{
	return op == REQUEST_SET ? REQUEST_ALIAS : REQUEST_ALIAS_STATE;
}

void request_name(uint32_t uid, enum request_kind kind, char ret_name[REQUEST_NAME_MAX])
{
	(void)snprintf(ret_name, REQUEST_NAME_MAX, "%" PRIu32 ".%s.json", uid, kind_names[kind]);
}

bool request_name_parse(const char *name, uint32_t *ret_uid, enum request_kind *ret_kind)
{
	uint64_t uid = 0;

	for (size_t i = 0; i < 10 && ascii_is_digit(name[i]); i++)
		uid = uid * 10 + (uint64_t)(name[i] - '0');
	if (uid == 0 || uid > UID_LAST)
		return false;
	/* Compared with what the writer would write: no leading zeros, no other spelling. */
	for (size_t i = 0; i < ARRAY_LENGTH(kind_names); i++) {
		char expected[REQUEST_NAME_MAX];

		request_name((uint32_t)uid, (enum request_kind)i, expected);
		if (strcmp(name, expected) == 0) {
			*ret_uid = (uint32_t)uid;
			*ret_kind = (enum request_kind)i;
			return true;
		}
	}
	return false;
}

/* ---------------------------------------------------------------- rules */

/* RFC 3629's well-formed sequences but for control characters: U+0080 to U+009F begin with C2. */
static const struct utf8_rule {
	unsigned char first_low;
	unsigned char first_high;
	unsigned char second_low;
	unsigned char second_high;
	size_t length;
} utf8_rules[] = {
	{0x20, 0x7e, 0x00, 0x00, 1},
	{0xc2, 0xc2, 0xa0, 0xbf, 2},
	{0xc3, 0xdf, 0x80, 0xbf, 2},
	{0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3},
	{0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4},
	{0xf4, 0xf4, 0x80, 0x8f, 4},
};

static bool matches(const struct utf8_rule *rule, const unsigned char *bytes)
{
	if (bytes[0] < rule->first_low || bytes[0] > rule->first_high)
		return false;
	if (rule->length > 1 && (bytes[1] < rule->second_low || bytes[1] > rule->second_high))
		return false;
	for (size_t i = 2; i < rule->length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return false;
	}
	return true;
}

/* The length of the plain character at the start of a terminated text; 0 when there is none. */
static size_t plain_character(const char *text)
{
	for (size_t i = 0; i < ARRAY_LENGTH(utf8_rules); i++) {
		if (matches(&utf8_rules[i], (const unsigned char *)text))
			return utf8_rules[i].length;
	}
	return 0;
}

bool request_text_is_plain(const char *text, size_t limit)
{
	if (strnlen(text, limit + 1) > limit)
		return false;
	while (*text) {
		size_t length = plain_character(text);

		if (length == 0)
			return false;
		text += length;
	}
	return true;
}

static bool is_language(const char *text)
{
	if (!ascii_is_lower(text[0]) || !ascii_is_lower(text[1]))
		return false;
	if (text[2] == '\0')
		return true;
	return text[2] == '_' && ascii_is_upper(text[3]) && ascii_is_upper(text[4]) &&
	       text[5] == '\0';
}

static bool is_hex(const char *text, size_t digits)
{
	size_t length = strspn(text, "0123456789abcdef");

	return length == digits && text[length] == '\0';
}

bool request_token_is_valid(const char *text)
{
	return is_hex(text, REQUEST_TOKEN_LENGTH);
}

static bool are_destinations(const struct request_record *record)
{
	if (record->destination_count < 1 || record->destination_count > REQUEST_DESTINATIONS_MAX)
		return false;
	for (size_t i = 0; i < record->destination_count; i++) {
		if (email_address_check(record->destinations[i]) != EMAIL_OK)
			return false;
		for (size_t j = 0; j < i; j++) {
			if (email_address_equal(record->destinations[i], record->destinations[j]))
				return false;
		}
	}
	return true;
}

static bool fault_in(const char **ret_field, const char *field)
{
	*ret_field = field;
	return false;
}

bool request_record_validate_wish(const struct request_record *record, const char **ret_field)
{
	bool is_set = record->op == REQUEST_SET;

	if ((unsigned)record->op >= ARRAY_LENGTH(op_names))
		return fault_in(ret_field, "op");
	if (!username_is_valid(record->username))
		return fault_in(ret_field, "user");
	if (is_set ? !are_destinations(record) : record->destination_count != 0)
		return fault_in(ret_field, "to");
	if (!is_set && record->keep_copy)
		return fault_in(ret_field, "keep-copy");
	if (!request_text_is_plain(record->note, is_set ? REQUEST_NOTE_MAX : 0))
		return fault_in(ret_field, "note");
	if (record->op == REQUEST_CONFIRM ? !request_token_is_valid(record->token) : record->token[0] != '\0')
		return fault_in(ret_field, "token");
	if (!is_language(record->language))
		return fault_in(ret_field, "lang");
	return true;
}

bool request_record_validate(const struct request_record *record, const char **ret_field)
{
	if (!request_record_validate_wish(record, ret_field))
		return false;
	if (!is_hex(record->nonce, REQUEST_NONCE_LENGTH))
		return fault_in(ret_field, "nonce");
	if (record->uid == 0 || record->uid > UID_LAST)
		return fault_in(ret_field, "uid");
	if (record->created < 0)
		return fault_in(ret_field, "created_at");
	return true;
}

/* ---------------------------------------------------------------- the wire */

static bool read_op(struct request_record *record, const char *value)
{
	return request_op_parse(value, &record->op);
}

static bool read_text(char *target, size_t size, const char *value)
{
	size_t length = strlen(value);

	if (length >= size)
		return false;
	memcpy(target, value, length + 1);
	return true;
}

static bool read_user(struct request_record *record, const char *value)
{
	return read_text(record->username, sizeof(record->username), value);
}

static bool read_destination(struct request_record *record, const char *value)
{
	if (record->destination_count == REQUEST_DESTINATIONS_MAX)
		return false;
	if (email_address_check(value) != EMAIL_OK)
		return false;
	email_address_canonical(value, record->destinations[record->destination_count++]);
	return true;
}

static bool read_keep_copy(struct request_record *record, const char *value)
{
	record->keep_copy = strcmp(value, "yes") == 0;
	return record->keep_copy || strcmp(value, "no") == 0;
}

static bool read_note(struct request_record *record, const char *value)
{
	return read_text(record->note, sizeof(record->note), value);
}

static bool read_token(struct request_record *record, const char *value)
{
	return read_text(record->token, sizeof(record->token), value);
}

static bool read_language(struct request_record *record, const char *value)
{
	return read_text(record->language, sizeof(record->language), value);
}

static const struct wire_field {
	const char *key;
	bool (*read)(struct request_record *record, const char *value);
	bool required;
	bool repeated;
} wire_fields[] = {
	{"op", read_op, true, false},
	{"user", read_user, true, false},
	{"to", read_destination, false, true},
	{"keep-copy", read_keep_copy, false, false},
	{"note", read_note, false, false},
	{"token", read_token, false, false},
	{"lang", read_language, false, false},
};

static const struct wire_field *find_wire_field(const char *key)
{
	for (size_t i = 0; i < ARRAY_LENGTH(wire_fields); i++) {
		if (strcmp(key, wire_fields[i].key) == 0)
			return &wire_fields[i];
	}
	return NULL;
}

/* Reads one terminated line; `seen` has a bit a field. The line is cut in two in place. */
static bool parse_line(struct request_record *record, char *line, unsigned *seen,
	const char **ret_field)
{
	const struct wire_field *field;
	char *blank = strchr(line, ' ');
	unsigned bit;

	if (!blank)
		return fault_in(ret_field, RECORD_FIELD);
	*blank = '\0';
	field = find_wire_field(line);
	if (!field)
		return fault_in(ret_field, RECORD_FIELD);
	bit = 1U << (field - wire_fields);
	if ((*seen & bit && !field->repeated) || !field->read(record, blank + 1))
		return fault_in(ret_field, field->key);
	*seen |= bit;
	return true;
}

bool request_record_parse(const char *text, size_t length, struct request_record *ret_record,
	const char **ret_field)
{
	struct request_record record = {.language = REQUEST_LANGUAGE_DEFAULT};
	char lines[REQUEST_WIRE_MAX + 1];
	unsigned seen = 0;
	char *end;

	/* A record without its last newline was cut on the way. */
	if (length == 0 || length > REQUEST_WIRE_MAX || text[length - 1] != '\n' ||
		memchr(text, '\0', length))
		return fault_in(ret_field, RECORD_FIELD);
	memcpy(lines, text, length);
	lines[length] = '\0';
	for (char *line = lines; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return fault_in(ret_field, RECORD_FIELD);
		*end = '\0';
		if (!parse_line(&record, line, &seen, ret_field))
			return false;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(wire_fields); i++) {
		if (wire_fields[i].required && !(seen & 1U << i))
			return fault_in(ret_field, wire_fields[i].key);
	}
	if (!request_record_validate_wish(&record, ret_field))
		return false;
	*ret_record = record;
	return true;
}

/* ---------------------------------------------------------------- writing */

struct output {
	char *buffer;
	size_t size;
	size_t length;
	bool overflow;
};

/* NOLINTNEXTLINE(readability-non-const-parameter): it is written through the struct */
static struct output output_into(char *buffer, size_t size)
{
	return (struct output){buffer, size, 0, size == 0};
}

static void put_bytes(struct output *output, const char *bytes, size_t length)
{
	if (output->overflow || length >= output->size - output->length) {
		output->overflow = true;
		return;
	}
	memcpy(output->buffer + output->length, bytes, length);
	output->length += length;
	output->buffer[output->length] = '\0';
}

static void put(struct output *output, const char *text)
{
	put_bytes(output, text, strlen(text));
}

static size_t output_length(const struct output *output)
{
	return output->overflow ? 0 : output->length;
}

static void put_line(struct output *output, const char *key, const char *value)
{
	put(output, key);
	put(output, " ");
	put(output, value);
	put(output, "\n");
}

size_t request_record_print_wire(const struct request_record *record, char *buffer, size_t size)
{
	struct output output = output_into(buffer, size);

	put_line(&output, "op", op_names[record->op]);
	put_line(&output, "user", record->username);
	for (size_t i = 0; i < record->destination_count; i++)
		put_line(&output, "to", record->destinations[i]);
	if (record->keep_copy)
		put_line(&output, "keep-copy", "yes");
	if (record->note[0])
		put_line(&output, "note", record->note);
	if (record->token[0])
		put_line(&output, "token", record->token);
	put_line(&output, "lang", record->language);
	return output_length(&output);
}

/* Quotes a plain text: it has no control characters, which would need other escapes. */
static void put_quoted(struct output *output, const char *text)
{
	put(output, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			put(output, "\\");
		put_bytes(output, text, 1);
	}
	put(output, "\"");
}

static void put_member(struct output *output, const char *key, const char *text)
{
	put(output, ",");
	put_quoted(output, key);
	put(output, ":");
	put_quoted(output, text);
}

static void put_number(struct output *output, const char *key, uint32_t number)
{
	char digits[16];

	(void)snprintf(digits, sizeof(digits), "%" PRIu32, number);
	put_quoted(output, key);
	put(output, ":");
	put(output, digits);
}

/* The members that only `set` has. */
static void put_alias(struct output *output, const struct request_record *record)
{
	put(output, ",\"destinations\":[");
	for (size_t i = 0; i < record->destination_count; i++) {
		put(output, i > 0 ? "," : "");
		put_quoted(output, record->destinations[i]);
	}
	put(output, record->keep_copy ? "],\"keep_copy\":true" : "],\"keep_copy\":false");
	put_member(output, "note", record->note);
}

size_t request_record_print_json(const struct request_record *record, char *buffer, size_t size)
{
	struct output output = output_into(buffer, size);
	char created[TIMESTAMP_LENGTH + 1];

	timestamp_format(record->created, created);
	put(&output, "{");
	put_number(&output, "format", REQUEST_FORMAT);
	put_member(&output, "kind", kind_names[request_op_kind(record->op)]);
	put_member(&output, "op", op_names[record->op]);
	put_member(&output, "nonce", record->nonce);
	put(&output, ",");
	put_number(&output, "uid", record->uid);
	put_member(&output, "username", record->username);
	if (record->op == REQUEST_SET)
		put_alias(&output, record);
	if (record->op == REQUEST_CONFIRM)
		put_member(&output, "token", record->token);
	put_member(&output, "lang", record->language);
	put_member(&output, "created_at", created);
	put_member(&output, "tool", "postigo-drop/" POSTIGO_VERSION);
	put(&output, "}\n");
	return output_length(&output);
}
