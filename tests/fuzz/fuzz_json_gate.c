/* What passes the gate is read by cJSON and printed back to something that passes again, to the
 * same bytes. */
#include "format/json.h"

#include "fuzz.h"

static const struct json_rules strict = {.bytes = 1 << 20, .depth = 16};
static const struct json_rules commented = {.bytes = 1 << 20, .depth = 16, .comments = true};

static void check_print(const struct json *document)
{
	struct strbuf first cleanup_strbuf = STRBUF_INIT;
	struct strbuf second cleanup_strbuf = STRBUF_INIT;
	struct strbuf pretty cleanup_strbuf = STRBUF_INIT;
	struct json *again cleanup_json = NULL;
	struct json *from_pretty cleanup_json = NULL;
	struct error err;

	json_print(document, &first);
	insist(json_parse(first.text, first.length, &strict, &again, &err));
	json_print(again, &second);
	insist(first.length == second.length && memcmp(first.text, second.text, first.length) == 0);
	json_print_pretty(document, &pretty);
	insist(json_parse(pretty.text, pretty.length, &strict, &from_pretty, &err));
	strbuf_reset(&second);
	json_print(from_pretty, &second);
	insist(first.length == second.length && memcmp(first.text, second.text, first.length) == 0);
}

static bool check_rules(const char *text, size_t length, const struct json_rules *rules)
{
	struct json *document cleanup_json = NULL;
	struct json_fault fault = {NULL, 0, 0};
	struct error err;

	if (!json_gate(text, length, rules, &fault)) {
		insist(fault.reason && fault.line > 0 && fault.column > 0);
		insist(fault.column <= length + 1);
		insist(!json_parse(text, length, rules, &document, &err));
		return false;
	}
	insist(json_parse(text, length, rules, &document, &err));
	check_print(document);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const char *text = (const char *)bytes;
	bool passed = check_rules(text, length, &strict);
	bool passed_commented = check_rules(text, length, &commented);
	char *blanked;

	insist(passed_commented || !passed);
	if (!passed_commented)
		return 0;
	/* Blanking leaves JSON, of the same length. */
	blanked = malloc(length);
	insist(blanked != NULL);
	memcpy(blanked, text, length);
	json_blank_comments(blanked, length);
	insist(check_rules(blanked, length, &commented));
	free(blanked);
	return 0;
}
