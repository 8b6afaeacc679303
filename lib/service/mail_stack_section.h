/* What the files of mail_stack share: reading files and commands without ever writing, and noting
 * what was seen. */
#ifndef POSTIGO_SERVICE_MAIL_STACK_SECTION_H
#define POSTIGO_SERVICE_MAIL_STACK_SECTION_H

#include "service/mail_stack.h"
#include "system/process.h"

#include <sys/stat.h>

enum stack_status {
	STACK_OK,
	STACK_MISSING,
	STACK_DENIED,
	STACK_TIMEOUT,
	STACK_ERROR,
};

/* "ok", "missing", "denied", "timeout", "error". Static. */
const char *stack_status_name(enum stack_status status);

/* Sets a text that may hold any bytes; "" and NULL set nothing. Secrets must have been masked. */
void stack_set(const struct mail_stack *stack, struct json *object, const char *key,
	const char *text);

/* Adds such a text to an array. */
void stack_add(const struct mail_stack *stack, struct json *array, const char *text);

/* Notes under "errors" that `source` could not be looked at; STACK_OK notes nothing. `detail` is
 * masked here. Returns `status`. */
enum stack_status stack_error(const struct mail_stack *stack, const char *source,
	enum stack_status status, const char *detail);

/* Runs a command that only prints, within what time is left. Whatever it does not end well with is
 * noted; the result is filled but for STACK_MISSING. */
enum stack_status stack_run(const struct mail_stack *stack, const char *const *argv,
	struct process_result *ret_result);

/* Reads a file, also one of /proc, into the arena, terminated. One that is missing is not noted,
 * anything else is. */
enum stack_status stack_read(const struct mail_stack *stack, const char *path, size_t limit,
	const char **ret_text, size_t *ret_length);

/* stat(2), links followed; notes what stack_read() would. */
enum stack_status stack_look(const struct mail_stack *stack, const char *path,
	struct stat *ret_status);

/* Sets status, owner, mode, size and time of a file in `object`. */
enum stack_status stack_set_file(const struct mail_stack *stack, struct json *object,
	const char *path, struct stat *ret_status);

/* Notes the finding `id` when others than owner and group may read `path`, which holds a secret. */
void stack_check_secret(struct mail_stack *stack, const char *id, const char *path);

/* Whether there is anything at `path` that can be seen. */
bool stack_exists(const char *path);

/* Whether a unix socket or the like is at `path`. */
bool stack_has_socket(const char *path);

/* A service by one of its names in `sections`.services runs. */
bool stack_service_runs(const struct mail_stack *stack, const char *name);

/* Where the configured Postfix is. */
const char *stack_postconf(const struct mail_stack *stack);
const char *stack_config_directory(const struct mail_stack *stack);

/* Tables of one instance: adds "tables" to its JSON and notes what is wrong with them. `set` is
 * "name = value" a line, as postconf -nx prints. */
void stack_look_at_tables(struct mail_stack *stack, const struct stack_instance *instance,
	const char *set);

/* The sections. Each returns the value of its member, which the caller owns. */
struct json *stack_host(struct mail_stack *stack);
struct json *stack_packages(struct mail_stack *stack);
struct json *stack_services(struct mail_stack *stack);
struct json *stack_postfix(struct mail_stack *stack);
struct json *stack_databases(struct mail_stack *stack);
struct json *stack_dovecot(struct mail_stack *stack);
struct json *stack_webmail(struct mail_stack *stack);
struct json *stack_filters(struct mail_stack *stack);
struct json *stack_ports(struct mail_stack *stack);
struct json *stack_accounts(struct mail_stack *stack);
struct json *stack_postigo(struct mail_stack *stack);
struct json *stack_runv(struct mail_stack *stack);

#endif
