/* The tables of the mail database: what is missing is named (Z22), and no version is lowered (Z36). */
#include "storage/schema.h"

#include "storage/sql_faulty.h"

#include "sql_fixture.h"

#define MUST(expression) unit_assert_ok(expression, err)
#define NOW 1779234918

static struct schema read_schema(struct sql_connection *sql)
{
	struct schema schema = {0};
	struct error err;

	MUST(schema_read(sql, "", &schema, &err));
	return schema;
}

static void make_all(struct sql_connection *sql)
{
	struct schema schema = read_schema(sql);
	struct error err;

	MUST(schema_create(sql, &schema, NOW, &err));
	MUST(schema_migrate(sql, NOW, &err));
}

static void execute(struct sql_connection *sql, struct sql_text text)
{
	struct error err;

	MUST(sql_execute(sql, text, SQL_NO_VALUES, NULL, &err));
}

START_TEST(makes_all_tables_and_columns)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct schema schema = read_schema(sql);
	struct error err;

	ck_assert_uint_eq(schema.tables, 0);
	ck_assert(!schema_require(&schema, &err));
	ck_assert_str_eq(err.fix, "postigo-admin schema init");
	make_all(sql);
	schema = read_schema(sql);
	ck_assert_uint_eq(schema.tables, (1U << SCHEMA_TABLES) - 1);
	ck_assert_uint_eq(schema.columns, (1U << SCHEMA_COLUMNS) - 1);
	ck_assert_int_eq(schema.level, SCHEMA_LEVEL_NEWEST);
	ck_assert_int_eq(schema.version, schema_version_newest());
	MUST(schema_require(&schema, &err));
	make_all(sql);
}
END_TEST

START_TEST(migrations_are_numbered_in_order)
{
	size_t count;
	const struct schema_migration *migrations = schema_migrations(&count);

	ck_assert_uint_gt(count, 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(migrations[i].number, (int64_t)i + 1);
	ck_assert_int_eq(schema_version_newest(), (int64_t)count);
}
END_TEST

START_TEST(names_what_is_missing)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct schema schema;
	struct error err;

	make_all(sql);
	execute(sql, SQL("ALTER TABLE {alias} DROP COLUMN description"));
	schema = read_schema(sql);
	MUST(schema_require(&schema, &err));
	ck_assert(!schema_has_column(&schema, SCHEMA_ALIAS_DESCRIPTION));
	ck_assert(schema_has_column(&schema, SCHEMA_ALIAS_DOMAIN_DESCRIPTION));
	ck_assert(!schema_require_column(&schema, SCHEMA_ALIAS_DESCRIPTION, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.what, "alias.description"));
	execute(sql, SQL("DROP TABLE {log}"));
	schema = read_schema(sql);
	ck_assert(!schema_require(&schema, &err));
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_ptr_nonnull(strstr(err.what, "\"log\""));
}
END_TEST

static const struct {
	int64_t level;
	bool good;
} levels[] = {{0, true}, {1834, false}, {1835, true}, {1856, true}, {9999, true}, {1, false}};

START_TEST(knows_which_levels_it_works_on)
{
	struct schema schema = {.tables = UINT32_MAX, .level = levels[_i].level};
	struct error err;

	ck_assert_msg(schema_require(&schema, &err) == levels[_i].good, "%lld", (long long)levels[_i].level);
}
END_TEST

START_TEST(refuses_prefixes_that_make_no_names)
{
	static const char *const prefixes[] = {"1", "a-", "a b", "`", "x; --", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct schema schema;
	struct error err;

	for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
		ck_assert_msg(!schema_read(sql, prefixes[i], &schema, &err), "%s", prefixes[i]);
		unit_assert_error(err, ERROR_CONFIG);
	}
}
END_TEST

/* A connection that fails at one call: what was cut off there, the next run completes, and nothing calls itself complete before it is. */
START_TEST(is_completed_after_any_failure)
{
	for (int64_t number = 1, calls = number; calls >= number; number++) {
		struct sql_connection *sql cleanup_sql = fixture_sql(_i);
		struct sql_settings settings = fixture_settings(_i, "postigo");
		struct sql_faults faults = {.driver = settings.driver, .kind = SQL_FAULT_OTHER};
		struct sql_connection *faulty cleanup_sql = NULL;
		struct schema schema = {0};
		struct error err;
		bool made;

		settings.driver = &sql_faulty;
		settings.faults = &faults;
		MUST(sql_open(&settings, &faulty, &err));
		MUST(schema_read(faulty, "", &schema, &err));
		faults.calls = 0;
		faults.fail_at = number;
		made = schema_create(faulty, &schema, NOW, &err) && schema_migrate(faulty, NOW, &err);
		sql_close(&faulty);
		calls = faults.calls;
		schema = read_schema(sql);
		if (!made)
			ck_assert_msg(schema.level == 0 || schema.tables >> SCHEMA_ADMIN_PREFERENCES != 0, "call %lld", (long long)number);
		if (!made && sql_can(sql, SQL_TRANSACTIONAL_SCHEMA))
			ck_assert_msg(schema.level == SCHEMA_LEVEL_NEWEST || schema.tables == 0, "call %lld: half a schema", (long long)number);
		make_all(sql);
		schema = read_schema(sql);
		ck_assert_uint_eq(schema.tables, (1U << SCHEMA_TABLES) - 1);
		ck_assert_int_eq(schema.level, SCHEMA_LEVEL_NEWEST);
		ck_assert(made == (calls < number));
	}
}
END_TEST

START_TEST(never_lowers_a_version)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct schema schema;
	struct error err;

	make_all(sql);
	execute(sql, SQL("INSERT INTO {postigo_schema} (version, what, applied) VALUES (500, 'later', '2030-01-01 00:00:00')"));
	execute(sql, SQL("UPDATE {config} SET value = '2000' WHERE name = 'version'"));
	schema = read_schema(sql);
	MUST(schema_create(sql, &schema, NOW, &err));
	MUST(schema_migrate(sql, NOW, &err));
	schema = read_schema(sql);
	ck_assert_int_eq(schema.version, 500);
	ck_assert_int_eq(schema.level, 2000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schema");
	TCase *tables = sql_fixture_case(suite, "tables");
	TCase *levels_case = unit_case(suite, "levels");

	sql_fixture_add(tables, makes_all_tables_and_columns);
	sql_fixture_add(tables, names_what_is_missing);
	sql_fixture_add(tables, refuses_prefixes_that_make_no_names);
	sql_fixture_add(tables, is_completed_after_any_failure);
	sql_fixture_add(tables, never_lowers_a_version);
	tcase_add_test(levels_case, migrations_are_numbered_in_order);
	tcase_add_loop_test(levels_case, knows_which_levels_it_works_on, 0, (int)ARRAY_LENGTH(levels));
	return unit_run(suite);
}
