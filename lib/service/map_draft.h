/*
 * The rows that a sync is about to make live, whatever the target: rendered from the store, held against the rails, compared with what is live.
 *
 *	open the store → render → judge the rows → compare and report → judge the whole
 */
#ifndef POSTIGO_SERVICE_MAP_DRAFT_H
#define POSTIGO_SERVICE_MAP_DRAFT_H

#include "service/map_rails.h"
#include "service/map_stage.h"
#include "service/map_sync_run.h"
#include "service/map_verdicts.h"
#include "service/map_walk.h"

/* What is live, as a text of rows. */
struct map_live_text {
	int fd; /* -1 = nothing is live */
	size_t size;
};

struct map_draft {
	struct map_sync_run *run;
	struct map_stage stage;
	struct map_walk walk;
	struct map_rails rails;
	struct map_stage_place place;
	const struct map_sync_file *file; /* what the stage is made like */
	struct map_live_text live;
	size_t differences; /* kept by the walk */
};

#define cleanup_map_draft __attribute__((cleanup(map_draft_close)))

/* Starts on a run; place, file and live are filled in by the target before render. */
void map_draft_open(struct map_draft *draft, struct map_sync_run *run, size_t differences);

/* Sweeps the stage and unmaps what is live. */
void map_draft_close(struct map_draft *draft);

/* The private directory in STATE/sync. */
struct map_stage_place map_draft_own_place(const struct map_sync_run *run);

/* Opens the store; older than what is live hits a rail. Fails as map_sync_run_open_store(). */
must_check bool map_draft_open_store(struct map_draft *draft, int64_t live_generation, struct error *err);

/* Writes the rows to a stage, beside what is live. Fails with config, database or filesystem. */
must_check bool map_draft_render(struct map_draft *draft, struct error *err);

/* Judges of a target's own, before those that all targets share. */
typedef bool map_draft_judge(struct map_verdicts *verdicts, void *context, struct error *err);

/* Where the live values of refused rows come from, and who else judges. */
struct map_draft_judges {
	const char *table;	       /* TYPE:PATH to ask, or NULL */
	const struct map_text *values; /* or the rows themselves, or NULL */
	map_draft_judge *first;	       /* or NULL */
	void *context;
};

/* Holds every row against the rails and, when some are refused, stages the rest. Fails as the first judge, with mta_command or filesystem. */
must_check bool map_draft_judge_rows(struct map_draft *draft, const struct map_draft_judges *judges, struct error *err);

/* Fills the counts and differences of the result, from the walk unless what is live is strange to it. */
void map_draft_report(const struct map_draft *draft, const struct map_counts *counts);

/* Whether Postfix serves the domain: a rail, or a warning where that cannot be known. Needs Postfix asked. */
void map_draft_judge_domain(struct map_draft *draft);

/* Whether virtual_alias_maps names TYPE:PATH: a rail or a warning. Needs Postfix asked. */
enum map_reference map_draft_judge_reference(struct map_draft *draft);

/* What the target will remember when this draft is live. */
struct map_sync_state map_draft_state(const struct map_draft *draft);

#endif
