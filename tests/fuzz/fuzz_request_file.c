/* A queue file of any bytes: what is accepted is a record that the writer could have written. */
#include "format/request_file.h"

#include "fuzz.h"

static void check_record(const struct request_record *record)
{
	struct request_record again;
	char detail[REQUEST_DETAIL_SIZE];
	char text[REQUEST_FILE_MAX + 1];
	const char *field;
	size_t length;

	if (!username_is_valid(record->username))
		return;
	insist(request_record_validate(record, &field));
	length = request_record_print_json(record, text, sizeof(text));
	insist(length > 0);
	insist(request_file_parse(text, length, &again, detail) == REQUEST_FAULT_NONE);
	insist(memcmp(record, &again, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char detail[REQUEST_DETAIL_SIZE];
	struct request_record record;
	enum request_fault fault = request_file_parse((const char *)bytes, length, &record, detail);

	insist(strnlen(detail, sizeof(detail)) < sizeof(detail));
	if (fault == REQUEST_FAULT_NONE || fault == REQUEST_FAULT_DESTINATION) {
		insist(record.destination_count <= REQUEST_DESTINATIONS_MAX);
		insist(strnlen(record.username, USERNAME_MAX + 1) <= USERNAME_MAX);
	}
	if (fault == REQUEST_FAULT_NONE)
		check_record(&record);
	return 0;
}
