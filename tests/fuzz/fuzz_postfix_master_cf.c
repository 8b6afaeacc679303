/* master.cf of a foreign machine: whatever stands in it, a service has all its fields, and no value
 * of an option is kept. */
#include "format/postfix_master_cf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void insist(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct postfix_master_cf services;

	postfix_master_cf_parse((const char *)bytes, length, &arena, &services);
	for (size_t i = 0; i < services.count; i++) {
		const struct postfix_service *service = &services.items[i];

		insist(*service->name && *service->type && *service->command);
		insist(service->user && service->program);
		for (size_t j = 0; j < service->overrides.count; j++)
			insist(!strchr(service->overrides.items[j], '='));
		insist(postfix_master_cf_find(&services, service->command, service->type) != NULL);
	}
	insist(services.count + services.faults <= length + 1);
	return 0;
}
