#include "service/map_sync.h"

#include "base/clock.h"
#include "base/message.h"
#include "format/json.h"
#include "format/printable.h"
#include "service/map_rails.h"
#include "service/map_stage.h"
#include "service/map_sync_result.h"
#include "service/map_sync_run.h"
#include "system/atomic_file.h"
#include "system/directory.h"
#include "system/trusted_file.h"

#include <fcntl.h>
#include <string.h>
#include <syslog.h>

#define STORE_NAME "store/aliases.json"
#define RESULT_NAME "last-result.json"

#define cleanup_run __attribute__((cleanup(run_close)))

static void run_close(struct map_sync_run *run)
{
	alias_store_close(&run->store);
	map_sync_file_close(&run->file);
	if (run->home >= 0)
		close(take_fd(&run->home));
	if (run->state >= 0)
		close(take_fd(&run->state));
	lock_file_release(&run->lock);
}

static bool open_places(struct map_sync_run *run, struct error *err)
{
	const char *state = run->request->state_directory;
	const char *lock = arena_printf(run->arena, "%s/lock/sync-members.lock", state);
	int locks cleanup_close = -1;

	return trusted_directory_open(state, &run->state, err) &&
	       directory_ensure(run->state, "sync", 0700, 0, &run->home, err) &&
	       directory_ensure(run->state, "lock", 0700, 0, &locks, err) &&
	       lock_file_acquire(&run->lock, lock, (int)run->settings->lock_timeout * 1000, err);
}

static void read_state(struct map_sync_run *run)
{
	struct error failure;
	enum lookup_result result = map_sync_state_read(run->home, MAP_SYNC_STATE_NAME, run->arena,
		&run->before, &failure);

	run->known = result == LOOKUP_FOUND;
	if (result == LOOKUP_FAILED)
		map_sync_result_note(run->result, run->arena, "state-unreadable", "",
			arena_printf(run->arena, _("taken as never synced: %s"), failure.what));
}

bool map_sync_run_ask_postfix(struct map_sync_run *run, struct error *err)
{
	if (!run->asked)
		run->asked = postfix_instance_open(&run->instance, run->settings, run->arena, err);
	return run->asked;
}

/* Changes when main.cf is edited or Postfix is upgraded: only then can "auto" come to mean another
 * type. */
static const char *identify_postfix(const struct map_sync_run *run)
{
	const char *main_cf =
		arena_printf(run->arena, "%s/main.cf", run->settings->postfix_config_directory);

	return arena_printf(run->arena, "%s %s", file_identity(AT_FDCWD, main_cf, run->arena),
		file_identity(AT_FDCWD, run->settings->postconf, run->arena));
}

/* "auto" is the type under which Postfix already names the map, else its default. */
static bool resolve_auto(struct map_sync_run *run, const char **ret_name, struct error *err)
{
	run->postfix_identity = identify_postfix(run);
	if (run->known && strcmp(run->before.postfix, run->postfix_identity) == 0 &&
		strcmp(run->before.path, run->settings->path) == 0) {
		*ret_name = run->before.type;
		return true;
	}
	if (!map_sync_run_ask_postfix(run, err))
		return false;
	*ret_name = postfix_map_type_of(&run->instance, run->settings->path, run->arena);
	if (!*ret_name || !map_type_find(*ret_name))
		*ret_name = run->instance.default_type;
	return true;
}

static bool resolve_type(struct map_sync_run *run, struct error *err)
{
	const char *name = run->settings->type;

	run->postfix_identity = "";
	if (strcmp(name, "auto") == 0 && !resolve_auto(run, &name, err))
		return false;
	run->type = map_type_find(name);
	if (!run->type) {
		error_set(err, ERROR_CONFIG, _("maps of type \"%s\" are not written"), name);
		error_fix(err, _("set sync.type to lmdb, hash, cdb or texthash"));
		return error_field(err, "sync.type");
	}
	run->result->type = run->type->name;
	run->same_path = run->known && strcmp(run->before.path, run->settings->path) == 0;
	run->same_type = run->same_path && strcmp(run->before.type, run->type->name) == 0;
	map_sync_config_digest(run->request->settings, run->type->name, run->config);
	return true;
}

bool map_sync_run_open_store(struct map_sync_run *run, struct error *err)
{
	const char *identity = file_identity(run->state, STORE_NAME, run->arena);
	const char *domain = run->request->settings->domain;

	if (run->store_open)
		return true;
	if (!alias_store_open(&run->store, run->request->state_directory, ALIAS_STORE_READ, err))
		return false;
	run->store_open = true;
	run->result->generation = run->store.generation;
	/* Vouch for the file only if it was not replaced while it was being read. */
	if (strcmp(file_identity(run->state, STORE_NAME, run->arena), identity) == 0)
		run->store_identity = identity;
	if (strcmp(run->store.domain, domain) == 0)
		return true;
	error_set(err, ERROR_CONFIG, _("the store is for %s, the configuration says %s"),
		run->store.domain, domain);
	return error_field(err, "domain");
}

/* A store that is the very file whose digest was verified last time needs no second reading. */
bool map_sync_run_store_is_same(struct map_sync_run *run, bool *ret_same, struct error *err)
{
	const char *identity = file_identity(run->state, STORE_NAME, run->arena);

	if (*identity && strcmp(identity, run->before.store) == 0) {
		*ret_same = true;
		return true;
	}
	if (!map_sync_run_open_store(run, err))
		return false;
	*ret_same = run->store.generation == run->before.generation &&
		    strcmp(run->store.digest, run->before.store_digest) == 0;
	return true;
}

static bool is_up_to_date(struct map_sync_run *run, bool *ret_same, struct error *err)
{
	bool same = false;

	/* What was refused may have become right elsewhere, in another table. */
	if (run->same_type && run->before.refused == 0 && strcmp(run->before.config, run->config) == 0 &&
		!map_sync_run_store_is_same(run, &same, err))
		return false;
	if (same && !map_sync_file_digest(&run->file, err))
		return false;
	*ret_same = same && map_sync_file_matches(&run->file, run->before.text, run->before.index);
	return true;
}

static bool finish_unchanged(struct map_sync_run *run, struct error *err)
{
	const struct map_sync_state *before = &run->before;
	const struct map_stage_place place = {
		.parent = run->file.directory,
		.parent_path = run->file.directory_path,
		.name = MAP_STAGE_NAME,
	};
	struct map_sync_result *result = run->result;

	result->generation = before->generation;
	result->wanted = before->rows;
	result->live_before = before->rows;
	memcpy(result->text_digest, before->text, strlen(before->text) + 1);
	memcpy(result->index_digest, before->index, strlen(before->index) + 1);
	result->reload = "skipped";
	if (run->request->dry_run || run->request->check)
		return true;
	map_stage_sweep(&place);
	if (!before->reload_owed)
		return true;
	return map_renewal_settle(run, &run->before, err);
}

static bool run_steps(struct map_sync_run *run, struct error *err)
{
	bool same;

	if (!run->settings->enabled) {
		error_set(err, ERROR_CONFIG, _("the sync is switched off"));
		error_why(err, _("%s sets \"enabled\" to false"), run->settings->enabled_origin);
		error_fix(err, _("set sync.enabled (in a file of runv: enabled) to true"));
		return error_field(err, "sync.enabled");
	}
	if (!map_rails_check_force(&run->request->force, err) || !open_places(run, err))
		return false;
	read_state(run);
	if (settings_sync_is_sql(run->request->settings))
		return map_sync_sql(run, err);
	if (!resolve_type(run, err) ||
		!map_sync_file_open(&run->file, run->settings, run->type, run->arena, err) ||
		!is_up_to_date(run, &same, err))
		return false;
	return same ? finish_unchanged(run, err) : map_renewal(run, err);
}

static void write_result(const struct map_sync_run *run, const struct error *failure)
{
	static const struct atomic_file_settings settings = {.mode = 0600};
	struct json *json cleanup_json = map_sync_result_to_json(run->result, failure);
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct error ignored;

	json_print_pretty(json, &text);
	strbuf_append_char(&text, '\n');
	/* Told to the caller already; a result that cannot be kept changes nothing about it. */
	if (!atomic_file_replace(run->home, RESULT_NAME, &settings, strbuf_text(&text), text.length,
		    &ignored))
		syslog(LOG_MAIL | LOG_WARNING, "sync members: %s", ignored.what);
}

static void write_log(const struct map_sync_run *run, const struct error *failure)
{
	const struct map_sync_result *result = run->result;

	if (failure)
		syslog(LOG_MAIL | LOG_WARNING, "sync members: %s: %s (%s)",
			error_name(failure->code), printable_text(failure->what, run->arena),
			printable_text(failure->why, run->arena));
	else
		syslog(LOG_MAIL | LOG_INFO,
			"sync members: generation=%jd type=%s rows=%jd added=%jd changed=%jd "
			"removed=%jd refused=%jd reload=%s",
			(intmax_t)result->generation, result->type, (intmax_t)result->wanted,
			(intmax_t)result->added, (intmax_t)result->changed_rows,
			(intmax_t)result->removed, (intmax_t)result->refused_count,
			result->reload);
}

/* A run that had nothing to do, or only asked, or never got the lock, leaves no trace. */
static void keep_record(const struct map_sync_run *run, const struct error *failure)
{
	bool asked_only = run->request->dry_run || run->request->check;

	if (run->lock.fd < 0 || asked_only)
		return;
	if (!failure && !run->result->changed && run->result->refused_count == 0)
		return;
	write_result(run, failure);
	write_log(run, failure);
}

bool map_sync_members(const struct map_sync_request *request, struct arena *arena,
	struct map_sync_result *ret_result, struct error *err)
{
	struct map_sync_run run cleanup_run = {
		.request = request,
		.settings = &request->settings->sync,
		.arena = arena,
		.result = ret_result,
		.lock = LOCK_FILE_INIT,
		.state = -1,
		.home = -1,
		.file = MAP_SYNC_FILE_INIT,
		.store = ALIAS_STORE_INIT,
		.store_identity = "",
	};
	int64_t started = clock_monotonic_ms();
	bool done;

	*ret_result = (struct map_sync_result){
		.dry_run = request->dry_run || request->check,
		.type = request->settings->sync.type,
		.path = request->settings->sync.path,
		.reload = "none",
		.started = request->now,
	};
	done = run_steps(&run, err);
	ret_result->ended = request->now + (clock_monotonic_ms() - started) / 1000;
	keep_record(&run, done ? NULL : err);
	return done;
}
