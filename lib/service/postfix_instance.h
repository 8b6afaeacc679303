/* What the running Postfix would answer about itself: parameters through postconf(1), tables through postmap(1). */
#ifndef POSTIGO_SERVICE_POSTFIX_INSTANCE_H
#define POSTIGO_SERVICE_POSTFIX_INSTANCE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/string_list.h"
#include "format/settings.h"

#include <stdbool.h>

/* The four lists of domains for which mail is taken. */
enum postfix_domain_list {
	POSTFIX_ALIAS_DOMAINS,	 /* virtual_alias_domains */
	POSTFIX_MAILBOX_DOMAINS, /* virtual_mailbox_domains */
	POSTFIX_LOCAL_DOMAINS,	 /* mydestination */
	POSTFIX_RELAY_DOMAINS,	 /* relay_domains */
	POSTFIX_DOMAIN_LISTS,
};

struct postfix_instance {
	const char *config_directory;
	const char *postconf; /* absolute, checked */
	const char *postmap;  /* the same */
	const char *postfix;
	const char *own_map; /* path of the map that is being synced: never asked about domains */
	const char *default_type;	 /* default_database_type */
	struct string_list alias_maps;	 /* virtual_alias_maps, expanded, one TYPE:NAME an item */
	struct string_list domains[POSTFIX_DOMAIN_LISTS];
	bool relay_includes_subdomains; /* a name in relay_domains stands for what lies below it, too */
	int timeout_ms;
};

enum map_reference {
	MAP_REFERENCE_NONE,
	MAP_REFERENCE_DIRECT,
	MAP_REFERENCE_PROXIED, /* only through proxy: Postfix may keep the old table until a reload */
};

/* Splits a parameter's value at commas and blanks, but not within braces, and adds the pieces. */
void postfix_list_split(struct string_list *list, struct arena *arena, const char *value);

/* Asks postconf once for everything. Fails with config (commands missing or not trustworthy) or mta_command. */
must_check bool postfix_instance_open(struct postfix_instance *ret_instance, const struct sync_settings *settings,
	struct arena *arena, struct error *err);

/*
 * Whether `domain` is served: in one of the four lists, literally or by a table that answers; "!" exclusions and the subdomains of relay_domains count as in Postfix.
 * The map that is being synced is not asked. Found, not found, or failed (mta_command): a table could not be asked, or a list names a file of patterns.
 */
must_check enum lookup_result postfix_serves_domain(const struct postfix_instance *instance, const char *domain,
	struct arena *arena, struct error *err);

/* How virtual_alias_maps names the map `type`:`path`: exactly, never as the prefix of a longer name. Inside unionmap:{} or pipemap:{} it is not seen. */
enum map_reference postfix_map_reference(const struct postfix_instance *instance, const char *type, const char *path);

/* The type under which virtual_alias_maps names a map at `path`, directly or through proxy:, in the arena; NULL = it does not. */
const char *postfix_map_type_of(const struct postfix_instance *instance, const char *path, struct arena *arena);

/* The value of one parameter as main.cf has it, its $names not expanded, in the arena. Fails with mta_command. */
must_check bool postfix_parameter(const struct postfix_instance *instance, const char *name, struct arena *arena,
	const char **ret_value, struct error *err);

/*
 * Whether master runs, by its pid file and /proc: unlike "postfix status" this opens nothing for writing. A pid file that the caller may not read is taken as no
 * answer and fails with filesystem.
 */
must_check bool postfix_is_running(const struct postfix_instance *instance, struct arena *arena, bool *ret_running,
	struct error *err);

/* Asks a running Postfix to reload. `ret_running` false = master is not running, which is no error. Fails with mta_command. */
must_check bool postfix_reload(const struct postfix_instance *instance, struct arena *arena, bool *ret_running,
	struct error *err);

#endif
