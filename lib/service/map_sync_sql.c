#include "service/map_draft.h"

#include "base/clock.h"
#include "base/message.h"
#include "service/map_sync_result.h"
#include "service/map_table.h"
#include "service/map_table_apply.h"
#include "service/map_table_judge.h"
#include "system/signal_hold.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define TRIES 3 /* when others change the table while we look at it */

/* A table that nobody changes but us is not read through at every run. */
#define COMPARE_SECONDS 3600

static const struct map_type sql_types[] = {
	{.name = "mysql", .suffix = ""},
	{.name = "sqlite", .suffix = ""},
};

/* One look at store and table, and what follows from it. */
struct sql_sync {
	struct map_sync_run *run;
	const struct sql_settings *place;
	struct map_table table;
	struct map_draft draft;
	struct map_sync_file shape; /* of the stage: one text */
	struct map_table_mark mark;
	struct map_live_rows live;
};

#define cleanup_sql_sync __attribute__((cleanup(sql_sync_close)))

static void sql_sync_close(struct sql_sync *sync)
{
	map_draft_close(&sync->draft);
	map_live_rows_close(&sync->live);
	map_table_close(&sync->table);
}

static void resolve_type(struct map_sync_run *run)
{
	const char *name = run->settings->type;

	run->type = strcmp(name, sql_types[0].name) == 0 ? &sql_types[0] : &sql_types[1];
	run->postfix_identity = "";
	run->same_path = run->known && strcmp(run->before.path, run->settings->path) == 0;
	run->same_type = run->same_path && strcmp(run->before.type, run->type->name) == 0;
	map_sync_config_digest(run->request->settings, run->type->name, run->config);
}

/* ---------------------------------------------------------------- nothing to do */

static bool is_recent(const struct map_sync_run *run)
{
	int64_t age = run->request->now - run->before.installed;

	return age >= 0 && age < COMPARE_SECONDS;
}

/* By the books alone, ours and those in the database: one query. */
static bool is_up_to_date(struct sql_sync *sync, bool *ret_same, struct error *err)
{
	struct map_sync_run *run = sync->run;
	struct error ignored;

	*ret_same = false;
	if (run->request->check || run->request->dry_run || !run->same_type || run->before.refused > 0 ||
		strcmp(run->before.config, run->config) != 0 || !is_recent(run))
		return true;
	if (!map_sync_run_store_is_same(run, ret_same, err))
		return false;
	if (!*ret_same)
		return true;
	*ret_same = map_table_read_mark(&sync->table, false, &sync->mark, &ignored) &&
		    sync->mark.generation == run->before.generation && strcmp(sync->mark.digest, run->before.text) == 0;
	return true;
}

static void report_unchanged(const struct map_sync_run *run)
{
	struct map_sync_result *result = run->result;

	result->generation = run->before.generation;
	result->wanted = run->before.rows;
	result->live_before = run->before.rows;
	memcpy(result->text_digest, run->before.text, strlen(run->before.text) + 1);
}

/* ---------------------------------------------------------------- one look */

static bool read_table(struct sql_sync *sync, struct error *err)
{
	int64_t started = clock_monotonic_ms();

	if (!map_table_check(&sync->table, err) ||
		(sync->table.ready && !map_table_read_mark(&sync->table, false, &sync->mark, err)) ||
		!map_live_rows_read(&sync->live, &sync->table, err))
		return false;
	map_sync_result_step(sync->run->result, "read", started, "");
	return true;
}

static bool open_draft(struct sql_sync *sync, struct error *err)
{
	struct map_draft *draft = &sync->draft;

	sync->shape = (struct map_sync_file)MAP_SYNC_FILE_INIT;
	sync->shape.type = sync->run->type;
	sync->shape.parts[MAP_TEXT].name = "rows";
	draft->place = map_draft_own_place(sync->run);
	draft->file = &sync->shape;
	draft->live = map_live_rows_text(&sync->live);
	return map_draft_open_store(draft, sync->mark.generation, err) && map_draft_render(draft, err);
}

static bool judge_table(struct map_verdicts *verdicts, void *context, struct error *err)
{
	struct sql_sync *sync = context;
	const struct map_table_judge judge = {
		.table = &sync->table,
		.live = &sync->live,
		.verdicts = verdicts,
		.on_drift = sync->run->request->settings->sync_table.on_drift,
	};

	return map_table_judge(&judge, err);
}

static void note_missing(const struct sql_sync *sync)
{
	struct map_sync_run *run = sync->run;

	if (sync->live.missing > 0)
		map_sync_result_note(run->result, run->arena, "missing", "",
			arena_printf(run->arena,
				ngettext("somebody has removed %jd row of ours", "somebody has removed %jd rows of ours",
					(unsigned long)sync->live.missing),
				(intmax_t)sync->live.missing));
}

/* Walks once more beside what is live now: rows were refused, or left to others. */
static bool compare(struct sql_sync *sync, struct error *err)
{
	struct map_draft *draft = &sync->draft;
	struct map_text wanted;

	map_walk_close(&draft->walk);
	draft->walk = (struct map_walk){.arena = sync->run->arena, .limit = draft->differences};
	draft->live = map_live_rows_text(&sync->live);
	if (!map_walk_open(&draft->walk, draft->live.fd, draft->live.size, err))
		return false;
	map_text_open(&wanted, draft->stage.bytes, draft->stage.length);
	for (size_t i = 0; i < wanted.rows; i++) {
		struct map_text_row row = map_text_row(&wanted, i);

		map_walk_row(&draft->walk, row.key.bytes, row.key.length, row.key.length + row.value.length + 2);
	}
	map_walk_end(&draft->walk);
	map_text_close(&wanted);
	return true;
}

static bool judge_domain(struct sql_sync *sync, struct error *err)
{
	struct map_sync_run *run = sync->run;
	const char *refusal;
	const char *warning;

	if (!map_table_judge_domain(&sync->table, sync->draft.stage.rows, run->arena, &refusal, &warning, err))
		return false;
	if (refusal)
		map_rails_hit(&sync->draft.rails, RAIL_DOMAIN, "", refusal);
	if (warning)
		map_sync_result_note(run->result, run->arena, "alias-limit", "", warning);
	return true;
}

static void warn_of_sqlite(const struct map_sync_run *run, enum map_reference reference)
{
	if (reference != MAP_REFERENCE_NONE && strcmp(run->type->name, "sqlite") == 0)
		map_sync_result_note(run->result, run->arena, "sqlite-read-by-postfix", "",
			_("Postfix reads an SQLite database that is written to: its servers die when they meet a writer; let it "
			  "read a map instead"));
}

static bool judge_whole(struct sql_sync *sync, struct error *err)
{
	const struct map_walk *walk = &sync->draft.walk;
	const struct map_counts counts = {
		.wanted = sync->draft.stage.rows,
		.live = walk->live,
		.removed = walk->removed,
		.changed = walk->changed,
		.first = walk->live == 0 && sync->live.missing == 0,
	};
	int64_t started = clock_monotonic_ms();

	map_draft_report(&sync->draft, &counts);
	map_draft_judge_domain(&sync->draft);
	warn_of_sqlite(sync->run, map_draft_judge_reference(&sync->draft));
	if (!judge_domain(sync, err))
		return false;
	map_rails_judge(&sync->draft.rails, &counts);
	map_sync_result_step(sync->run->result, "rails", started, "");
	return map_rails_pass(&sync->draft.rails, err);
}

static bool look(struct sql_sync *sync, struct error *err)
{
	const struct map_draft_judges judges = {
		.values = &sync->live.text,
		.first = judge_table,
		.context = sync,
	};

	if (!read_table(sync, err) || !open_draft(sync, err) || !map_draft_judge_rows(&sync->draft, &judges, err))
		return false;
	note_missing(sync);
	return compare(sync, err) && judge_whole(sync, err);
}

/* ---------------------------------------------------------------- making it so */

static bool has_differences(const struct sql_sync *sync)
{
	const struct map_walk *walk = &sync->draft.walk;

	return walk->added > 0 || walk->changed > 0 || walk->removed > 0;
}

static bool is_marked(const struct sql_sync *sync)
{
	return sync->mark.generation == sync->run->store.generation &&
	       strcmp(sync->mark.digest, sync->draft.stage.text_digest) == 0;
}

/* With a connection of its own: what is seen there is seen by everybody. */
static bool is_committed(const struct sql_sync *sync, struct error *err)
{
	struct map_table table cleanup_map_table = MAP_TABLE_INIT;
	struct map_table_mark mark;

	if (!map_table_open(&table, sync->run->request->settings, sync->place, err) ||
		!map_table_read_mark(&table, false, &mark, err))
		return false;
	if (mark.generation == sync->run->store.generation && strcmp(mark.digest, sync->draft.stage.text_digest) == 0)
		return true;
	error_set(err, ERROR_DATABASE, _("the rows that were committed are not there"));
	return error_why(err, _("a second connection sees generation %jd"), (intmax_t)mark.generation);
}

static bool apply(struct sql_sync *sync, bool *ret_stale, struct error *err)
{
	struct map_sync_run *run = sync->run;
	struct map_text wanted;
	struct map_table_apply work = {
		.table = &sync->table,
		.before = sync->mark,
		.live = &sync->live.text,
		.wanted = &wanted,
		.missing = sync->live.missing,
		.released = &sync->live.released,
		.stamp = {.generation = run->store.generation, .now = run->request->now},
		.digest = sync->draft.stage.text_digest,
	};
	int64_t started = clock_monotonic_ms();
	struct error failure;
	bool done;

	map_text_open(&wanted, sync->draft.stage.bytes, sync->draft.stage.length);
	done = map_table_apply(&work, &failure);
	map_text_close(&wanted);
	*ret_stale = work.stale;
	if (!done && sql_last_failure(sync->table.sql) != SQL_FAILURE_OUTCOME_UNKNOWN) {
		*err = failure;
		return false;
	}
	if (!is_committed(sync, err))
		return false;
	map_sync_result_step(run->result, "apply", started, done ? "" : "the answer was lost, the rows are there");
	return true;
}

static bool settle(struct sql_sync *sync, struct error *err)
{
	struct map_sync_state state = map_draft_state(&sync->draft);

	sync->run->result->reload = "skipped";
	return map_renewal_settle(sync->run, &state, err);
}

static bool finish(struct sql_sync *sync, bool *ret_stale, struct error *err)
{
	struct map_sync_run *run = sync->run;
	struct signal_hold hold cleanup_signal_hold; /* what is committed gets into the books */

	run->result->changed = has_differences(sync);
	if (run->request->check || run->request->dry_run)
		return true;
	signal_hold_begin(&hold);
	if ((run->result->changed || sync->live.missing > 0 || sync->live.released.count > 0 || !is_marked(sync)) &&
		(!map_table_create(&sync->table, err) || !apply(sync, ret_stale, err))) {
		run->result->changed = false;
		return false;
	}
	return settle(sync, err);
}

static bool sync_once(struct map_sync_run *run, const struct sql_settings *place, bool *ret_stale, struct error *err)
{
	struct sql_sync sync cleanup_sql_sync = {
		.run = run,
		.place = place,
		.table = MAP_TABLE_INIT,
		.live = MAP_LIVE_ROWS_INIT,
	};
	bool same;

	*ret_stale = false;
	map_draft_open(&sync.draft, run, run->request->difference_limit);
	if (!map_table_open(&sync.table, run->request->settings, place, err) || !is_up_to_date(&sync, &same, err))
		return false;
	if (same) {
		report_unchanged(run);
		run->result->reload = "skipped";
		return true;
	}
	return look(&sync, err) && finish(&sync, ret_stale, err);
}

/* What a look that came to nothing has found does not stay in the result. */
static void forget_look(struct map_sync_result *result)
{
	result->warning_count = 0;
	result->refused_listed = 0;
	result->refused_count = 0;
	result->step_count = 0;
}

bool map_sync_sql(struct map_sync_run *run, struct error *err)
{
	struct sql_settings place;
	struct error failure;
	bool stale = false;

	resolve_type(run);
	if (run->request->database)
		place = *run->request->database;
	else if (!sql_settings_read(&run->request->settings->database, run->arena, &place, err))
		return false;
	for (int i = 0; i < TRIES; i++) {
		if (sync_once(run, &place, &stale, &failure))
			return true;
		if (!stale || i == TRIES - 1)
			break;
		forget_look(run->result);
	}
	*err = failure;
	return false;
}
