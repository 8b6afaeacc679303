/* What postigo's configuration could be beside the Postfix that was found. */
#include "base/message.h"
#include "format/email_fault.h"
#include "format/email_address.h"
#include "service/check_stack.h"
#include "service/mail_stack_section.h"
#include "service/postfix_instance.h"

#include <string.h>

#define MAP_PATH "postigo-aliases"

/* A domain that main.cf names itself, and for which addresses can be written. */
static const char *first_domain(const struct mail_stack *stack,
	const struct stack_instance *instance, const char *parameter)
{
	struct string_list items = STRING_LIST_INIT;
	const char *first = NULL;

	postfix_list_split(&items, stack->arena, stack_value(instance, parameter));
	for (size_t i = 0; i < items.count; i++) {
		const char *item = items.items[i];

		/* mydestination names the host first; addresses are at its domain where that is
		 * served. */
		if (strcmp(item, stack_value(instance, "mydomain")) == 0 &&
			email_domain_check(item) == EMAIL_OK)
			return item;
		if (!first && !strpbrk(item, "/:{!") && strncmp(item, "localhost", 9) != 0 &&
			email_domain_check(item) == EMAIL_OK)
			first = item;
	}
	return first;
}

static const char *find_domain(const struct mail_stack *stack,
	const struct stack_instance *instance)
{
	static const char *const parameters[] = {"virtual_alias_domains", "mydestination",
		"virtual_mailbox_domains", "relay_domains"};

	for (size_t i = 0; i < ARRAY_LENGTH(parameters); i++) {
		const char *domain = first_domain(stack, instance, parameters[i]);

		if (domain)
			return domain;
	}
	return NULL;
}

static bool fail_domain(const struct stack_instance *instance, struct error *err)
{
	error_set(err, ERROR_CONFIG, _("no domain is known for which this Postfix takes mail"));
	error_why(err, _("no list of domains in %s/main.cf names one itself"),
		instance->config_directory);
	return error_fix(err, "postconf -e 'virtual_alias_domains = club.example'");
}

static bool fail_postfix(const struct mail_stack *stack, struct error *err)
{
	error_set(err, ERROR_CONFIG, _("there is no Postfix that could be asked"));
	if (json_count(stack->errors) > 0) {
		const struct json *first = json_first(stack->errors);
		const char *detail = json_get_text(first, "detail");

		error_why(err, "%s: %s", json_get_text(first, "source"),
			detail ? detail : json_get_text(first, "status"));
	}
	return error_fix(err, "postigo-admin discover --section postfix");
}

/* The best of the types that both Postfix and we can write. */
static const char *best_type(const struct stack_instance *instance)
{
	static const char *const types[] = {"lmdb", "cdb", "hash"};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		if (string_list_contains(&instance->map_types, types[i]))
			return types[i];
	}
	return "texthash";
}

/* The type under which the map is named already; NULL = it is not. */
static const char *named_type(const struct mail_stack *stack, const struct stack_instance *instance,
	const char *path)
{
	struct postfix_instance asked = {.own_map = path};

	postfix_list_split(&asked.alias_maps, stack->arena,
		stack_value(instance, "virtual_alias_maps"));
	return postfix_map_type_of(&asked, path, stack->arena);
}

/* As main.cf has it: what is expanded would not go along with later changes. */
static bool maps_as_written(const struct mail_stack *stack, const struct stack_instance *instance,
	const char **ret_value)
{
	const char *const argv[] = {stack_postconf(stack), "-c", instance->config_directory, "-h",
		"virtual_alias_maps", NULL};
	struct process_result result;

	if (stack_run(stack, argv, &result) != STACK_OK)
		return false;
	*ret_value = arena_strndup(stack->arena, result.output, strcspn(result.output, "\n"));
	return true;
}

bool mail_stack_propose(const struct mail_stack *stack, struct stack_proposal *ret_proposal,
	struct error *err)
{
	const struct stack_instance *instance = stack->instances;
	struct stack_proposal proposal = {.virtual_alias_maps = NULL};
	const char *present;

	if (stack->instance_count == 0 || !instance->values)
		return fail_postfix(stack, err);
	proposal.domain = find_domain(stack, instance);
	if (!proposal.domain)
		return fail_domain(instance, err);
	proposal.config_directory = instance->config_directory;
	proposal.path = arena_printf(stack->arena, "%s/" MAP_PATH, instance->config_directory);
	proposal.group = stack_value(instance, "mail_owner");
	proposal.type = named_type(stack, instance, proposal.path);
	if (!proposal.type) {
		proposal.type = best_type(instance);
		if (!maps_as_written(stack, instance, &present))
			return fail_postfix(stack, err);
		proposal.virtual_alias_maps = postfix_maps_with(present,
			arena_printf(stack->arena, "%s:%s", proposal.type, proposal.path),
			stack->arena);
	}
	*ret_proposal = proposal;
	return true;
}
