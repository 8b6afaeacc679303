/*
 * JSON, strict: the only room that includes cJSON.h.
 *
 * cJSON alone accepts too much (duplicate keys, NULs, bad UTF-8, trailing bytes, huge numbers), so
 *json_parse() runs format/json_gate over the bytes first. Look-ups are case-sensitive. Trees are
 *freed by whoever made them:
 *
 *	struct json *document cleanup_json = NULL;
 *
 * A value handed to json_set() or json_add() belongs to its container from then on.
 */
#ifndef POSTIGO_FORMAT_JSON_H
#define POSTIGO_FORMAT_JSON_H

#include "base/error.h"
#include "base/strbuf.h"
#include "format/json_gate.h"

#include <stdint.h>

struct json;

#define cleanup_json __attribute__((cleanup(json_free)))

/*
 * Parses `length` bytes under `rules`. Fails with config: what = "line L, column C: …"; the caller
 * prefixes the file's name and may change the code. Nothing is allocated after a failure.
 */
must_check bool json_parse(const char *text, size_t length, const struct json_rules *rules,
	struct json **ret_json, struct error *err);

/* Frees a tree (also for the cleanup attribute); NULL is fine. */
void json_free(struct json **json);

/* The member `key` of an object; NULL when absent or when `json` is NULL or no object. Borrowed. */
const struct json *json_get(const struct json *json, const char *key);

/* The text of a string value, NULL when `json` is NULL or something else. Borrowed. */
const char *json_text(const struct json *json);

/* Shorthand for json_text(json_get(json, key)). */
const char *json_get_text(const struct json *json, const char *key);

/* The value of an integer within ±2^53. False when `json` is NULL or anything else. */
must_check bool json_integer(const struct json *json, int64_t *ret_value);

/* The value of true or false. False when `json` is NULL or anything else. */
must_check bool json_boolean(const struct json *json, bool *ret_value);

/* Whether the value is of the kind; false for NULL. */
bool json_is_object(const struct json *json);
bool json_is_array(const struct json *json);
bool json_is_text(const struct json *json);
bool json_is_null(const struct json *json);

/* Iteration over members or elements: for (v = json_first(j); v; v = json_next(v)). */
const struct json *json_first(const struct json *json);
const struct json *json_next(const struct json *json);

/* The key of a member; NULL for an element. */
const char *json_key(const struct json *json);

/* Number of members or elements. Counts them: O(n). */
size_t json_count(const struct json *json);

/* New values. */
struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_text(const char *text);
struct json *json_new_integer(int64_t value);
struct json *json_new_boolean(bool value);
struct json *json_new_null(void);

/* Deep copy. */
struct json *json_copy(const struct json *json);

/* Adds a member at the end of an object; returns the value for building deeper. `key` is copied. A
 * NULL `text` adds nothing. */
struct json *json_set(struct json *object, const char *key, struct json *value);
void json_set_text(struct json *object, const char *key, const char *text);
void json_set_integer(struct json *object, const char *key, int64_t value);
void json_set_boolean(struct json *object, const char *key, bool value);

/* Adds an element at the end of an array; returns the value. */
struct json *json_add(struct json *array, struct json *value);

/* Adds the value on one line without blanks: stable, for stores and machines. UTF-8 as it is but
 * for what must not reach a terminal (printable_code_point()), which is written as \uXXXX. */
void json_print(const struct json *json, struct strbuf *buffer);

/* Like json_print(), indented by two blanks, for files and eyes. No newline at the end. */
void json_print_pretty(const struct json *json, struct strbuf *buffer);

/* Adds `text` as a quoted JSON string by the same rule. */
void json_print_text(const char *text, size_t length, struct strbuf *buffer);

#endif
