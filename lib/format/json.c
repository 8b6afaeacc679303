#include "format/json.h"

#include "base/arena.h"
#include "base/message.h"
#include "format/printable.h"
#include "format/utf8.h"

#include <cjson/cJSON.h>
#include <string.h>

#define INTEGER_LIMIT 9007199254740992.0 /* 2^53 */

/* struct json is cJSON by another name; these two functions are the only place that knows. */
static struct json *ours(cJSON *item)
{
	return (struct json *)(void *)item;
}

static cJSON *theirs(struct json *json)
{
	return (cJSON *)(void *)json;
}

static const cJSON *look(const struct json *json)
{
	return (const cJSON *)(const void *)json;
}

static struct json *made(cJSON *item)
{
	if (!item)
		out_of_memory();
	return ours(item);
}

bool json_parse(const char *text, size_t length, const struct json_rules *rules,
	struct json **ret_json, struct error *err)
{
	struct strbuf blanked cleanup_strbuf = STRBUF_INIT;
	struct json_fault fault;
	cJSON *item;

	if (!json_gate(text, length, rules, &fault))
		return error_set(err, ERROR_CONFIG, _("line %zu, column %zu: %s"), fault.line,
			fault.column, fault.reason);
	if (rules->comments) {
		strbuf_append(&blanked, text, length);
		json_blank_comments(blanked.text, length);
		text = blanked.text;
	}
	item = cJSON_ParseWithLength(text, length);
	if (!item)
		return error_set(err, ERROR_CONFIG, _("this JSON cannot be read"));
	*ret_json = ours(item);
	return true;
}

void json_free(struct json **json)
{
	cJSON_Delete(theirs(*json));
	*json = NULL;
}

const struct json *json_get(const struct json *json, const char *key)
{
	return ours(cJSON_GetObjectItemCaseSensitive(look(json), key));
}

const char *json_text(const struct json *json)
{
	return cJSON_IsString(look(json)) ? look(json)->valuestring : NULL;
}

const char *json_get_text(const struct json *json, const char *key)
{
	return json_text(json_get(json, key));
}

bool json_integer(const struct json *json, int64_t *ret_value)
{
	double value;
	int64_t whole;

	if (!cJSON_IsNumber(look(json)))
		return false;
	value = look(json)->valuedouble;
	if (!(value >= -INTEGER_LIMIT && value <= INTEGER_LIMIT))
		return false;
	whole = (int64_t)value;
	if ((double)whole < value || (double)whole > value)
		return false;
	*ret_value = whole;
	return true;
}

bool json_boolean(const struct json *json, bool *ret_value)
{
	if (!cJSON_IsBool(look(json)))
		return false;
	*ret_value = cJSON_IsTrue(look(json));
	return true;
}

bool json_is_object(const struct json *json)
{
	return cJSON_IsObject(look(json));
}

bool json_is_array(const struct json *json)
{
	return cJSON_IsArray(look(json));
}

bool json_is_text(const struct json *json)
{
	return cJSON_IsString(look(json));
}

bool json_is_null(const struct json *json)
{
	return cJSON_IsNull(look(json));
}

const struct json *json_first(const struct json *json)
{
	return json ? ours(look(json)->child) : NULL;
}

const struct json *json_next(const struct json *json)
{
	return ours(look(json)->next);
}

const char *json_key(const struct json *json)
{
	return look(json)->string;
}

size_t json_count(const struct json *json)
{
	size_t count = 0;

	for (const struct json *item = json_first(json); item; item = json_next(item))
		count++;
	return count;
}

struct json *json_new_object(void)
{
	return made(cJSON_CreateObject());
}

struct json *json_new_array(void)
{
	return made(cJSON_CreateArray());
}

struct json *json_new_text(const char *text)
{
	return made(cJSON_CreateString(text));
}

struct json *json_new_integer(int64_t value)
{
	return made(cJSON_CreateNumber((double)value));
}

struct json *json_new_boolean(bool value)
{
	return made(cJSON_CreateBool(value));
}

struct json *json_new_null(void)
{
	return made(cJSON_CreateNull());
}

struct json *json_copy(const struct json *json)
{
	return made(cJSON_Duplicate(look(json), true));
}

struct json *json_set(struct json *object, const char *key, struct json *value)
{
	if (!cJSON_AddItemToObject(theirs(object), key, theirs(value)))
		out_of_memory();
	return value;
}

void json_set_text(struct json *object, const char *key, const char *text)
{
	if (text)
		json_set(object, key, json_new_text(text));
}

void json_set_integer(struct json *object, const char *key, int64_t value)
{
	json_set(object, key, json_new_integer(value));
}

void json_set_boolean(struct json *object, const char *key, bool value)
{
	json_set(object, key, json_new_boolean(value));
}

struct json *json_add(struct json *array, struct json *value)
{
	if (!cJSON_AddItemToArray(theirs(array), theirs(value)))
		out_of_memory();
	return value;
}

static void print_code_point(uint32_t code_point, struct strbuf *buffer)
{
	if (code_point > 0xffff) {
		code_point -= 0x10000;
		strbuf_printf(buffer, "\\u%04x", 0xd800 + (code_point >> 10));
		code_point = 0xdc00 + (code_point & 0x3ff);
	}
	strbuf_printf(buffer, "\\u%04x", code_point);
}

static void print_special(const char *text, size_t length, uint32_t code_point,
	struct strbuf *buffer)
{
	static const char escapes[] = "\b\f\n\r\t\"\\";
	static const char letters[] = "bfnrt\"\\";
	const char *found =
		code_point > 0 && code_point < 0x80 ? strchr(escapes, (int)code_point) : NULL;

	if (found) {
		strbuf_append_char(buffer, '\\');
		strbuf_append_char(buffer, letters[found - escapes]);
	} else if (code_point >= 0x20 && printable_code_point(code_point)) {
		strbuf_append(buffer, text, length);
	} else {
		print_code_point(code_point, buffer);
	}
}

/* Bytes that stand in JSON as they are and need no thought. */
static size_t plain_span(const char *text, size_t length)
{
	size_t i = 0;

	while (i < length && text[i] >= 0x20 && text[i] < 0x7f && text[i] != '"' && text[i] != '\\')
		i++;
	return i;
}

/* Prints the character that ended a run of plain bytes; returns its length. */
static size_t print_character(const char *text, size_t length, struct strbuf *buffer)
{
	uint32_t code_point;
	size_t used = utf8_decode(text, length, &code_point);

	if (used > 0) {
		print_special(text, used, code_point, buffer);
		return used;
	}
	/* Our own values are UTF-8; a foreign byte shows as the replacement character. */
	print_code_point(0xfffd, buffer);
	return 1;
}

void json_print_text(const char *text, size_t length, struct strbuf *buffer)
{
	strbuf_append_char(buffer, '"');
	while (length > 0) {
		size_t span = plain_span(text, length);

		strbuf_append(buffer, text, span);
		if (span < length)
			span += print_character(text + span, length - span, buffer);
		text += span;
		length -= span;
	}
	strbuf_append_char(buffer, '"');
}

static void break_line(struct strbuf *buffer, int indent)
{
	if (indent < 0)
		return;
	strbuf_append_char(buffer, '\n');
	for (int i = 0; i < indent; i++)
		strbuf_append_text(buffer, "  ");
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the tree, which the gate or we ourselves keep flat */
static void print_item(const cJSON *item, struct strbuf *buffer, int indent);

static void print_container(const cJSON *item, struct strbuf *buffer, int indent)
{
	bool object = cJSON_IsObject(item);
	int inner = indent < 0 ? -1 : indent + 1;

	strbuf_append_char(buffer, object ? '{' : '[');
	for (const cJSON *child = item->child; child; child = child->next) {
		break_line(buffer, inner);
		if (object) {
			json_print_text(child->string, strlen(child->string), buffer);
			strbuf_append_text(buffer, indent < 0 ? ":" : ": ");
		}
		print_item(child, buffer, inner);
		if (child->next)
			strbuf_append_char(buffer, ',');
	}
	if (item->child)
		break_line(buffer, indent);
	strbuf_append_char(buffer, object ? '}' : ']');
}

/* Indent -1 = everything on one line. */
static void print_item(const cJSON *item, struct strbuf *buffer, int indent)
{
	if (cJSON_IsString(item))
		json_print_text(item->valuestring, strlen(item->valuestring), buffer);
	else if (cJSON_IsNumber(item))
		strbuf_printf(buffer, "%lld", (long long)item->valuedouble);
	else if (cJSON_IsBool(item))
		strbuf_append_text(buffer, cJSON_IsTrue(item) ? "true" : "false");
	else if (cJSON_IsNull(item))
		strbuf_append_text(buffer, "null");
	else
		print_container(item, buffer, indent);
}
/* NOLINTEND(misc-no-recursion) */

void json_print(const struct json *json, struct strbuf *buffer)
{
	print_item(look(json), buffer, -1);
}

void json_print_pretty(const struct json *json, struct strbuf *buffer)
{
	print_item(look(json), buffer, 0);
}
