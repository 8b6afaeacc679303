/*
 * Domains, alias domains and aliases: whatever call to the database fails, the rows are those before or those after. And what jobs are told of a transaction
 * (Z19), and what comes of a deadlock (Z31).
 */
#include "service/alias_domain.h"
#include "service/domain.h"
#include "service/mail_alias.h"

#include "mail_fixture.h"

/* ---------------------------------------------------------------- acts */

static struct domain_wish domain_wish(void)
{
	return (struct domain_wish){
		.fields = DOMAIN_MAX_ALIASES | DOMAIN_DEFAULT_QUOTA | DOMAIN_TRANSPORT,
		.values = {.max_aliases = 7, .default_quota = 1024, .transport = "lmtp"},
		.default_alias = "ana@example.net",
	};
}

static bool nothing(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	(void)fixture;
	(void)change;
	(void)err;
	return true;
}

static bool add_domain(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	const struct domain_wish wish = domain_wish();

	return domain_add(&fixture->context, "example.org", &wish, &fixture->arena, change, err);
}

static bool add_two_domains(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	const struct domain_wish wish = {.fields = 0};

	return add_domain(fixture, change, err) &&
	       domain_add(&fixture->context, "second.test", &wish, &fixture->arena, change, err);
}

static bool set_domain(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	const struct domain_wish wish = {
		.fields = DOMAIN_MAX_ALIASES | DOMAIN_DEFAULT_QUOTA | DOMAIN_DESCRIPTION,
		.values = {.max_aliases = 9, .default_quota = 2048, .description = "neu"},
	};

	return domain_set(&fixture->context, "example.org", &wish, &fixture->arena, change, err);
}

static bool disable_domain(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	return domain_set_active(&fixture->context, "example.org", false, &fixture->arena, change, err);
}

static bool add_alias_domain(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	const struct alias_domain_wish wish = {.name = "second.test", .target = "example.org", .description = "alt"};

	return alias_domain_add(&fixture->context, &wish, &fixture->arena, change, err);
}

static bool add_alias(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	struct mail_alias_wish wish = {.address = "info@example.org", .description = "neu"};

	return mail_alias_read_targets(&fixture->settings, "abuse@example.org,x@example.net", &fixture->arena, &wish.targets, err) &&
	       mail_alias_add(&fixture->context, &wish, &fixture->arena, change, err);
}

static bool fill(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	const struct sql_text texts[] = {
		SQL("INSERT INTO {mailbox} (username, password, name, maildir, local_part, domain) "
		    "VALUES ('ana@example.org', 'x', '', 'example.org/ana/', 'ana', 'example.org')"),
		SQL("INSERT INTO {quota2} (username, bytes, messages) VALUES ('ana@example.org', 5, 1)"),
	};

	if (!add_two_domains(fixture, change, err))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		if (!sql_execute(fixture->sql, texts[i], SQL_NO_VALUES, NULL, err))
			return false;
	}
	return add_alias_domain(fixture, change, err) && add_alias(fixture, change, err);
}

static bool delete_domain(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	const struct domain_removal removal = {.name = "example.org", .force = true};

	return domain_delete(&fixture->context, &removal, &fixture->arena, change, err);
}

static bool retarget(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	const struct alias_domain_wish wish = {.name = "second.test", .target = "third.test"};

	return alias_domain_retarget(&fixture->context, &wish, &fixture->arena, change, err);
}

static bool fill_three(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	const struct domain_wish wish = {.fields = 0};

	return fill(fixture, change, err) && domain_add(&fixture->context, "third.test", &wish, &fixture->arena, change, err);
}

static bool disable_alias_domain(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	return alias_domain_set_active(&fixture->context, "second.test", false, &fixture->arena, change, err);
}

static bool delete_alias_domain(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	return alias_domain_delete(&fixture->context, "second.test", &fixture->arena, change, err);
}

static bool set_alias(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	struct mail_alias_wish wish = {.address = "info@example.org", .description = "ganz neu"};

	return mail_alias_read_targets(&fixture->settings, "y@example.net", &fixture->arena, &wish.targets, err) &&
	       mail_alias_set(&fixture->context, &wish, &fixture->arena, change, err);
}

static bool take_target(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	struct mail_alias_wish wish = {.address = "info@example.org"};

	return mail_alias_read_targets(&fixture->settings, "x@example.net", &fixture->arena, &wish.targets, err) &&
	       mail_alias_remove_targets(&fixture->context, &wish, &fixture->arena, change, err);
}

static bool disable_alias(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	return mail_alias_set_active(&fixture->context, "info@example.org", false, &fixture->arena, change, err);
}

static bool delete_alias(struct mail_fixture *fixture, struct mail_change *change, struct error *err)
{
	return mail_alias_delete(&fixture->context, "info@example.org", &fixture->arena, change, err);
}

static const struct {
	const char *title;
	fixture_act *prepare;
	fixture_act *act;
} acts[] = {
	{"add domain", nothing, add_domain},
	{"set domain", add_domain, set_domain},
	{"disable domain", add_domain, disable_domain},
	{"delete domain", fill, delete_domain},
	{"add alias domain", add_two_domains, add_alias_domain},
	{"retarget alias domain", fill_three, retarget},
	{"disable alias domain", fill, disable_alias_domain},
	{"delete alias domain", fill, delete_alias_domain},
	{"add alias", add_domain, add_alias},
	{"set alias", fill, set_alias},
	{"remove target", fill, take_target},
	{"disable alias", fill, disable_alias},
	{"delete alias", fill, delete_alias},
};

/* The acts from one to before another: together they take too long for one test. */
static void fail_acts(int database, size_t from, size_t to)
{
	struct mail_fixture fixture cleanup_fixture = {.sql = NULL};

	mail_fixture_open(&fixture, database);
	for (size_t i = from; i < to; i++)
		mail_fixture_fail_each(&fixture, database, acts[i].prepare, acts[i].act);
}

START_TEST(every_call_for_a_domain_may_fail)
{
	fail_acts(_i, 0, 4);
}
END_TEST

START_TEST(every_call_for_an_alias_domain_may_fail)
{
	fail_acts(_i, 4, 8);
}
END_TEST

START_TEST(every_call_for_an_alias_may_fail)
{
	fail_acts(_i, 8, ARRAY_LENGTH(acts));
}
END_TEST

/* A dry run refuses and finds what the run does, and writes nothing. */
START_TEST(a_dry_run_writes_nothing)
{
	struct mail_fixture fixture cleanup_fixture = {.sql = NULL};

	mail_fixture_open(&fixture, _i);
	for (size_t i = 0; i < ARRAY_LENGTH(acts); i++) {
		struct mail_change change = MAIL_CHANGE_INIT;
		const char *before;
		struct error err;

		mail_fixture_clear(&fixture);
		fixture.context.dry_run = false;
		MUST(acts[i].prepare(&fixture, &change, &err));
		before = mail_fixture_rows(&fixture);
		fixture.context.dry_run = true;
		change.changed = false;
		MUST(acts[i].act(&fixture, &change, &err));
		ck_assert_msg(change.changed, "%s", acts[i].title);
		ck_assert_str_eq(mail_fixture_rows(&fixture), before);
	}
}
END_TEST

/* ---------------------------------------------------------------- jobs */

struct notes {
	int prepared;
	int undone;
	bool refuse;
};

static bool note_prepare(void *context, const struct mail_job_list *jobs, struct error *err)
{
	struct notes *notes = context;

	ck_assert_uint_eq(jobs->count, 1);
	ck_assert_int_eq(jobs->items[0].kind, MAIL_JOB_RETIRE_DIRECTORY);
	ck_assert_str_eq(jobs->items[0].path, "example.org");
	if (notes->refuse)
		return error_set(err, ERROR_FILESYSTEM, "cannot be renamed");
	notes->prepared++;
	return true;
}

static void note_undo(void *context, const struct mail_job_list *jobs)
{
	struct notes *notes = context;

	ck_assert_uint_eq(jobs->count, 1);
	notes->undone++;
}

/* Deletes the domain on a connection whose call `fail_at` fails; `ret_calls` is how many there were. */
static bool delete_under(int database, struct sql_faults *faults, struct notes *notes, enum error_code *ret_code)
{
	const struct mail_job_runner runner = {.context = notes, .prepare = note_prepare, .undo = note_undo};
	struct mail_fixture fixture cleanup_fixture = {.sql = NULL};
	struct sql_settings settings = fixture_settings(database, "postigo");
	struct mail_change change = MAIL_CHANGE_INIT;
	int64_t fail_at = faults->fail_at;
	struct error err = {.code = ERROR_NONE};
	bool done;

	mail_fixture_settings(&fixture);
	faults->driver = settings.driver;
	faults->fail_at = 0;
	settings.driver = &sql_faulty;
	settings.faults = faults;
	MUST(sql_open(&settings, &fixture.sql, &err));
	mail_fixture_use(&fixture);
	fixture.context.runner = &runner;
	faults->calls = 0;
	faults->fail_at = fail_at;
	done = delete_domain(&fixture, &change, &err);
	*ret_code = done ? ERROR_NONE : err.code;
	return done;
}

/* Whatever fails: a job that stayed prepared is that of a change which was made. */
START_TEST(jobs_are_undone_with_the_rows)
{
	struct mail_fixture fixture cleanup_fixture = {.sql = NULL};

	mail_fixture_open(&fixture, _i);
	for (int kind = SQL_FAULT_DEADLOCK; kind <= SQL_FAULT_OTHER; kind++) {
		struct sql_faults faults = {.kind = (enum sql_fault_kind)kind, .fail_at = 0};

		do {
			struct mail_change change = MAIL_CHANGE_INIT;
			struct notes notes = {0};
			enum error_code code;
			struct error err;
			bool done;

			faults.fail_at++;
			mail_fixture_clear(&fixture);
			MUST(fill(&fixture, &change, &err));
			done = delete_under(_i, &faults, &notes, &code);
			ck_assert_msg(notes.prepared - notes.undone == (done ? 1 : 0), "kind %d, call %lld: %d prepared, %d undone", kind,
				(long long)faults.fail_at, notes.prepared, notes.undone);
		} while (faults.calls >= faults.fail_at);
	}
}
END_TEST

START_TEST(a_job_that_cannot_be_prepared_keeps_the_rows)
{
	struct mail_fixture fixture cleanup_fixture = {.sql = NULL};
	struct sql_faults faults = {.fail_at = 0};
	struct notes notes = {.refuse = true};
	struct mail_change change = MAIL_CHANGE_INIT;
	enum error_code code;
	const char *before;
	struct error err;

	mail_fixture_open(&fixture, _i);
	MUST(fill(&fixture, &change, &err));
	before = mail_fixture_rows(&fixture);
	ck_assert(!delete_under(_i, &faults, &notes, &code));
	ck_assert_int_eq(code, ERROR_FILESYSTEM);
	ck_assert_str_eq(mail_fixture_rows(&fixture), before);
}
END_TEST

/* A deadlock that does not go away is told as one. */
START_TEST(gives_up_on_a_lasting_deadlock)
{
	struct mail_fixture fixture cleanup_fixture = {.sql = NULL};
	struct sql_faults faults = {.kind = SQL_FAULT_DEADLOCK, .fail_at = 1, .forever = true};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct notes notes = {0};
	enum error_code code;
	struct error err;

	mail_fixture_open(&fixture, _i);
	MUST(fill(&fixture, &change, &err));
	ck_assert(!delete_under(_i, &faults, &notes, &code));
	ck_assert_int_eq(code, ERROR_DEADLOCK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mail_change");
	TCase *rows = sql_fixture_case(suite, "rows");
	TCase *jobs = sql_fixture_case(suite, "jobs");

	sql_fixture_add(rows, every_call_for_a_domain_may_fail);
	sql_fixture_add(rows, every_call_for_an_alias_domain_may_fail);
	sql_fixture_add(rows, every_call_for_an_alias_may_fail);
	sql_fixture_add(rows, a_dry_run_writes_nothing);
	sql_fixture_add(jobs, jobs_are_undone_with_the_rows);
	sql_fixture_add(jobs, a_job_that_cannot_be_prepared_keeps_the_rows);
	sql_fixture_add(jobs, gives_up_on_a_lasting_deadlock);
	return unit_run(suite);
}
