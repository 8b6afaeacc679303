/* Rows that forward to rows: texts, circles, depths, limits; without Postfix. */
#include "service/map_graph.h"

#include "unit.h"

static const struct {
	const char *rows;    /* "key value" a line, ascending */
	const char *refused; /* local parts with their rail's code, in the order of refusal */
	const char *force;
} graphs[] = {
	{"", "", ""},
	{"a x@y.example", "", ""},
	{"a b@c.example|b x@y.example", "", ""},
	{"a b@c.example|b a@c.example", "b:loop a:loop", ""},
	{"a b@c.example|b a@c.example", "", "loop"},
	{"a B+tag@C.example|b a@c.example", "b:loop a:loop", ""},
	{"a x@y.example, a@c.example", "", ""},
	{"a b@c.example|b c@c.example|c a@c.example|d a@c.example", "c:loop b:loop a:loop", ""},
	{"a b@c.example|b a@c.example, c@c.example|c d@c.example|d c@c.example",
		"d:loop c:loop b:loop a:loop", ""},
	{"a b@c.example|b a@c.example|c a@c.example, d@c.example|d e@c.example|e d@c.example",
		"b:loop a:loop e:loop d:loop", ""},
	{"a b@sub.c.example|b a@c.example", "", ""},
	{"a missing@c.example", "", ""},
	{"k0 k1@c.example|k1 k2@c.example|k2 k3@c.example|k3 k4@c.example|k4 k5@c.example|"
	 "k5 k6@c.example|k6 k7@c.example|k7 k8@c.example|k8 k9@c.example|k9 x@y.example",
		"", ""},
	{"k0 k1@c.example|k1 k2@c.example|k2 k3@c.example|k3 k4@c.example|k4 k5@c.example|"
	 "k5 k6@c.example|k6 k7@c.example|k7 k8@c.example|k8 k9@c.example|k9 l@c.example|"
	 "l x@y.example",
		"k0:loop", ""},
	{"a b@c.example, d@c.example|b x@y.example, y@y.example|d x@y.example, z@y.example|"
	 "e a@c.example, x@y.example",
		"e:limits", ""},
};

static void build_text(const char *rows, struct strbuf *text)
{
	for (; *rows; rows++) {
		size_t key = strcspn(rows, " ");
		size_t value = strcspn(rows + key + 1, "|");

		strbuf_append(text, rows, key);
		strbuf_append_text(text, "@c.example\t");
		strbuf_append(text, rows + key + 1, value);
		strbuf_append_char(text, '\n');
		rows += key + 1 + value;
		if (!*rows)
			break;
	}
}

START_TEST(refuses_circles)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct strbuf refused cleanup_strbuf = STRBUF_INIT;
	struct settings settings = {.domain = "c.example"};
	struct postfix_instance instance = {
		.recipient_delimiter = "+", .recursion_limit = 1000, .expansion_limit = 4};
	struct map_sync_request request = {.settings = &settings};
	struct map_sync_result result = {0};
	struct map_rails rails = {.request = &request, .result = &result, .arena = &arena};
	struct map_verdicts verdicts cleanup_map_verdicts = {.rails = &rails,
		.settings = &settings,
		.instance = &instance,
		.arena = &arena};

	if (*graphs[_i].force)
		string_list_add(&request.force, &arena, graphs[_i].force);
	build_text(graphs[_i].rows, &text);
	map_verdicts_open(&verdicts, strbuf_text(&text), text.length);
	map_graph_judge(&verdicts);
	for (size_t i = 0; i < result.refused_listed; i++)
		strbuf_printf(&refused, "%s%.*s:%s", i == 0 ? "" : " ",
			(int)strcspn(result.refused[i].key, "@"), result.refused[i].key,
			result.refused[i].code);
	ck_assert_str_eq(strbuf_text(&refused), graphs[_i].refused);
	ck_assert_int_eq(result.refused_count, (int64_t)verdicts.refused);
}
END_TEST

/* A chain as long as a map must not need a stack as long as that. */
START_TEST(follows_a_long_chain)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct settings settings = {.domain = "c.example"};
	struct postfix_instance instance = {
		.recipient_delimiter = "", .recursion_limit = 1000, .expansion_limit = 1000};
	struct map_sync_request request = {.settings = &settings};
	struct map_sync_result result = {0};
	struct map_rails rails = {.request = &request, .result = &result, .arena = &arena};
	struct map_verdicts verdicts cleanup_map_verdicts = {.rails = &rails,
		.settings = &settings,
		.instance = &instance,
		.arena = &arena};

	for (int i = 0; i < 200000; i++)
		strbuf_printf(&text, "k%06d@c.example\tk%06d@c.example\n", i, (i + 1) % 200000);
	map_verdicts_open(&verdicts, strbuf_text(&text), text.length);
	map_graph_judge(&verdicts);
	ck_assert_uint_eq(verdicts.refused, 200000);
	ck_assert_uint_eq(result.refused_listed, 1000);
}
END_TEST

static const struct {
	const char *value;
	const char *addresses; /* joined by "|" */
} values[] = {
	{"", ""},
	{" , ", ""},
	{"a@b", "a@b"},
	{"a@b, c@d", "a@b|c@d"},
	{"a@b c@d,e@f ,", "a@b|c@d|e@f"},
};

START_TEST(splits_values)
{
	struct strbuf got cleanup_strbuf = STRBUF_INIT;
	struct span rest = span_of(values[_i].value);
	struct span address;

	while (map_text_next_address(&rest, &address)) {
		strbuf_append_text(&got, got.length > 0 ? "|" : "");
		strbuf_append(&got, address.bytes, address.length);
	}
	ck_assert_str_eq(strbuf_text(&got), values[_i].addresses);
}
END_TEST

START_TEST(finds_rows)
{
	static const char rows[] = "# comment\na@c\tx@y\nstrange line\nb@c\tx@y\nb1@c\tx@y\n";
	static const char *const keys[] = {"a@c", "b@c", "b1@c"};
	struct map_text text;
	size_t number;

	map_text_open(&text, rows, sizeof(rows) - 1, false);
	ck_assert_uint_eq(text.rows, ARRAY_LENGTH(keys));
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		ck_assert(map_text_find(&text, span_of(keys[i]), &number));
		ck_assert_uint_eq(number, i);
	}
	ck_assert(!map_text_find(&text, span_of("b0@c"), &number));
	ck_assert(!map_text_find(&text, span_of(""), &number));
	map_text_close(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("map_graph");
	TCase *graph = unit_case(suite, "graph");

	tcase_add_loop_test(graph, refuses_circles, 0, (int)ARRAY_LENGTH(graphs));
	tcase_add_test(graph, follows_a_long_chain);
	tcase_add_loop_test(graph, splits_values, 0, (int)ARRAY_LENGTH(values));
	tcase_add_test(graph, finds_rows);
	return unit_run(suite);
}
