/*
 * What the commands over the mail database share: the connection, which is opened when a command first wants it, and how a change is told.
 */
#ifndef POSTIGO_ADMIN_MAIL_H
#define POSTIGO_ADMIN_MAIL_H

#include "admin.h"
#include "format/json.h"
#include "service/mail_worker.h"

#define cleanup_mail __attribute__((cleanup(admin_mail_close)))

/* A command's connection and what the services want. */
struct admin_mail {
	struct sql_connection *sql;
	struct schema schema;
	struct mail_context services;
	struct mail_worker worker;
	struct mail_job_runner runner;
};

#define ADMIN_MAIL_INIT {.sql = NULL, .worker = MAIL_WORKER_INIT}

/*
 * Loads the settings: the first step of every command, so that names can be checked before anything is opened. --dry-run is taken from the line where the command
 * has it. Fails with config.
 */
must_check bool admin_mail_begin(struct admin *admin, const struct command_line *line, struct admin_mail *mail, struct error *err);

/* Opens the database. Fails with config or database. */
must_check bool admin_mail_open(struct admin *admin, struct admin_mail *mail, struct error *err);

/* After a change: does what it leaves to be done, hooks at last. Fails with hook; the change itself is done then. */
must_check bool admin_mail_finish(struct admin_mail *mail, struct mail_change *change, struct error *err);

/* Closes it. */
void admin_mail_close(struct admin_mail *mail);

/* What a command tells of a change. */
struct admin_change {
	const struct mail_change *change;
	const char *key;	 /* of the object in JSON, "domain" */
	struct json *object;	 /* what it is now, handed over; NULL = it is gone */
	const char *done;	 /* a sentence for people: what was done; printable */
	bool dry_run;
};

/*
 * Prints {"changed": …, "touched": […], KEY: {…}} or the sentence, warnings before it. The one place that every change comes by: what Postfix looks up and was touched is
 * known here. Returns the exit code.
 */
int admin_tell_change(struct admin *admin, const struct admin_change *told);

/* Asks "question" unless --yes. Fails with answered_no, or usage without a terminal. */
must_check bool admin_confirm(const struct command_line *line, const char *question, struct error *err);

/* Parses an option's number; untouched when it was not given. Fails with usage. */
must_check bool admin_number(const struct command_line *line, const char *option, int64_t *ret_number, struct error *err);

/* Sets a time unless it is 0. */
void admin_set_known_time(struct json *object, const char *key, int64_t seconds);

/* Prints a time as a field, unless it is 0. */
void admin_print_known_time(struct admin *admin, const char *title, const char *key, int64_t seconds);

/* "active" or "disabled", as columns and records show it. */
const char *admin_state_word(bool active);

int command_user_add(void *context, const struct command_line *line);
int command_user_list(void *context, const struct command_line *line);
int command_user_show(void *context, const struct command_line *line);
int command_user_set(void *context, const struct command_line *line);
int command_user_quota(void *context, const struct command_line *line);
int command_user_passwd(void *context, const struct command_line *line);
int command_user_claim(void *context, const struct command_line *line);
int command_user_release(void *context, const struct command_line *line);
int command_user_enable(void *context, const struct command_line *line);
int command_user_disable(void *context, const struct command_line *line);
int command_user_del(void *context, const struct command_line *line);
int command_quota_show(void *context, const struct command_line *line);
int command_quota_fix_units(void *context, const struct command_line *line);
int command_schema_init(void *context, const struct command_line *line);
int command_schema_migrate(void *context, const struct command_line *line);
int command_schema_status(void *context, const struct command_line *line);
int command_domain_add(void *context, const struct command_line *line);
int command_domain_list(void *context, const struct command_line *line);
int command_domain_show(void *context, const struct command_line *line);
int command_domain_set(void *context, const struct command_line *line);
int command_domain_enable(void *context, const struct command_line *line);
int command_domain_disable(void *context, const struct command_line *line);
int command_domain_del(void *context, const struct command_line *line);
int command_domain_alias_add(void *context, const struct command_line *line);
int command_domain_alias_list(void *context, const struct command_line *line);
int command_domain_alias_show(void *context, const struct command_line *line);
int command_domain_alias_retarget(void *context, const struct command_line *line);
int command_domain_alias_enable(void *context, const struct command_line *line);
int command_domain_alias_disable(void *context, const struct command_line *line);
int command_domain_alias_del(void *context, const struct command_line *line);
int command_alias_add(void *context, const struct command_line *line);
int command_alias_list(void *context, const struct command_line *line);
int command_alias_show(void *context, const struct command_line *line);
int command_alias_set(void *context, const struct command_line *line);
int command_alias_add_target(void *context, const struct command_line *line);
int command_alias_rm_target(void *context, const struct command_line *line);
int command_alias_enable(void *context, const struct command_line *line);
int command_alias_disable(void *context, const struct command_line *line);
int command_alias_del(void *context, const struct command_line *line);
int command_status(void *context, const struct command_line *line);
int command_log(void *context, const struct command_line *line);
int command_search(void *context, const struct command_line *line);

#endif
