#include "format/dovecot_conf.h"

#include <string.h>

struct reader {
	struct dovecot_conf conf;
	struct arena *arena;
	const char *sections[DOVECOT_DEPTH_MAX + 1];
	size_t blocks[DOVECOT_DEPTH_MAX + 1];
	size_t depth; /* may exceed the arrays: what is in there is left out */
	size_t opened;
	bool confused;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

/* The text without blanks around it. */
static const char *trimmed(struct arena *arena, const char *text, size_t length)
{
	while (length > 0 && is_blank(*text)) {
		text++;
		length--;
	}
	while (length > 0 && is_blank(text[length - 1]))
		length--;
	return arena_strndup(arena, text, length);
}

/* "# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf" */
static void read_comment(struct reader *reader, const char *line)
{
	const char *start = line + 1 + strspn(line + 1, " ");
	size_t length = strspn(start, "0123456789.");

	if (!*reader->conf.version && length > 0 && start[length] == ' ')
		reader->conf.version = arena_strndup(reader->arena, start, length);
}

static void open_block(struct reader *reader, const char *head)
{
	reader->depth++;
	reader->opened++;
	if (reader->depth > DOVECOT_DEPTH_MAX)
		return;
	reader->blocks[reader->depth] = reader->opened;
	reader->sections[reader->depth] =
		reader->depth == 1 ? head
				   : arena_printf(reader->arena, "%s/%s",
					     reader->sections[reader->depth - 1], head);
}

static void close_block(struct reader *reader)
{
	if (reader->depth == 0)
		reader->confused = true;
	else
		reader->depth--;
}

static void add_setting(struct reader *reader, const char *key, const char *value)
{
	struct dovecot_conf *conf = &reader->conf;

	if (reader->depth > DOVECOT_DEPTH_MAX)
		return;
	if (conf->count == conf->capacity) {
		struct dovecot_setting *old = conf->items;

		conf->capacity = conf->capacity ? conf->capacity * 2 : 64;
		conf->items = arena_alloc_array(reader->arena, conf->capacity, sizeof(*old));
		if (old)
			memcpy(conf->items, old, conf->count * sizeof(*old));
	}
	conf->items[conf->count++] = (struct dovecot_setting){
		.section = reader->sections[reader->depth],
		.block = reader->blocks[reader->depth],
		.key = key,
		.value = value,
	};
}

static void read_line(struct reader *reader, const char *line)
{
	size_t length = strlen(line);
	const char *equals = strchr(line, '=');

	if (length == 0)
		return;
	if (*line == '#')
		read_comment(reader, line);
	else if (strcmp(line, "}") == 0)
		close_block(reader);
	else if (line[length - 1] == '{' && (!equals || equals > line + strcspn(line, "{")))
		open_block(reader, trimmed(reader->arena, line, length - 1));
	else if (equals)
		add_setting(reader, trimmed(reader->arena, line, (size_t)(equals - line)),
			trimmed(reader->arena, equals + 1, strlen(equals + 1)));
}

void dovecot_conf_parse(const char *text, size_t length, struct arena *arena,
	struct dovecot_conf *ret_conf)
{
	struct reader reader = {
		.conf = {.version = ""},
		.arena = arena,
		.sections = {""},
	};
	size_t at = 0;

	while (at < length) {
		const char *newline = memchr(text + at, '\n', length - at);
		size_t part = newline ? (size_t)(newline - text) - at : length - at;

		read_line(&reader, trimmed(arena, text + at, part));
		at += part + 1;
	}
	reader.conf.whole = reader.depth == 0 && !reader.confused;
	*ret_conf = reader.conf;
}

const char *dovecot_conf_get(const struct dovecot_conf *conf, const char *section, const char *key)
{
	for (size_t i = 0; i < conf->count; i++) {
		const struct dovecot_setting *setting = &conf->items[i];

		if (strcmp(setting->section, section) == 0 && strcmp(setting->key, key) == 0)
			return setting->value;
	}
	return NULL;
}
