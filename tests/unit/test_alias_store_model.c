/* The store against a model of it in memory. */
#include "storage/alias_store.h"

#include "store_fixture.h"

#define MODEL_NAMES 60

struct model {
	bool present[MODEL_NAMES];
	int64_t version[MODEL_NAMES];
};

static void model_name(size_t index, char name[32])
{
	snprintf(name, 32, "%c%zu%s", "abz_"[index % 4], index, index % 3 ? "" : "-x");
}

static struct alias_entry model_entry(const struct model *model, size_t index, struct arena *arena)
{
	char name[32];

	model_name(index, name);
	return fixture_entry(arena, arena_strdup(arena, name), (uint32_t)(5000 + index),
		arena_printf(arena, "v%lld@x.example.org", (long long)model->version[index]));
}

static void check_model(const struct alias_store *store, const struct model *model)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_cursor cursor;
	struct alias_entry entry;
	const char *previous = "";
	size_t expected = 0;
	size_t seen = 0;
	struct error err;

	for (size_t i = 0; i < MODEL_NAMES; i++) {
		struct alias_entry wanted = model_entry(model, i, &arena);
		enum lookup_result found =
			alias_store_find(store, wanted.username, &arena, &entry, &err);

		ck_assert_int_eq(found, model->present[i] ? LOOKUP_FOUND : LOOKUP_NOT_FOUND);
		if (found == LOOKUP_FOUND)
			ck_assert_str_eq(entry.destinations.items[0], wanted.destinations.items[0]);
		expected += model->present[i];
	}
	alias_store_rewind(store, &cursor);
	while (alias_store_next(&cursor, &arena, &entry, &err) == LOOKUP_FOUND) {
		ck_assert_int_lt(strcmp(previous, entry.username), 0);
		previous = entry.username;
		seen++;
	}
	ck_assert_uint_eq(seen, expected);
}

static void random_step(struct alias_store *store, struct model *model)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	size_t index = (size_t)rand() % MODEL_NAMES;
	struct alias_entry before = model_entry(model, index, &arena);
	struct alias_entry after;
	bool removed = model->present[index] && rand() % 3 == 0;
	struct error err;

	model->version[index]++;
	after = model_entry(model, index, &arena);
	unit_assert_ok(fixture_change(store, model->present[index] ? &before : NULL,
			       removed ? NULL : &after, &err),
		err);
	model->present[index] = !removed;
}

START_TEST(a_thousand_random_changes)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	int directory cleanup_close = -1;
	const char *state = fixture_store("model", &directory);
	struct model model = {0};
	int inside cleanup_close = openat(directory, "store", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err;

	srand(1);
	for (int i = 0; i < 1000; i++) {
		if (i % 50 == 0) {
			alias_store_close(&store);
			unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_WRITE, &err),
				err);
			ck_assert(!store.recovered);
			ck_assert_int_eq(store.generation, i);
		}
		random_step(&store, &model);
		if (i % 10 == 0)
			check_model(&store, &model);
	}
	alias_store_close(&store);
	unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_READ, &err), err);
	check_model(&store, &model);
	unit_assert_ok(alias_journal_verify(inside, NULL, NULL, &err), err);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alias_store_model");
	TCase *slow = unit_case(suite, "slow");

	tcase_set_timeout(slow, 240);
	unit_add_root_test(slow, a_thousand_random_changes);
	return unit_run(suite);
}
