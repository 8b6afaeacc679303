/* A list of main.cf that says which tables there are: its pieces are those that another way of counting braces finds, and every table is one that it names. */
#include "service/postfix_instance.h"

#include "fuzz.h"

#define VALUE_MAX 4096

static bool is_separator(char byte)
{
	return byte != '\0' && strchr(", \t\r\n", byte) != NULL;
}

/* Cuts by looking at each byte once: within braces nothing separates. */
static void split_again(const char *value, struct arena *arena, struct string_list *pieces)
{
	struct strbuf piece cleanup_strbuf = STRBUF_INIT;
	size_t depth = 0;

	for (;; value++) {
		bool outside = depth == 0 && is_separator(*value);

		if ((outside || *value == '\0') && piece.length > 0)
			string_list_add(pieces, arena, strbuf_text(&piece));
		if (outside)
			strbuf_reset(&piece);
		if (*value == '\0')
			return;
		if (!outside)
			strbuf_append_char(&piece, *value);
		depth += *value == '{';
		depth -= *value == '}' && depth > 0;
	}
}

static void check_split(const char *value, struct arena *arena, struct string_list *ret_pieces)
{
	struct string_list wanted = STRING_LIST_INIT;
	struct string_list again = STRING_LIST_INIT;

	postfix_list_split(ret_pieces, arena, value);
	split_again(value, arena, &wanted);
	postfix_list_split(&again, arena, string_list_join(ret_pieces, arena, ", "));
	insist(ret_pieces->count == wanted.count && again.count == wanted.count);
	for (size_t i = 0; i < wanted.count; i++) {
		insist(strcmp(ret_pieces->items[i], wanted.items[i]) == 0);
		insist(strcmp(ret_pieces->items[i], again.items[i]) == 0);
	}
}

static void check_tables(const char *value, const struct string_list *pieces, struct arena *arena)
{
	struct postfix_tables tables = {.count = 0};

	postfix_tables_add(&tables, arena, pieces, "/m");
	for (size_t i = 0; i < tables.count; i++) {
		const struct postfix_table *table = &tables.items[i];
		const char *colon = strchr(table->name, ':');

		insist(colon && strstr(value, table->name) != NULL);
		insist(strncmp(table->name, "proxy:", 6) != 0 && strncmp(table->name, "unionmap:", 9) != 0);
		insist(!table->proxied || strstr(value, "proxy:") != NULL);
		insist(!table->piped || strstr(value, "pipemap:") != NULL);
		insist(table->place < pieces->count && strstr(pieces->items[table->place], table->name) != NULL);
		insist(i == 0 || tables.items[i - 1].place <= table->place);
		insist(postfix_table_is_at(table, colon + 1));
	}
}

/* A map that is named behind whatever else stands there is found, under its own name only. */
static void check_reference(const struct string_list *pieces, const char *name, enum map_reference wanted,
	struct arena *arena)
{
	struct postfix_instance instance = {.own_map = "/own/map"};
	const char *type;

	for (size_t i = 0; i < pieces->count; i++)
		string_list_add(&instance.alias_maps, arena, pieces->items[i]);
	if (strstr(string_list_join(pieces, arena, " "), "/own/"))
		return;
	insist(postfix_map_reference(&instance, "lmdb", "/own/map", arena) == MAP_REFERENCE_NONE);
	insist(postfix_map_type_of(&instance, "/own/map", arena) == NULL);
	string_list_add(&instance.alias_maps, arena, name);
	insist(postfix_map_reference(&instance, "lmdb", "/own/map", arena) == wanted);
	insist(postfix_map_reference(&instance, "hash", "/own/map", arena) == MAP_REFERENCE_NONE);
	insist(postfix_map_reference(&instance, "lmdb", "/own/ma", arena) == MAP_REFERENCE_NONE);
	type = postfix_map_type_of(&instance, "/own/map", arena);
	insist(type && strcmp(type, "lmdb") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *value = arena_strndup(&arena, (const char *)bytes, length < VALUE_MAX ? length : VALUE_MAX);
	struct string_list pieces = STRING_LIST_INIT;

	check_split(value, &arena, &pieces);
	check_tables(value, &pieces, &arena);
	check_reference(&pieces, "lmdb:/own/map", MAP_REFERENCE_DIRECT, &arena);
	check_reference(&pieces, "proxy:lmdb:/own/map", MAP_REFERENCE_PROXIED, &arena);
	check_reference(&pieces, "unionmap:{hash:/a,lmdb:/own/map}", MAP_REFERENCE_DIRECT, &arena);
	check_reference(&pieces, "proxy:pipemap:{lmdb:/own/map, hash:/a}", MAP_REFERENCE_PROXIED, &arena);
	return 0;
}
