#include "format/import_rows.h"

#include "format/timestamp.h"

#include <string.h>

#define CAPACITY_FIRST 64
#define SECONDS_LENGTH (TIMESTAMP_LENGTH - 1) /* without the Z */

static void grow(struct import_rows *rows, struct arena *arena)
{
	size_t capacity = rows->capacity ? rows->capacity * 2 : CAPACITY_FIRST;
	struct import_row *items = arena_alloc_array(arena, capacity, sizeof(*items));

	if (rows->count > 0)
		memcpy(items, rows->items, rows->count * sizeof(*items));
	rows->items = items;
	rows->capacity = capacity;
}

static struct import_row *add(struct import_rows *rows, struct arena *arena, size_t line)
{
	struct import_row *row;

	if (rows->count == rows->capacity)
		grow(rows, arena);
	row = &rows->items[rows->count++];
	*row = (struct import_row){
		.line = line,
		.entry = {.username = "",
			.alias = "",
			.approved_by = "",
			.request_id = "",
			.source = "",
			.note = ""},
	};
	return row;
}

struct import_row *import_rows_add(struct import_rows *rows, struct arena *arena, size_t line)
{
	if (rows->count < IMPORT_ROWS_MAX)
		return add(rows, arena, line);
	rows->full = true;
	return NULL;
}

void import_rows_break(struct import_rows *rows, struct arena *arena, size_t line,
	const char *detail)
{
	import_row_fault(add(rows, arena, line), arena, "row", detail);
	rows->broken = true;
}

void import_row_fault(struct import_row *row, struct arena *arena, const char *field,
	const char *detail)
{
	struct import_fault **end = &row->faults;
	struct import_fault *fault = arena_alloc(arena, sizeof(*fault));

	fault->field = field;
	fault->detail = arena_strdup(arena, detail);
	while (*end)
		end = &(*end)->next;
	*end = fault;
}

bool import_time_parse(const char *text, int64_t *ret_seconds)
{
	char plain[TIMESTAMP_LENGTH + 1];
	const char *tail;

	if (strnlen(text, SECONDS_LENGTH) < SECONDS_LENGTH)
		return false;
	tail = text + SECONDS_LENGTH;
	if (*tail == '.')
		tail += 1 + strspn(tail + 1, "0123456789");
	if (strcmp(tail, "Z") != 0 && strcmp(tail, "+00:00") != 0)
		return false;
	memcpy(plain, text, SECONDS_LENGTH);
	memcpy(plain + SECONDS_LENGTH, "Z", 2);
	return timestamp_parse(plain, ret_seconds);
}
