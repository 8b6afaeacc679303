#include "storage/alias_store_text.h"

#include "base/message.h"
#include "format/email_address.h"
#include "format/json.h"
#include "format/printable.h"
#include "format/timestamp.h"
#include "format/username.h"
#include "storage/alias_store.h"

#include <inttypes.h>
#include <string.h>

#define HEADER_MAX 1024
#define WRITER_MAX 100
#define LINE_MAX_LENGTH (ALIAS_ENTRY_MAX + USERNAME_MAX + 8)

static const char footer[] = STORE_FOOTER;

/* ---------------------------------------------------------------- header */

void store_header_print(const struct store_header *header, struct strbuf *buffer)
{
	strbuf_printf(buffer,
		"{\"format\":%d,\"generation\":%" PRId64 ",\"domain\":", ALIAS_STORE_FORMAT,
		header->generation);
	json_print_text(header->domain, strlen(header->domain), buffer);
	strbuf_append_text(buffer, ",\"updated_at\":");
	json_print_text(header->updated, strlen(header->updated), buffer);
	strbuf_append_text(buffer, ",\"writer\":");
	json_print_text(header->writer, strlen(header->writer), buffer);
	strbuf_append_text(buffer, ",\"aliases\":{\n");
}

static bool bad_field(struct error *err, const char *key)
{
	error_set(err, ERROR_DATABASE, _("the head of the store has no valid \"%s\""), key);
	return error_field(err, key);
}

static bool parse_format(const struct json *json, struct error *err)
{
	int64_t format;

	if (!json_integer(json_get(json, "format"), &format) || format < 1)
		return bad_field(err, "format");
	if (format > ALIAS_STORE_FORMAT) {
		error_set(err, ERROR_DATABASE, _("the store has format %" PRId64), format);
		return error_fix(err, _("it needs a newer postigo"));
	}
	return true;
}

static bool is_lower_domain(const char *domain)
{
	return email_domain_check(domain) == EMAIL_OK &&
	       domain[strcspn(domain, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

static bool parse_header_members(const struct json *json, struct arena *arena,
	struct store_header *ret_header, struct error *err)
{
	const char *domain = json_get_text(json, "domain");
	const char *updated = json_get_text(json, "updated_at");
	const char *writer = json_get_text(json, "writer");
	int64_t seconds;

	if (!parse_format(json, err))
		return false;
	if (!json_integer(json_get(json, "generation"), &ret_header->generation) ||
		ret_header->generation < 0)
		return bad_field(err, "generation");
	if (!domain || !is_lower_domain(domain))
		return bad_field(err, "domain");
	if (!updated || !timestamp_parse(updated, &seconds))
		return bad_field(err, "updated_at");
	if (!writer || strlen(writer) > WRITER_MAX || !printable_is_clean(writer))
		return bad_field(err, "writer");
	if (!json_is_object(json_get(json, "aliases")))
		return bad_field(err, "aliases");
	if (json_count(json) != 6)
		return error_set(err, ERROR_DATABASE,
			_("the head of the store has unknown members"));
	ret_header->domain = arena_strdup(arena, domain);
	ret_header->updated = arena_strdup(arena, updated);
	ret_header->writer = arena_strdup(arena, writer);
	return true;
}

/* The first line is the start of an object: closed, it parses by itself. */
static bool parse_header(const char *line, size_t length, struct arena *arena,
	struct store_header *ret_header, struct error *err)
{
	static const struct json_rules rules = {.bytes = HEADER_MAX + sizeof(footer), .depth = 2};
	struct strbuf closed cleanup_strbuf = STRBUF_INIT;
	struct strbuf printed cleanup_strbuf = STRBUF_INIT;
	struct json *json cleanup_json = NULL;

	strbuf_append(&closed, line, length);
	strbuf_append_text(&closed, footer);
	if (!json_parse(closed.text, closed.length, &rules, &json, err)) {
		err->code = ERROR_DATABASE;
		return false;
	}
	if (!parse_header_members(json, arena, ret_header, err))
		return false;
	store_header_print(ret_header, &printed);
	if (printed.length != length || memcmp(printed.text, line, length) != 0)
		return error_set(err, ERROR_DATABASE, _("the head of the store is not in form"));
	return true;
}

bool store_text_open(struct store_text *text, const char *bytes, size_t length, struct arena *arena,
	struct error *err)
{
	const size_t footer_length = sizeof(footer) - 1;
	struct store_text opened = {.bytes = bytes};
	const char *newline = memchr(bytes, '\n', length < HEADER_MAX ? length : HEADER_MAX);

	if (!newline)
		return error_set(err, ERROR_DATABASE, _("the store has no head in form"));
	opened.start = (size_t)(newline - bytes) + 1;
	if (!parse_header(bytes, opened.start, arena, &opened.header, err))
		return false;
	if (length < opened.start + footer_length || bytes[length - footer_length - 1] != '\n' ||
		memcmp(bytes + length - footer_length, footer, footer_length) != 0)
		return error_set(err, ERROR_DATABASE,
			_("the store does not end in form: it was cut"));
	opened.end = length - footer_length;
	*text = opened;
	return true;
}

/* ---------------------------------------------------------------- lines */

/* Compares the key of the line at `offset` with `username`, bytewise like strcmp(). */
static int compare_key(const struct store_text *text, size_t offset, const char *username)
{
	for (size_t i = offset + 1; i < text->end && text->bytes[i] != '"'; i++, username++) {
		if (text->bytes[i] != *username || *username == '\0')
			return (unsigned char)text->bytes[i] < (unsigned char)*username ? -1 : 1;
	}
	return *username ? -1 : 0;
}

static size_t line_start(const struct store_text *text, size_t low, size_t offset)
{
	const char *newline = memrchr(text->bytes + low, '\n', offset - low);

	return newline ? (size_t)(newline - text->bytes) + 1 : low;
}

static size_t line_end(const struct store_text *text, size_t offset)
{
	const char *newline = memchr(text->bytes + offset, '\n', text->end - offset);

	return newline ? (size_t)(newline - text->bytes) + 1 : text->end;
}

size_t store_text_position(const struct store_text *text, const char *username)
{
	size_t low = text->start;
	size_t high = text->end;

	while (low < high) {
		size_t line = line_start(text, low, low + (high - low) / 2);

		if (compare_key(text, line, username) < 0)
			low = line_end(text, line);
		else
			high = line;
	}
	return low;
}

size_t store_text_line(const struct store_text *text, size_t offset, const char *username)
{
	if (offset >= text->end || compare_key(text, offset, username) != 0)
		return 0;
	return line_end(text, offset) - offset;
}

static bool bad_line(const struct store_text *text, size_t offset, const char *why,
	struct error *err)
{
	size_t line = 1;

	for (size_t i = 0; i < offset; i++)
		line += text->bytes[i] == '\n';
	error_set(err, ERROR_DATABASE, _("line %zu of the store is damaged"), line);
	return error_why(err, "%s", why);
}

/* The entry must be that of its key, and the alias that of the store's domain. */
static bool check_place(const struct store_text *text, struct span key,
	const struct alias_line *line)
{
	size_t local = line->username.length + 1;

	return span_equal(line->username, key) && line->alias.length > local &&
	       span_equal((struct span){line->alias.bytes + local, line->alias.length - local},
		       span_of(text->header.domain));
}

/* A line of the store, cut into key and value. */
struct raw_line {
	struct span key;
	struct span value;
	size_t offset;
	size_t length; /* with comma and newline */
};

static bool cut_line(const struct store_text *text, size_t offset, struct raw_line *ret_line,
	struct error *err)
{
	const char *line = text->bytes + offset;
	size_t length = line_end(text, offset) - offset;
	bool last = offset + length == text->end;
	size_t tail = last ? 1 : 2; /* newline, or comma and newline */
	const char *quote = length > 1 ? memchr(line + 1, '"', length - 1) : NULL;
	size_t key;

	if (length > LINE_MAX_LENGTH || length < tail + 4 || line[0] != '"' || !quote)
		return bad_line(text, offset, _("it is no entry"), err);
	key = (size_t)(quote - line) - 1;
	if (key + 3 + tail > length || quote[1] != ':' || line[length - 1] != '\n' ||
		(!last && line[length - 2] != ','))
		return bad_line(text, offset, _("it is no entry"), err);
	*ret_line = (struct raw_line){
		.key = {line + 1, key},
		.value = {quote + 2, length - tail - key - 3},
		.offset = offset,
		.length = length,
	};
	return true;
}

static bool misplaced(const struct store_text *text, size_t offset, struct error *err)
{
	return bad_line(text, offset, _("its entry belongs to another name or domain"), err);
}

/* A line in any other layout than the canonical one. */
static bool read_line(const struct store_text *text, const struct raw_line *raw,
	struct arena *arena, struct alias_entry *ret_entry, struct error *err)
{
	struct alias_entry entry;
	struct alias_line line;
	struct error reason;

	if (!alias_entry_parse(raw->value.bytes, raw->value.length, arena, &entry, &reason))
		return bad_line(text, raw->offset, *reason.why ? reason.why : reason.what, err);
	line = alias_line_of(&entry);
	if (!check_place(text, raw->key, &line))
		return misplaced(text, raw->offset, err);
	*ret_entry = entry;
	return true;
}

bool store_text_entry(const struct store_text *text, size_t *offset, struct arena *arena,
	struct alias_entry *ret_entry, struct error *err)
{
	struct raw_line raw = {.offset = 0};

	if (!cut_line(text, *offset, &raw, err) ||
		!read_line(text, &raw, arena, ret_entry, err))
		return false;
	*offset += raw.length;
	return true;
}

bool store_text_next(const struct store_text *text, size_t *offset, struct arena *arena,
	struct alias_line *ret_line, struct error *err)
{
	struct alias_entry entry;
	struct alias_line line;
	struct raw_line raw = {.offset = 0};

	if (!cut_line(text, *offset, &raw, err))
		return false;
	if (alias_line_scan(raw.value.bytes, raw.value.length, &line)) {
		if (!check_place(text, raw.key, &line))
			return misplaced(text, *offset, err);
	} else {
		if (!read_line(text, &raw, arena, &entry, err))
			return false;
		line = alias_line_of(&entry);
	}
	*ret_line = line;
	*offset += raw.length;
	return true;
}

bool store_text_check(const struct store_text *text, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	char previous[USERNAME_MAX + 1] = "";
	size_t offset = text->start;

	while (offset < text->end) {
		size_t line = offset;
		struct alias_entry entry = {.username = ""};

		arena_clear(&arena);
		if (!store_text_entry(text, &offset, &arena, &entry, err))
			return false;
		if (strcmp(previous, entry.username) >= 0)
			return bad_line(text, line, _("it is not in order"), err);
		(void)snprintf(previous, sizeof(previous), "%s", entry.username);
	}
	return true;
}

/* ---------------------------------------------------------------- any layout */

static int compare_members(const void *left, const void *right)
{
	return strcmp(json_key(*(const struct json *const *)left),
		json_key(*(const struct json *const *)right));
}

static const struct json **sort_members(const struct json *object, struct arena *arena,
	size_t *ret_count)
{
	size_t count = json_count(object);
	const struct json **members =
		arena_alloc_array(arena, count + 1, sizeof(const struct json *));
	size_t i = 0;

	for (const struct json *member = json_first(object); member; member = json_next(member))
		members[i++] = member;
	if (count > 1)
		qsort(members, count, sizeof(const struct json *), compare_members);
	*ret_count = count;
	return members;
}

static bool print_member(const struct json *member, const struct store_header *header,
	struct strbuf *buffer, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *key = json_key(member);
	struct alias_entry entry;

	if (!alias_entry_from_json(member, &arena, &entry, err))
		return error_prefix(err, "\"%s\"", printable_text(key, &arena));
	if (strcmp(entry.username, key) != 0 ||
		strcmp(email_address_domain(entry.alias), header->domain) != 0)
		return error_set(err, ERROR_DATABASE,
			_("the entry \"%s\" belongs to another name or domain"),
			printable_text(key, &arena));
	strbuf_printf(buffer, "\"%s\":", key);
	alias_entry_print(&entry, buffer);
	return true;
}

bool store_text_reshape(const char *bytes, size_t length, struct strbuf *buffer, struct error *err)
{
	const struct json_rules rules = {.bytes = length, .depth = 4};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct json *json cleanup_json = NULL;
	struct store_header header;
	const struct json **members;
	size_t count;

	if (!json_parse(bytes, length, &rules, &json, err)) {
		err->code = ERROR_DATABASE;
		return false;
	}
	if (!parse_header_members(json, &arena, &header, err))
		return false;
	store_header_print(&header, buffer);
	members = sort_members(json_get(json, "aliases"), &arena, &count);
	for (size_t i = 0; i < count; i++) {
		if (!print_member(members[i], &header, buffer, err))
			return false;
		strbuf_append_text(buffer, i + 1 < count ? ",\n" : "\n");
	}
	strbuf_append_text(buffer, footer);
	return true;
}
