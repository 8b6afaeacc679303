/* The domains for which Postfix takes mail: its four lists, matched as Postfix matches them. */
#ifndef POSTIGO_SERVICE_POSTFIX_DOMAINS_H
#define POSTIGO_SERVICE_POSTFIX_DOMAINS_H

#include "service/postfix_instance.h"

/*
 * Whether `domain` is in one list: literally, in a file that the list names, or by a table that answers; "!" exclusions and the subdomains of relay_domains count as in
 * Postfix. The map that is being synced is not asked. Found, not found, or failed (mta_command): a table or a file could not be asked.
 */
must_check enum lookup_result postfix_list_has_domain(const struct postfix_instance *instance,
	enum postfix_domain_list list, const char *domain, struct arena *arena, struct error *err);

/* The same for all four lists: one that has it is enough, whatever the others say. */
must_check enum lookup_result postfix_serves_domain(const struct postfix_instance *instance, const char *domain,
	struct arena *arena, struct error *err);

/*
 * What must be asked to find out which of many domains are in virtual_alias_domains: adds the names that stand in it and in its files to `names`, its tables to `tables`
 * (ours left out). Both may hold what an exclusion takes out again. Fails with mta_command: a file could not be read; the rest is added.
 */
must_check bool postfix_alias_domain_sources(const struct postfix_instance *instance, struct arena *arena,
	struct string_list *names, struct postfix_tables *tables, struct error *err);

#endif
