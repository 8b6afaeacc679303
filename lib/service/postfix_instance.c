#include "service/postfix_instance.h"

#include "base/ascii.h"
#include "base/message.h"
#include "base/number.h"
#include "system/process.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_LIMIT ((size_t)1 << 20)
#define PROXY "proxy:"

/* What postconf is asked for; the answer has one line for each, in this order. */
enum parameter {
	PARAMETER_COMMAND_DIRECTORY,
	PARAMETER_DEFAULT_TYPE,
	PARAMETER_PARENT_DOMAINS,
	PARAMETER_ALIAS_MAPS,
	PARAMETER_DOMAINS, /* and the three behind it, as enum postfix_domain_list */
	PARAMETERS = PARAMETER_DOMAINS + POSTFIX_DOMAIN_LISTS,
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
};

static bool is_separator(char byte)
{
	return byte == ',' || byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static size_t piece_length(const char *text)
{
	size_t length = 0;
	int depth = 0;

	for (; text[length] && (depth > 0 || !is_separator(text[length])); length++) {
		if (text[length] == '{')
			depth++;
		else if (text[length] == '}' && depth > 0)
			depth--;
	}
	return length;
}

void postfix_list_split(struct string_list *list, struct arena *arena, const char *value)
{
	while (*value) {
		size_t length = piece_length(value);

		if (length > 0)
			string_list_add_bytes(list, arena, value, length);
		value += length;
		while (is_separator(*value))
			value++;
	}
}

static bool command_failed(struct error *err, const struct process_request *request,
	const struct process_result *result, struct arena *arena)
{
	const char *first = result->errors ? result->errors : "";

	error_set(err, ERROR_MTA_COMMAND, _("%s failed: %s"), request->argv[0],
		process_describe(request, result, arena));
	if (*first)
		error_why(err, "%.*s", (int)strcspn(first, "\n"), first);
	return false;
}

/* Cuts `output` into exactly PARAMETERS lines. */
static bool split_values(char *output, const char *values[PARAMETERS])
{
	for (size_t i = 0; i < PARAMETERS; i++) {
		char *newline = strchr(output, '\n');

		if (!newline)
			return false;
		*newline = '\0';
		values[i] = output;
		output = newline + 1;
	}
	return *output == '\0';
}

static bool ask_postconf(const struct postfix_instance *instance, struct arena *arena,
	const char *values[PARAMETERS], struct error *err)
{
	const char *argv[PARAMETERS + 5] = {instance->postconf, "-c", instance->config_directory,
		"-xh"};
	struct process_request request = {
		.argv = argv,
		.timeout_ms = instance->timeout_ms,
		.output_limit = OUTPUT_LIMIT,
	};
	struct process_result result = {0};

	memcpy(argv + 4, parameter_names, sizeof(parameter_names));
	if (!process_run(&request, arena, &result, err))
		return false;
	if (!process_succeeded(&result))
		return command_failed(err, &request, &result, arena);
	if (!split_values(arena_strndup(arena, result.output, result.output_length), values))
		return error_set(err, ERROR_MTA_COMMAND, _("the answer of %s is not understood"),
			instance->postconf);
	return true;
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
	postfix_list_split(&parents, arena, values[PARAMETER_PARENT_DOMAINS]);
	instance->relay_includes_subdomains = string_list_contains(&parents, "relay_domains");
}

bool postfix_instance_open(struct postfix_instance *ret_instance,
	const struct sync_settings *settings, struct arena *arena, struct error *err)
{
	struct postfix_instance instance = {
		.config_directory = settings->postfix_config_directory,
		.postconf = settings->postconf,
		.own_map = settings->path,
		.timeout_ms = (int)settings->command_timeout * 1000,
	};
	const char *values[PARAMETERS];

	for (size_t i = 0; i < PARAMETERS; i++)
		values[i] = "";
	if (!trusted_program_check(instance.postconf, err) ||
		!ask_postconf(&instance, arena, values, err))
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

static const char *without_proxy(const char *table)
{
	return strncmp(table, PROXY, strlen(PROXY)) == 0 ? table + strlen(PROXY) : table;
}

static bool is_own_map(const struct postfix_instance *instance, const char *table)
{
	const char *colon = strchr(table, ':');

	return colon && strcmp(colon + 1, instance->own_map) == 0;
}

/* Postfix's exit status 1 means both "no such key" and "cannot tell"; only the latter says
 * something. */
static enum lookup_result ask_table(const struct postfix_instance *instance, const char *table,
	const char *key, struct arena *arena, struct error *err)
{
	const char *const argv[] = {instance->postmap, "-c", instance->config_directory, "-q", key,
		table, NULL};
	struct process_request request = {
		.argv = argv,
		.timeout_ms = instance->timeout_ms,
		.output_limit = OUTPUT_LIMIT,
	};
	struct process_result result = {0};

	if (!process_run(&request, arena, &result, err))
		return LOOKUP_FAILED;
	if (process_succeeded(&result))
		return LOOKUP_FOUND;
	if (result.end == PROCESS_EXITED && result.status == 1 && !*result.errors)
		return LOOKUP_NOT_FOUND;
	command_failed(err, &request, &result, arena);
	return LOOKUP_FAILED;
}

/* One item of a list against one name. */
static enum lookup_result match_item(const struct postfix_instance *instance, const char *item,
	const char *name, struct arena *arena, struct error *err)
{
	if (item[0] == '/') {
		error_set(err, ERROR_MTA_COMMAND, _("%s is a file of patterns, which is not read"),
			item);
		return LOOKUP_FAILED;
	}
	if (!strchr(item, ':'))
		return ascii_equal_nocase(item, name) ? LOOKUP_FOUND : LOOKUP_NOT_FOUND;
	item = without_proxy(item);
	if (is_own_map(instance, item))
		return LOOKUP_NOT_FOUND;
	return ask_table(instance, item, name, arena, err);
}

/*
 * The names under which a domain may stand in relay_domains: itself and its parents, the parents
 * with a dot in front where parent_domain_matches_subdomains does not name the list. In the other
 * lists only itself.
 */
static void candidates_of(const struct postfix_instance *instance, const char *domain, bool parents,
	struct arena *arena, struct string_list *ret_names)
{
	string_list_add(ret_names, arena, domain);
	if (!parents)
		return;
	for (const char *dot = strchr(domain, '.'); dot; dot = strchr(dot + 1, '.'))
		string_list_add(ret_names, arena,
			instance->relay_includes_subdomains ? dot + 1 : dot);
}

static enum lookup_result match_names(const struct postfix_instance *instance, const char *item,
	const struct string_list *names, struct arena *arena, struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		enum lookup_result result = match_item(instance, item, names->items[i], arena, err);

		if (result != LOOKUP_NOT_FOUND)
			return result;
	}
	return LOOKUP_NOT_FOUND;
}

/* The first item that matches decides, as in Postfix; what cannot be asked leaves the list
 * undecided. */
static enum lookup_result match_list(const struct postfix_instance *instance,
	const struct string_list *list, const struct string_list *names, struct arena *arena,
	struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *item = list->items[i];
		bool wanted = true;
		enum lookup_result result;

		for (; *item == '!'; item++)
			wanted = !wanted;
		result = match_names(instance, item, names, arena, err);
		if (result == LOOKUP_FOUND)
			return wanted ? LOOKUP_FOUND : LOOKUP_NOT_FOUND;
		if (result == LOOKUP_FAILED)
			return LOOKUP_FAILED;
	}
	return LOOKUP_NOT_FOUND;
}

enum lookup_result postfix_serves_domain(const struct postfix_instance *instance,
	const char *domain, struct arena *arena, struct error *err)
{
	bool failed = false;
	struct error first = {.code = ERROR_NONE};

	for (size_t i = 0; i < POSTFIX_DOMAIN_LISTS; i++) {
		struct string_list names = STRING_LIST_INIT;
		struct error failure;
		enum lookup_result result;

		candidates_of(instance, domain, i == POSTFIX_RELAY_DOMAINS, arena, &names);
		result = match_list(instance, &instance->domains[i], &names, arena, &failure);
		if (result == LOOKUP_FOUND)
			return LOOKUP_FOUND;
		if (result == LOOKUP_FAILED && !failed) {
			failed = true;
			first = failure;
		}
	}
	if (!failed)
		return LOOKUP_NOT_FOUND;
	*err = first;
	return LOOKUP_FAILED;
}

static bool names_map(const char *table, const char *type, const char *path)
{
	size_t length = strlen(type);

	return strncmp(table, type, length) == 0 && table[length] == ':' &&
	       strcmp(table + length + 1, path) == 0;
}

enum map_reference postfix_map_reference(const struct postfix_instance *instance, const char *type,
	const char *path)
{
	enum map_reference reference = MAP_REFERENCE_NONE;

	for (size_t i = 0; i < instance->alias_maps.count; i++) {
		const char *table = instance->alias_maps.items[i];

		if (names_map(table, type, path))
			return MAP_REFERENCE_DIRECT;
		if (names_map(without_proxy(table), type, path))
			reference = MAP_REFERENCE_PROXIED;
	}
	return reference;
}

const char *postfix_map_type_of(const struct postfix_instance *instance, const char *path,
	struct arena *arena)
{
	for (size_t i = 0; i < instance->alias_maps.count; i++) {
		const char *table = without_proxy(instance->alias_maps.items[i]);
		const char *colon = strchr(table, ':');

		if (colon && strcmp(colon + 1, path) == 0)
			return arena_strndup(arena, table, (size_t)(colon - table));
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
	const char *queue;
	const char *path;
	int fd cleanup_close = -1;
	char text[64] = ""; /* Postfix writes the number 32 columns wide */
	int64_t pid;

	if (!ask_parameter(instance, words, arena, &queue, err))
		return false;
	path = arena_printf(arena, "%s/pid/master.pid", queue);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
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
