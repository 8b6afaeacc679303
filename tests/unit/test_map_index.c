/* Indexes that are right and indexes that are not, made with the libraries themselves. */
#include "storage/map_index.h"

#include "base/strbuf.h"
#include "unit.h"

#include <cdb.h>
#include <db.h>
#include <lmdb.h>
#include <sys/mman.h>

#define ROWS "ana@x.example\t1\nana-b@x.example\t2\nbeto@x.example\t3, 4\n"

struct pair {
	const char *key;
	const char *value;
};

static const struct pair good[] = {
	{"ana@x.example", "1"}, {"ana-b@x.example", "2"}, {"beto@x.example", "3, 4"}, {NULL, NULL}};
static const struct pair missing[] = {
	{"ana@x.example", "1"}, {"beto@x.example", "3, 4"}, {NULL, NULL}};
static const struct pair missing_first[] = {
	{"ana-b@x.example", "2"}, {"beto@x.example", "3, 4"}, {NULL, NULL}};
static const struct pair wrong[] = {
	{"ana@x.example", "1"}, {"ana-b@x.example", "2"}, {"beto@x.example", "3"}, {NULL, NULL}};
static const struct pair more[] = {{"ana@x.example", "1"}, {"ana-b@x.example", "2"},
	{"beto@x.example", "3, 4"}, {"evil@x.example", "5"}, {NULL, NULL}};
static const struct pair nothing[] = {{NULL, NULL}};

static const struct {
	const struct pair *pairs;
	enum index_verdict verdict;
	size_t offset;
	int64_t count;
} cases[] = {
	{good, INDEX_EQUAL, 0, 3},
	{missing, INDEX_DIFFERENT, 16, 0},
	{missing_first, INDEX_DIFFERENT, 0, 0},
	{wrong, INDEX_DIFFERENT, 34, 0},
	{more, INDEX_COUNT, 0, 4},
	{nothing, INDEX_DIFFERENT, 0, 0},
};

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s.%d", unit_scratch(), name, getpid());
	return path;
}

static MDB_val text_value(const char *text, size_t nul)
{
	union {
		const char *text;
		void *data;
	} bytes = {.text = text};

	return (MDB_val){.mv_data = bytes.data, .mv_size = strlen(text) + nul};
}

static void make_lmdb(const char *path, const struct pair *pairs, size_t nul)
{
	MDB_env *environment;
	MDB_txn *transaction;
	MDB_dbi table;

	ck_assert_int_eq(mdb_env_create(&environment), 0);
	ck_assert_int_eq(mdb_env_open(environment, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600), 0);
	ck_assert_int_eq(mdb_txn_begin(environment, NULL, 0, &transaction), 0);
	ck_assert_int_eq(mdb_dbi_open(transaction, NULL, 0, &table), 0);
	for (; pairs->key; pairs++) {
		MDB_val key = text_value(pairs->key, nul);
		MDB_val value = text_value(pairs->value, nul);

		ck_assert_int_eq(mdb_put(transaction, table, &key, &value, 0), 0);
	}
	ck_assert_int_eq(mdb_txn_commit(transaction), 0);
	mdb_env_close(environment);
}

static void make_cdb(const char *path, const struct pair *pairs, size_t nul)
{
	int fd cleanup_close = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct cdb_make make;

	ck_assert_int_eq(cdb_make_start(&make, fd), 0);
	for (; pairs->key; pairs++)
		ck_assert_int_eq(cdb_make_add(&make, pairs->key,
					 (unsigned)(strlen(pairs->key) + nul), pairs->value,
					 (unsigned)(strlen(pairs->value) + nul)),
			0);
	ck_assert_int_eq(cdb_make_finish(&make), 0);
}

static void make_hash(const char *path, const struct pair *pairs, size_t nul)
{
	DB *table;

	ck_assert_int_eq(db_create(&table, NULL, 0), 0);
	ck_assert_int_eq(table->open(table, NULL, path, NULL, DB_HASH, DB_CREATE, 0600), 0);
	for (; pairs->key; pairs++) {
		MDB_val key = text_value(pairs->key, nul);
		MDB_val value = text_value(pairs->value, nul);
		DBT hash_key = {.data = key.mv_data, .size = (u_int32_t)key.mv_size};
		DBT hash_value = {.data = value.mv_data, .size = (u_int32_t)value.mv_size};

		ck_assert_int_eq(table->put(table, NULL, &hash_key, &hash_value, 0), 0);
	}
	ck_assert_int_eq(table->close(table, 0), 0);
}

static void expect(index_compare *compare, const char *path, size_t number)
{
	const struct index_rows rows = {.bytes = ROWS, .length = strlen(ROWS), .count = 3};
	struct index_finding finding = compare(path, &rows);

	ck_assert_int_eq(finding.verdict, cases[number].verdict);
	if (finding.verdict == INDEX_DIFFERENT)
		ck_assert_uint_eq(finding.offset, cases[number].offset);
	else
		ck_assert_int_eq(finding.count, cases[number].count);
}

START_TEST(judges_lmdb)
{
	for (size_t nul = 0; nul <= 1; nul++) {
		const char *path = path_of(nul ? "lmdb1" : "lmdb0");

		make_lmdb(path, cases[_i].pairs, nul);
		expect(lmdb_index_compare, path, (size_t)_i);
	}
}
END_TEST

START_TEST(judges_cdb)
{
	for (size_t nul = 0; nul <= 1; nul++) {
		const char *path = path_of(nul ? "cdb1" : "cdb0");

		make_cdb(path, cases[_i].pairs, nul);
		expect(cdb_index_compare, path, (size_t)_i);
	}
}
END_TEST

START_TEST(judges_hash)
{
	for (size_t nul = 0; nul <= 1; nul++) {
		const char *path = path_of(nul ? "hash1" : "hash0");

		make_hash(path, cases[_i].pairs, nul);
		expect(hash_index_compare, path, (size_t)_i);
	}
}
END_TEST

static const struct {
	const char *name;
	index_build *build;
	index_compare *compare;
} types[] = {
	{"built.lmdb", lmdb_index_build, lmdb_index_compare},
	{"built.cdb", cdb_index_build, cdb_index_compare},
	{"built.db", hash_index_build, hash_index_compare},
};

START_TEST(builds_what_it_reads)
{
	const char *path = path_of(types[_i].name);
	const struct index_rows rows = {.bytes = ROWS, .length = strlen(ROWS), .count = 3};
	const struct index_rows other = {.bytes = "ana@x.example\t1\n", .length = strlen("ana@x.example\t1\n"), .count = 1};
	const struct index_rows cut = {.bytes = ROWS, .length = strlen(ROWS) - 1, .count = 3};

	ck_assert(types[_i].build(path, &rows));
	expect(types[_i].compare, path, 0);
	ck_assert_int_eq(types[_i].compare(path, &other).verdict, INDEX_COUNT);
	ck_assert(!types[_i].build(path_of("cut"), &cut));
	ck_assert(!types[_i].build("/nowhere/at/all", &rows));
}
END_TEST

/* Rows of a mapped file, whose memory may be given back while they are read. */
static struct index_rows map_rows(const char *name, const struct strbuf *text, int64_t count)
{
	int fd cleanup_close = open(path_of(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	void *bytes;

	ck_assert_int_eq(write(fd, text->text, text->length), (ssize_t)text->length);
	bytes = mmap(NULL, text->length, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(bytes, MAP_FAILED);
	return (struct index_rows){.bytes = bytes, .length = text->length, .count = count};
}

/* In the order of a map's text, which is not the bytewise one, and more than go into one transaction. */
START_TEST(builds_many)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct index_rows rows;
	struct index_finding finding;
	char *value;

	for (int i = 10000; i < 33000; i++)
		strbuf_printf(&text,
			"m%d@x.example\t%d@y.example\nm%d-a@x.example\ta\nm%d0@x.example\tb, c\n", i, i,
			i, i);
	rows = map_rows("rows", &text, 69000);
	ck_assert(types[_i].build(path_of(types[_i].name), &rows));
	finding = types[_i].compare(path_of(types[_i].name), &rows);
	ck_assert_int_eq(finding.verdict, INDEX_EQUAL);
	value = strstr(text.text, "m31000@x.example\t3");
	value[strlen("m31000@x.example\t")] = '4';
	rows = map_rows("other", &text, 69000);
	finding = types[_i].compare(path_of(types[_i].name), &rows);
	ck_assert_int_eq(finding.verdict, INDEX_DIFFERENT);
	ck_assert_uint_eq(finding.offset, (size_t)(value - text.text));
}
END_TEST

/* A text that comes in steps of `step` bytes, up to `most`. */
struct growing {
	size_t step;
	size_t most;
	int asked;
};

static size_t grow(void *context, size_t seen)
{
	struct growing *growing = context;
	size_t there = seen + growing->step;

	growing->asked++;
	return there < growing->most ? there : growing->most;
}

/* Steps that end within a row, at its end, and beyond all. */
START_TEST(builds_from_rows_that_grow)
{
	static const size_t steps[] = {1, 7, 16, 1000};

	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
		struct growing growing = {.step = steps[i], .most = strlen(ROWS)};
		const struct index_rows rows = {
			.bytes = ROWS,
			.length = sizeof(ROWS),
			.count = 5,
			.growth = grow,
			.context = &growing,
		};
		char name[32];
		const char *path;

		snprintf(name, sizeof(name), "grown%zu.%s", steps[i], types[_i].name);
		path = path_of(name);
		ck_assert(types[_i].build(path, &rows));
		ck_assert_int_eq(growing.asked, (int)((growing.most + steps[i] - 1) / steps[i]) + 1);
		expect(types[_i].compare, path, 0);
	}
}
END_TEST

/* One byte short, and a row more than there is memory. */
START_TEST(rows_that_stop_growing_are_no_map)
{
	struct growing growing = {.step = 20, .most = strlen(ROWS) - 1};
	struct index_rows rows = {
		.bytes = ROWS,
		.length = strlen(ROWS),
		.count = 3,
		.growth = grow,
		.context = &growing,
	};

	ck_assert(!types[_i].build(path_of("short"), &rows));
	growing = (struct growing){.step = rows.length - 21, .most = strlen(ROWS)};
	rows.length = strlen(ROWS) - strlen("beto@x.example\t3, 4\n");
	ck_assert(!types[_i].build(path_of("beyond"), &rows));
}
END_TEST

START_TEST(no_index_and_no_rows)
{
	const struct index_rows rows = {.bytes = ROWS, .length = strlen(ROWS), .count = 3};
	const struct index_rows none = {.bytes = ""};

	ck_assert_int_eq(lmdb_index_compare(path_of("no"), &rows).verdict, INDEX_UNREADABLE);
	ck_assert_int_eq(cdb_index_compare(path_of("no"), &rows).verdict, INDEX_UNREADABLE);
	ck_assert_int_eq(hash_index_compare(path_of("no"), &rows).verdict, INDEX_UNREADABLE);
	make_lmdb(path_of("empty"), nothing, 1);
	ck_assert_int_eq(lmdb_index_compare(path_of("empty"), &none).verdict, INDEX_EQUAL);
	make_cdb(path_of("empty.cdb"), nothing, 1);
	ck_assert_int_eq(cdb_index_compare(path_of("empty.cdb"), &none).verdict, INDEX_EQUAL);
}
END_TEST

/* A change that fits, and those that do not: key, value, whether the key is there. */
static const struct {
	struct index_change changes[2];
	bool done;
	size_t equals; /* number in `cases` of what it then is */
} updates[] = {
	{{{"beto@x.example", "3, 4", true}, {"ana-b@x.example", "2", true}}, true, 0},
	{{{"beto@x.example", "3", true}, {"ana@x.example", "1", true}}, true, 3},
	{{{"evil@x.example", "5", false}, {"ana@x.example", "1", true}}, true, 4},
	{{{"ana-b@x.example", NULL, true}, {"ana@x.example", "1", true}}, true, 1},
	{{{"ana@x.example", "1", true}, {"ana@x.example", "1", false}}, false, 0},
	{{{"evil@x.example", "5", false}, {"no@x.example", NULL, true}}, false, 0},
	{{{"evil@x.example", "5", true}, {"ana@x.example", "1", true}}, false, 0},
};

START_TEST(updates_lmdb)
{
	for (size_t nul = 0; nul <= 1; nul++) {
		const char *path = path_of(nul ? "update1" : "update0");

		make_lmdb(path, good, nul);
		ck_assert_int_eq(lmdb_index_update(path, updates[_i].changes, 2), updates[_i].done);
		expect(lmdb_index_compare, path, updates[_i].equals);
	}
}
END_TEST

START_TEST(updates_no_file_of_others)
{

	ck_assert(!lmdb_index_update(path_of("nothing"), updates[0].changes, 2));
	make_lmdb(path_of("bare"), nothing, 1);
	ck_assert(!lmdb_index_update(path_of("bare"), updates[0].changes, 2));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("map_index");
	TCase *compare = unit_case(suite, "compare");
	TCase *build = unit_case(suite, "build");
	TCase *update = unit_case(suite, "update");

	tcase_add_loop_test(compare, judges_lmdb, 0, (int)ARRAY_LENGTH(cases));
	tcase_add_loop_test(compare, judges_cdb, 0, (int)ARRAY_LENGTH(cases));
	tcase_add_loop_test(compare, judges_hash, 0, (int)ARRAY_LENGTH(cases));
	tcase_add_test(compare, no_index_and_no_rows);
	tcase_add_loop_test(build, builds_what_it_reads, 0, (int)ARRAY_LENGTH(types));
	tcase_add_loop_test(build, builds_from_rows_that_grow, 0, (int)ARRAY_LENGTH(types));
	tcase_add_loop_test(build, rows_that_stop_growing_are_no_map, 0, (int)ARRAY_LENGTH(types));
	tcase_add_loop_test(build, builds_many, 0, (int)ARRAY_LENGTH(types));
	tcase_add_loop_test(update, updates_lmdb, 0, (int)ARRAY_LENGTH(updates));
	tcase_add_test(update, updates_no_file_of_others);
	return unit_run(suite);
}
