#include "service/map_draft.h"

#include "base/clock.h"
#include "base/message.h"
#include "service/map_row_rails.h"
#include "service/map_rows.h"
#include "service/map_sync_result.h"
#include "service/postfix_domains.h"

#include <string.h>

void map_draft_open(struct map_draft *draft, struct map_sync_run *run, size_t differences)
{
	*draft = (struct map_draft){
		.run = run,
		.stage = MAP_STAGE_INIT,
		.walk = {.arena = run->arena, .limit = differences},
		.rails = {.request = run->request, .result = run->result, .arena = run->arena},
		.live = {.fd = -1},
		.differences = differences,
	};
}

void map_draft_close(struct map_draft *draft)
{
	map_walk_close(&draft->walk);
	map_stage_close(&draft->stage);
}

struct map_stage_place map_draft_own_place(const struct map_sync_run *run)
{
	return (struct map_stage_place){
		.parent = run->home,
		.parent_path = arena_printf(run->arena, "%s/sync", run->request->state_directory),
		.name = "stage",
	};
}

bool map_draft_open_store(struct map_draft *draft, int64_t live_generation, struct error *err)
{
	struct map_sync_run *run = draft->run;
	int64_t started = clock_monotonic_ms();

	if (!map_sync_run_open_store(run, err))
		return false;
	if (run->store.generation < live_generation)
		map_rails_hit(&draft->rails, RAIL_GENERATION, "",
			arena_printf(run->arena, _("the store has generation %jd, live is %jd"),
				(intmax_t)run->store.generation, (intmax_t)live_generation));
	map_sync_result_step(run->result, "store", started, "");
	return true;
}

static bool begin(struct map_draft *draft, struct error *err)
{
	return map_stage_begin(&draft->stage, &draft->place, draft->file, draft->run->arena, err) &&
	       map_walk_open(&draft->walk, draft->live.fd, draft->live.size, err);
}

static bool finish(struct map_draft *draft, struct error *err)
{
	if (!map_stage_finish(&draft->stage, err))
		return false;
	memcpy(draft->run->result->text_digest, draft->stage.text_digest, sizeof(draft->stage.text_digest));
	return true;
}

bool map_draft_render(struct map_draft *draft, struct error *err)
{
	struct map_sync_run *run = draft->run;
	const struct map_rows rows = {
		.store = &run->store,
		.settings = run->request->settings,
		.stage = &draft->stage,
		.walk = &draft->walk,
		.rails = &draft->rails,
	};
	int64_t started = clock_monotonic_ms();

	if (!begin(draft, err) || !map_rows_write(&rows, err) || !finish(draft, err))
		return false;
	map_sync_result_step(run->result, "render", started, "");
	return true;
}

/* Makes the stage anew of the rows that stand; its first text stays mapped as long as it is read. */
static bool render_rest(struct map_draft *draft, const struct map_verdicts *verdicts, struct error *err)
{
	struct map_stage first cleanup_map_stage = draft->stage;

	draft->stage = (struct map_stage)MAP_STAGE_INIT;
	close(take_fd(&first.directory));
	map_walk_close(&draft->walk);
	draft->walk = (struct map_walk){.arena = draft->run->arena, .limit = draft->differences};
	return begin(draft, err) && map_verdicts_write(verdicts, &draft->stage, &draft->walk, err) && finish(draft, err);
}

bool map_draft_judge_rows(struct map_draft *draft, const struct map_draft_judges *judges, struct error *err)
{
	struct map_sync_run *run = draft->run;
	struct map_verdicts verdicts cleanup_map_verdicts = {
		.rails = &draft->rails,
		.settings = run->request->settings,
		.instance = &run->instance,
		.live = judges->table,
		.live_rows = judges->values,
		.arena = run->arena,
	};
	int64_t started = clock_monotonic_ms();

	if (!map_sync_run_ask_postfix(run, err))
		return false;
	map_verdicts_open(&verdicts, draft->stage.bytes, draft->stage.length);
	if (judges->first && !judges->first(&verdicts, judges->context, err))
		return false;
	map_row_rails_judge(&verdicts);
	if (verdicts.refused > 0 && !render_rest(draft, &verdicts, err))
		return false;
	map_sync_result_step(run->result, "rows", started, "");
	return true;
}

static int64_t at_least_zero(int64_t number)
{
	return number > 0 ? number : 0;
}

void map_draft_report(const struct map_draft *draft, const struct map_counts *counts)
{
	const struct map_walk *walk = &draft->walk;
	struct map_sync_result *result = draft->run->result;
	size_t limit = draft->run->request->difference_limit;

	result->wanted = counts->wanted;
	result->live_before = counts->live;
	result->added = walk->strange ? at_least_zero(counts->wanted - counts->live) : walk->added;
	result->changed_rows = walk->strange ? counts->changed : walk->changed;
	result->removed = walk->strange ? counts->removed : walk->removed;
	if (walk->strange)
		return;
	/* The walk may keep more of them than were asked for: an index may be made from them. */
	result->differences = walk->differences;
	result->difference_count = walk->difference_count < limit ? walk->difference_count : limit;
	result->differences_cut = limit > 0 && (walk->cut || walk->difference_count > limit);
}

void map_draft_judge_domain(struct map_draft *draft)
{
	struct map_sync_run *run = draft->run;
	const char *domain = run->request->settings->domain;
	struct error failure;

	switch (postfix_serves_domain(&run->instance, domain, run->arena, &failure)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		map_rails_hit(&draft->rails, RAIL_DOMAIN, "",
			arena_printf(run->arena, _("Postfix takes no mail for %s"), domain));
		break;
	case LOOKUP_FAILED:
		map_sync_result_note(run->result, run->arena, "domain-unknown", "",
			arena_printf(run->arena, _("whether Postfix serves %s is not known: %s"), domain, failure.what));
		break;
	}
}

enum map_reference map_draft_judge_reference(struct map_draft *draft)
{
	struct map_sync_run *run = draft->run;
	const char *sentence = arena_printf(run->arena, _("virtual_alias_maps does not name %s:%s"), run->type->name,
		run->settings->path);
	enum map_reference reference =
		postfix_map_reference(&run->instance, run->type->name, run->settings->path, run->arena);

	if (reference == MAP_REFERENCE_NONE && run->settings->require_reference)
		map_rails_hit(&draft->rails, RAIL_NOT_REFERENCED, "", sentence);
	else if (reference == MAP_REFERENCE_NONE)
		map_sync_result_note(run->result, run->arena, "not-referenced", "", sentence);
	return reference;
}

struct map_sync_state map_draft_state(const struct map_draft *draft)
{
	const struct map_sync_run *run = draft->run;

	return (struct map_sync_state){
		.generation = run->store.generation,
		.rows = draft->stage.rows,
		.refused = run->result->refused_count,
		.installed = run->request->now,
		.type = run->type->name,
		.path = run->settings->path,
		.store = run->store_identity,
		.postfix = run->postfix_identity,
		.store_digest = run->store.digest,
		.config = run->config,
		.text = draft->stage.text_digest,
		.index = draft->stage.index_digest,
	};
}
