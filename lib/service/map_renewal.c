#include "service/map_renewal_private.h"

#include "base/clock.h"
#include "base/message.h"
#include "service/map_build.h"
#include "service/map_row_rails.h"
#include "service/map_sync_result.h"
#include "service/postfix_domains.h"

#include <string.h>

#define cleanup_renewal __attribute__((cleanup(renewal_close)))

static void renewal_close(struct renewal *renewal)
{
	map_library_stop(&renewal->library);
	map_walk_close(&renewal->walk);
	map_stage_close(&renewal->stage);
	strbuf_clear(&renewal->changed);
}

static void note(const struct map_sync_run *run, const char *code, const char *key,
	const char *detail)
{
	map_sync_result_note(run->result, run->arena, code, key, detail);
}

static bool read_store(struct renewal *renewal, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	int64_t started = clock_monotonic_ms();

	if (!map_sync_run_open_store(run, err))
		return false;
	if (run->known && run->store.generation < run->before.generation)
		map_rails_hit(&renewal->rails, RAIL_GENERATION, "",
			arena_printf(run->arena, _("the store has generation %jd, live is %jd"),
				(intmax_t)run->store.generation, (intmax_t)run->before.generation));
	map_sync_result_step(run->result, "store", started, "");
	return true;
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

/* Makes the stage anew of the rows that stand; its first text stays mapped as long as it is read. */
static bool render_rest(struct renewal *renewal, const struct map_verdicts *verdicts,
	struct error *err)
{
	struct map_sync_run *run = renewal->run;
	struct map_stage draft cleanup_map_stage = renewal->stage;

	renewal->stage = (struct map_stage)MAP_STAGE_INIT;
	close(take_fd(&draft.directory));
	map_walk_close(&renewal->walk);
	renewal->walk =
		(struct map_walk){.arena = run->arena, .limit = map_build_differences(run)};
	return renewal_begin_text(renewal, err) &&
	       map_verdicts_write(verdicts, &renewal->stage, &renewal->walk, err) &&
	       renewal_finish_text(renewal, err);
}

/* *ret_fit is false when rows that were judged alone do not stand: all have to be judged then. */
static bool judge_rows(struct renewal *renewal, bool *ret_fit, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	struct map_stage *stage = &renewal->stage;
	struct map_verdicts verdicts cleanup_map_verdicts = {
		.rails = &renewal->rails,
		.settings = run->request->settings,
		.instance = &run->instance,
		.mapped = !renewal->spliced,
		.live = renewal->spliced ? NULL : live_table(run),
		.arena = run->arena,
	};
	int64_t started = clock_monotonic_ms();

	if (!map_sync_run_ask_postfix(run, err))
		return false;
	if (renewal->spliced)
		map_verdicts_open(&verdicts, strbuf_text(&renewal->changed),
			renewal->changed.length);
	else
		map_verdicts_open(&verdicts, stage->bytes, stage->length);
	map_row_rails_judge(&verdicts);
	*ret_fit = verdicts.refused == 0 || !renewal->spliced;
	if (verdicts.refused > 0 && *ret_fit) {
		map_library_stop(&renewal->library);
		if (!render_rest(renewal, &verdicts, err))
			return false;
	}
	map_sync_result_step(run->result, "rows", started, "");
	return true;
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
	as_wanted = strcmp(text->digest, renewal->stage.text_digest) == 0;
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
	const struct map_walk *walk = &renewal->walk;
	struct map_counts counts = {.wanted = renewal->stage.rows};
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

static void report_counts(const struct renewal *renewal, const struct map_counts *counts)
{
	const struct map_walk *walk = &renewal->walk;
	struct map_sync_result *result = renewal->run->result;
	size_t limit = renewal->run->request->difference_limit;

	result->wanted = counts->wanted;
	result->live_before = counts->live;
	result->added = walk->strange ? at_least_zero(counts->wanted - counts->live) : walk->added;
	result->changed_rows = walk->strange ? counts->changed : walk->changed;
	result->removed = walk->strange ? counts->removed : walk->removed;
	if (walk->strange)
		return;
	/* The walk keeps more of them than were asked for: the index may be made from them. */
	result->differences = walk->differences;
	result->difference_count =
		walk->difference_count < limit ? walk->difference_count : limit;
	result->differences_cut = limit > 0 && (walk->cut || walk->difference_count > limit);
}

static void judge_domain(struct renewal *renewal)
{
	struct map_sync_run *run = renewal->run;
	const char *domain = run->request->settings->domain;
	struct error failure;

	switch (postfix_serves_domain(&run->instance, domain, run->arena, &failure)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		map_rails_hit(&renewal->rails, RAIL_DOMAIN, "",
			arena_printf(run->arena, _("Postfix takes no mail for %s"), domain));
		break;
	case LOOKUP_FAILED:
		note(run, "domain-unknown", "",
			arena_printf(run->arena, _("whether Postfix serves %s is not known: %s"),
				domain, failure.what));
		break;
	}
}

static void judge_reference(struct renewal *renewal)
{
	struct map_sync_run *run = renewal->run;
	struct string_list strays = STRING_LIST_INIT;
	const char *sentence = arena_printf(run->arena, _("virtual_alias_maps does not name %s:%s"),
		run->type->name, run->settings->path);

	renewal->reference =
		postfix_map_reference(&run->instance, run->type->name, run->settings->path,
			run->arena);
	if (renewal->reference == MAP_REFERENCE_NONE && run->settings->require_reference)
		map_rails_hit(&renewal->rails, RAIL_NOT_REFERENCED, "", sentence);
	else if (renewal->reference == MAP_REFERENCE_NONE)
		note(run, "not-referenced", "", sentence);
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
	judge_domain(renewal);
	judge_reference(renewal);
	map_rails_judge(&renewal->rails, counts);
	map_sync_result_step(run->result, "rails", started, "");
	return map_rails_pass(&renewal->rails, err);
}

/* The store went on, but no row is different: only the books are brought up to date. */
static bool is_only_newer(const struct renewal *renewal)
{
	const struct map_sync_run *run = renewal->run;

	return run->same_type && strcmp(run->config, run->before.config) == 0 &&
	       strcmp(renewal->stage.text_digest, run->before.text) == 0 &&
	       map_sync_file_matches(&run->file, run->before.text, run->before.index);
}

static bool finish_newer(struct renewal *renewal, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	struct map_sync_state state = renewal_state(renewal);

	if (!map_rails_pass(&renewal->rails, err))
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
		map_build_begin(run, &renewal->library, &renewal->stage, &renewal->walk);
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
	report_counts(renewal, &counts);
	if (is_only_newer(renewal))
		return finish_newer(renewal, err);
	if (!judge(renewal, &counts, err))
		return false;
	run->result->changed = run->request->check || run->request->dry_run;
	if (run->request->check)
		return true;
	map_build_begin(run, &renewal->library, &renewal->stage, &renewal->walk);
	if (renewal->spliced) {
		*ret_fit = map_build_by_library(run, &renewal->library, &renewal->stage);
		if (!*ret_fit)
			return true;
	} else if (!map_build(run, &renewal->library, &renewal->stage, err)) {
		return false;
	}
	if (run->request->dry_run)
		return true;
	return renewal_keep_foreign(renewal, err) && map_stage_seal(&renewal->stage, err) &&
	       renewal_install(renewal, err);
}

/* Once by the changes alone, or once by all rows. *ret_fit false: the changes alone did not do. */
static bool renew(struct map_sync_run *run, bool by_changes, bool *ret_fit, struct error *err)
{
	struct renewal renewal cleanup_renewal = {
		.run = run,
		.stage = MAP_STAGE_INIT,
		.library = MAP_LIBRARY_INIT,
		.walk = {.arena = run->arena, .limit = map_build_differences(run)},
		.rails = {.request = run->request, .result = run->result, .arena = run->arena},
	};

	*ret_fit = true;
	if (!read_store(&renewal, err))
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
