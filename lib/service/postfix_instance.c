#include "service/postfix_instance.h"

#include "base/message.h"
#include "base/number.h"
#include "system/process.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_LIMIT ((size_t)1 << 20)
#define LIMIT_DEFAULT 1000 /* of Postfix, for a limit whose value is none */

/* What postconf is asked for; the answer has one line for each, in this order. */
enum parameter {
	PARAMETER_COMMAND_DIRECTORY,
	PARAMETER_DEFAULT_TYPE,
	PARAMETER_PARENT_DOMAINS,
	PARAMETER_ALIAS_MAPS,
	PARAMETER_DOMAINS, /* and the three behind it, as enum postfix_domain_list */
	PARAMETER_MAILBOX_MAPS = PARAMETER_DOMAINS + POSTFIX_DOMAIN_LISTS,
	PARAMETER_DELIMITER,
	PARAMETER_EXPANSION_LIMIT,
	PARAMETER_RECURSION_LIMIT,
	PARAMETER_LENGTH_LIMIT,
	PARAMETERS,
};

static const char *const parameter_names[PARAMETERS] = {
	"command_directory",
	"default_database_type",
	"parent_domain_matches_subdomains",
	"virtual_alias_maps",
	"virtual_alias_domains",
	"virtual_mailbox_domains",
	"mydestination",
	"relay_domains",
	"virtual_mailbox_maps",
	"recipient_delimiter",
	"virtual_alias_expansion_limit",
	"virtual_alias_recursion_limit",
	"virtual_alias_address_length_limit",
};

static bool command_failed(struct error *err, const struct process_request *request,
	const struct process_result *result, struct arena *arena)
{
	const char *first = result->errors ? result->errors : "";

	error_set(err, ERROR_MTA_COMMAND, _("%s failed: %s"), request->argv[0],
		process_describe(request, result, arena));
	if (*first)
		error_why(err, "%.*s", (int)strcspn(first, "\n"), first);
	else
		error_why(err, _("it does not say"));
	return error_fix(err, "postfix check");
}

const char *const *postfix_question_command(const struct postfix_question *question,
	struct arena *arena)
{
	const char **argv = arena_alloc_array(arena, question->count + 5, sizeof(*argv));

	argv[0] = question->postconf;
	argv[1] = "-c";
	argv[2] = question->config_directory;
	argv[3] = "-xh";
	memcpy(argv + 4, question->names, question->count * sizeof(*argv));
	return argv;
}

bool postfix_question_read(const struct postfix_question *question, struct arena *arena,
	const char *output, const char **values)
{
	for (size_t i = 0; i < question->count; i++) {
		size_t length = strcspn(output, "\n");

		if (output[length] != '\n')
			return false;
		values[i] = arena_strndup(arena, output, length);
		output += length + 1;
	}
	return *output == '\0';
}

static struct postfix_instance instance_of(const struct sync_settings *settings)
{
	return (struct postfix_instance){
		.config_directory = settings->postfix_config_directory,
		.postconf = settings->postconf,
		.own_map = settings->path,
		.timeout_ms = (int)settings->command_timeout * 1000,
	};
}

static struct postfix_question question_of(const struct postfix_instance *instance)
{
	return (struct postfix_question){
		.postconf = instance->postconf,
		.config_directory = instance->config_directory,
		.names = parameter_names,
		.count = PARAMETERS,
	};
}

/* Its words are in the arena. */
static struct process_request request_of(const struct postfix_instance *instance, struct arena *arena)
{
	const struct postfix_question question = question_of(instance);

	return (struct process_request){
		.argv = postfix_question_command(&question, arena),
		.timeout_ms = instance->timeout_ms,
		.output_limit = OUTPUT_LIMIT,
	};
}

void postfix_instance_begin(struct process_child *asking, const struct sync_settings *settings)
{
	const struct postfix_instance instance = instance_of(settings);
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct process_request request = request_of(&instance, &arena);
	struct error ignored;

	if (asking->pid > 0 || !trusted_program_check(instance.postconf, &ignored) ||
		process_begin(asking, &request, &ignored))
		return;
	*asking = (struct process_child)PROCESS_CHILD_INIT;
}

static bool ask_postconf(const struct postfix_instance *instance, struct process_child *asking,
	struct arena *arena, const char *values[PARAMETERS], struct error *err)
{
	const struct postfix_question question = question_of(instance);
	const struct process_request request = request_of(instance, arena);
	struct process_result result = {0};

	if (asking->pid == 0 && !process_begin(asking, &request, err))
		return false;
	process_end(asking, &request, arena, &result);
	if (!process_succeeded(&result))
		return command_failed(err, &request, &result, arena);
	if (postfix_question_read(&question, arena, result.output, values))
		return true;
	error_set(err, ERROR_MTA_COMMAND, _("the answer of %s is not understood"),
		instance->postconf);
	error_why(err, _("it is not one line for each setting that was asked for"));
	return error_fix(err, "postfix check");
}

static int64_t limit_of(const char *value)
{
	int64_t limit;

	return parse_int64(value, &limit) && limit > 0 ? limit : LIMIT_DEFAULT;
}

static void take_values(struct postfix_instance *instance, const char *const values[PARAMETERS],
	struct arena *arena)
{
	struct string_list parents = STRING_LIST_INIT;

	instance->default_type = values[PARAMETER_DEFAULT_TYPE];
	instance->postfix = arena_printf(arena, "%s/postfix", values[PARAMETER_COMMAND_DIRECTORY]);
	postfix_list_split(&instance->alias_maps, arena, values[PARAMETER_ALIAS_MAPS]);
	for (size_t i = 0; i < POSTFIX_DOMAIN_LISTS; i++)
		postfix_list_split(&instance->domains[i], arena, values[PARAMETER_DOMAINS + i]);
	postfix_list_split(&instance->mailbox_maps, arena, values[PARAMETER_MAILBOX_MAPS]);
	instance->recipient_delimiter = values[PARAMETER_DELIMITER];
	instance->expansion_limit = limit_of(values[PARAMETER_EXPANSION_LIMIT]);
	instance->recursion_limit = limit_of(values[PARAMETER_RECURSION_LIMIT]);
	instance->address_length_limit = limit_of(values[PARAMETER_LENGTH_LIMIT]);
	postfix_list_split(&parents, arena, values[PARAMETER_PARENT_DOMAINS]);
	instance->relay_includes_subdomains = string_list_contains(&parents, "relay_domains");
}

bool postfix_instance_end(struct process_child *asking, const struct sync_settings *settings,
	struct arena *arena, struct postfix_instance *ret_instance, struct error *err)
{
	struct postfix_instance instance = instance_of(settings);
	const char *values[PARAMETERS];

	for (size_t i = 0; i < PARAMETERS; i++)
		values[i] = "";
	if (!trusted_program_check(instance.postconf, err) ||
		!ask_postconf(&instance, asking, arena, values, err))
		return false;
	take_values(&instance, values, arena);
	instance.postmap = settings->postmap;
	if (!*settings->postmap)
		instance.postmap =
			arena_printf(arena, "%s/postmap", values[PARAMETER_COMMAND_DIRECTORY]);
	if (!trusted_program_check(instance.postmap, err))
		return false;
	*ret_instance = instance;
	return true;
}

bool postfix_instance_open(struct postfix_instance *ret_instance,
	const struct sync_settings *settings, struct arena *arena, struct error *err)
{
	struct process_child asking cleanup_process_child = PROCESS_CHILD_INIT;

	return postfix_instance_end(&asking, settings, arena, ret_instance, err);
}

enum map_reference postfix_map_reference(const struct postfix_instance *instance, const char *type,
	const char *path, struct arena *arena)
{
	const char *wanted = arena_printf(arena, "%s:%s", type, path);
	enum map_reference reference = MAP_REFERENCE_NONE;
	struct postfix_tables tables = {.count = 0};

	postfix_tables_add(&tables, arena, &instance->alias_maps, path);
	for (size_t i = 0; i < tables.count; i++) {
		const struct postfix_table *table = &tables.items[i];

		if (strcmp(table->name, wanted) != 0)
			continue;
		if (!table->proxied)
			return MAP_REFERENCE_DIRECT;
		reference = MAP_REFERENCE_PROXIED;
	}
	return reference;
}

const char *postfix_map_type_of(const struct postfix_instance *instance, const char *path,
	struct arena *arena)
{
	struct postfix_tables tables = {.count = 0};

	postfix_tables_add(&tables, arena, &instance->alias_maps, path);
	for (size_t i = 0; i < tables.count; i++) {
		const char *name = tables.items[i].name;

		if (postfix_table_is_at(&tables.items[i], path))
			return arena_strndup(arena, name, strcspn(name, ":"));
	}
	return NULL;
}

/* Asks postconf for one parameter: `option` is "-h" (as written) or "-xh" (expanded). */
static bool ask_parameter(const struct postfix_instance *instance, const char *const words[2],
	struct arena *arena, const char **ret_value, struct error *err)
{
	const char *const argv[] = {instance->postconf, "-c", instance->config_directory, words[0],
		words[1], NULL};
	struct process_request request = {
		.argv = argv,
		.timeout_ms = instance->timeout_ms,
		.output_limit = OUTPUT_LIMIT,
	};
	struct process_result result;

	if (!process_run(&request, arena, &result, err))
		return false;
	if (!process_succeeded(&result))
		return command_failed(err, &request, &result, arena);
	*ret_value = arena_strndup(arena, result.output, strcspn(result.output, "\n"));
	return true;
}

bool postfix_parameter(const struct postfix_instance *instance, const char *name,
	struct arena *arena, const char **ret_value, struct error *err)
{
	const char *const words[] = {"-h", name};

	return ask_parameter(instance, words, arena, ret_value, err);
}

/* Whether the process exists and is a master: pid files outlive a crash. */
static bool is_master(const char *pid, struct arena *arena)
{
	const char *path = arena_printf(arena, "/proc/%s/comm", pid);
	int fd cleanup_close = open(path, O_RDONLY | O_CLOEXEC);
	char name[8] = "";

	return fd >= 0 && read(fd, name, sizeof(name) - 1) == 7 && strcmp(name, "master\n") == 0;
}

bool postfix_is_running(const struct postfix_instance *instance, struct arena *arena,
	bool *ret_running, struct error *err)
{
	static const char *const words[] = {"-xh", "queue_directory"};
	const char *queue = "";

	return ask_parameter(instance, words, arena, &queue, err) &&
	       postfix_queue_has_master(queue, arena, ret_running, err);
}

bool postfix_queue_has_master(const char *queue_directory, struct arena *arena, bool *ret_running,
	struct error *err)
{
	const char *path = arena_printf(arena, "%s/pid/master.pid", queue_directory);
	int fd cleanup_close = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[64] = ""; /* Postfix writes the number 32 columns wide */
	int64_t pid;

	if (fd < 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot read %s"), path);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0) {
		*ret_running = false;
		return true;
	}
	text[strcspn(text, "\n")] = '\0';
	*ret_running = parse_int64(text + strspn(text, " "), &pid) && pid > 0 &&
		       is_master(text + strspn(text, " "), arena);
	return true;
}

/* Runs "postfix VERB" for this instance. */
static bool run_postfix(const struct postfix_instance *instance, const char *verb,
	struct arena *arena, struct process_result *ret_result, struct error *err)
{
	const char *const argv[] = {instance->postfix, "-c", instance->config_directory, verb,
		NULL};
	struct process_request request = {
		.argv = argv,
		.timeout_ms = instance->timeout_ms,
		.output_limit = OUTPUT_LIMIT,
	};

	if (!process_run(&request, arena, ret_result, err))
		return false;
	/* Exit status 1 of "status" is an answer, see below. */
	if (ret_result->end == PROCESS_EXITED && ret_result->status <= 1)
		return true;
	return command_failed(err, &request, ret_result, arena);
}

bool postfix_reload(const struct postfix_instance *instance, struct arena *arena, bool *ret_running,
	struct error *err)
{
	struct process_result result = {0};

	if (!trusted_program_check(instance->postfix, err) ||
		!run_postfix(instance, "status", arena, &result, err))
		return false;
	if (!process_succeeded(&result)) {
		*ret_running = false;
		return true;
	}
	if (!run_postfix(instance, "reload", arena, &result, err))
		return false;
	if (!process_succeeded(&result))
		return error_set(err, ERROR_MTA_COMMAND,
			_("Postfix did not reload; its log says why"));
	*ret_running = true;
	return true;
}
