#include "service/map_build.h"

#include "base/clock.h"
#include "service/map_sync_result.h"
#include "service/map_sync_run.h"

#include <string.h>

#define ROWS_A_ALLOWANCE 100000 /* rows for which a command gets ALLOWANCE_SECONDS more */
#define ALLOWANCE_SECONDS 30
#define ROOM ((size_t)1 << 20) /* bytes for the head of the text */

size_t map_build_differences(const struct map_sync_run *run)
{
	size_t asked = run->request->difference_limit;

	return asked > MAP_UPDATE_MAX ? asked : MAP_UPDATE_MAX;
}

/* Only what the state vouches for, file by file, may be built upon. */
static bool may_update(const struct map_sync_run *run, const struct map_stage *stage,
	const struct map_walk *walk)
{
	return run->same_type && strcmp(run->config, run->before.config) == 0 &&
	       map_sync_file_matches(&run->file, run->before.text, run->before.index) &&
	       map_library_may_change(stage, walk);
}

static void begin(struct map_sync_run *run, struct map_library *library,
	const struct map_library_task *task)
{
	/* Where the administrator names a postmap, that is what builds. */
	if (*run->settings->postmap || library->stage)
		return;
	if (!map_library_begin(library, task))
		library->stage = NULL;
}

void map_build_begin(struct map_sync_run *run, struct map_library *library,
	struct map_stage *stage, const struct map_walk *walk)
{
	const struct map_library_task task = {
		.stage = stage,
		.changes = may_update(run, stage, walk) ? walk : NULL,
	};

	begin(run, library, &task);
}

/* A row is no longer than the line of its entry and once more its alias. */
static size_t text_at_most(const struct map_sync_run *run)
{
	const struct stat *live = &run->file.parts[MAP_TEXT].status;

	return 2 * (run->store.length + (size_t)live->st_size) + ROOM;
}

void map_build_begin_early(struct map_sync_run *run, struct map_library *library,
	struct map_stage *stage, const struct map_walk *walk, int64_t rows)
{
	const struct map_library_task task = {
		.stage = stage,
		.changes = walk && may_update(run, stage, walk) ? walk : NULL,
		.room = text_at_most(run),
		.rows = rows,
	};

	if (!run->request->check)
		begin(run, library, &task);
}

/*
 * Postfix itself has the last word: what postmap does not answer from is dropped, and postmap builds.
 * It answers while the library reads all back; both have to agree.
 */
static bool take_from_library(struct map_sync_run *run, struct map_library *library,
	struct map_stage *stage, const struct map_stage_tools *tools)
{
	struct map_stage_tools sampling = *tools;
	int64_t started = clock_monotonic_ms();
	struct error doubt;

	if (!library->stage || !map_library_await(library, tools->timeout_ms))
		return false;
	map_sync_result_step(run->result, library->changes ? "update" : "build", started, "");
	started = clock_monotonic_ms();
	sampling.changes = library->changes;
	/* The disk is waited for at a time when the library is waited for anyway. */
	if (!map_stage_verify(stage, &sampling, true, &doubt) ||
		!map_stage_seal_text(stage, &doubt)) {
		map_library_stop(library);
		return false;
	}
	if (!map_library_end(library, tools->timeout_ms))
		return false;
	map_sync_result_step(run->result, "verify", started, "");
	memcpy(stage->index_digest, library->result.digest, sizeof(stage->index_digest));
	return true;
}

static bool build(struct map_sync_run *run, struct map_stage *stage,
	const struct map_stage_tools *tools, struct error *err)
{
	int64_t started = clock_monotonic_ms();

	if (!map_stage_build(stage, tools, err))
		return false;
	map_sync_result_step(run->result, "postmap", started, "");
	started = clock_monotonic_ms();
	if (!map_stage_verify(stage, tools, false, err))
		return false;
	map_sync_result_step(run->result, "verify", started, "");
	return true;
}

static struct map_stage_tools tools_of(const struct map_sync_run *run, const struct map_stage *stage)
{
	int64_t seconds =
		run->settings->command_timeout + stage->rows * ALLOWANCE_SECONDS / ROWS_A_ALLOWANCE;

	return (struct map_stage_tools){
		.instance = &run->instance,
		.domain = run->request->settings->domain,
		.timeout_ms = (int)seconds * 1000,
	};
}

static void note_output(struct map_sync_run *run, const struct map_stage *stage)
{
	if (*stage->output)
		map_sync_result_note(run->result, run->arena, "postmap-output", "",
			arena_strndup(run->arena, stage->output, strcspn(stage->output, "\n")));
}

bool map_build_by_library(struct map_sync_run *run, struct map_library *library,
	struct map_stage *stage)
{
	const struct map_stage_tools tools = tools_of(run, stage);

	/* Files that are known by identity alone prove each other only as copies of both. */
	if ((run->type->update && !library->changes) ||
		!take_from_library(run, library, stage, &tools))
		return false;
	note_output(run, stage);
	return true;
}

bool map_build(struct map_sync_run *run, struct map_library *library, struct map_stage *stage,
	struct error *err)
{
	const struct map_stage_tools tools = tools_of(run, stage);

	if (!take_from_library(run, library, stage, &tools) && !build(run, stage, &tools, err))
		return false;
	note_output(run, stage);
	return true;
}
