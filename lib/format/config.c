#include "format/config.h"

#include "base/message.h"
#include "format/config_value.h"
#include "format/json.h"
#include "format/nearest_word.h"

#include <string.h>

#define IGNORED_PREFIX "x-"
#define DEFAULT_ORIGIN "default"

static const struct json_rules file_rules = {
	.bytes = CONFIG_FILE_MAX,
	.depth = 8,
	.comments = true,
};

/* The lines of all keys of a file and of its sections, in the order in which they stand there. */
struct key_lines {
	size_t *lines;
	size_t count;
	size_t next;
};

/* One load: what is the same for all sources, and the source that is being read. */
struct load {
	const struct config_table *table;
	struct arena *arena;
	void *settings;
	const char **origins; /* NULL = not set by any source so far */
	const struct source_text *source;
	struct key_lines keys;
};

/* ---- lines */

static size_t count_bytes(const struct source_text *source, char byte)
{
	size_t count = 0;

	for (size_t i = 0; i < source->length; i++)
		count += source->text[i] == byte;
	return count;
}

/* The byte behind the string that starts at `at`, in a text that has passed the gate. */
static const char *string_end(const char *at)
{
	for (at++; *at != '"'; at++) {
		if (*at == '\\')
			at++;
	}
	return at + 1;
}

static bool is_key(const char *behind)
{
	return behind[strspn(behind, " \t\r\n")] == ':';
}

/* Walks over a text that has passed the gate and has no comments any more. */
static void collect_key_lines(const char *text, struct key_lines *keys)
{
	unsigned depth = 0;
	size_t line = 1;

	while (*text) {
		const char *next = *text == '"' ? string_end(text) : text + 1;

		if (*text == '\n')
			line++;
		else if (*text == '{' || *text == '[')
			depth++;
		else if (*text == '}' || *text == ']')
			depth--;
		else if (*text == '"' && depth <= 2 && is_key(next))
			keys->lines[keys->count++] = line;
		text = next;
	}
}

static void find_key_lines(struct load *load)
{
	struct strbuf blanked cleanup_strbuf = STRBUF_INIT;
	size_t most = count_bytes(load->source, ':');

	memset(&load->keys, 0, sizeof(load->keys));
	load->keys.lines = arena_alloc_array(load->arena, most, sizeof(*load->keys.lines));
	strbuf_append(&blanked, load->source->text, load->source->length);
	json_blank_comments(blanked.text, blanked.length);
	collect_key_lines(blanked.text, &load->keys);
}

/* The line of the key that comes next in the walk over the tree, which has the file's order. */
static size_t next_line(struct load *load)
{
	if (load->keys.next == load->keys.count)
		abort();
	return load->keys.lines[load->keys.next++];
}

static void skip_lines(struct load *load, const struct json *value)
{
	if (json_is_object(value))
		load->keys.next += json_count(value);
}

/* ---- names */

static bool is_ignored(const char *key)
{
	return strncmp(key, IGNORED_PREFIX, strlen(IGNORED_PREFIX)) == 0;
}

static bool is_section(const struct config_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (name[0] && strcmp(table->fields[i].section, name) == 0)
			return true;
	}
	return false;
}

static bool is_foreign(const struct config_table *table, const char *name)
{
	const char *const *section = table->foreign_sections;

	for (; section && *section; section++) {
		if (strcmp(*section, name) == 0)
			return true;
	}
	return false;
}

static const char *full_name(struct arena *arena, const char *section, const char *key)
{
	return section[0] ? arena_printf(arena, "%s.%s", section, key) : key;
}

static const char *field_name(struct arena *arena, const struct config_field *field)
{
	return full_name(arena, field->section, field->key);
}

static const struct config_field *find_field(const struct config_table *table, const char *section,
	const char *key)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct config_field *field = &table->fields[i];

		if (strcmp(field->section, section) == 0 && strcmp(field->key, key) == 0)
			return field;
	}
	return NULL;
}

/* A key that stands in the wrong section, or NULL. */
static const char *misplaced_key(const struct load *load, const char *key)
{
	for (size_t i = 0; i < load->table->count; i++) {
		if (strcmp(load->table->fields[i].key, key) == 0)
			return field_name(load->arena, &load->table->fields[i]);
	}
	return NULL;
}

static const char *suggest(const struct load *load, const char *name, const char *key)
{
	const struct config_table *table = load->table;
	const char *const *foreign = table->foreign_sections;
	struct string_list names = STRING_LIST_INIT;
	const char *nearest;

	for (size_t i = 0; i < table->count; i++) {
		const struct config_field *field = &table->fields[i];

		string_list_add(&names, load->arena, field_name(load->arena, field));
		if (field->section[0] && !string_list_contains(&names, field->section))
			string_list_add(&names, load->arena, field->section);
	}
	for (; foreign && *foreign; foreign++)
		string_list_add(&names, load->arena, *foreign);
	nearest = nearest_word(name, names.items, names.count);
	return nearest ? nearest : misplaced_key(load, key);
}

/* ---- reading one source */

static bool fail_unknown(const struct load *load, size_t line, const char *section, const char *key,
	struct error *err)
{
	const char *name = full_name(load->arena, section, key);
	const char *nearest = suggest(load, name, key);

	if (nearest)
		error_set(err, ERROR_CONFIG, _("%s:%zu: unknown key \"%s\"; did you mean \"%s\"?"),
			load->source->path, line, name, nearest);
	else
		error_set(err, ERROR_CONFIG, _("%s:%zu: unknown key \"%s\""), load->source->path,
			line, name);
	error_field(err, name);
	return error_fix(err,
		_("correct or remove the key (keys that start with \"%s\" are ignored)"),
		IGNORED_PREFIX);
}

static bool fail_value(const struct load *load, size_t line, const char *name, const char *wanted,
	struct error *err)
{
	error_set(err, ERROR_CONFIG, _("%s:%zu: \"%s\" must be %s"), load->source->path, line, name,
		wanted);
	return error_field(err, name);
}

static bool read_field(struct load *load, const char *section, const struct json *member,
	size_t line, struct error *err)
{
	const char *key = json_key(member);
	const struct config_field *field = find_field(load->table, section, key);

	if (!field)
		return fail_unknown(load, line, section, key, err);
	if (!config_value_set(field, member, load->arena, load->settings))
		return fail_value(load, line, field_name(load->arena, field),
			config_value_wanted(field, load->arena), err);
	load->origins[field - load->table->fields] =
		arena_printf(load->arena, "%s:%zu", load->source->path, line);
	return true;
}

static bool read_section(struct load *load, const struct json *section, size_t section_line,
	struct error *err)
{
	if (!json_is_object(section))
		return fail_value(load, section_line, json_key(section),
			_("an object, such as {\"key\": \"value\"}"), err);
	for (const struct json *member = json_first(section); member; member = json_next(member)) {
		size_t line = next_line(load);

		if (is_ignored(json_key(member)))
			continue;
		if (!read_field(load, json_key(section), member, line, err))
			return false;
	}
	return true;
}

static bool read_member(struct load *load, const struct json *member, struct error *err)
{
	const char *key = json_key(member);
	size_t line = next_line(load);

	if (is_ignored(key) || is_foreign(load->table, key)) {
		skip_lines(load, member);
		return true;
	}
	if (is_section(load->table, key))
		return read_section(load, member, line, err);
	return read_field(load, "", member, line, err);
}

static bool read_source(struct load *load, struct error *err)
{
	const struct source_text *source = load->source;
	struct json *document cleanup_json = NULL;
	struct json_fault fault;

	if (!json_gate(source->text, source->length, &file_rules, &fault)) {
		error_set(err, ERROR_CONFIG, "%s:%zu:%zu: %s", source->path, fault.line,
			fault.column, fault.reason);
		return error_why(err, _("a configuration file is JSON with // and /* */ comments"));
	}
	if (!json_parse(source->text, source->length, &file_rules, &document, err))
		return error_prefix(err, "%s", source->path);
	if (!json_is_object(document))
		return error_set(err, ERROR_CONFIG, _("%s: must be an object: { … }"),
			source->path);
	find_key_lines(load);
	for (const struct json *item = json_first(document); item; item = json_next(item)) {
		if (!read_member(load, item, err))
			return false;
	}
	return true;
}

/* ---- the whole */

static bool fail_missing(const struct load *load, const struct source_text *sources, size_t count,
	const struct config_field *field, struct error *err)
{
	const char *name = field_name(load->arena, field);

	error_set(err, ERROR_CONFIG, _("\"%s\" is not configured"), name);
	error_field(err, name);
	if (count == 0)
		return error_why(err, _("there is no configuration file"));
	error_why(err, _("%s does not name it, and it has no default"), sources[0].path);
	return error_fix(err, _("add \"%s\" to %s"), name, sources[0].path);
}

bool config_load(const struct config_table *table, const struct source_text *sources, size_t count,
	struct arena *arena, void *settings, const char **origins, struct error *err)
{
	struct load load = {.table = table, .arena = arena, .settings = settings};

	load.origins = arena_alloc_array(arena, table->count, sizeof(*load.origins));
	for (size_t i = 0; i < table->count; i++) {
		if (table->fields[i].initial)
			config_value_set_initial(&table->fields[i], arena, settings);
	}
	for (size_t i = 0; i < count; i++) {
		load.source = &sources[i];
		if (!read_source(&load, err))
			return false;
	}
	for (size_t i = 0; i < table->count; i++) {
		if (!load.origins[i] && !table->fields[i].initial)
			return fail_missing(&load, sources, count, &table->fields[i], err);
		if (origins)
			origins[i] = load.origins[i] ? load.origins[i] : DEFAULT_ORIGIN;
	}
	return true;
}
