/*
 * A mail database with a few rows, on any of the databases of sql_fixture.h, and the failing of each call to it, one after the other.
 */
#ifndef POSTIGO_TESTS_MAIL_FIXTURE_H
#define POSTIGO_TESTS_MAIL_FIXTURE_H

#include "base/strbuf.h"
#include "service/mail_context.h"
#include "storage/sql_faulty.h"

#include "sql_fixture.h"

#define FIXTURE_NOW 1779234918 /* 2026-05-19T23:55:18Z */

#define MUST(expression) unit_assert_ok(expression, err)

struct mail_fixture {
	struct arena arena;
	struct settings settings;
	struct identity actor;
	struct schema schema;
	struct sql_connection *sql;
	struct mail_context context;
};

static inline void mail_fixture_close(struct mail_fixture *fixture)
{
	sql_close(&fixture->sql);
	arena_clear(&fixture->arena);
}

#define cleanup_fixture __attribute__((cleanup(mail_fixture_close)))

static inline void mail_fixture_settings(struct mail_fixture *fixture)
{
	static const char text[] = "{\"domain\": \"club.example\"}";
	const struct source_text source = {"postigo.json", text, sizeof(text) - 1};
	struct error err;

	MUST(settings_load(&source, 1, &fixture->arena, &fixture->settings, NULL, &err));
	fixture->actor = (struct identity){.login = "op", .claim = "", .terminal = ""};
}

/* What the services want, over an open connection. */
static inline void mail_fixture_use(struct mail_fixture *fixture)
{
	struct error err;

	MUST(schema_read(fixture->sql, "", &fixture->schema, &err));
	fixture->context = (struct mail_context){
		.sql = fixture->sql,
		.schema = &fixture->schema,
		.settings = &fixture->settings,
		.actor = &fixture->actor,
		.now = FIXTURE_NOW,
	};
}

/* An empty mail database. */
static inline void mail_fixture_open(struct mail_fixture *fixture, int database)
{
	struct error err;

	*fixture = (struct mail_fixture){.sql = fixture_sql(database)};
	mail_fixture_settings(fixture);
	MUST(schema_read(fixture->sql, "", &fixture->schema, &err));
	MUST(schema_create(fixture->sql, &fixture->schema, FIXTURE_NOW, &err));
	MUST(schema_migrate(fixture->sql, FIXTURE_NOW, &err));
	mail_fixture_use(fixture);
}

/* All rows that the services write, as one text in the arena. */
static inline const char *mail_fixture_rows(struct mail_fixture *fixture)
{
	const struct sql_text texts[] = {
		SQL("SELECT domain, description, transport, aliases, mailboxes, maxquota, quota, active FROM {domain} ORDER BY domain"),
		SQL("SELECT address, goto, domain, description, active FROM {alias} ORDER BY address"),
		SQL("SELECT alias_domain, target_domain, description, active FROM {alias_domain} ORDER BY alias_domain"),
		SQL("SELECT username, domain FROM {mailbox} ORDER BY username"),
		SQL("SELECT username, bytes FROM {quota2} ORDER BY username"),
		SQL("SELECT domain, default_quota FROM {postigo_domain} ORDER BY domain"),
		SQL("SELECT domain, action, data FROM {log} ORDER BY id"),
	};
	struct strbuf all cleanup_strbuf = STRBUF_INIT;
	struct error err;

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct sql_statement *rows cleanup_sql_statement = NULL;

		MUST(sql_query(fixture->sql, texts[i], SQL_NO_VALUES, &rows, &err));
		while (sql_step(rows, &err) == SQL_ROW) {
			const char *first = sql_column_text(rows, 0);
			const char *second = sql_column_is_null(rows, 1) ? "" : sql_column_bytes(rows, 1);

			strbuf_printf(&all, "%s|%s", first ? first : "", second ? second : "");
			for (unsigned column = 2; column < (unsigned[]){8, 5, 4, 2, 2, 2, 3}[i]; column++) {
				const char *bytes = sql_column_bytes(rows, column);

				if (bytes)
					strbuf_printf(&all, "|%s", bytes);
				else
					strbuf_printf(&all, "|%lld", (long long)sql_column_integer(rows, column));
			}
			strbuf_append_char(&all, '\n');
		}
	}
	return arena_strdup(&fixture->arena, strbuf_text(&all));
}

typedef bool fixture_act(struct mail_fixture *fixture, struct mail_change *change, struct error *err);

/* Takes all rows away again. */
static inline void mail_fixture_clear(struct mail_fixture *fixture)
{
	const struct sql_text texts[] = {
		SQL("DELETE FROM {alias}"),
		SQL("DELETE FROM {alias_domain}"),
		SQL("DELETE FROM {mailbox}"),
		SQL("DELETE FROM {quota2}"),
		SQL("DELETE FROM {postigo_domain}"),
		SQL("DELETE FROM {log}"),
		SQL("DELETE FROM {domain} WHERE domain <> 'ALL'"),
	};
	struct error err;

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
		MUST(sql_execute(fixture->sql, texts[i], SQL_NO_VALUES, NULL, &err));
}

typedef bool fixture_act(struct mail_fixture *fixture, struct mail_change *change, struct error *err);

/* Runs `act` on a connection of its own, whose call number `fail_at` from then on fails. Returns whether it said that it was done. */
static inline bool mail_fixture_fail(int database, struct sql_faults *faults, fixture_act *act)
{
	struct mail_fixture fixture cleanup_fixture = {.sql = NULL};
	struct sql_settings settings = fixture_settings(database, "postigo");
	struct mail_change change = MAIL_CHANGE_INIT;
	int64_t fail_at = faults->fail_at;
	struct error err;

	mail_fixture_settings(&fixture);
	faults->driver = settings.driver;
	faults->fail_at = 0;
	settings.driver = &sql_faulty;
	settings.faults = faults;
	MUST(sql_open(&settings, &fixture.sql, &err));
	mail_fixture_use(&fixture);
	faults->calls = 0;
	faults->fail_at = fail_at;
	return act(&fixture, &change, &err) && change.changed;
}

/* Judges the rows after call number `number` failed. */
static inline void mail_fixture_judge(const char *rows, const char *before, const char *after, const struct sql_faults *faults,
	bool done)
{
	bool may_be_after = done || faults->kind == SQL_FAULT_LOST_AFTER;

	ck_assert_msg((!done && strcmp(rows, before) == 0) || (may_be_after && strcmp(rows, after) == 0),
		"call %lld failed (kind %d), it said %s, and the rows are\n%s", (long long)faults->fail_at, (int)faults->kind,
		done ? "done" : "not done", rows);
	ck_assert_msg(faults->kind != SQL_FAULT_DEADLOCK || done, "a deadlock of call %lld was not retried",
		(long long)faults->fail_at);
}

/*
 * Lets each call that `act` makes fail once, in the way of `kind`: the rows are as before it or as after it, never between; as after it when it said so; and as before it
 * when it did not, unless the answer to COMMIT was what got lost. `prepare` makes the rows before.
 */
static inline void mail_fixture_fail_each(struct mail_fixture *fixture, int database, fixture_act *prepare, fixture_act *act)
{
	struct mail_change change = MAIL_CHANGE_INIT;
	const char *before;
	const char *after;
	struct error err;

	mail_fixture_clear(fixture);
	MUST(prepare(fixture, &change, &err));
	before = mail_fixture_rows(fixture);
	MUST(act(fixture, &change, &err));
	after = mail_fixture_rows(fixture);
	ck_assert_str_ne(before, after);
	for (int kind = SQL_FAULT_DEADLOCK; kind <= SQL_FAULT_OTHER; kind++) {
		struct sql_faults faults = {.kind = (enum sql_fault_kind)kind, .fail_at = 0};
		bool done = false;

		do {
			faults.fail_at++;
			mail_fixture_clear(fixture);
			MUST(prepare(fixture, &change, &err));
			done = mail_fixture_fail(database, &faults, act);
			mail_fixture_judge(mail_fixture_rows(fixture), before, after, &faults, done);
		} while (faults.calls >= faults.fail_at);
		ck_assert_msg(done && faults.fail_at > 8, "kind %d: %lld calls", kind, (long long)faults.fail_at);
	}
}

#endif
