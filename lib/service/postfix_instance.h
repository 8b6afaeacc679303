/* What the running Postfix would answer about itself: parameters through postconf(1), tables through postmap(1). */
#ifndef POSTIGO_SERVICE_POSTFIX_INSTANCE_H
#define POSTIGO_SERVICE_POSTFIX_INSTANCE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/string_list.h"
#include "format/settings.h"

#include <stdbool.h>

struct postfix_instance {
	const char *config_directory;
	const char *postconf; /* absolute, checked */
	const char *postmap;
	const char *postfix;
	const char *default_type;	 /* default_database_type */
	struct string_list alias_maps;	 /* virtual_alias_maps, expanded, one TYPE:NAME an item */
	struct string_list domains[4];	 /* virtual_alias_domains, virtual_mailbox_domains, mydestination, relay_domains */
	int timeout_ms;
};

enum map_reference {
	MAP_REFERENCE_NONE,
	MAP_REFERENCE_DIRECT,
	MAP_REFERENCE_PROXIED, /* only through proxy: Postfix may keep the old table until a reload */
};

/* Asks postconf once for everything. Fails with config (commands missing or not trustworthy) or mta_command. */
must_check bool postfix_instance_open(struct postfix_instance *ret_instance, const struct sync_settings *settings,
	struct arena *arena, struct error *err);

/*
 * Whether `domain` is served: in one of the four lists, literally or by a table that answers. Found, not found, or failed (mta_command): a table could not be asked.
 */
must_check enum lookup_result postfix_serves_domain(const struct postfix_instance *instance, const char *domain,
	struct arena *arena, struct error *err);

/* How virtual_alias_maps names the map `type`:`path`: exactly, never as the prefix of a longer name. */
enum map_reference postfix_map_reference(const struct postfix_instance *instance, const char *type, const char *path);

/* Asks a running Postfix to reload. `ret_running` false = master is not running, which is no error. Fails with mta_command. */
must_check bool postfix_reload(const struct postfix_instance *instance, struct arena *arena, bool *ret_running,
	struct error *err);

#endif
