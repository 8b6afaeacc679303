/*
 * What the commands of postigo-admin share: the settings they run under, and how sync follows a decision.
 *
 * A command body parses nothing and decides nothing: it reads the command line, calls one service, prints the result.
 */
#ifndef POSTIGO_ADMIN_H
#define POSTIGO_ADMIN_H

#include "cli/command.h"
#include "cli/output.h"
#include "format/settings.h"
#include "service/alias_approval.h"
#include "service/map_sync.h"
#include "system/identity.h"

struct admin {
	struct arena arena;
	struct output output;
	struct identity identity;
	struct settings settings; /* after admin_load_settings(), and so the rest */
	const char **origins;	  /* one a field of settings_table() */
	struct source_text *files;
	size_t file_count;
	int64_t now;
};

/* Reads the configuration (--config or the installed one) into admin->settings and prints what is to be warned of. Fails with config. */
must_check bool admin_load_settings(struct admin *admin, const struct command_line *line, struct error *err);

/* The context that the alias services want. */
struct alias_context admin_alias_context(const struct admin *admin);

struct sync_outcome {
	bool ran;
	bool failed;
	enum error_code code;
	struct map_sync_result result;
	struct error error;
};

/* What the decisions before a sync were about. */
struct decided_aliases {
	struct string_list aliases; /* whose rows are new or different; a refused one makes the sync partial */
	int64_t removals;	    /* aliases that are gone */
};

/*
 * Syncs the members' map as --sync, --no-sync and the configuration say, after decisions that changed the store. Prints what happened.
 */
void admin_sync_after_decision(struct admin *admin, const struct command_line *line,
	const struct decided_aliases *decided, struct sync_outcome *ret_outcome);

/* A sync result as JSON; the caller frees it. */
struct json *admin_sync_json(const struct map_sync_result *result);

/* One sentence on a sync that ran, for people. */
void admin_say_sync(struct admin *admin, const struct map_sync_result *result);

/* The value of --reason, "" when it was not given. */
const char *admin_reason(const struct command_line *line);

/* The commands, by file. */
int command_pending(void *context, const struct command_line *line);
int command_show(void *context, const struct command_line *line);
int command_approve(void *context, const struct command_line *line);
int command_reject(void *context, const struct command_line *line);
int command_review(void *context, const struct command_line *line);
int command_gc(void *context, const struct command_line *line);
int command_expire(void *context, const struct command_line *line);
int command_purge_user(void *context, const struct command_line *line);
int command_member_list(void *context, const struct command_line *line);
int command_member_show(void *context, const struct command_line *line);
int command_member_add(void *context, const struct command_line *line);
int command_member_set(void *context, const struct command_line *line);
int command_member_suspend(void *context, const struct command_line *line);
int command_member_resume(void *context, const struct command_line *line);
int command_member_revoke(void *context, const struct command_line *line);
int command_history(void *context, const struct command_line *line);
int command_undo(void *context, const struct command_line *line);
int command_journal_verify(void *context, const struct command_line *line);
int command_backup_list(void *context, const struct command_line *line);
int command_restore(void *context, const struct command_line *line);
int command_member_import(void *context, const struct command_line *line);
int command_member_export(void *context, const struct command_line *line);
int command_sync(void *context, const struct command_line *line);
int command_adopt(void *context, const struct command_line *line);
int command_release(void *context, const struct command_line *line);
int command_check(void *context, const struct command_line *line);
int command_setup(void *context, const struct command_line *line);
int command_config_show(void *context, const struct command_line *line);
int command_config_get(void *context, const struct command_line *line);
int command_config_check(void *context, const struct command_line *line);
int command_version(void *context, const struct command_line *line);
int command_dump(void *context, const struct command_line *line);

/* The command table of postigo-admin. */
extern const struct command_program admin_program;

#endif
