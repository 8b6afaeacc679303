#include "format/json_keys.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_PAIRWISE 8 /* up to here comparing all pairs is cheaper than sorting */

#define HASH_SEED UINT32_C(2166136261)
#define HASH_PRIME UINT32_C(16777619)

static int hex_value(int byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

bool json_read_hex(const char *at, const char *end, uint32_t *ret_unit)
{
	uint32_t unit = 0;

	if (end - at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int value = hex_value((unsigned char)at[i]);

		if (value < 0)
			return false;
		unit = unit << 4 | (uint32_t)value;
	}
	*ret_unit = unit;
	return true;
}

bool json_is_high_surrogate(uint32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

bool json_is_low_surrogate(uint32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Reads a key that has passed byte by byte, escapes decoded. */
struct key_reader {
	const char *at;
	const char *end;
	unsigned char pending[4]; /* bytes of a decoded escape, last first */
	size_t pending_count;
};

static void push_utf8(struct key_reader *reader, uint32_t code_point)
{
	static const unsigned char leads[] = {0x00, 0x00, 0xc0, 0xe0, 0xf0};
	size_t length = code_point < 0x80      ? 1
			: code_point < 0x800   ? 2
			: code_point < 0x10000 ? 3
					       : 4;

	for (size_t i = 0; i + 1 < length; i++) {
		reader->pending[i] = (unsigned char)(0x80 | (code_point & 0x3f));
		code_point >>= 6;
	}
	reader->pending[length - 1] = (unsigned char)(leads[length] | code_point);
	reader->pending_count = length;
}

/* Stands behind "\u" of an escape that has passed. */
static void read_unicode_escape(struct key_reader *reader)
{
	uint32_t unit = 0;
	uint32_t low = 0;

	if (json_read_hex(reader->at, reader->end, &unit))
		reader->at += 4;
	if (json_is_high_surrogate(unit) && reader->end - reader->at >= 6 &&
		json_read_hex(reader->at + 2, reader->end, &low)) {
		reader->at += 6;
		unit = 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00));
	}
	push_utf8(reader, unit);
}

static int read_escape(struct key_reader *reader)
{
	int byte = (unsigned char)*reader->at++;

	switch (byte) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		read_unicode_escape(reader);
		return reader->pending[--reader->pending_count];
	default:
		return byte;
	}
}

/* The next byte of the decoded key, -1 at its end. */
static int read_key_byte(struct key_reader *reader)
{
	if (reader->pending_count > 0)
		return reader->pending[--reader->pending_count];
	if (reader->at == reader->end)
		return -1;
	if (*reader->at == '\\') {
		reader->at++;
		return read_escape(reader);
	}
	return (unsigned char)*reader->at++;
}

static uint32_t hash_key(const char *text, size_t length)
{
	uint32_t hash = HASH_SEED;

	if (memchr(text, '\\', length)) {
		struct key_reader reader = {text, text + length, {0}, 0};

		for (int byte = read_key_byte(&reader); byte >= 0; byte = read_key_byte(&reader))
			hash = (hash ^ (uint32_t)byte) * HASH_PRIME;
		return hash;
	}
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * HASH_PRIME;
	return hash;
}

/* A total order, so that sorting stays n log n even where someone made all hashes collide. */
static int compare_keys(const struct json_key *left, const struct json_key *right)
{
	struct key_reader first = {left->text, left->text + left->length, {0}, 0};
	struct key_reader second = {right->text, right->text + right->length, {0}, 0};
	int byte;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	do {
		int other = read_key_byte(&second);

		byte = read_key_byte(&first);
		if (byte != other)
			return byte < other ? -1 : 1;
	} while (byte >= 0);
	return 0;
}

static int compare_key_items(const void *left, const void *right)
{
	return compare_keys(left, right);
}

static void grow_keys(struct json_keys *keys)
{
	size_t capacity = keys->capacity * 2;
	struct json_key *grown = reallocarray(keys->heap, capacity, sizeof(*grown));

	if (!grown)
		out_of_memory();
	if (!keys->heap)
		memcpy(grown, keys->items, keys->count * sizeof(*grown));
	keys->heap = grown;
	keys->items = grown;
	keys->capacity = capacity;
}

bool json_keys_add(struct json_keys *keys, const char *text, size_t length)
{
	struct json_key *key;

	if (length > UINT32_MAX)
		return false;
	if (keys->count == keys->capacity)
		grow_keys(keys);
	key = &keys->items[keys->count++];
	key->text = text;
	key->length = (uint32_t)length;
	key->hash = hash_key(text, length);
	return true;
}

static bool equal_keys(const struct json_key *left, const struct json_key *right)
{
	return left->hash == right->hash && compare_keys(left, right) == 0;
}

static const char *later_key(const struct json_key *left, const struct json_key *right)
{
	return left->text > right->text ? left->text : right->text;
}

static const char *find_in_pairs(const struct json_key *keys, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (equal_keys(&keys[i], &keys[j]))
				return later_key(&keys[i], &keys[j]);
		}
	}
	return NULL;
}

const char *json_keys_end(struct json_keys *keys, size_t base)
{
	struct json_key *own = keys->items + base;
	size_t count = keys->count - base;

	keys->count = base;
	if (count <= KEYS_PAIRWISE)
		return find_in_pairs(own, count);
	qsort(own, count, sizeof(*own), compare_key_items);
	for (size_t i = 1; i < count; i++) {
		if (equal_keys(&own[i], &own[i - 1]))
			return later_key(&own[i], &own[i - 1]);
	}
	return NULL;
}
