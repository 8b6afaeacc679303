#include "service/map_sync_run.h"

#include "base/clock.h"
#include "base/message.h"
#include "service/map_build.h"
#include "service/map_draft.h"
#include "service/map_sync_result.h"
#include "storage/member_status.h"
#include "system/directory.h"
#include "system/signal_hold.h"

#include <string.h>

/* What one renewal builds up. */
struct renewal {
	struct map_sync_run *run;
	struct map_draft draft;
	bool text_foreign;
	bool index_foreign;
	enum map_reference reference;
};

#define cleanup_renewal __attribute__((cleanup(renewal_close)))

static void renewal_close(struct renewal *renewal)
{
	map_draft_close(&renewal->draft);
}

static void note(const struct map_sync_run *run, const char *code, const char *key,
	const char *detail)
{
	map_sync_result_note(run->result, run->arena, code, key, detail);
}

static void note_foreign(const struct renewal *renewal)
{
	const struct map_sync_run *run = renewal->run;
	const struct map_part_file *parts = run->file.parts;
	bool index_gone = run->same_type && parts[MAP_INDEX].name && parts[MAP_INDEX].fd < 0;

	if (renewal->text_foreign && run->same_path)
		note(run, "foreign-edit", "",
			_("somebody has changed the text of the map; what they made is kept in "
			  "sync/foreign"));
	else if (renewal->text_foreign)
		note(run, "foreign-edit", "",
			_("the map that was there was not ours; it is kept in sync/foreign"));
	else if (renewal->index_foreign)
		note(run, "foreign-index", "",
			_("the index of the map was not the one we installed; it is kept in "
			  "sync/foreign"));
	if ((run->same_path && parts[MAP_TEXT].fd < 0) || index_gone)
		note(run, "missing", "", _("a file of the live map was gone"));
}

/* What lies there but is not what the last sync installed was made by somebody else, or by a sync
 * that was cut off. */
static bool find_foreign(struct renewal *renewal, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	const struct map_part_file *text = &run->file.parts[MAP_TEXT];
	const struct map_part_file *index = &run->file.parts[MAP_INDEX];
	bool as_wanted;
	bool ours;

	if (!map_sync_file_digest(&run->file, err))
		return false;
	as_wanted = strcmp(text->digest, renewal->draft.stage.text_digest) == 0;
	ours = run->same_path && strcmp(text->digest, run->before.text) == 0;
	renewal->text_foreign = text->fd >= 0 && !as_wanted && !ours;
	ours = run->same_type ? strcmp(index->digest, run->before.index) == 0 : as_wanted;
	renewal->index_foreign = index->fd >= 0 && !ours;
	note_foreign(renewal);
	return true;
}

static int64_t at_least_zero(int64_t number)
{
	return number > 0 ? number : 0;
}

/* Counts that a foreign text cannot falsify: the rails must not be fooled, and must not block the
 * repair of its rows. */
static struct map_counts count_rows(const struct renewal *renewal)
{
	const struct map_sync_run *run = renewal->run;
	const struct map_walk *walk = &renewal->draft.walk;
	struct map_counts counts = {.wanted = renewal->draft.stage.rows};
	bool absent = run->file.parts[MAP_TEXT].fd < 0;

	counts.first = absent && !run->same_path;
	counts.live = walk->live;
	counts.removed = walk->removed;
	counts.changed = walk->changed;
	if (!walk->strange && !(run->same_path && (absent || renewal->text_foreign)))
		return counts;
	if (run->same_path)
		counts.live = run->before.rows;
	counts.removed = at_least_zero(counts.live - counts.wanted);
	counts.changed = 0;
	return counts;
}

static void note_strays(const struct map_sync_run *run)
{
	struct string_list strays = STRING_LIST_INIT;

	map_sync_file_strays(&run->file, run->arena, &strays);
	for (size_t i = 0; i < strays.count; i++)
		note(run, "stale-index", strays.items[i],
			arena_printf(run->arena,
				_("%s is no longer written; remove it when nothing reads it"),
				strays.items[i]));
}

static bool judge(struct renewal *renewal, const struct map_counts *counts, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	int64_t started = clock_monotonic_ms();

	if (!map_sync_run_ask_postfix(run, err))
		return false;
	map_draft_judge_domain(&renewal->draft);
	renewal->reference = map_draft_judge_reference(&renewal->draft);
	note_strays(run);
	map_rails_judge(&renewal->draft.rails, counts);
	map_sync_result_step(run->result, "rails", started, "");
	return map_rails_pass(&renewal->draft.rails, err);
}

static bool keep_foreign(const struct renewal *renewal, struct error *err)
{
	const struct map_sync_run *run = renewal->run;
	int directory cleanup_close = -1;

	if (!renewal->text_foreign && !renewal->index_foreign)
		return true;
	if (!directory_ensure(run->home, "foreign", 0700, 0, &directory, err))
		return false;
	if (renewal->text_foreign &&
		!map_sync_file_keep(&run->file, MAP_TEXT, directory, run->request->now, err))
		return false;
	return !renewal->index_foreign ||
	       map_sync_file_keep(&run->file, MAP_INDEX, directory, run->request->now, err);
}

static bool reload_is_needed(const struct renewal *renewal)
{
	const struct map_sync_run *run = renewal->run;

	if (strcmp(run->settings->reload, "never") == 0)
		return false;
	if (strcmp(run->settings->reload, "always") == 0)
		return true;
	return renewal->reference == MAP_REFERENCE_PROXIED ||
	       (renewal->reference == MAP_REFERENCE_DIRECT && run->type->reload_when_direct);
}

static void keep_first(struct error *first, const struct error *failure)
{
	if (first->code != ERROR_NONE)
		return;
	*first = *failure;
	first->code = ERROR_AFTER_LIVE;
	error_prefix(first, _("the map is live, but"));
}

static void reload(struct map_sync_run *run, struct map_sync_state *state, struct error *first)
{
	int64_t started = clock_monotonic_ms();
	struct error failure;
	bool running;

	if (!map_sync_run_ask_postfix(run, &failure) ||
		!postfix_reload(&run->instance, run->arena, &running, &failure)) {
		run->result->reload = "failed";
		error_fix(&failure, "postfix reload");
		keep_first(first, &failure);
		return;
	}
	state->reload_owed = false;
	run->result->reload = running ? "done" : "not running";
	map_sync_result_step(run->result, "reload", started, run->result->reload);
}

bool map_renewal_settle(struct map_sync_run *run, struct map_sync_state *state, struct error *err)
{
	const struct live_status live = {.generation = state->generation,
		.installed = run->request->now};
	struct error first = {.code = ERROR_NONE};
	struct error failure;

	if (!map_sync_state_write(run->home, MAP_SYNC_STATE_NAME, state, &failure))
		keep_first(&first, &failure);
	if (state->reload_owed) {
		reload(run, state, &first);
		if (!state->reload_owed &&
			!map_sync_state_write(run->home, MAP_SYNC_STATE_NAME, state, &failure))
			keep_first(&first, &failure);
	}
	if (!live_status_publish(run->request->state_directory, &live, &failure))
		keep_first(&first, &failure);
	if (first.code == ERROR_NONE)
		return true;
	*err = first;
	return false;
}

static bool install(struct renewal *renewal, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	int64_t started = clock_monotonic_ms();
	struct signal_hold hold cleanup_signal_hold; /* from the first rename until the state is written */
	struct map_sync_state state;
	bool settled;
	bool live;

	signal_hold_begin(&hold);
	if (!map_stage_install(&renewal->draft.stage, &live, err)) {
		run->result->changed = live;
		if (live)
			err->code = ERROR_AFTER_LIVE;
		return false;
	}
	run->result->changed = true;
	run->result->reload = strcmp(run->settings->reload, "never") == 0 ? "none" : "skipped";
	memcpy(run->result->index_digest, renewal->draft.stage.index_digest,
		sizeof(run->result->index_digest));
	map_sync_result_step(run->result, "install", started, "");
	state = map_draft_state(&renewal->draft);
	state.reload_owed = reload_is_needed(renewal);
	settled = map_renewal_settle(run, &state, err);
	/* Still held: a signal that waits must not leave the stage behind. */
	map_stage_close(&renewal->draft.stage);
	return settled;
}

/* The store went on, but no row is different: only the books are brought up to date. */
static bool is_only_newer(const struct renewal *renewal)
{
	const struct map_sync_run *run = renewal->run;

	return run->same_type && strcmp(run->config, run->before.config) == 0 &&
	       strcmp(renewal->draft.stage.text_digest, run->before.text) == 0 &&
	       map_sync_file_matches(&run->file, run->before.text, run->before.index);
}

static bool finish_newer(struct renewal *renewal, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	struct map_sync_state state = map_draft_state(&renewal->draft);

	if (!map_rails_pass(&renewal->draft.rails, err))
		return false;
	memcpy(run->result->index_digest, run->before.index, strlen(run->before.index) + 1);
	run->result->reload = "skipped";
	state.index = run->before.index;
	state.installed = run->before.installed;
	state.reload_owed = run->before.reload_owed;
	if (run->request->dry_run || run->request->check)
		return true;
	return map_renewal_settle(run, &state, err);
}

/* A trial must not touch the map's directory: its stage is in our own. */
static struct map_stage_place stage_place(const struct map_sync_run *run)
{
	if (run->request->dry_run || run->request->check)
		return map_draft_own_place(run);
	return (struct map_stage_place){
		.parent = run->file.directory,
		.parent_path = run->file.directory_path,
		.name = MAP_STAGE_NAME,
	};
}

static void open_draft(struct renewal *renewal)
{
	struct map_sync_run *run = renewal->run;
	const struct map_part_file *text = &run->file.parts[MAP_TEXT];

	map_draft_open(&renewal->draft, run, map_build_differences(run));
	renewal->draft.place = stage_place(run);
	renewal->draft.file = &run->file;
	renewal->draft.live = (struct map_live_text){text->fd, (size_t)text->status.st_size};
}

/* The table that answers for what is live, or NULL. */
static const char *live_table(const struct map_sync_run *run)
{
	const struct map_part_file *parts = run->file.parts;
	const char *type = parts[MAP_INDEX].fd >= 0 ? run->type->name : "texthash";

	if (parts[MAP_INDEX].fd < 0 && parts[MAP_TEXT].fd < 0)
		return NULL;
	return arena_printf(run->arena, "%s:%s", type, run->settings->path);
}

bool map_renewal(struct map_sync_run *run, struct error *err)
{
	struct renewal renewal cleanup_renewal = {.run = run};
	const struct map_draft_judges judges = {.table = live_table(run)};
	struct map_draft *draft = &renewal.draft;
	struct map_counts counts;

	open_draft(&renewal);
	if (!map_draft_open_store(draft, run->known ? run->before.generation : 0, err) || !map_draft_render(draft, err) ||
		!map_sync_file_digest(&run->file, err))
		return false;
	/* Rows that are live as they are were judged when they became so. */
	if ((run->before.refused > 0 || !is_only_newer(&renewal)) && !map_draft_judge_rows(draft, &judges, err))
		return false;
	if (!find_foreign(&renewal, err))
		return false;
	counts = count_rows(&renewal);
	map_draft_report(draft, &counts);
	if (is_only_newer(&renewal))
		return finish_newer(&renewal, err);
	if (!judge(&renewal, &counts, err))
		return false;
	run->result->changed = run->request->check || run->request->dry_run;
	if (run->request->check)
		return true;
	if (!map_build(run, &draft->stage, &draft->walk, err))
		return false;
	if (run->request->dry_run)
		return true;
	return keep_foreign(&renewal, err) && map_stage_seal(&draft->stage, err) && install(&renewal, err);
}
