/*
 * The inventory of a mail server that is already there: what is installed and runs, how Postfix is
 *set up and which tables it asks, Dovecot, databases, filters, ports; and what of it wants a cure.
 *
 * Looks only: every file is opened for reading, every command is one that only prints, none goes
 *through a shell, each has a deadline. What cannot be looked at becomes an item that says so, never
 *a failure. No secret gets into the result: see format/secret_mask.
 *
 *	mail_stack_discover(&request, &arena, &stack);
 *	…
 *	json_free(&stack.sections); json_free(&stack.errors);	or cleanup_mail_stack
 */
#ifndef POSTIGO_SERVICE_MAIL_STACK_H
#define POSTIGO_SERVICE_MAIL_STACK_H

#include "format/json.h"
#include "format/postfix_master_cf.h"
#include "service/check_subject.h"

struct mail_stack_request {
	struct consistency_request check; /* settings NULL = postigo is not set up; .sections: of
					     mail_stack_sections() */
	bool configured;                  /* there is a configuration, good or bad */
	bool deep;                        /* also what takes long: rows are counted */
};

/* One Postfix of the machine. */
struct stack_instance {
	const char *name; /* "-" for the one that is always there */
	const char *config_directory;
	const char **values; /* see stack_value(); NULL = postconf did not answer */
	struct postfix_master_cf services;
	struct string_list map_types; /* postconf -m */
	bool running;
	struct json *json; /* its part of the result, borrowed */
};

struct mail_stack {
	struct json *sections;          /* one member a section that was wanted */
	struct json *errors;            /* what could not be looked at: source, status, detail */
	struct consistency_check check; /* .report holds the recommendations */
	const struct mail_stack_request *request;
	struct arena *arena;
	struct stack_instance *instances; /* filled when section "postfix" was wanted */
	size_t instance_count;
	int64_t deadline; /* of clock_monotonic_ms(), for all commands together */
	bool privileged;
	bool postfix_is_silent; /* a command of Postfix did not answer in time: none is run again */
};

#define cleanup_mail_stack __attribute__((cleanup(mail_stack_clear)))

/* Frees the JSON of the stack; for the cleanup attribute. The rest lives in the arena. */
void mail_stack_clear(struct mail_stack *stack);

/* Looks at all wanted sections. `request` is kept. */
void mail_stack_discover(const struct mail_stack_request *request, struct arena *arena,
	struct mail_stack *ret_stack);

/* The names of the sections. Static. */
const char *const *mail_stack_sections(size_t *ret_count);

/* The value of a parameter as Postfix expands it; "" when it is not known. */
const char *stack_value(const struct stack_instance *instance, const char *name);

struct stack_proposal {
	const char *domain;
	const char *type;
	const char *path;
	const char *group;
	const char *config_directory;
	const char *virtual_alias_maps; /* what the parameter would have to be, as for postconf -e;
					   NULL = it names the map already */
};

/* What postigo's configuration could be for the first Postfix of the stack. Fails with config:
 * there is none, or it takes mail for no domain. */
must_check bool mail_stack_propose(const struct mail_stack *stack,
	struct stack_proposal *ret_proposal, struct error *err);

#endif
