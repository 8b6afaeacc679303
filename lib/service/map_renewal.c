#include "service/map_renewal_private.h"

#include "base/clock.h"
#include "base/message.h"
#include "service/map_build.h"
#include "service/map_sync_result.h"

#include <string.h>

#define cleanup_renewal __attribute__((cleanup(renewal_close)))

static void renewal_close(struct renewal *renewal)
{
	map_library_stop(&renewal->library);
	map_draft_close(&renewal->draft);
	strbuf_clear(&renewal->changed);
}

static void note(const struct map_sync_run *run, const char *code, const char *key,
	const char *detail)
{
	map_sync_result_note(run->result, run->arena, code, key, detail);
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

/* *ret_fit is false when rows that were judged alone do not stand: all have to be judged then. */
static bool judge_rows(struct renewal *renewal, bool *ret_fit, struct error *err)
{
	const struct map_draft_judges judges = {
		.table = renewal->spliced ? NULL : live_table(renewal->run),
		.alone = renewal->spliced ? &renewal->changed : NULL,
		.library = &renewal->library,
	};

	return map_draft_judge_rows(&renewal->draft, &judges, ret_fit, err);
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

static void note_strays(const struct renewal *renewal)
{
	const struct map_sync_run *run = renewal->run;
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
	note_strays(renewal);
	map_rails_judge(&renewal->draft.rails, counts);
	map_sync_result_step(run->result, "rails", started, "");
	return map_rails_pass(&renewal->draft.rails, err);
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
	struct map_sync_state state = renewal_state(renewal);

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

/* From the text to the live map. *ret_fit as judge_rows(). */
static bool complete(struct renewal *renewal, bool *ret_fit, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	struct map_counts counts;

	if (!map_sync_file_digest(&run->file, err))
		return false;
	/* Beside the judgement, for mostly it refuses nothing. */
	if (!run->request->check && !is_only_newer(renewal))
		map_build_begin(run, &renewal->library, &renewal->draft.stage, &renewal->draft.walk);
	/* Rows that are live as they are were judged when they became so. */
	if (run->before.refused > 0 || !is_only_newer(renewal)) {
		if (!judge_rows(renewal, ret_fit, err))
			return false;
		if (!*ret_fit)
			return true;
	}
	if (!find_foreign(renewal, err))
		return false;
	counts = count_rows(renewal);
	map_draft_report(&renewal->draft, &counts);
	if (is_only_newer(renewal))
		return finish_newer(renewal, err);
	if (!judge(renewal, &counts, err))
		return false;
	run->result->changed = run->request->check || run->request->dry_run;
	if (run->request->check)
		return true;
	map_build_begin(run, &renewal->library, &renewal->draft.stage, &renewal->draft.walk);
	if (renewal->spliced) {
		*ret_fit = map_build_by_library(run, &renewal->library, &renewal->draft.stage);
		if (!*ret_fit)
			return true;
	} else if (!map_build(run, &renewal->library, &renewal->draft.stage, err)) {
		return false;
	}
	if (run->request->dry_run)
		return true;
	return renewal_keep_foreign(renewal, err) && map_stage_seal(&renewal->draft.stage, err) &&
	       renewal_install(renewal, err);
}

/* Once by the changes alone, or once by all rows. *ret_fit false: the changes alone did not do. */
static bool renew(struct map_sync_run *run, bool by_changes, bool *ret_fit, struct error *err)
{
	struct renewal renewal cleanup_renewal = {.run = run, .library = MAP_LIBRARY_INIT};

	*ret_fit = true;
	renewal_open(&renewal);
	if (!map_draft_open_store(&renewal.draft, run->known ? run->before.generation : 0, err))
		return false;
	if (!by_changes)
		return renewal_render(&renewal, err) && complete(&renewal, ret_fit, err);
	if (!renewal_splice(&renewal, ret_fit, err))
		return false;
	return !*ret_fit || complete(&renewal, ret_fit, err);
}

bool map_renewal(struct map_sync_run *run, struct error *err)
{
	struct map_sync_result clean = *run->result;
	bool fit;

	if (!renew(run, true, &fit, err))
		return false;
	if (fit)
		return true;
	/* Store and Postfix were asked already; what was found out about rows is found out again. */
	clean.generation = run->result->generation;
	*run->result = clean;
	return renew(run, false, &fit, err);
}
