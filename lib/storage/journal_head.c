#include "storage/journal_head.h"

#include "base/message.h"
#include "format/json.h"
#include "storage/journal_file.h"
#include "system/atomic_file.h"
#include "system/trusted_file.h"

#include <inttypes.h>
#include <string.h>

#define HEAD_FORMAT 1
#define HEAD_MAX 512

const char journal_no_hash[] = "0000000000000000000000000000000000000000000000000000000000000000";

bool journal_damaged(struct error *err, const char *why)
{
	error_set(err, ERROR_DATABASE, _("the journal of the store is damaged"));
	error_why(err, "%s", why);
	return error_fix(err, _("put back %s and %s from the machine's backup"), JOURNAL_NAME,
		JOURNAL_HEAD_NAME);
}

static bool parse_head(const char *text, size_t length, struct alias_journal *journal,
	struct error *err)
{
	static const struct json_rules rules = {.bytes = HEAD_MAX, .depth = 1};
	struct json *json cleanup_json = NULL;
	const char *hash;
	int64_t format;

	if (!json_parse(text, length, &rules, &json, err))
		return journal_damaged(err, _("its head is no JSON"));
	hash = json_get_text(json, "hash");
	if (!json_integer(json_get(json, "format"), &format) || format != HEAD_FORMAT ||
		!json_integer(json_get(json, "sequence"), &journal->sequence) ||
		!json_integer(json_get(json, "end"), &journal->end) || !hash ||
		!digest_is_valid(hash) || journal->sequence < 0 || journal->end < 0)
		return journal_damaged(err, _("its head has not the expected fields"));
	if ((journal->sequence == 0) != (strcmp(hash, journal_no_hash) == 0) ||
		(journal->sequence == 0 && journal->end != 0))
		return journal_damaged(err, _("its head contradicts itself"));
	memcpy(journal->hash, hash, sizeof(journal->hash));
	journal->acknowledged = journal->sequence;
	return true;
}

bool journal_head_read(struct alias_journal *journal, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text;
	size_t length;

	switch (trusted_file_read(journal->directory, JOURNAL_HEAD_NAME, HEAD_MAX, &arena, &text, &length,
		err)) {
	case LOOKUP_FOUND:
		return parse_head(text, length, journal, err);
	case LOOKUP_NOT_FOUND:
		return journal_damaged(err, _("its head is missing"));
	case LOOKUP_FAILED:
		if (err->code == ERROR_CONFIG || err->code == ERROR_CAPACITY)
			err->code = ERROR_DATABASE;
		return false;
	}
	return false;
}

bool journal_head_write(const struct alias_journal *journal, struct error *err)
{
	static const struct atomic_file_settings settings = {.mode = 0600};
	char text[HEAD_MAX];
	int length = snprintf(text, sizeof(text),
		"{\"format\":%d,\"sequence\":%" PRId64 ",\"hash\":\"%s\",\"end\":%" PRId64 "}\n",
		HEAD_FORMAT, journal->sequence, journal->hash, journal->end);

	return atomic_file_replace(journal->directory, JOURNAL_HEAD_NAME, &settings, text, (size_t)length,
		err);
}
