/* The whole sync of aliases into a table, on both databases, and with every call to the database failing once. */
#include "service/map_sync.h"

#include "service/map_merge.h"
#include "storage/sql_faulty.h"

#include "sql_fixture.h"
#include "store_fixture.h"

#define MUST(expression) unit_assert_ok(expression, err)

/* A state directory, a store in it, and a Postfix that serves the domain. */
struct bed {
	struct arena arena;
	const char *state;
	struct settings settings;
	struct sql_settings place;
	int64_t now;
};

static void write_postfix(void)
{
	int directory cleanup_close = unit_directory("postfix");

	unit_write_file(directory, "main.cf", "virtual_alias_domains = club.example\nvirtual_alias_maps =\nmydestination =\n", 0644);
}

static void load_settings(struct bed *bed, int database)
{
	const char *mysql = database == FIXTURE_MARIADB ? "mysql" : "sqlite";
	const char *engine = database == FIXTURE_MARIADB ? "mariadb" : "sqlite";
	const char *text = arena_printf(&bed->arena,
		"{\"domain\": \"club.example\", \"sync\": {\"type\": \"%s\", \"path\": \"/nonexistent/aliases.cf\", "
		"\"postfix_config_directory\": \"%s/postfix\"}, \"sync_table\": {\"domain_table\": \"\"}, "
		"\"database\": {\"engine\": \"%s\"}}",
		mysql, unit_scratch(), engine);
	const struct source_text source = {.path = "postigo.json", .text = text, .length = strlen(text)};
	struct error err;

	MUST(settings_load(&source, 1, &bed->arena, &bed->settings, NULL, &err));
}

/* The store wants ana (new), beto (with another destination) and dora; carla is gone. */
static void fill_store(struct bed *bed)
{
	fixture_put(bed->state, "ana", "ana@x.example");
	fixture_put(bed->state, "beto", "new@x.example");
	fixture_put(bed->state, "dora", "dora@x.example");
}

static void make_tables(struct sql_connection *sql)
{
	struct error err;

	MUST(sql_execute(sql,
		SQL("CREATE TABLE alias (address VARCHAR(255) NOT NULL PRIMARY KEY, goto TEXT NOT NULL, domain VARCHAR(255) NOT NULL, "
		    "created DATETIME NOT NULL, modified DATETIME NOT NULL, active INTEGER NOT NULL DEFAULT 1)"),
		SQL_NO_VALUES, NULL, &err));
	MUST(sql_execute(sql,
		SQL("CREATE TABLE postigo_alias_owner (address VARCHAR(255) NOT NULL PRIMARY KEY, goto_sha256 CHAR(64) NOT NULL, "
		    "generation BIGINT NOT NULL, installed_at DATETIME NOT NULL, old_goto TEXT, old_active VARCHAR(64), "
		    "old_modified VARCHAR(64))"),
		SQL_NO_VALUES, NULL, &err));
	MUST(sql_execute(sql,
		SQL("CREATE TABLE postigo_meta (id INTEGER NOT NULL PRIMARY KEY, generation BIGINT NOT NULL, digest CHAR(64) NOT NULL)"),
		SQL_NO_VALUES, NULL, &err));
}

static void put_row(struct sql_connection *sql, const char *address, const char *goto_text, bool ours)
{
	char digest[DIGEST_HEX_LENGTH + 1];
	struct error err;

	digest_bytes(goto_text, strlen(goto_text), digest);
	MUST(sql_execute(sql,
		SQL("INSERT INTO alias (address, goto, domain, created, modified) VALUES (?, ?, 'club.example', ?, ?)"),
		SQL_VALUES(sql_text(address), sql_text(goto_text), sql_time(1), sql_time(1)), NULL, &err));
	if (ours)
		MUST(sql_execute(sql,
			SQL("INSERT INTO postigo_alias_owner (address, goto_sha256, generation, installed_at) VALUES (?, ?, 0, ?)"),
			SQL_VALUES(sql_text(address), sql_text(digest), sql_time(1)), NULL, &err));
}

/* As an older sync has left it: beto, carla and dora, and a row of somebody else. */
static void reset(struct bed *bed, int database)
{
	struct sql_connection *sql cleanup_sql = fixture_open(database);
	struct error err;

	MUST(sql_execute(sql, SQL("DELETE FROM alias"), SQL_NO_VALUES, NULL, &err));
	MUST(sql_execute(sql, SQL("DELETE FROM postigo_alias_owner"), SQL_NO_VALUES, NULL, &err));
	MUST(sql_execute(sql, SQL("DELETE FROM postigo_meta"), SQL_NO_VALUES, NULL, &err));
	put_row(sql, "beto@club.example", "old@x.example", true);
	put_row(sql, "carla@club.example", "carla@x.example", true);
	put_row(sql, "dora@club.example", "dora@x.example", true);
	put_row(sql, "ernesto@club.example", "his@own.example", false);
	unlinkat(AT_FDCWD, arena_printf(&bed->arena, "%s/sync/members.json", bed->state), 0);
}

static const char before_text[] = "beto@club.example old@x.example\ncarla@club.example carla@x.example\n"
				  "dora@club.example dora@x.example\nernesto@club.example his@own.example\n";
static const char after_text[] = "ana@club.example ana@x.example\nbeto@club.example new@x.example\n"
				 "dora@club.example dora@x.example\nernesto@club.example his@own.example\n";

static const char *table_text(int database, struct arena *arena)
{
	struct sql_connection *sql cleanup_sql = fixture_open(database);
	struct sql_statement *rows cleanup_sql_statement = NULL;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct error err;

	MUST(sql_query(sql, SQL("SELECT address, goto FROM alias ORDER BY address"), SQL_NO_VALUES, &rows, &err));
	while (sql_step(rows, &err) == SQL_ROW)
		strbuf_printf(&text, "%s %s\n", sql_column_text(rows, 0), sql_column_text(rows, 1));
	return arena_strdup(arena, strbuf_text(&text));
}

static struct bed make_bed(int database)
{
	struct bed bed = {.now = FIXTURE_TIME};
	struct sql_connection *sql cleanup_sql = fixture_sql(database);
	int directory cleanup_close = -1;

	bed.state = arena_strdup(&bed.arena, fixture_store("state", &directory));
	bed.place = fixture_settings(database, "postigo");
	fill_store(&bed);
	write_postfix();
	load_settings(&bed, database);
	make_tables(sql);
	reset(&bed, database);
	return bed;
}

static bool sync_bed(struct bed *bed, const struct sql_settings *place, struct map_sync_result *ret_result, struct error *err)
{
	const struct map_sync_request request = {
		.state_directory = bed->state,
		.settings = &bed->settings,
		.database = place,
		.now = bed->now,
	};

	return map_sync_members(&request, &bed->arena, ret_result, err);
}

/* ---------------------------------------------------------------- tests */

START_TEST(writes_the_rows_of_the_store)
{
	struct bed bed = make_bed(_i);
	struct map_sync_result result;
	struct error err;

	MUST(sync_bed(&bed, &bed.place, &result, &err));
	ck_assert(result.changed);
	ck_assert_int_eq(result.added, 1);
	ck_assert_int_eq(result.changed_rows, 1);
	ck_assert_int_eq(result.removed, 1);
	ck_assert_str_eq(table_text(_i, &bed.arena), after_text);
	MUST(sync_bed(&bed, &bed.place, &result, &err));
	ck_assert(!result.changed);
	ck_assert_int_eq(result.wanted, 3);
	arena_clear(&bed.arena);
}
END_TEST

START_TEST(makes_its_own_tables)
{
	struct bed bed = make_bed(_i);
	struct sql_connection *sql cleanup_sql = fixture_open(_i);
	struct map_sync_result result;
	struct error err;

	MUST(sql_execute(sql, SQL("DROP TABLE postigo_alias_owner"), SQL_NO_VALUES, NULL, &err));
	MUST(sql_execute(sql, SQL("DROP TABLE postigo_meta"), SQL_NO_VALUES, NULL, &err));
	sql_close(&sql);
	MUST(sync_bed(&bed, &bed.place, &result, &err));
	/* Nothing is ours: all but ana's are somebody else's rows. */
	ck_assert_int_eq(result.refused_count, 2);
	ck_assert_int_eq(result.added, 1);
	ck_assert_str_eq(table_text(_i, &bed.arena),
		"ana@club.example ana@x.example\nbeto@club.example old@x.example\ncarla@club.example carla@x.example\n"
		"dora@club.example dora@x.example\nernesto@club.example his@own.example\n");
	arena_clear(&bed.arena);
}
END_TEST

/* Somebody changes a row between our look and our change; the one time that matters is covered by the lock, which this holds. */
START_TEST(waits_for_somebody_else)
{
	struct bed bed = make_bed(_i);
	struct sql_connection *other cleanup_sql = fixture_open(_i);
	struct sql_transaction holder cleanup_sql_transaction = SQL_TRANSACTION_INIT;
	struct map_sync_result result;
	struct error err;

	bed.place.lock_timeout_ms = 300;
	MUST(sql_begin(&holder, other, &err));
	MUST(sql_execute(other, SQL("UPDATE alias SET goto = 'theirs@x.example' WHERE address = 'beto@club.example'"), SQL_NO_VALUES,
		NULL, &err));
	ck_assert(!sync_bed(&bed, &bed.place, &result, &err));
	unit_assert_error(err, ERROR_DEADLOCK);
	ck_assert(!result.changed);
	MUST(sql_commit(&holder, &err));
	MUST(sync_bed(&bed, &bed.place, &result, &err));
	ck_assert_int_eq(result.refused_count, 1);
	ck_assert_str_eq(result.refused[0].code, "drift");
	arena_clear(&bed.arena);
}
END_TEST

static void fail_everywhere(struct bed *bed, int database, enum sql_fault_kind kind)
{
	struct sql_faults faults = {.kind = kind};
	struct sql_settings place = bed->place;
	struct map_sync_result result;
	int64_t failures = 0;
	struct error err;

	faults.driver = place.driver;
	place.driver = &sql_faulty;
	place.faults = &faults;
	do {
		const char *text;
		bool done;

		reset(bed, database);
		faults.calls = 0;
		faults.fail_at++;
		done = sync_bed(bed, &place, &result, &err);
		text = table_text(database, &bed->arena);
		failures += !done;
		ck_assert_msg(strcmp(text, after_text) == 0 || (!done && strcmp(text, before_text) == 0), "fault %d at call %jd: %s",
			(int)kind, (intmax_t)faults.fail_at, text);
		MUST(sync_bed(bed, &bed->place, &result, &err));
		ck_assert_str_eq(table_text(database, &bed->arena), after_text);
	} while (faults.calls >= faults.fail_at);
	ck_assert_int_gt(faults.fail_at, 20);
	ck_assert_int_gt(failures, 5);
}

START_TEST(every_call_may_fail)
{
	struct bed bed = make_bed(_i);

	fail_everywhere(&bed, _i, SQL_FAULT_OTHER);
	fail_everywhere(&bed, _i, SQL_FAULT_DEADLOCK);
	fail_everywhere(&bed, _i, SQL_FAULT_LOST_BEFORE);
	fail_everywhere(&bed, _i, SQL_FAULT_LOST_AFTER);
	arena_clear(&bed.arena);
}
END_TEST

/* ---------------------------------------------------------------- side by side */

static const struct {
	const char *live;
	const char *wanted;
	const char *kinds; /* =, +, ~, - */
} merges[] = {
	{"", "", ""},
	{"", "a@x\t1\nb@x\t2\n", "++"},
	{"a@x\t1\nb@x\t2\n", "", "--"},
	{"a@x\t1\nb@x\t2\n", "a@x\t1\nb@x\t2\n", "=="},
	{"a@x\t1\nb@x\t2\n", "a@x\t1\nb@x\t3\n", "=~"},
	{"a@x\t1\nc@x\t2\n", "b@x\t1\nd@x\t3\n", "-+-+"},
	{"ana@x\t1\nana-b@x\t2\n", "ana@x\t1\nana.b@x\t3\n", "=-+"},
};

START_TEST(merges_two_texts)
{
	static const char signs[] = {[MAP_ROW_SAME] = '=', [MAP_ROW_ADDED] = '+', [MAP_ROW_CHANGED] = '~', [MAP_ROW_REMOVED] = '-'};
	struct map_text live;
	struct map_text wanted;
	struct map_merge merge = {.live = &live, .wanted = &wanted};
	struct map_merge_row row;
	struct strbuf kinds cleanup_strbuf = STRBUF_INIT;

	map_text_open(&live, merges[_i].live, strlen(merges[_i].live));
	map_text_open(&wanted, merges[_i].wanted, strlen(merges[_i].wanted));
	while (map_merge_next(&merge, &row))
		strbuf_append_char(&kinds, signs[row.kind]);
	ck_assert_str_eq(strbuf_text(&kinds), merges[_i].kinds);
	map_text_close(&live);
	map_text_close(&wanted);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("map_sync_sql");
	TCase *pure = unit_case(suite, "merge");
	TCase *sync = sql_fixture_case(suite, "sync");

	tcase_add_loop_test(pure, merges_two_texts, 0, (int)ARRAY_LENGTH(merges));
	sql_fixture_add(sync, unit_root_test(writes_the_rows_of_the_store));
	sql_fixture_add(sync, unit_root_test(makes_its_own_tables));
	sql_fixture_add(sync, unit_root_test(waits_for_somebody_else));
	sql_fixture_add(sync, unit_root_test(every_call_may_fail));
	return unit_run(suite);
}
