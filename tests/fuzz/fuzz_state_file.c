/* The small files that root keeps about its own work, and the status that a member reads: what is accepted is written again to a file that says the same. */
#include "format/status_file.h"
#include "service/map_sync_state.h"

#include "fuzz.h"

static void check_status(const char *text, size_t length, struct arena *arena)
{
	struct strbuf first cleanup_strbuf = STRBUF_INIT;
	struct strbuf second cleanup_strbuf = STRBUF_INIT;
	struct status_file status;
	struct error err = {0};

	if (!status_file_parse(text, length, arena, &status, &err)) {
		insist(err.code == ERROR_DATABASE && err.what[0]);
		return;
	}
	insist(status.history_count <= STATUS_HISTORY_MAX);
	insist(status_file_requests_since(&status, INT64_MAX) == 0);
	status_file_print(&status, &first);
	/* Escapes may make it longer than a reader takes; then decisions were left out, not more. */
	if (first.length > STATUS_FILE_MAX)
		return;
	insist(status_file_parse(first.text, first.length, arena, &status, &err));
	status_file_print(&status, &second);
	insist_equal(&first, &second);
}

static void check_live(const char *text, size_t length)
{
	struct strbuf printed cleanup_strbuf = STRBUF_INIT;
	struct live_status live;
	struct live_status again;
	struct error err = {0};

	if (!live_status_parse(text, length, &live, &err)) {
		insist(err.code == ERROR_DATABASE && err.what[0]);
		return;
	}
	live_status_print(&live, &printed);
	insist(live_status_parse(printed.text, printed.length, &again, &err));
	insist(again.generation == live.generation && again.installed == live.installed);
}

static void check_sync_state(const char *text, size_t length, struct arena *arena)
{
	struct strbuf first cleanup_strbuf = STRBUF_INIT;
	struct strbuf second cleanup_strbuf = STRBUF_INIT;
	struct map_sync_state state;
	struct error err = {0};

	if (!map_sync_state_parse(text, length, arena, &state, &err)) {
		insist(err.code == ERROR_DATABASE && err.what[0]);
		return;
	}
	map_sync_state_print(&state, &first);
	if (first.length > MAP_SYNC_STATE_MAX)
		return;
	insist(map_sync_state_parse(first.text, first.length, arena, &state, &err));
	map_sync_state_print(&state, &second);
	insist_equal(&first, &second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text = (const char *)bytes;

	check_status(text, length, &arena);
	check_live(text, length);
	check_sync_state(text, length, &arena);
	return 0;
}
