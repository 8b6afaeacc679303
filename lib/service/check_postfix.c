/* Postfix: whether it serves the domain, reads the map, and what the map is worth. */
#include "base/message.h"
#include "service/check_map.h"
#include "service/check_stack.h"
#include "service/postfix_domains.h"
#include "service/map_sync_run.h"

#include <fcntl.h>
#include <string.h>

#define DEFAULT_DIRECTORY "/etc/postfix"

struct postfix_check {
	struct consistency_check *check;
	struct postfix_instance instance;
	bool running;
};

/* "-c DIRECTORY " where it is not Postfix's own. */
static const char *option_of(const struct consistency_check *check, const char *directory)
{
	if (strcmp(directory, DEFAULT_DIRECTORY) == 0)
		return "";
	return arena_printf(check->arena, "-c %s ", check_word(check, directory));
}

static const char *directory_option(const struct postfix_check *postfix)
{
	return option_of(postfix->check, postfix->instance.config_directory);
}

/* postconf -e, and the reload without which running processes keep the old value for a while. */
static void cure_parameter(struct postfix_check *postfix, const char *name, const char *value)
{
	struct consistency_check *check = postfix->check;
	const char *option = directory_option(postfix);
	const char *setting = check_word(check, arena_printf(check->arena, "%s = %s", name, value));

	if (postfix->running)
		check_cure(check, "postconf %s-e %s && postfix %sreload", option, setting, option);
	else
		check_cure(check, "postconf %s-e %s", option, setting);
}

/* ---------------------------------------------------------------- the process */

void check_postfix_stopped(struct consistency_check *check, const char *config_directory)
{
	check_find(check, FINDING_INFO, "postfix.not-running", _("Postfix does not run"));
	check_cure(check, "postfix %sstart", option_of(check, config_directory));
}

static void look_at_process(struct postfix_check *postfix)
{
	struct consistency_check *check = postfix->check;
	struct error failure;

	if (!postfix_is_running(&postfix->instance, check->arena, &postfix->running, &failure)) {
		check_failed(check, "postfix.process", &failure);
		return;
	}
	if (postfix->running)
		return;
	check_postfix_stopped(check, postfix->instance.config_directory);
}

/* ---------------------------------------------------------------- the domain */

static void look_at_domain(struct postfix_check *postfix)
{
	struct consistency_check *check = postfix->check;
	const char *domain = check->settings->domain;
	const char *value = "";
	struct error failure;

	switch (postfix_serves_domain(&postfix->instance, domain, check->arena, &failure)) {
	case LOOKUP_FOUND:
		return;
	case LOOKUP_FAILED:
		if (postfix->instance.tables_unasked)
			return;
		check_find(check, FINDING_WARNING, "postfix.domain-unknown",
			_("whether Postfix takes mail for %s is not known"), domain);
		check_evidence(check, "%s%s%s", failure.what, *failure.why ? ": " : "",
			failure.why);
		check_advice(check, _("name %s in virtual_alias_domains, or make the table answer"),
			domain);
		return;
	case LOOKUP_NOT_FOUND:
		break;
	}
	check_find(check, FINDING_ERROR, "postfix.domain-not-served",
		_("Postfix takes no mail for %s; aliases there do not work"), domain);
	if (!postfix_parameter(&postfix->instance, "virtual_alias_domains", check->arena, &value,
		    &failure))
		return;
	check_evidence(check, "virtual_alias_domains = %s", value);
	cure_parameter(postfix, "virtual_alias_domains",
		arena_printf(check->arena, "%s%s%s", value, *value ? ", " : "", domain));
}

/* ---------------------------------------------------------------- the reference */

static bool names_path(const char *table, const char *path)
{
	const char *colon = strrchr(table, ':');

	return colon && strcmp(colon + 1, path) == 0;
}

const char *postfix_maps_with(const char *present, const char *table, struct arena *arena)
{
	const char *path = strchr(table, ':') + 1;
	struct string_list items = STRING_LIST_INIT;
	struct string_list wanted = STRING_LIST_INIT;
	bool placed = false;

	postfix_list_split(&items, arena, present);
	for (size_t i = 0; i < items.count; i++) {
		bool ours = names_path(items.items[i], path);

		if (!ours || !placed)
			string_list_add(&wanted, arena, ours ? table : items.items[i]);
		placed |= ours;
	}
	if (!placed)
		string_list_add(&wanted, arena, table);
	return string_list_join(&wanted, arena, ", ");
}

static void note_not_referenced(struct postfix_check *postfix, const char *table)
{
	struct consistency_check *check = postfix->check;
	struct error failure;
	const char *value;

	check_find(check, FINDING_ERROR, "postfix.map-not-referenced",
		_("virtual_alias_maps does not use %s; approved aliases do not work"), table);
	if (!postfix_parameter(&postfix->instance, "virtual_alias_maps", check->arena, &value,
		    &failure))
		return;
	check_evidence(check, "virtual_alias_maps = %s", value);
	cure_parameter(postfix, "virtual_alias_maps",
		postfix_maps_with(value, table, check->arena));
}

static void look_at_reference(struct postfix_check *postfix, const struct map_type *type)
{
	struct consistency_check *check = postfix->check;
	const struct sync_settings *sync = &check->settings->sync;
	const char *table = arena_printf(check->arena, "%s:%s", type->name, sync->path);
	bool reloads = strcmp(sync->reload, "never") != 0;

	switch (postfix_map_reference(&postfix->instance, type->name, sync->path, check->arena)) {
	case MAP_REFERENCE_NONE:
		note_not_referenced(postfix, table);
		break;
	case MAP_REFERENCE_PROXIED:
		if (reloads)
			break;
		check_find(check, FINDING_WARNING, "postfix.reload-never",
			_("Postfix reads %s through proxymap and is never reloaded: new aliases "
			  "work late"),
			table);
		check_advice(check, _("set sync.reload to \"auto\" in %s"),
			check_settings_file(check));
		break;
	case MAP_REFERENCE_DIRECT:
		if (reloads || !type->reload_when_direct)
			break;
		check_find(check, FINDING_WARNING, "postfix.reload-never",
			_("Postfix does not notice a new %s and is never reloaded: new aliases "
			  "work late"),
			table);
		check_advice(check, _("set sync.reload to \"auto\" in %s"),
			check_settings_file(check));
		break;
	}
}

/* ---------------------------------------------------------------- the type */

/* The type of the map that the last sync installed; NULL = none is known. */
static const char *installed_type(const struct consistency_check *check)
{
	const char *path = arena_printf(check->arena, "%s/sync", check->request->state_directory);
	int home cleanup_close = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct map_sync_state state;
	struct error ignored; /* a finding of the map */

	if (home < 0 ||
		map_sync_state_read(home, MAP_SYNC_STATE_NAME, check->arena, &state, &ignored) !=
			LOOKUP_FOUND ||
		strcmp(state.path, check->settings->sync.path) != 0)
		return NULL;
	return state.type;
}

/* What "auto" stands for: the type under which Postfix names the map, or named it before somebody
 * took it out. */
static const char *find_type_name(const struct postfix_check *postfix)
{
	const struct consistency_check *check = postfix->check;
	const char *name = check->settings->sync.type;

	if (strcmp(name, "auto") != 0)
		return name;
	name = postfix_map_type_of(&postfix->instance, check->settings->sync.path, check->arena);
	if (name && map_type_find(name))
		return name;
	name = installed_type(check);
	return name ? name : postfix->instance.default_type;
}

static const struct map_type *find_type(struct postfix_check *postfix)
{
	struct consistency_check *check = postfix->check;
	const char *name = find_type_name(postfix);
	const struct map_type *type = map_type_find(name);

	if (!type) {
		check_find(check, FINDING_ERROR, "postfix.type-unknown",
			_("maps of type \"%s\" are not written"), name);
		check_advice(check,
			_("set sync.type to lmdb, hash, cdb or texthash in %s"),
			check_settings_file(check));
	} else if (strcmp(type->name, "hash") == 0) {
		check_find(check, FINDING_INFO, "postfix.type-hash",
			_("the map is a hash table (Berkeley DB); lmdb is recommended before the "
			  "next Debian"));
		check_advice(check,
			_("set sync.type to \"lmdb\" in %s, run: postigo-admin sync, "
			  "and then "
			  "what this check says"),
			check_settings_file(check));
	}
	return type;
}

/* A table in a database, which has neither files nor a state of its own. */
static void look_at_table(struct postfix_check *postfix)
{
	struct consistency_check *check = postfix->check;
	const struct sync_settings *sync = &check->settings->sync;
	const struct map_type type = {.name = sync->type, .suffix = ""};

	look_at_reference(postfix, &type);
	check_table(check, postfix_map_reference(&postfix->instance, sync->type, sync->path, check->arena) != MAP_REFERENCE_NONE);
}

static void say_well(struct consistency_check *check, const char *type, size_t first)
{
	if (check_is_well(check, first))
		check_find(check, FINDING_OK, "postfix.map", _("%s:%s is in use and answers as the store says"), type,
			check->settings->sync.path);
}

void check_postfix(struct consistency_check *check)
{
	struct postfix_check postfix = {.check = check};
	const struct map_type *type;
	size_t first = check->report.count;
	struct error failure;

	if (!check->settings->sync.enabled) {
		check_find(check, FINDING_INFO, "postfix.sync-off",
			_("the sync is switched off; nothing of Postfix was looked at"));
		check_advice(check, _("set sync.enabled to true in %s"),
			check_settings_file(check));
		return;
	}
	if (!postfix_instance_open(&postfix.instance, &check->settings->sync, check->arena,
		    &failure)) {
		check_failed(check, "postfix.postconf", &failure);
		if (!*failure.fix)
			check_advice(check,
				_("install Postfix, or set sync.postconf in %s"),
				check_settings_file(check));
		return;
	}
	postfix.instance.tables_unasked = check->request->tables_unasked;
	look_at_process(&postfix);
	look_at_domain(&postfix);
	if (settings_sync_is_sql(check->settings)) {
		look_at_table(&postfix);
		say_well(check, check->settings->sync.type, first);
		return;
	}
	type = find_type(&postfix);
	if (!type)
		return;
	look_at_reference(&postfix, type);
	check_map(check, &postfix.instance, type);
	say_well(check, type->name, first);
}
