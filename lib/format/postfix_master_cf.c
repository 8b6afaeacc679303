#include "format/postfix_master_cf.h"

#include "base/strbuf.h"

#include <string.h>

#define FIELDS 8 /* of a service; what follows are arguments */

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\v' || byte == '\f' ||
	       byte == '\0';
}

/* The next word of a logical line: up to a blank that is not inside braces. */
static const char *take_word(const char **rest, struct arena *arena)
{
	const char *start = *rest + strspn(*rest, " \t");
	const char *end = start;
	int depth = 0;

	for (; *end && (depth > 0 || (*end != ' ' && *end != '\t')); end++)
		depth += *end == '{' ? 1 : *end == '}' && depth > 0 ? -1 : 0;
	*rest = end;
	return end > start ? arena_strndup(arena, start, (size_t)(end - start)) : NULL;
}

/* The name in "NAME=VALUE" or "{ NAME = VALUE }". */
static void add_override(struct postfix_service *service, struct arena *arena, const char *word)
{
	size_t length;

	word += strspn(word, "{ \t");
	length = strcspn(word, "= \t}");
	if (length > 0)
		string_list_add_bytes(&service->overrides, arena, word, length);
}

static const char *after(const char *word, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(word, prefix, length) == 0 ? word + length : NULL;
}

static void read_arguments(struct postfix_service *service, const char *rest, struct arena *arena)
{
	const char *word;

	while ((word = take_word(&rest, arena)) != NULL) {
		const char *value = after(word, "user=");

		if (strcmp(word, "-o") == 0) {
			word = take_word(&rest, arena);
			add_override(service, arena, word ? word : "");
		} else if (after(word, "-o")) {
			add_override(service, arena, word + 2);
		} else if (value) {
			service->user = value;
		} else if ((value = after(word, "argv=")) != NULL) {
			service->program = value;
			return; /* all that follows are that program's */
		}
	}
}

static void add_service(struct postfix_master_cf *services, struct arena *arena,
	const struct postfix_service *service)
{
	if (services->count == services->capacity) {
		struct postfix_service *old = services->items;

		services->capacity = services->capacity ? services->capacity * 2 : 32;
		services->items = arena_alloc_array(arena, services->capacity, sizeof(*old));
		if (old)
			memcpy(services->items, old, services->count * sizeof(*old));
	}
	services->items[services->count++] = *service;
}

static bool is_known_type(const char *type)
{
	static const char *const types[] = {"inet", "unix", "unix-dgram", "fifo", "pass"};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		if (strcmp(type, types[i]) == 0)
			return true;
	}
	return false;
}

static void read_line(struct postfix_master_cf *services, const char *line, struct arena *arena)
{
	const char *fields[FIELDS] = {NULL};
	struct postfix_service service = {.user = "", .program = ""};

	if (!*line)
		return;
	for (size_t i = 0; i < FIELDS; i++)
		fields[i] = take_word(&line, arena);
	if (!fields[FIELDS - 1] || !is_known_type(fields[1])) {
		services->faults++;
		return;
	}
	service.name = fields[0];
	service.type = fields[1];
	service.chroot = fields[4][1] == '\0' ? fields[4][0] : '?';
	service.command = fields[FIELDS - 1];
	read_arguments(&service, line, arena);
	add_service(services, arena, &service);
}

static bool is_empty(const char *line, size_t length)
{
	while (length > 0 && is_blank(line[length - 1]))
		length--;
	return length == 0;
}

/* Lines that begin with a blank go on with the one before; comments between them do not end it. */
void postfix_master_cf_parse(const char *text, size_t length, struct arena *arena,
	struct postfix_master_cf *ret_services)
{
	struct postfix_master_cf services = {.count = 0};
	struct strbuf line cleanup_strbuf = STRBUF_INIT;
	size_t at = 0;

	while (at < length) {
		const char *newline = memchr(text + at, '\n', length - at);
		size_t part = newline ? (size_t)(newline - text) - at : length - at;
		bool goes_on = part > 0 && is_blank(text[at]);

		if (text[at] != '#' && !is_empty(text + at, part)) {
			if (!goes_on) {
				read_line(&services, strbuf_text(&line), arena);
				strbuf_reset(&line);
			}
			for (size_t i = at; i < at + part; i++)
				strbuf_append_char(&line, is_blank(text[i]) ? ' ' : text[i]);
		}
		at += part + 1;
	}
	read_line(&services, strbuf_text(&line), arena);
	*ret_services = services;
}

const struct postfix_service *postfix_master_cf_find(const struct postfix_master_cf *services,
	const char *command, const char *type)
{
	for (size_t i = 0; i < services->count; i++) {
		const struct postfix_service *service = &services->items[i];

		if (strcmp(service->command, command) == 0 &&
			(!type || strcmp(service->type, type) == 0))
			return service;
	}
	return NULL;
}
