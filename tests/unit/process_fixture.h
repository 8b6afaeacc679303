/* How the tests of processes run a shell. */
#ifndef POSTIGO_TESTS_PROCESS_FIXTURE_H
#define POSTIGO_TESTS_PROCESS_FIXTURE_H

#include "system/process.h"

#include "unit.h"

#define OUTPUT_LIMIT 4096

static inline struct process_request shell(const char *const *argv)
{
	return (struct process_request){.argv = argv,
		.timeout_ms = 20000,
		.output_limit = OUTPUT_LIMIT};
}

/* Runs `request`; the tests are about what is in the result. */
static inline struct process_result run(const struct process_request *request, struct arena *arena)
{
	struct process_result result;
	struct error err;

	unit_assert_ok(process_run(request, arena, &result, &err), err);
	return result;
}

static inline struct process_result run_script(const char *script, struct arena *arena)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	const struct process_request request = shell(argv);

	return run(&request, arena);
}

#endif
