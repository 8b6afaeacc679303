/* What the files of service/domain share. */
#ifndef POSTIGO_SERVICE_DOMAIN_PRIVATE_H
#define POSTIGO_SERVICE_DOMAIN_PRIVATE_H

#include "service/domain.h"

/* Sets not_found for a domain. Returns false. */
bool domain_absent(const char *name, struct error *err);

/* What the database has for the word of a transport. Fails with usage. */
must_check bool domain_transport(const struct settings *settings, const char *word, struct arena *arena,
	const char **ret_transport, struct error *err);

/* Adds the job of a hook, such as "domain_postedit", when that is configured. */
void domain_add_hook(const struct mail_context *context, const char *hook, const char *name, struct mail_change *change,
	struct arena *arena);

#endif
