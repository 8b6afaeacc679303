/* One behaviour, two databases: every case below runs on SQLite and on a real MariaDB. */
#include "storage/sql_faulty.h"

#include "sql_fixture.h"

#include <sys/resource.h>

/* Sanitizers keep what was freed for a while. */
#ifdef __SANITIZE_ADDRESS__
#define FLAT_KIB 65536
#else
#define FLAT_KIB 4096
#endif

#define MUST(expression) unit_assert_ok(expression, err)

static void make_table(struct sql_connection *sql)
{
	struct error err;

	MUST(sql_execute(sql,
		SQL("CREATE TABLE thing (name VARCHAR(60) NOT NULL PRIMARY KEY, number BIGINT, note MEDIUMTEXT, data BLOB, "
		    "happened DATETIME)"),
		SQL_NO_VALUES, NULL, &err));
}

static void add(struct sql_connection *sql, const char *name, int64_t number)
{
	struct error err;

	MUST(sql_execute(sql, SQL("INSERT INTO thing (name, number) VALUES (?, ?)"),
		SQL_VALUES(sql_text(name), sql_integer(number)), NULL, &err));
}

static int64_t count_things(struct sql_connection *sql)
{
	struct sql_statement *row cleanup_sql_statement = NULL;
	struct error err = {.code = ERROR_NONE};
	enum lookup_result result = sql_find(sql, SQL("SELECT COUNT(*) FROM thing"), SQL_NO_VALUES, &row, &err);

	ck_assert_msg(result == LOOKUP_FOUND, "%s", err.what);
	return sql_column_integer(row, 0);
}

static int64_t count_anew(int database)
{
	struct sql_connection *sql cleanup_sql = fixture_open(database);

	return count_things(sql);
}

/* ---------------------------------------------------------------- values */

START_TEST(gives_back_what_it_was_given)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_statement *row cleanup_sql_statement = NULL;
	static char note[300000];
	struct error err;

	make_table(sql);
	memset(note, 'x', sizeof(note) - 1);
	MUST(sql_execute(sql, SQL("INSERT INTO thing (name, number, note, data, happened) VALUES (?, ?, ?, ?, ?)"),
		SQL_VALUES(sql_text("Zoë 📮' OR \"1\"=`1`; --\\"), sql_integer(INT64_MIN), sql_text(note),
			sql_bytes("a\0b\xff", 4), sql_time(1779234918)),
		NULL, &err));
	ck_assert_int_eq(sql_find(sql, SQL("SELECT number, note, data, happened, name FROM thing WHERE name = ?"),
				 SQL_VALUES(sql_text("Zoë 📮' OR \"1\"=`1`; --\\")), &row, &err),
		LOOKUP_FOUND);
	ck_assert(sql_column_integer(row, 0) == INT64_MIN);
	ck_assert_uint_eq(sql_column_length(row, 1), sizeof(note) - 1);
	ck_assert_str_eq(sql_column_text(row, 1), note);
	ck_assert_uint_eq(sql_column_length(row, 2), 4);
	ck_assert_mem_eq(sql_column_bytes(row, 2), "a\0b\xff", 4);
	ck_assert_int_eq(sql_column_time(row, 3), 1779234918);
	ck_assert_str_eq(sql_column_text(row, 3), "2026-05-19 23:55:18");
	ck_assert_str_eq(sql_column_text(row, 4), "Zoë 📮' OR \"1\"=`1`; --\\");
}
END_TEST

START_TEST(knows_null_from_empty)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_statement *row cleanup_sql_statement = NULL;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct error err;

	make_table(sql);
	MUST(sql_execute(sql, SQL("INSERT INTO thing (name, number, note, data) VALUES (?, ?, ?, ?)"),
		SQL_VALUES(sql_text(""), sql_boolean(true), sql_text(NULL), sql_bytes(NULL, 0)), NULL, &err));
	ck_assert_int_eq(sql_find(sql, SQL("SELECT name, number, note, data, happened FROM thing"), SQL_NO_VALUES, &row, &err),
		LOOKUP_FOUND);
	ck_assert_str_eq(sql_column_text(row, 0), "");
	ck_assert(!sql_column_is_null(row, 0));
	ck_assert(sql_column_boolean(row, 1));
	ck_assert(sql_column_is_null(row, 2));
	ck_assert_ptr_null(sql_column_text(row, 2));
	ck_assert_ptr_null(sql_column_copy(row, 2, &arena));
	ck_assert(!sql_column_is_null(row, 3));
	ck_assert_uint_eq(sql_column_length(row, 3), 0);
	ck_assert_int_eq(sql_column_time(row, 4), 0);
	ck_assert_str_eq(sql_column_copy(row, 0, &arena), "");
}
END_TEST

/* The first rows are short: buffers grow on the way, and are right again for the short ones after it. */
START_TEST(rows_of_any_length_follow_each_other)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_statement *rows cleanup_sql_statement = NULL;
	static const size_t lengths[] = {1, 255, 256, 257, 5000, 3, 70000, 0, 255, 2};
	static char note[70001];
	struct error err;

	make_table(sql);
	memset(note, 'y', sizeof(note));
	for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++)
		MUST(sql_execute(sql, SQL("INSERT INTO thing (name, number, note) VALUES (?, ?, ?)"),
			SQL_VALUES(sql_text_bytes(note, i + 1), sql_integer((int64_t)i), sql_text_bytes(note, lengths[i])),
			NULL, &err));
	MUST(sql_query(sql, SQL("SELECT note FROM thing ORDER BY number"), SQL_NO_VALUES, &rows, &err));
	for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
		ck_assert_int_eq(sql_step(rows, &err), SQL_ROW);
		ck_assert_uint_eq(sql_column_length(rows, 0), lengths[i]);
		ck_assert_uint_eq(strspn(sql_column_text(rows, 0), "y"), lengths[i]);
	}
	ck_assert_int_eq(sql_step(rows, &err), SQL_END);
}
END_TEST

START_TEST(what_does_not_fit_reads_as_nothing_and_spoils_the_transaction)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_statement *row cleanup_sql_statement = NULL;
	struct sql_transaction transaction cleanup_sql_transaction = SQL_TRANSACTION_INIT;
	struct error err;

	make_table(sql);
	add(sql, "seven", 7);
	MUST(sql_begin(&transaction, sql, &err));
	add(sql, "eight", 8);
	ck_assert_int_eq(sql_find(sql, SQL("SELECT name FROM thing WHERE number = 7"), SQL_NO_VALUES, &row, &err), LOOKUP_FOUND);
	ck_assert_int_eq(sql_column_integer(row, 0), 0);
	ck_assert(!sql_commit(&transaction, &err));
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_int_eq(count_things(sql), 1);
}
END_TEST

START_TEST(a_wrong_column_ends_the_stream)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_statement *rows cleanup_sql_statement = NULL;
	struct error err;

	make_table(sql);
	add(sql, "seven", 7);
	add(sql, "eight", 8);
	MUST(sql_query(sql, SQL("SELECT name, number FROM thing"), SQL_NO_VALUES, &rows, &err));
	ck_assert_int_eq(sql_step(rows, &err), SQL_ROW);
	ck_assert_int_eq(sql_column_time(rows, 0), 0);
	ck_assert_str_eq(sql_column_text(rows, 1), "");
	ck_assert_int_eq(sql_step(rows, &err), SQL_FAILED);
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_int_eq(count_things(sql), 2);
}
END_TEST

/* ---------------------------------------------------------------- statements */

START_TEST(finds_or_does_not)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_statement *first cleanup_sql_statement = NULL;
	struct sql_statement *second cleanup_sql_statement = NULL;
	struct sql_statement *none cleanup_sql_statement = NULL;
	struct error err;

	make_table(sql);
	add(sql, "a", 1);
	add(sql, "b", 2);
	ck_assert_int_eq(sql_find(sql, SQL("SELECT name FROM thing ORDER BY name"), SQL_NO_VALUES, &first, &err), LOOKUP_FOUND);
	ck_assert_int_eq(sql_find(sql, SQL("SELECT name FROM thing ORDER BY name DESC"), SQL_NO_VALUES, &second, &err), LOOKUP_FOUND);
	ck_assert_str_eq(sql_column_text(first, 0), "a");
	ck_assert_str_eq(sql_column_text(second, 0), "b");
	ck_assert_int_eq(sql_find(sql, SQL("SELECT name FROM thing WHERE number > ?"), SQL_VALUES(sql_integer(2)), &none, &err),
		LOOKUP_NOT_FOUND);
	ck_assert_ptr_null(none);
	ck_assert_int_eq(sql_find(sql, SQL("SELECT name FROM nothing"), SQL_NO_VALUES, &none, &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_DATABASE);
}
END_TEST

START_TEST(counts_the_rows_it_found)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_statement *insert cleanup_sql_statement = NULL;
	int64_t rows = -1;
	struct error err;

	make_table(sql);
	MUST(sql_prepare(sql, SQL("INSERT INTO thing (name, number) VALUES (?, 5)"), &insert, &err));
	for (int i = 0; i < 3; i++) {
		const char name[] = {(char)('a' + i), '\0'};

		MUST(sql_run(insert, SQL_VALUES(sql_text(name)), &rows, &err));
		ck_assert_int_eq(rows, 1);
	}
	MUST(sql_execute(sql, SQL("UPDATE thing SET number = 5"), SQL_NO_VALUES, &rows, &err));
	ck_assert_int_eq(rows, 3);
	MUST(sql_execute(sql, SQL("DELETE FROM thing WHERE name = 'z'"), SQL_NO_VALUES, &rows, &err));
	ck_assert_int_eq(rows, 0);
	MUST(sql_execute(sql, SQL("DELETE FROM thing"), SQL_NO_VALUES, &rows, &err));
	ck_assert_int_eq(rows, 3);
	MUST(sql_execute(sql, SQL("CREATE TABLE other (name VARCHAR(9))"), SQL_NO_VALUES, &rows, &err));
	ck_assert_int_eq(rows, 0);
}
END_TEST

START_TEST(refuses_misuse)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_statement *rows cleanup_sql_statement = NULL;
	struct sql_transaction outer cleanup_sql_transaction = SQL_TRANSACTION_INIT;
	struct sql_transaction inner cleanup_sql_transaction = SQL_TRANSACTION_INIT;
	struct error err;

	make_table(sql);
	add(sql, "a", 1);
	add(sql, "b", 2);
	ck_assert(!sql_execute(sql, SQL("DELETE FROM thing WHERE name = ?"), SQL_NO_VALUES, NULL, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert(!sql_execute(sql, SQL("SELECT name FROM thing"), SQL_NO_VALUES, NULL, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert(!sql_query(sql, SQL("DELETE FROM thing"), SQL_NO_VALUES, &rows, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert(!sql_commit(&outer, &err));
	unit_assert_error(err, ERROR_BUG);
	MUST(sql_begin(&outer, sql, &err));
	ck_assert(!sql_begin(&inner, sql, &err));
	unit_assert_error(err, ERROR_BUG);
	MUST(sql_query(sql, SQL("SELECT name FROM thing"), SQL_NO_VALUES, &rows, &err));
	ck_assert_int_eq(sql_step(rows, &err), SQL_ROW);
	ck_assert(!sql_execute(sql, SQL("DELETE FROM thing"), SQL_NO_VALUES, NULL, &err));
	unit_assert_error(err, ERROR_BUG);
	sql_statement_close(&rows);
	ck_assert_int_eq(count_things(sql), 2);
	ck_assert(!sql_execute(sql, SQL("DELETE FROM thing; DELETE FROM thing"), SQL_NO_VALUES, NULL, &err));
}
END_TEST

START_TEST(statements_survive_their_connection)
{
	struct sql_connection *sql = fixture_sql(_i);
	struct sql_statement *rows cleanup_sql_statement = NULL;
	struct sql_statement *insert cleanup_sql_statement = NULL;
	struct error err;

	make_table(sql);
	add(sql, "a", 1);
	MUST(sql_prepare(sql, SQL("INSERT INTO thing (name) VALUES (?)"), &insert, &err));
	MUST(sql_query(sql, SQL("SELECT name FROM thing"), SQL_NO_VALUES, &rows, &err));
	sql_close(&sql);
	ck_assert_ptr_null(sql);
	ck_assert_int_eq(sql_step(rows, &err), SQL_FAILED);
	unit_assert_error(err, ERROR_BUG);
}
END_TEST

START_TEST(names_are_quoted_identifiers)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_identifier table;
	struct sql_identifier column;
	struct error err;

	ck_assert(sql_identifier_parse("order", &table));
	ck_assert(sql_identifier_parse("Group_2", &column));
	sql_define(sql, "table", &table);
	sql_define(sql, "column", &table);
	sql_define(sql, "column", &column);
	MUST(sql_execute(sql, SQL("CREATE TABLE {table} ({column} INTEGER)"), SQL_NO_VALUES, NULL, &err));
	MUST(sql_execute(sql, SQL("INSERT INTO {table} ({column}) VALUES (?)"), SQL_VALUES(sql_integer(1)), NULL, &err));
	ck_assert(!sql_execute(sql, SQL("DELETE FROM {tables}"), SQL_NO_VALUES, NULL, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert(!sql_execute(sql, SQL("DELETE FROM {table"), SQL_NO_VALUES, NULL, &err));
	unit_assert_error(err, ERROR_BUG);
}
END_TEST

/* Some rows in one statement, of a list of columns, over rows that are there. */
static void put_three(struct sql_connection *sql, int64_t number)
{
	const struct sql_value values[] = {
		sql_text("a"), sql_integer(number),
		sql_text("b"), sql_integer(number + 1),
		sql_text("c"), sql_integer(number + 2),
	};
	const struct sql_values all = {values, ARRAY_LENGTH(values)};
	struct error err;

	if (sql_can(sql, SQL_ON_DUPLICATE_KEY))
		MUST(sql_execute(sql,
			SQL_ROWS(3, "INSERT INTO thing ({columns}) VALUES {*({columns:?})*} ON DUPLICATE KEY UPDATE {rest:=new}"),
			all, NULL, &err));
	else
		MUST(sql_execute(sql,
			SQL_ROWS(3, "INSERT INTO thing ({columns}) VALUES {*({columns:?})*} ON CONFLICT (name) DO UPDATE SET {rest:=new}"),
			all, NULL, &err));
}

START_TEST(one_statement_puts_many_rows)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_statement *row cleanup_sql_statement = NULL;
	struct sql_identifier columns[2];
	struct error err;

	make_table(sql);
	ck_assert(sql_identifier_parse("name", &columns[0]) && sql_identifier_parse("number", &columns[1]));
	sql_define_list(sql, "columns", columns, 2);
	sql_define_list(sql, "rest", columns + 1, 1);
	put_three(sql, 1);
	put_three(sql, 11);
	ck_assert_int_eq(sql_find(sql, SQL_ROWS(2, "SELECT COUNT(*), SUM(number) FROM thing WHERE name IN ({*?*})"),
				 SQL_VALUES(sql_text("a"), sql_text("c")), &row, &err),
		LOOKUP_FOUND);
	ck_assert_int_eq(sql_column_integer(row, 0), 2);
	ck_assert_int_eq(sql_column_integer(row, 1), 24);
	ck_assert(!sql_execute(sql, SQL_ROWS(0, "DELETE FROM thing WHERE name IN ({*?*})"), SQL_NO_VALUES, NULL, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert(!sql_execute(sql, SQL_ROWS(1, "DELETE FROM thing WHERE name IN ({*?)"), SQL_NO_VALUES, NULL, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert(!sql_execute(sql, SQL("DELETE FROM thing WHERE {columns:=old}"), SQL_NO_VALUES, NULL, &err));
	unit_assert_error(err, ERROR_BUG);
}
END_TEST

/* ---------------------------------------------------------------- errors */

START_TEST(tells_constraints_apart)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_transaction transaction cleanup_sql_transaction = SQL_TRANSACTION_INIT;
	struct error err;

	make_table(sql);
	MUST(sql_begin(&transaction, sql, &err));
	add(sql, "a", 1);
	ck_assert(!sql_execute(sql, SQL("INSERT INTO thing (name) VALUES ('a')"), SQL_NO_VALUES, NULL, &err));
	unit_assert_error(err, ERROR_ALREADY_EXISTS);
	ck_assert_int_eq(sql_last_failure(sql), SQL_FAILURE_DUPLICATE);
	ck_assert(!sql_execute(sql, SQL("INSERT INTO thing (name) VALUES (?)"), SQL_VALUES(sql_null()), NULL, &err));
	unit_assert_error(err, ERROR_RULE);
	ck_assert_int_eq(sql_last_failure(sql), SQL_FAILURE_CONSTRAINT);
	/* Answers, not accidents: the transaction goes on. */
	add(sql, "b", 2);
	MUST(sql_commit(&transaction, &err));
	ck_assert_int_eq(count_things(sql), 2);
}
END_TEST

START_TEST(an_accident_ends_the_transaction)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct error err;

	make_table(sql);
	{
		struct sql_transaction transaction cleanup_sql_transaction = SQL_TRANSACTION_INIT;

		MUST(sql_begin(&transaction, sql, &err));
		add(sql, "a", 1);
		ck_assert(!sql_execute(sql, SQL("DELETE FROM nothing"), SQL_NO_VALUES, NULL, &err));
		unit_assert_error(err, ERROR_DATABASE);
		ck_assert(!sql_execute(sql, SQL("DELETE FROM thing"), SQL_NO_VALUES, NULL, &err));
		unit_assert_error(err, ERROR_BUG);
		ck_assert(!sql_commit(&transaction, &err));
		unit_assert_error(err, ERROR_BUG);
	}
	ck_assert_int_eq(count_things(sql), 0);
	add(sql, "b", 2);
	ck_assert_int_eq(count_anew(_i), 1);
}
END_TEST

START_TEST(undoes_what_was_not_committed)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct error err;

	make_table(sql);
	for (int i = 0; i < 3; i++) {
		struct sql_transaction transaction cleanup_sql_transaction = SQL_TRANSACTION_INIT;
		struct sql_statement *rows cleanup_sql_statement = NULL;

		MUST(sql_begin(&transaction, sql, &err));
		add(sql, "a", 1);
		add(sql, "b", 1);
		if (i == 0)
			continue;
		MUST(sql_query(sql, SQL("SELECT name FROM thing"), SQL_NO_VALUES, &rows, &err));
		ck_assert_int_eq(sql_step(rows, &err), SQL_ROW);
		if (i == 1)
			sql_rollback(&transaction);
		else
			ck_assert(!sql_commit(&transaction, &err));
		ck_assert_int_eq(sql_step(rows, &err), SQL_FAILED);
	}
	ck_assert_int_eq(count_things(sql), 0);
	ck_assert_int_eq(count_anew(_i), 0);
}
END_TEST

START_TEST(says_why_it_cannot_be_opened)
{
	struct sql_settings settings = fixture_settings(_i, "postigo");
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_connection *other = NULL;
	struct error err;

	ck_assert_ptr_nonnull(sql);
	settings.path = fixture_path("absent.db");
	settings.socket = fixture_path("absent");
	settings.create = false;
	ck_assert(!sql_open(&settings, &other, &err));
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_str_ne(err.why, "");
	ck_assert_str_ne(err.fix, "");
	ck_assert_ptr_null(other);
}
END_TEST

START_TEST(a_file_that_is_no_database_is_refused)
{
	struct sql_settings settings = fixture_settings(FIXTURE_SQLITE, "postigo");
	int directory = unit_directory("odd");
	struct sql_connection *sql = NULL;
	struct error err;

	settings.path = fixture_path("odd/mail.db");
	unit_write_file(directory, "mail.db", "this is a letter, and no database at all", 0600);
	ck_assert(!sql_open(&settings, &sql, &err));
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_ptr_nonnull(strstr(err.what, "odd/mail.db"));
	ck_assert_int_eq(unlinkat(directory, "mail.db", 0), 0);
	ck_assert_int_eq(symlinkat("elsewhere.db", directory, "mail.db"), 0);
	ck_assert(!sql_open(&settings, &sql, &err));
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_int_eq(unlinkat(directory, "mail.db", 0), 0);
	ck_assert_int_eq(fchmod(directory, 0777), 0);
	if (geteuid() == 0) {
		ck_assert(!sql_open(&settings, &sql, &err));
		unit_assert_error(err, ERROR_CONFIG);
	}
	close(directory);
}
END_TEST

START_TEST(a_server_that_does_not_let_us_in_says_how_to_get_in)
{
	struct sql_settings settings = fixture_settings(FIXTURE_MARIADB, "postigo");
	struct sql_connection *made cleanup_sql = fixture_sql(FIXTURE_MARIADB);
	struct sql_connection *sql cleanup_sql = NULL;
	struct error err;

	make_table(made);
	settings.password = "not-the-secret";
	ck_assert(!sql_open(&settings, &sql, &err));
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_ptr_nonnull(strstr(err.fix, "credentials_file"));
	ck_assert_ptr_null(strstr(err.why, settings.password));
	settings.password = "secret";
	settings.database = "letters";
	ck_assert(!sql_open(&settings, &sql, &err));
	unit_assert_error(err, ERROR_DATABASE);
	settings = fixture_settings(FIXTURE_MARIADB, "reader");
	MUST(sql_open(&settings, &sql, &err));
	ck_assert(!sql_execute(sql, SQL("INSERT INTO thing (name) VALUES ('a')"), SQL_NO_VALUES, NULL, &err));
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_int_eq(sql_last_failure(sql), SQL_FAILURE_DENIED);
	ck_assert_ptr_nonnull(strstr(err.fix, "GRANT"));
}
END_TEST

/* Strict whatever the server is set to: a text is refused, not cut, and not turned into question marks. */
START_TEST(a_text_that_does_not_fit_is_not_cut)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(FIXTURE_MARIADB);
	char name[62] = "";
	struct error err;

	make_table(sql);
	MUST(sql_execute(sql, SQL("CREATE TABLE old (name VARCHAR(9) CHARACTER SET latin1)"), SQL_NO_VALUES, NULL, &err));
	memset(name, 'n', 61);
	ck_assert(!sql_execute(sql, SQL("INSERT INTO thing (name) VALUES (?)"), SQL_VALUES(sql_text(name)), NULL, &err));
	unit_assert_error(err, ERROR_RULE);
	ck_assert(!sql_execute(sql, SQL("INSERT INTO old (name) VALUES (?)"), SQL_VALUES(sql_text("ж")), NULL, &err));
	unit_assert_error(err, ERROR_RULE);
	ck_assert(!sql_execute(sql, SQL("INSERT INTO thing (name, number) VALUES ('a', ?)"),
		SQL_VALUES(sql_text("many")), NULL, &err));
	unit_assert_error(err, ERROR_RULE);
	ck_assert_int_eq(count_things(sql), 0);
}
END_TEST

START_TEST(a_killed_connection_is_lost)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(FIXTURE_MARIADB);
	struct sql_connection *other cleanup_sql = fixture_open(FIXTURE_MARIADB);
	struct sql_transaction transaction cleanup_sql_transaction = SQL_TRANSACTION_INIT;
	struct sql_statement *row cleanup_sql_statement = NULL;
	struct error err;

	make_table(sql);
	MUST(sql_begin(&transaction, sql, &err));
	add(sql, "a", 1);
	ck_assert_int_eq(sql_find(sql, SQL("SELECT CONNECTION_ID()"), SQL_NO_VALUES, &row, &err), LOOKUP_FOUND);
	MUST(sql_execute(other, SQL("KILL ?"), SQL_VALUES(sql_integer(sql_column_integer(row, 0))), NULL, &err));
	ck_assert(!sql_commit(&transaction, &err));
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_int_eq(sql_last_failure(sql), SQL_FAILURE_OUTCOME_UNKNOWN);
	ck_assert(!sql_begin(&transaction, sql, &err));
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_int_eq(sql_last_failure(sql), SQL_FAILURE_LOST);
	ck_assert_int_eq(count_things(other), 0);
}
END_TEST

/* ---------------------------------------------------------------- many rows */

static long resident_kib(void)
{
	struct rusage usage;

	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

/* A copy of them would take 20 MB. */
START_TEST(a_hundred_thousand_rows_pass_in_flat_memory)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_statement *rows cleanup_sql_statement = NULL;
	int64_t count = 0;
	long before;
	struct error err;

	MUST(sql_execute(sql, SQL("CREATE TABLE digit (d INTEGER)"), SQL_NO_VALUES, NULL, &err));
	MUST(sql_execute(sql, SQL("INSERT INTO digit VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)"), SQL_NO_VALUES, NULL, &err));
	MUST(sql_query(sql,
		SQL("SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d, ?, e.d "
		    "FROM digit a, digit b, digit c, digit d, digit e"),
		SQL_VALUES(sql_text("a text of two hundred bytes a text of two hundred bytes a text of two hundred bytes "
				    "a text of two hundred bytes a text of two hundred bytes a text of two hundred bytes")),
		&rows, &err));
	ck_assert_int_eq(sql_step(rows, &err), SQL_ROW);
	before = resident_kib();
	do {
		ck_assert_uint_gt(sql_column_length(rows, 1), 150);
		count++;
	} while (sql_step(rows, &err) == SQL_ROW);
	ck_assert_int_eq(count, 100000);
	ck_assert_int_lt(resident_kib() - before, FLAT_KIB);
}
END_TEST

/* ---------------------------------------------------------------- several at once */

START_TEST(a_lock_that_is_not_had_in_time_is_a_deadlock)
{
	struct sql_settings settings = fixture_settings(_i, "postigo");
	struct sql_connection *first cleanup_sql = fixture_sql(_i);
	struct sql_connection *second cleanup_sql = NULL;
	struct sql_statement *row cleanup_sql_statement = NULL;
	struct sql_transaction holder cleanup_sql_transaction = SQL_TRANSACTION_INIT;
	struct error err;

	settings.lock_timeout_ms = 300;
	MUST(sql_open(&settings, &second, &err));
	make_table(first);
	add(first, "a", 1);
	MUST(sql_begin(&holder, first, &err));
	MUST(sql_execute(first, SQL("UPDATE thing SET number = 2"), SQL_NO_VALUES, NULL, &err));
	ck_assert(!sql_execute(second, SQL("UPDATE thing SET number = 3"), SQL_NO_VALUES, NULL, &err));
	unit_assert_error(err, ERROR_DEADLOCK);
	ck_assert_int_eq(sql_last_failure(second), SQL_FAILURE_DEADLOCK);
	if (sql_can(second, SQL_ROW_LOCKS)) {
		/* This one is told among the rows, and not when it starts. */
		ck_assert_int_eq(sql_find(second, SQL("SELECT number FROM thing FOR UPDATE"), SQL_NO_VALUES, &row, &err),
			LOOKUP_FAILED);
		unit_assert_error(err, ERROR_DEADLOCK);
	}
	sql_rollback(&holder);
	MUST(sql_execute(second, SQL("UPDATE thing SET number = 3"), SQL_NO_VALUES, NULL, &err));
}
END_TEST

static bool always_deadlocked(struct sql_connection *sql, void *context, struct error *err)
{
	int *calls = context;

	(void)sql;
	(*calls)++;
	return error_set(err, ERROR_DEADLOCK, "made up");
}

START_TEST(gives_up_after_some_attempts)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	int calls = 0;
	struct error err;

	ck_assert(!sql_transact(sql, always_deadlocked, &calls, &err));
	unit_assert_error(err, ERROR_DEADLOCK);
	ck_assert_int_eq(calls, SQL_ATTEMPTS);
}
END_TEST

/* Two rows in an order that the other one takes the other way round: InnoDB has to kill one of them now and then. */
struct crossing {
	const char *first;
	const char *second;
};

static bool cross(struct sql_connection *sql, void *context, struct error *err)
{
	const struct crossing *crossing = context;

	return sql_execute(sql, SQL("UPDATE thing SET number = number + 1 WHERE name = ?"),
		       SQL_VALUES(sql_text(crossing->first)), NULL, err) &&
	       sql_execute(sql, SQL("UPDATE thing SET number = number + 1 WHERE name = ?"),
		       SQL_VALUES(sql_text(crossing->second)), NULL, err);
}

static int cross_often(int database, struct crossing *crossing)
{
	struct sql_connection *sql cleanup_sql = fixture_open(database);
	struct error err;

	for (int i = 0; i < 100; i++) {
		if (!sql_transact(sql, cross, crossing, &err)) {
			fprintf(stderr, "# %s: %s\n", err.what, err.why);
			return 1;
		}
	}
	return 0;
}

START_TEST(deadlocks_are_retried)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);
	struct sql_statement *row cleanup_sql_statement = NULL;
	struct crossing forth = {"a", "b"};
	struct crossing back = {"b", "a"};
	struct error err;
	int status;
	pid_t child;

	make_table(sql);
	add(sql, "a", 0);
	add(sql, "b", 0);
	sql_close(&sql);
	child = fork();
	if (child == 0)
		_exit(cross_often(_i, &back));
	ck_assert_int_eq(cross_often(_i, &forth), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	sql = fixture_open(_i);
	ck_assert_int_eq(sql_find(sql, SQL("SELECT SUM(number) FROM thing"), SQL_NO_VALUES, &row, &err), LOOKUP_FOUND);
	ck_assert_int_eq(sql_column_integer(row, 0), 400);
}
END_TEST

/* ---------------------------------------------------------------- faults */

static bool three_things(struct sql_connection *sql, void *context, struct error *err)
{
	struct sql_statement *row cleanup_sql_statement = NULL;

	(void)context;
	if (!sql_execute(sql, SQL("INSERT INTO thing (name, number) VALUES ('a', 1), ('b', 2)"), SQL_NO_VALUES, NULL, err) ||
		sql_find(sql, SQL("SELECT number FROM thing WHERE name = 'b'"), SQL_NO_VALUES, &row, err) != LOOKUP_FOUND)
		return false;
	return sql_execute(sql, SQL("INSERT INTO thing (name, number) VALUES ('c', ?)"),
		SQL_VALUES(sql_integer(sql_column_integer(row, 0))), NULL, err);
}

/* What one work under one fault came to; the table is empty before. */
static bool work_under(struct sql_faults *faults, int database, enum sql_failure *ret_failure)
{
	struct sql_settings settings = fixture_settings(database, "postigo");
	struct sql_connection *sql cleanup_sql = NULL;
	struct error err;
	bool done;

	faults->driver = settings.driver;
	settings.driver = &sql_faulty;
	settings.faults = faults;
	*ret_failure = SQL_FAILURE_NONE;
	if (!sql_open(&settings, &sql, &err))
		return false;
	done = sql_transact(sql, three_things, NULL, &err);
	*ret_failure = sql_last_failure(sql);
	return done;
}

static void fail_everywhere(int database, enum sql_fault_kind kind)
{
	struct sql_connection *sql cleanup_sql = fixture_open(database);
	struct sql_faults faults = {.kind = kind};
	enum sql_failure failure;
	int64_t failures = 0;
	struct error err;

	do {
		bool done;
		int64_t count;

		faults.calls = 0;
		faults.fail_at++;
		MUST(sql_execute(sql, SQL("DELETE FROM thing"), SQL_NO_VALUES, NULL, &err));
		done = work_under(&faults, database, &failure);
		count = count_things(sql);
		failures += !done;
		ck_assert_msg(count == (done ? 3 : 0) || (failure == SQL_FAILURE_OUTCOME_UNKNOWN && count == 3),
			"fault %d at call %jd: %jd rows", (int)kind, (intmax_t)faults.fail_at, (intmax_t)count);
	} while (faults.calls >= faults.fail_at);
	ck_assert_int_gt(failures, kind == SQL_FAULT_DEADLOCK ? 0 : 8);
}

START_TEST(every_call_may_fail)
{
	struct sql_connection *sql cleanup_sql = fixture_sql(_i);

	make_table(sql);
	fail_everywhere(_i, SQL_FAULT_OTHER);
	fail_everywhere(_i, SQL_FAULT_DEADLOCK);
	fail_everywhere(_i, SQL_FAULT_LOST_BEFORE);
	fail_everywhere(_i, SQL_FAULT_LOST_AFTER);
}
END_TEST

/* ---------------------------------------------------------------- identifiers */

static const struct {
	const char *text;
	bool good;
} identifiers[] = {
	{"alias", true},
	{"_Alias2", true},
	{"a234567890123456789012345678901234567890123456789012345678901234", true},
	{"a2345678901234567890123456789012345678901234567890123456789012345", false},
	{"", false},
	{"2alias", false},
	{"mail.alias", false},
	{"ali as", false},
	{"alias`", false},
	{"alias\"", false},
	{"aliaş", false},
	{"alias;", false},
	{"alias--", false},
};

START_TEST(knows_identifiers)
{
	struct sql_identifier identifier;

	ck_assert_msg(sql_identifier_parse(identifiers[_i].text, &identifier) == identifiers[_i].good, "\"%s\"",
		identifiers[_i].text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sql");
	TCase *pure = unit_case(suite, "pure");
	TCase *rows = sql_fixture_case(suite, "rows");

	tcase_add_loop_test(pure, knows_identifiers, 0, (int)ARRAY_LENGTH(identifiers));
	tcase_add_test(pure, a_file_that_is_no_database_is_refused);
	sql_fixture_add(rows, gives_back_what_it_was_given);
	sql_fixture_add(rows, knows_null_from_empty);
	sql_fixture_add(rows, rows_of_any_length_follow_each_other);
	sql_fixture_add(rows, what_does_not_fit_reads_as_nothing_and_spoils_the_transaction);
	sql_fixture_add(rows, a_wrong_column_ends_the_stream);
	sql_fixture_add(rows, finds_or_does_not);
	sql_fixture_add(rows, counts_the_rows_it_found);
	sql_fixture_add(rows, refuses_misuse);
	sql_fixture_add(rows, statements_survive_their_connection);
	sql_fixture_add(rows, names_are_quoted_identifiers);
	sql_fixture_add(rows, one_statement_puts_many_rows);
	sql_fixture_add(rows, tells_constraints_apart);
	sql_fixture_add(rows, an_accident_ends_the_transaction);
	sql_fixture_add(rows, undoes_what_was_not_committed);
	sql_fixture_add(rows, says_why_it_cannot_be_opened);
	sql_fixture_add(rows, a_hundred_thousand_rows_pass_in_flat_memory);
	sql_fixture_add(rows, a_lock_that_is_not_had_in_time_is_a_deadlock);
	sql_fixture_add(rows, gives_up_after_some_attempts);
	sql_fixture_add(rows, deadlocks_are_retried);
	sql_fixture_add(rows, every_call_may_fail);
	sql_fixture_add_server(rows, a_server_that_does_not_let_us_in_says_how_to_get_in);
	sql_fixture_add_server(rows, a_text_that_does_not_fit_is_not_cut);
	sql_fixture_add_server(rows, a_killed_connection_is_lost);
	return unit_run(suite);
}
