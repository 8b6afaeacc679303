/* Postfix, per instance: its settings with secrets masked, its services, its tables; and what is
 * dangerous about them. */
#include "base/ascii.h"
#include "base/message.h"
#include "base/number.h"
#include "format/secret_mask.h"
#include "service/check_stack.h"
#include "service/mail_stack_section.h"
#include "service/postfix_instance.h"

#include <string.h>

#define MASTER_CF_MAX ((size_t)1 << 20)
#define INSTANCES_MAX 16
#define PUBLIC_PREFIX_MIN 24 /* bits: wider than this is more than a network of one's own */

/* What every instance is asked for, in one command. */
static const char *const parameters[] = {"mail_version", "multi_instance_name",
	"multi_instance_directories", "myhostname", "mydomain", "myorigin", "mydestination",
	"mynetworks", "inet_interfaces", "relayhost", "relay_domains", "virtual_alias_domains",
	"virtual_alias_maps", "virtual_mailbox_domains", "virtual_mailbox_maps",
	"virtual_mailbox_base", "virtual_transport", "mailbox_transport", "local_transport",
	"relay_transport", "default_transport", "transport_maps", "alias_maps",
	"local_recipient_maps", "relay_recipient_maps", "canonical_maps",
	"recipient_canonical_maps", "sender_canonical_maps", "smtpd_sender_login_maps",
	"smtpd_milters", "non_smtpd_milters", "content_filter", "smtpd_sasl_type",
	"smtpd_sasl_path", "smtp_sasl_password_maps", "smtpd_tls_key_file", "recipient_delimiter",
	"propagate_unmatched_extensions", "default_database_type", "mail_owner", "setgid_group",
	"queue_directory", "home_mailbox", "mailbox_command", "smtpd_relay_restrictions",
	"smtpd_recipient_restrictions", "smtpd_reject_unlisted_recipient",
	"virtual_alias_expansion_limit", "virtual_alias_recursion_limit",
	"virtual_alias_address_length_limit", "proxy_read_maps"};

const char *stack_value(const struct stack_instance *instance, const char *name)
{
	for (size_t i = 0; instance->values && i < ARRAY_LENGTH(parameters); i++) {
		if (strcmp(parameters[i], name) == 0)
			return instance->values[i];
	}
	return "";
}

const char *stack_postconf(const struct mail_stack *stack)
{
	const struct settings *settings = stack->check.settings;

	return settings ? settings->sync.postconf : "/usr/sbin/postconf";
}

const char *stack_config_directory(const struct mail_stack *stack)
{
	const struct settings *settings = stack->check.settings;

	return settings ? settings->sync.postfix_config_directory : "/etc/postfix";
}

/* Once a command of Postfix hangs, the next will. */
static enum stack_status ask(struct mail_stack *stack, const char *const *argv,
	struct process_result *ret_result)
{
	enum stack_status status;

	if (stack->postfix_is_silent)
		return STACK_TIMEOUT;
	status = stack_run(stack, argv, ret_result);
	stack->postfix_is_silent |= status == STACK_TIMEOUT;
	return status;
}

/* ---------------------------------------------------------------- settings */

static void note_broken(struct mail_stack *stack, const struct stack_instance *instance,
	const struct process_result *result)
{
	struct consistency_check *check = &stack->check;
	const char *first =
		arena_strndup(stack->arena, result->errors, strcspn(result->errors, "\n"));

	check_find(check, FINDING_ERROR, "postfix.configuration-broken",
		_("Postfix cannot read its configuration in %s"), instance->config_directory);
	check_evidence(check, "%s", secret_mask_text(first, stack->arena));
	check_advice(check, _("mend that line, then run: %s"),
		arena_printf(stack->arena, "%s -c %s -n", stack_postconf(stack),
			check_word(check, instance->config_directory)));
}

static void set_parameters(struct mail_stack *stack, const struct stack_instance *instance)
{
	struct json *object = json_set(instance->json, "parameters", json_new_object());

	for (size_t i = 0; i < ARRAY_LENGTH(parameters); i++)
		stack_set(stack, object, parameters[i],
			secret_mask_value(parameters[i], instance->values[i], stack->arena));
	stack_set(stack, instance->json, "version", stack_value(instance, "mail_version"));
}

static enum stack_status ask_parameters(struct mail_stack *stack, struct stack_instance *instance)
{
	const struct postfix_question question = {
		.postconf = stack_postconf(stack),
		.config_directory = instance->config_directory,
		.names = parameters,
		.count = ARRAY_LENGTH(parameters),
	};
	const char **values = arena_alloc_array(stack->arena, question.count, sizeof(*values));
	struct process_result result = {.errors = ""};
	enum stack_status status =
		ask(stack, postfix_question_command(&question, stack->arena), &result);

	if (status == STACK_ERROR)
		note_broken(stack, instance, &result);
	if (status != STACK_OK)
		return status;
	if (!postfix_question_read(&question, stack->arena, result.output, values))
		return stack_error(stack, question.postconf, STACK_ERROR,
			_("its answer is not understood"));
	instance->values = values;
	set_parameters(stack, instance);
	return STACK_OK;
}

/* "/usr/sbin/postconf: warning: /etc/postfix/main.cf: unused parameter: nmae=value" */
static void look_at_unused(struct mail_stack *stack, const struct stack_instance *instance,
	const char *complaints)
{
	static const char key[] = "unused parameter: ";
	struct string_list names = STRING_LIST_INIT;

	while ((complaints = strstr(complaints, key)) != NULL) {
		size_t length;

		complaints += strlen(key);
		length = strcspn(complaints, "= \n");
		string_list_add_bytes(&names, stack->arena, complaints, length);
	}
	if (names.count == 0)
		return;
	check_find(&stack->check, FINDING_WARNING, "postfix.unused-parameter",
		_("Postfix has no use for parameters that main.cf sets: is a name mistyped?"));
	check_evidence(&stack->check, "%s", string_list_join(&names, stack->arena, ", "));
	check_advice(&stack->check, _("correct or remove them in %s/main.cf"),
		instance->config_directory);
}

/* Whatever main.cf sets, and the tables in it. */
static void look_at_main_cf(struct mail_stack *stack, const struct stack_instance *instance)
{
	const char *const argv[] = {stack_postconf(stack), "-c", instance->config_directory, "-nx",
		NULL};
	struct string_list lines = STRING_LIST_INIT;
	struct process_result result;
	struct json *object;

	if (ask(stack, argv, &result) != STACK_OK)
		return;
	look_at_unused(stack, instance, result.errors);
	object = json_set(instance->json, "set", json_new_object());
	string_list_split(&lines, stack->arena, result.output, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		size_t length = strcspn(lines.items[i], " =");
		const char *name = arena_strndup(stack->arena, lines.items[i], length);
		const char *value = lines.items[i] + length + strspn(lines.items[i] + length, " =");

		if (*name && !json_get(object, name))
			stack_set(stack, object, name,
				secret_mask_value(name, value, stack->arena));
	}
	stack_look_at_tables(stack, instance, result.output);
}

static void ask_map_types(struct mail_stack *stack, struct stack_instance *instance)
{
	const char *const argv[] = {stack_postconf(stack), "-c", instance->config_directory, "-m",
		NULL};
	struct json *array;
	struct process_result result;

	if (ask(stack, argv, &result) != STACK_OK)
		return;
	string_list_split(&instance->map_types, stack->arena, result.output, "\n");
	array = json_set(instance->json, "map_types", json_new_array());
	for (size_t i = 0; i < instance->map_types.count; i++)
		stack_add(stack, array, instance->map_types.items[i]);
}

/* ---------------------------------------------------------------- services */

static void add_service(struct mail_stack *stack, struct json *list,
	const struct postfix_service *service)
{
	struct json *item = json_add(list, json_new_object());
	struct json *overrides;

	stack_set(stack, item, "name", service->name);
	stack_set(stack, item, "type", service->type);
	json_set_text(item, "chroot",
		service->chroot == 'y'   ? "yes"
		: service->chroot == 'n' ? "no"
					 : "default");
	stack_set(stack, item, "command", service->command);
	stack_set(stack, item, "user", service->user);
	stack_set(stack, item, "program", secret_mask_value("", service->program, stack->arena));
	if (service->overrides.count == 0)
		return;
	overrides = json_set(item, "overrides", json_new_array());
	for (size_t i = 0; i < service->overrides.count; i++)
		stack_add(stack, overrides, service->overrides.items[i]);
}

/* The file itself: it tells the same as postconf -M, also when postconf does not. */
static void look_at_master_cf(struct mail_stack *stack, struct stack_instance *instance)
{
	const char *path = arena_printf(stack->arena, "%s/master.cf", instance->config_directory);
	const char *text;
	struct json *list;
	size_t length;

	if (stack_read(stack, path, MASTER_CF_MAX, &text, &length) != STACK_OK)
		return;
	postfix_master_cf_parse(text, length, stack->arena, &instance->services);
	list = json_set(instance->json, "services", json_new_array());
	for (size_t i = 0; i < instance->services.count; i++)
		add_service(stack, list, &instance->services.items[i]);
	if (instance->services.faults > 0)
		(void)stack_error(stack, path, STACK_ERROR,
			arena_printf(stack->arena,
				ngettext("%zu line is no service", "%zu lines are no services",
					instance->services.faults),
				instance->services.faults));
}

static void look_at_process(struct mail_stack *stack, struct stack_instance *instance)
{
	const char *queue = stack_value(instance, "queue_directory");
	struct error failure;

	if (!*queue)
		return;
	if (!postfix_queue_has_master(queue, stack->arena, &instance->running, &failure)) {
		(void)stack_error(stack, queue, STACK_DENIED, failure.why);
		return;
	}
	json_set_boolean(instance->json, "running", instance->running);
	if (!instance->running)
		check_postfix_stopped(&stack->check, instance->config_directory);
}

/* ---------------------------------------------------------------- what is dangerous */

static const char *const class_names[] = {"virtual_alias_domains", "virtual_mailbox_domains",
	"mydestination", "relay_domains"};

/* The names that stand in a list themselves, not in a file or a table. */
static void literal_domains(struct mail_stack *stack, const struct stack_instance *instance,
	const char *parameter, struct string_list *ret_names)
{
	struct string_list items = STRING_LIST_INIT;

	postfix_list_split(&items, stack->arena, stack_value(instance, parameter));
	for (size_t i = 0; i < items.count; i++) {
		if (!strpbrk(items.items[i], "/:{!"))
			string_list_add(ret_names, stack->arena, items.items[i]);
	}
}

/* relay_domains is matched last and takes its default from mydestination: sharing a name with that
 * is no fault. */
static void look_at_classes(struct mail_stack *stack, const struct stack_instance *instance)
{
	struct string_list names[ARRAY_LENGTH(class_names)] = {STRING_LIST_INIT};

	for (size_t i = 0; i < ARRAY_LENGTH(class_names); i++) {
		literal_domains(stack, instance, class_names[i], &names[i]);
		for (size_t j = 0; j < names[i].count; j++) {
			const char *domain = names[i].items[j];
			size_t k = 0;

			while (k < i && !string_list_contains(&names[k], domain))
				k++;
			if (k == i || (strcmp(class_names[k], "mydestination") == 0))
				continue;
			check_find(&stack->check, FINDING_WARNING, "postfix.domain-in-two-classes",
				_("%s is both in %s and in %s: mail may loop or bounce"), domain,
				class_names[k], class_names[i]);
			check_advice(&stack->check, _("keep it in one of them"));
		}
	}
}

/* Whether the IPv4 address in front of a "/" is one that only a network of one's own can have. */
static bool is_private_network(const char *network)
{
	static const char *const prefixes[] = {"10.", "127.", "192.168.", "169.254.", "100.64."};
	int64_t second;

	for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
		if (strncmp(network, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	if (strncmp(network, "172.", 4) == 0) {
		char text[4] = "";
		size_t length = strcspn(network + 4, ".");

		if (length >= sizeof(text))
			return false;
		memcpy(text, network + 4, length);
		return parse_int64(text, &second) && second >= 16 && second <= 31;
	}
	return false;
}

static bool is_too_wide(const char *network)
{
	const char *slash = strchr(network, '/');
	int64_t bits;

	if (!slash || slash == network || !parse_int64(slash + 1, &bits))
		return false;
	if (network[0] == '[' || strchr(network, ':'))
		return bits < 32 && strncmp(network, "[fe80:", 6) != 0 &&
		       strncmp(network, "[f", 2) != 0;
	return bits < PUBLIC_PREFIX_MIN && !is_private_network(network);
}

static void note_open(struct mail_stack *stack, const char *evidence)
{
	check_find(&stack->check, FINDING_ERROR, "postfix.open-relay",
		_("this server may pass on mail of strangers to anybody"));
	check_evidence(&stack->check, "%s", evidence);
}

static void look_at_relaying(struct mail_stack *stack, const struct stack_instance *instance)
{
	static const char *const stops[] = {"reject_unauth_destination",
		"defer_unauth_destination"};
	struct consistency_check *check = &stack->check;
	const char *networks = stack_value(instance, "mynetworks");
	const char *relay = stack_value(instance, "smtpd_relay_restrictions");
	const char *recipient = stack_value(instance, "smtpd_recipient_restrictions");
	struct string_list items = STRING_LIST_INIT;
	bool stopped = false;

	postfix_list_split(&items, stack->arena, networks);
	for (size_t i = 0; i < items.count; i++) {
		if (!is_too_wide(items.items[i]))
			continue;
		note_open(stack, arena_printf(stack->arena, "mynetworks = %s", networks));
		check_cure(check, "postconf -e 'mynetworks = 127.0.0.0/8 [::1]/128'");
		return;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(stops); i++)
		stopped |= strstr(relay, stops[i]) || strstr(recipient, stops[i]);
	if (stopped || strcmp(relay, "reject") == 0 || strcmp(recipient, "reject") == 0)
		return;
	note_open(stack, arena_printf(stack->arena, "smtpd_relay_restrictions = %s", relay));
	check_cure(check, "postconf -e 'smtpd_relay_restrictions = permit_mynetworks, "
			  "permit_sasl_authenticated, "
			  "reject_unauth_destination'");
}

/* ---------------------------------------------------------------- all of it */

static void look_at_instance(struct mail_stack *stack, struct stack_instance *instance)
{
	enum stack_status status;

	stack_set(stack, instance->json, "instance", instance->name);
	stack_set(stack, instance->json, "config_directory", instance->config_directory);
	status = ask_parameters(stack, instance);
	json_set_text(instance->json, "status", stack_status_name(status));
	look_at_master_cf(stack, instance);
	if (status != STACK_OK)
		return;
	look_at_process(stack, instance);
	ask_map_types(stack, instance);
	look_at_main_cf(stack, instance);
	look_at_classes(stack, instance);
	look_at_relaying(stack, instance);
	if (*stack_value(instance, "smtpd_tls_key_file"))
		stack_check_secret(stack, "postfix.secret-readable",
			stack_value(instance, "smtpd_tls_key_file"));
}

static struct stack_instance *add_instance(struct mail_stack *stack, struct json *list,
	const char *directory)
{
	struct stack_instance *instance = &stack->instances[stack->instance_count++];

	*instance = (struct stack_instance){
		.name = "-",
		.config_directory = directory,
		.json = json_add(list, json_new_object()),
	};
	return instance;
}

static void note_absent(struct mail_stack *stack)
{
	check_find(&stack->check, FINDING_INFO, "postfix.not-installed",
		_("Postfix is not installed; postigo writes maps for Postfix"));
	check_cure(&stack->check, "apt-get install postfix");
}

struct json *stack_postfix(struct mail_stack *stack)
{
	struct json *list = json_new_array();
	struct string_list others = STRING_LIST_INIT;
	struct stack_instance *first;

	if (!stack_exists(stack_postconf(stack))) {
		(void)stack_error(stack, stack_postconf(stack), STACK_MISSING, "");
		note_absent(stack);
		return list;
	}
	stack->instances =
		arena_alloc_array(stack->arena, INSTANCES_MAX, sizeof(*stack->instances));
	first = add_instance(stack, list, stack_config_directory(stack));
	look_at_instance(stack, first);
	postfix_list_split(&others, stack->arena, stack_value(first, "multi_instance_directories"));
	for (size_t i = 0; i < others.count && stack->instance_count < INSTANCES_MAX; i++) {
		struct stack_instance *other = add_instance(stack, list, others.items[i]);
		const char *slash = strrchr(other->config_directory, '/');

		/* postmulti(1) makes them as /etc/NAME. */
		other->name = slash ? slash + 1 : other->config_directory;
		look_at_instance(stack, other);
	}
	return list;
}
