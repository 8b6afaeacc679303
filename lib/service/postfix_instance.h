/* What the running Postfix would answer about itself: parameters through postconf(1), tables through postmap(1). */
#ifndef POSTIGO_SERVICE_POSTFIX_INSTANCE_H
#define POSTIGO_SERVICE_POSTFIX_INSTANCE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/string_list.h"
#include "format/settings.h"
#include "service/postfix_table.h"
#include "system/process.h"

#include <stdbool.h>
#include <stdint.h>

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
	struct string_list alias_maps;	 /* virtual_alias_maps, expanded, one item each */
	struct string_list mailbox_maps; /* virtual_mailbox_maps, the same */
	struct string_list domains[POSTFIX_DOMAIN_LISTS];
	bool relay_includes_subdomains; /* a name in relay_domains stands for what lies below it, too */
	const char *recipient_delimiter;
	int64_t expansion_limit;      /* virtual_alias_expansion_limit, recipients of one alias */
	int64_t recursion_limit;      /* virtual_alias_recursion_limit, aliases behind each other */
	int64_t address_length_limit; /* virtual_alias_address_length_limit, bytes */
	int timeout_ms;
	bool tables_unasked; /* postmap(1) is not run: what only a table knows fails */
};

/* Several parameters at once. */
struct postfix_question {
	const char *postconf;
	const char *config_directory;
	const char *const *names;
	size_t count;
};

enum map_reference {
	MAP_REFERENCE_NONE,
	MAP_REFERENCE_DIRECT,
	MAP_REFERENCE_PROXIED, /* only through proxy: Postfix may keep the old table until a reload */
};

/* Asks postconf once for everything. Fails with config (commands missing or not trustworthy) or mta_command. */
must_check bool postfix_instance_open(struct postfix_instance *ret_instance, const struct sync_settings *settings,
	struct arena *arena, struct error *err);

/* The command that prints the expanded values of what is asked, in the arena. */
const char *const *postfix_question_command(const struct postfix_question *question, struct arena *arena);

/* Cuts that command's output into one value for each name. False when it is something else; then `values` is half filled. */
must_check bool postfix_question_read(const struct postfix_question *question, struct arena *arena, const char *output,
	const char **values);

/*
 * The same beside something else. Begin starts postconf, unless `asking` has begun; what keeps it from that is told by end, which starts it
 * where begin did not, waits, and fails as postfix_instance_open().
 */
void postfix_instance_begin(struct process_child *asking, const struct sync_settings *settings);
must_check bool postfix_instance_end(struct process_child *asking, const struct sync_settings *settings, struct arena *arena,
	struct postfix_instance *ret_instance, struct error *err);

/* How virtual_alias_maps names the map `type`:`path`: exactly, never as the prefix of a longer name; also inside unionmap:{} and pipemap:{}. */
enum map_reference postfix_map_reference(const struct postfix_instance *instance, const char *type, const char *path,
	struct arena *arena);

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

/* The same for a queue directory that is known. Fails with filesystem. */
must_check bool postfix_queue_has_master(const char *queue_directory, struct arena *arena, bool *ret_running,
	struct error *err);

/* Asks a running Postfix to reload. `ret_running` false = master is not running, which is no error. Fails with mta_command. */
must_check bool postfix_reload(const struct postfix_instance *instance, struct arena *arena, bool *ret_running,
	struct error *err);

#endif
