#include "format/alias_line.h"

#include "base/ascii.h"
#include "format/email_address.h"
#include "format/timestamp.h"
#include "format/username.h"

#include <string.h>

#define REQUEST_DIGITS 32
#define SOURCE_MAX 32
#define FIELD_MAX 64 /* bytes of a field that is judged as a terminated text */
#define UID_DIGITS 10

struct scan {
	const char *at;
	const char *end;
};

bool alias_request_id_is_valid(const char *id)
{
	size_t uid = 0;
	size_t length;

	if (*id == '\0')
		return true;
	while (ascii_is_digit(id[uid]))
		uid++;
	if (uid < 1 || uid > UID_DIGITS || id[0] == '0' || id[uid] != '-')
		return false;
	id += uid + 1;
	for (length = 0; ascii_is_digit(id[length]) || (id[length] >= 'a' && id[length] <= 'f');)
		length++;
	return length == REQUEST_DIGITS && id[length] == '\0';
}

bool alias_source_is_valid(const char *source)
{
	size_t length = 0;

	while (ascii_is_lower(source[length]) || ascii_is_digit(source[length]) ||
		source[length] == '-')
		length++;
	return length >= 1 && length <= SOURCE_MAX && source[length] == '\0';
}

static bool starts_with(const struct scan *scan, const char *token, size_t length)
{
	return (size_t)(scan->end - scan->at) >= length && memcmp(scan->at, token, length) == 0;
}

/* Steps over a literal when it comes next. Its length is known where it is compared: a dozen calls
 * of memcmp() would cost as much as the rest. */
#define SKIP(scan, token)                                                                          \
	((size_t)((scan)->end - (scan)->at) >= sizeof(token) - 1 &&                                \
		memcmp((scan)->at, token, sizeof(token) - 1) == 0 &&                               \
		((scan)->at += sizeof(token) - 1))

/* The bytes up to the closing quote, and over that. Their grammar is the caller's. */
static bool scan_span(struct scan *scan, struct span *ret_text)
{
	size_t left = (size_t)(scan->end - scan->at);
	size_t most = left < ALIAS_TEXT_MAX + 1 ? left : ALIAS_TEXT_MAX + 1;
	const char *quote = most > 0 ? memchr(scan->at, '"', most) : NULL;

	if (!quote)
		return false;
	*ret_text = (struct span){scan->at, (size_t)(quote - scan->at)};
	scan->at = quote + 1;
	return true;
}

/* A text for people: here only what is the same byte by byte in JSON and outside. */
static bool scan_text(struct scan *scan, struct span *ret_text)
{
	struct span text;

	if (!scan_span(scan, &text))
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (text.bytes[i] < ' ' || text.bytes[i] > '~' || text.bytes[i] == '\\')
			return false;
	}
	*ret_text = text;
	return true;
}

/* A text for a judge that wants it terminated. */
static bool scan_field(struct scan *scan, bool (*is_valid)(const char *), struct span *ret_text)
{
	char text[FIELD_MAX + 1];
	struct span field;

	if (!scan_span(scan, &field) || field.length > FIELD_MAX)
		return false;
	memcpy(text, field.bytes, field.length);
	text[field.length] = '\0';
	if (strlen(text) != field.length || !is_valid(text))
		return false;
	*ret_text = field;
	return true;
}

static bool scan_time(struct scan *scan, int64_t *ret_seconds)
{
	char text[TIMESTAMP_LENGTH + 1];

	if (scan->end - scan->at <= TIMESTAMP_LENGTH || scan->at[TIMESTAMP_LENGTH] != '"')
		return false;
	memcpy(text, scan->at, TIMESTAMP_LENGTH);
	text[TIMESTAMP_LENGTH] = '\0';
	scan->at += TIMESTAMP_LENGTH + 1;
	return timestamp_parse(text, ret_seconds);
}

static bool scan_uid(struct scan *scan, uint32_t *ret_uid)
{
	const char *start = scan->at;
	uint64_t uid = 0;

	while (scan->at < scan->end && ascii_is_digit(*scan->at) && scan->at - start < UID_DIGITS)
		uid = uid * 10 + (uint64_t)(*scan->at++ - '0');
	if (scan->at == start || *start == '0' || uid >= UINT32_MAX)
		return false;
	*ret_uid = (uint32_t)uid;
	return true;
}

static bool scan_address(struct scan *scan, struct span *ret_address)
{
	struct span address;

	if (!scan_span(scan, &address) || email_address_check_span(address) != EMAIL_OK ||
		!email_address_is_canonical(address))
		return false;
	*ret_address = address;
	return true;
}

static bool equal_nocase(struct span left, struct span right)
{
	if (left.length != right.length)
		return false;
	for (size_t i = 0; i < left.length; i++) {
		if (ascii_to_lower(left.bytes[i]) != ascii_to_lower(right.bytes[i]))
			return false;
	}
	return true;
}

static bool scan_destination(struct scan *scan, struct alias_line *line)
{
	struct span address;

	if (line->destination_count == ALIAS_DESTINATIONS_MAX || !SKIP(scan, "\"") ||
		!scan_address(scan, &address))
		return false;
	for (size_t i = 0; i < line->destination_count; i++) {
		if (equal_nocase(line->destinations[i], address))
			return false;
	}
	line->destinations[line->destination_count++] = address;
	return true;
}

static bool scan_destinations(struct scan *scan, struct alias_line *line)
{
	do {
		if (!scan_destination(scan, line))
			return false;
	} while (SKIP(scan, ","));
	return SKIP(scan, "]");
}

static bool scan_keep_copy(struct scan *scan, struct alias_line *line)
{
	line->keep_copy = SKIP(scan, "true");
	return line->keep_copy || SKIP(scan, "false");
}

static bool scan_status(struct scan *scan, struct alias_line *line)
{
	for (enum alias_status status = ALIAS_ACTIVE; status <= ALIAS_PAUSED; status++) {
		const char *name = alias_status_name(status);
		size_t length = strlen(name);

		if (starts_with(scan, name, length)) {
			line->status = status;
			scan->at += length;
			return SKIP(scan, "\"");
		}
	}
	return false;
}

static bool alias_belongs(const struct alias_line *line)
{
	return line->alias.length > line->username.length &&
	       memcmp(line->alias.bytes, line->username.bytes, line->username.length) == 0 &&
	       line->alias.bytes[line->username.length] == '@';
}

/* Who, and where the mail goes. */
static bool scan_front(struct scan *scan, struct alias_line *line)
{
	return SKIP(scan, "{\"uid\":") && scan_uid(scan, &line->uid) &&
	       SKIP(scan, ",\"username\":\"") &&
	       scan_field(scan, username_is_valid, &line->username) &&
	       SKIP(scan, ",\"alias\":\"") && scan_address(scan, &line->alias) &&
	       alias_belongs(line) && SKIP(scan, ",\"destinations\":[") &&
	       scan_destinations(scan, line) && SKIP(scan, ",\"keep_copy\":") &&
	       scan_keep_copy(scan, line) && SKIP(scan, ",\"status\":\"") &&
	       scan_status(scan, line);
}

/* "Never" is the absent member; the epoch would be a second way to write it. */
static bool scan_expiry(struct scan *scan, struct alias_line *line)
{
	return !SKIP(scan, ",\"expires_at\":\"") ||
	       (scan_time(scan, &line->expires) && line->expires > 0);
}

static bool scan_orphan(struct scan *scan, struct alias_line *line)
{
	return !SKIP(scan, ",\"orphaned_at\":\"") ||
	       (scan_time(scan, &line->orphaned) && line->orphaned > 0);
}

/* Most entries were never changed: then the time is the one that was read just now. */
static bool scan_update(struct scan *scan, struct alias_line *line, const char *created)
{
	if (starts_with(scan, created, TIMESTAMP_LENGTH + 1)) {
		scan->at += TIMESTAMP_LENGTH + 1;
		line->updated = line->created;
		return true;
	}
	return scan_time(scan, &line->updated);
}

/* When, and by whom. */
static bool scan_back(struct scan *scan, struct alias_line *line)
{
	const char *created = scan->at + sizeof(",\"created_at\":\"") - 1;

	return SKIP(scan, ",\"created_at\":\"") && scan_time(scan, &line->created) &&
	       SKIP(scan, ",\"updated_at\":\"") && scan_update(scan, line, created) &&
	       SKIP(scan, ",\"approved_by\":\"") && scan_text(scan, &line->approved_by) &&
	       SKIP(scan, ",\"request_id\":\"") &&
	       scan_field(scan, alias_request_id_is_valid, &line->request_id) &&
	       scan_expiry(scan, line) && scan_orphan(scan, line) && SKIP(scan, ",\"source\":\"") &&
	       scan_field(scan, alias_source_is_valid, &line->source) &&
	       SKIP(scan, ",\"note\":\"") && scan_text(scan, &line->note) && SKIP(scan, "}");
}

bool alias_line_scan(const char *text, size_t length, struct alias_line *ret_line)
{
	struct scan scan = {text, text + length};
	struct alias_line line = {.destination_count = 0};

	if (length > ALIAS_ENTRY_MAX || !scan_front(&scan, &line) || !scan_back(&scan, &line) ||
		scan.at != scan.end)
		return false;
	*ret_line = line;
	return true;
}

static const char *copy(struct span text, struct arena *arena)
{
	return arena_strndup(arena, text.bytes, text.length);
}

struct alias_entry alias_line_entry(const struct alias_line *line, struct arena *arena)
{
	struct alias_entry entry = {
		.uid = line->uid,
		.username = copy(line->username, arena),
		.alias = copy(line->alias, arena),
		.keep_copy = line->keep_copy,
		.status = line->status,
		.created = line->created,
		.updated = line->updated,
		.approved_by = copy(line->approved_by, arena),
		.request_id = copy(line->request_id, arena),
		.expires = line->expires,
		.orphaned = line->orphaned,
		.source = copy(line->source, arena),
		.note = copy(line->note, arena),
	};

	for (size_t i = 0; i < line->destination_count; i++)
		string_list_add_bytes(&entry.destinations, arena, line->destinations[i].bytes,
			line->destinations[i].length);
	return entry;
}

struct alias_line alias_line_of(const struct alias_entry *entry)
{
	struct alias_line line = {
		.uid = entry->uid,
		.username = span_of(entry->username),
		.alias = span_of(entry->alias),
		.keep_copy = entry->keep_copy,
		.status = entry->status,
		.created = entry->created,
		.updated = entry->updated,
		.approved_by = span_of(entry->approved_by),
		.request_id = span_of(entry->request_id),
		.expires = entry->expires,
		.orphaned = entry->orphaned,
		.source = span_of(entry->source),
		.note = span_of(entry->note),
	};

	for (size_t i = 0; i < entry->destinations.count && i < ALIAS_DESTINATIONS_MAX; i++)
		line.destinations[line.destination_count++] = span_of(entry->destinations.items[i]);
	return line;
}
