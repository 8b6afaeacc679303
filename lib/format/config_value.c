#include "format/config_value.h"

#include "base/message.h"
#include "base/number.h"
#include "format/printable.h"

#include <inttypes.h>
#include <string.h>

#define MODE_BITS 0660U

/* Members are copied in and out: the table knows offsets, not types. */
static void store(const struct config_field *field, void *settings, const void *value, size_t size)
{
	memcpy((char *)settings + field->offset, value, size);
}

static void load(const struct config_field *field, const void *settings, void *value, size_t size)
{
	memcpy(value, (const char *)settings + field->offset, size);
}

/* ---- setting */

static bool set_text(const struct config_field *field, const char *text, struct arena *arena,
	void *settings)
{
	const char *copy;

	if (!printable_is_clean(text))
		return false;
	copy = arena_strdup(arena, text);
	store(field, settings, &copy, sizeof(copy));
	return true;
}

static bool set_choice(const struct config_field *field, const char *text, struct arena *arena,
	void *settings)
{
	struct string_list choices = STRING_LIST_INIT;

	string_list_split(&choices, arena, field->choices, " ");
	return string_list_contains(&choices, text) && set_text(field, text, arena, settings);
}

static bool set_number(const struct config_field *field, int64_t value, void *settings)
{
	if (value < field->minimum || value > field->maximum)
		return false;
	store(field, settings, &value, sizeof(value));
	return true;
}

static bool set_mode(const struct config_field *field, const char *text, void *settings)
{
	unsigned mode;

	if (!parse_octal_mode(text, &mode) || (mode & ~MODE_BITS) != 0)
		return false;
	store(field, settings, &mode, sizeof(mode));
	return true;
}

static bool set_list(const struct config_field *field, const struct json *array,
	struct arena *arena, void *settings)
{
	struct string_list list = STRING_LIST_INIT;

	if (!json_is_array(array))
		return false;
	for (const struct json *item = json_first(array); item; item = json_next(item)) {
		const char *text = json_text(item);

		if (!text || !printable_is_clean(text))
			return false;
		string_list_add(&list, arena, text);
	}
	store(field, settings, &list, sizeof(list));
	return true;
}

static bool set_boolean(const struct config_field *field, bool value, void *settings)
{
	store(field, settings, &value, sizeof(value));
	return true;
}

/* Sets a field from a text: a string of the file, or a default. */
static bool set_from_text(const struct config_field *field, const char *text, struct arena *arena,
	void *settings)
{
	struct string_list list = STRING_LIST_INIT;
	int64_t number;

	switch (field->type) {
	case CONFIG_TEXT:
		return set_text(field, text, arena, settings);
	case CONFIG_PATH:
		return text[0] == '/' && set_text(field, text, arena, settings);
	case CONFIG_CHOICE:
		return set_choice(field, text, arena, settings);
	case CONFIG_BOOLEAN:
		return set_boolean(field, strcmp(text, "true") == 0, settings);
	case CONFIG_INTEGER:
		return parse_int64(text, &number) && set_number(field, number, settings);
	case CONFIG_DURATION:
		return parse_duration(text, &number) && set_number(field, number, settings);
	case CONFIG_MODE:
		return set_mode(field, text, settings);
	case CONFIG_LIST:
		string_list_split(&list, arena, text, " ");
		store(field, settings, &list, sizeof(list));
		return true;
	}
	return false;
}

bool config_value_set(const struct config_field *field, const struct json *value,
	struct arena *arena, void *settings)
{
	const char *text = json_text(value);
	int64_t number;
	bool boolean;

	switch (field->type) {
	case CONFIG_BOOLEAN:
		return json_boolean(value, &boolean) && set_boolean(field, boolean, settings);
	case CONFIG_INTEGER:
		return json_integer(value, &number) && set_number(field, number, settings);
	case CONFIG_LIST:
		return set_list(field, value, arena, settings);
	case CONFIG_DURATION:
		if (json_integer(value, &number))
			return set_number(field, number, settings);
		return text && set_from_text(field, text, arena, settings);
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_CHOICE:
	case CONFIG_MODE:
		return text && set_from_text(field, text, arena, settings);
	}
	return false;
}

void config_value_set_initial(const struct config_field *field, struct arena *arena, void *settings)
{
	/* A path that is "" says that another rule finds the file. */
	if (field->type == CONFIG_PATH && field->initial[0] == '\0')
		store(field, settings, &field->initial, sizeof(field->initial));
	else if (!set_from_text(field, field->initial, arena, settings))
		abort();
}

/* ---- showing */

static const char *duration_text(int64_t seconds, struct arena *arena)
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}};

	for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
		if (seconds > 0 && seconds % units[i].seconds == 0)
			return arena_printf(arena, "%" PRId64 "%c", seconds / units[i].seconds,
				units[i].letter);
	}
	return arena_printf(arena, "%" PRId64 "s", seconds);
}

const char *config_value_wanted(const struct config_field *field, struct arena *arena)
{
	struct string_list choices = STRING_LIST_INIT;

	switch (field->type) {
	case CONFIG_TEXT:
		return _("a text without control characters");
	case CONFIG_PATH:
		return _("an absolute path, such as \"/etc/postfix\"");
	case CONFIG_CHOICE:
		string_list_split(&choices, arena, field->choices, " ");
		return arena_printf(arena, _("one of %s"), string_list_join(&choices, arena, ", "));
	case CONFIG_BOOLEAN:
		return _("true or false");
	case CONFIG_INTEGER:
		return arena_printf(arena, _("a whole number from %" PRId64 " to %" PRId64),
			field->minimum, field->maximum);
	case CONFIG_DURATION:
		return arena_printf(arena,
			_("a duration such as \"90s\", \"12h\" or \"30d\", from %s to %s"),
			duration_text(field->minimum, arena), duration_text(field->maximum, arena));
	case CONFIG_MODE:
		return _("a file mode such as \"0640\", nothing for others and nothing executable");
	case CONFIG_LIST:
		return _("a list of texts, such as [\"one\", \"two\"]");
	}
	return "";
}

const char *config_value_text(const struct config_field *field, const void *settings,
	struct arena *arena)
{
	struct string_list list;
	const char *text;
	int64_t number;
	unsigned mode;
	bool boolean;

	switch (field->type) {
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_CHOICE:
		load(field, settings, &text, sizeof(text));
		return text;
	case CONFIG_BOOLEAN:
		load(field, settings, &boolean, sizeof(boolean));
		return boolean ? "true" : "false";
	case CONFIG_INTEGER:
		load(field, settings, &number, sizeof(number));
		return arena_printf(arena, "%" PRId64, number);
	case CONFIG_DURATION:
		load(field, settings, &number, sizeof(number));
		return duration_text(number, arena);
	case CONFIG_MODE:
		load(field, settings, &mode, sizeof(mode));
		return arena_printf(arena, "%04o", mode);
	case CONFIG_LIST:
		load(field, settings, &list, sizeof(list));
		return string_list_join(&list, arena, " ");
	}
	return "";
}
