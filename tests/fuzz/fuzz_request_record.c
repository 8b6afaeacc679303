/* What a member's side may send to postigo-drop: what is accepted keeps its meaning, and its JSON is one clean line. */
#include "format/request_record.h"

#include "fuzz.h"

static void check_text_functions(const char *text)
{
	char canonical[EMAIL_ADDRESS_MAX + 1];
	enum request_kind kind;
	int64_t seconds;
	uint32_t uid;

	if (email_address_check(text) == EMAIL_OK) {
		email_address_canonical(text, canonical);
		insist(email_address_check(canonical) == EMAIL_OK);
		insist(email_address_equal(text, canonical));
		insist(strpbrk(canonical, " \t\r\n,;:|/\\\"<>()[]%!") == NULL);
	}
	if (timestamp_parse(text, &seconds)) {
		timestamp_format(seconds, canonical);
		insist(strcmp(text, canonical) == 0);
	}
	if (request_name_parse(text, &uid, &kind)) {
		request_name(uid, kind, canonical);
		insist(strcmp(text, canonical) == 0);
	}
	if (request_text_is_plain(text, 64))
		insist(strlen(text) <= 64);
}

static void check_json(struct request_record *record)
{
	char text[REQUEST_FILE_MAX + 1];
	const char *field;
	size_t length;

	memset(record->nonce, 'a', REQUEST_NONCE_LENGTH);
	record->uid = 20001;
	record->created = 1;
	insist(request_record_validate(record, &field));
	length = request_record_print_json(record, text, sizeof(text));
	insist(length > REQUEST_FILE_MIN && length <= REQUEST_FILE_MAX && text[length - 1] == '\n');
	text[length - 1] = '\0';
	insist(request_text_is_plain(text, REQUEST_FILE_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char wire[REQUEST_WIRE_MAX + 1];
	char rewritten[REQUEST_WIRE_MAX + 1];
	struct request_record record;
	struct request_record again;
	const char *field = NULL;
	char *text = malloc(length + 1);

	insist(text != NULL);
	memcpy(text, bytes, length);
	text[length] = '\0';
	check_text_functions(text);
	if (!request_record_parse(text, length, &record, &field)) {
		insist(field && *field);
		free(text);
		return 0;
	}
	free(text);
	length = request_record_print_wire(&record, wire, sizeof(wire));
	insist(length > 0);
	insist(request_record_parse(wire, length, &again, &field));
	insist(request_record_print_wire(&again, rewritten, sizeof(rewritten)) == length);
	insist(memcmp(wire, rewritten, length) == 0);
	check_json(&record);
	return 0;
}
