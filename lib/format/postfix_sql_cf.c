#include "format/postfix_sql_cf.h"

#include "base/message.h"
#include "base/number.h"
#include "base/strbuf.h"

#include <string.h>

#define BLANKS " \t\r\v\f"

/* ---------------------------------------------------------------- lines */

/* A text from which one line after the other is taken. */
struct line_source {
	const char *at;
	const char *end;
	size_t number; /* of the line that was taken last */
};

static bool next_line(struct line_source *source, const char **ret_line, size_t *ret_length)
{
	const char *newline;

	if (source->at == source->end)
		return false;
	newline = memchr(source->at, '\n', (size_t)(source->end - source->at));
	*ret_line = source->at;
	*ret_length = (size_t)((newline ? newline : source->end) - source->at);
	source->at = newline ? newline + 1 : source->end;
	source->number++;
	return true;
}

static bool is_blank(char byte)
{
	return byte && strchr(BLANKS, byte);
}

/* Empty, all blank, or a comment: neither text nor an end of the text before it. */
static bool is_nothing(const char *line, size_t length)
{
	size_t i = 0;

	while (i < length && is_blank(line[i]))
		i++;
	return i == length || line[i] == '#';
}

/* ---------------------------------------------------------------- items */

static const char *trimmed(struct arena *arena, const char *start, const char *end)
{
	while (start < end && is_blank(*start))
		start++;
	while (end > start && is_blank(end[-1]))
		end--;
	return arena_strndup(arena, start, (size_t)(end - start));
}

static bool fail_line(size_t number, const char *reason, struct error *err)
{
	error_set(err, ERROR_CONFIG, _("line %zu: %s"), number, reason);
	return error_why(err, _("a table's configuration has lines \"name = value\", as mysql_table(5) says"));
}

static bool add_item(struct postfix_sql_cf *cf, const char *line, size_t number, struct arena *arena, struct error *err)
{
	const char *equals = strchr(line, '=');
	const char *name;
	size_t i = 0;

	if (!equals)
		return fail_line(number, _("there is no \"=\""), err);
	name = trimmed(arena, line, equals);
	if (!*name || strpbrk(name, BLANKS))
		return fail_line(number, _("before the \"=\" stands no name"), err);
	while (i < cf->count && strcmp(cf->items[i].name, name) != 0)
		i++;
	if (i == POSTFIX_SQL_CF_NAMES)
		return fail_line(number, _("there are too many names"), err);
	cf->count = i == cf->count ? i + 1 : cf->count;
	cf->items[i].name = name;
	cf->items[i].value = trimmed(arena, equals + 1, equals + strlen(equals));
	return true;
}

/* Adds the logical line that was gathered, if any. */
static bool flush(struct strbuf *line, size_t number, struct arena *arena, struct postfix_sql_cf *cf, struct error *err)
{
	bool added = line->length == 0 || add_item(cf, strbuf_text(line), number, arena, err);

	strbuf_reset(line);
	return added;
}

bool postfix_sql_cf_parse(const char *text, size_t length, struct arena *arena, struct postfix_sql_cf *ret_cf,
	struct error *err)
{
	struct line_source source = {.at = text, .end = text + length};
	struct strbuf logical cleanup_strbuf = STRBUF_INIT;
	struct postfix_sql_cf cf = {.count = 0};
	const char *line;
	size_t line_length;
	size_t first = 0; /* line of the logical one */

	if (memchr(text, '\0', length))
		return error_set(err, ERROR_CONFIG, _("there is a NUL byte in it"));
	while (next_line(&source, &line, &line_length)) {
		if (is_nothing(line, line_length))
			continue;
		if (!is_blank(*line)) {
			if (!flush(&logical, first, arena, &cf, err))
				return false;
			first = source.number;
		} else if (logical.length == 0) {
			return fail_line(source.number, _("it goes on with a line that is not there"), err);
		}
		strbuf_append(&logical, line, line_length);
	}
	if (!flush(&logical, first, arena, &cf, err))
		return false;
	*ret_cf = cf;
	return true;
}

const char *postfix_sql_cf_get(const struct postfix_sql_cf *cf, const char *name)
{
	for (size_t i = 0; i < cf->count; i++) {
		if (strcmp(cf->items[i].name, name) == 0)
			return cf->items[i].value;
	}
	return NULL;
}

/* ---------------------------------------------------------------- hosts */

static bool parse_port(const char *text, int64_t *ret_port)
{
	return parse_int64(text, ret_port) && *ret_port >= 1 && *ret_port <= 65535;
}

/* "host", "host:port", "[address]", "[address]:port". */
static bool parse_inet(const char *text, struct arena *arena, struct postfix_sql_host *host)
{
	bool bracketed = *text == '[';
	const char *start = text + bracketed;
	size_t length = strcspn(start, bracketed ? "]" : ":");
	const char *rest = start + length;

	if (length == 0 || (bracketed && *rest != ']'))
		return false;
	rest += bracketed;
	host->host = arena_strndup(arena, start, length);
	return *rest == '\0' || (*rest == ':' && parse_port(rest + 1, &host->port));
}

bool postfix_sql_host_parse(const char *hosts, struct arena *arena, struct postfix_sql_host *ret_host)
{
	struct postfix_sql_host host = {.socket = "", .host = ""};
	const char *start = hosts + strspn(hosts, BLANKS ",");
	const char *text = arena_strndup(arena, start, strcspn(start, BLANKS ","));

	if (strncmp(text, "unix:", 5) == 0) {
		host.socket = text + 5;
		if (*host.socket != '/')
			return false;
	} else if (!parse_inet(strncmp(text, "inet:", 5) == 0 ? text + 5 : text, arena, &host)) {
		return false;
	}
	*ret_host = host;
	return true;
}
