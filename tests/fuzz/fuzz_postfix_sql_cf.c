/* Any bytes: read without harm, no value with a line end or outer blanks, and hosts of any form. */
#include "format/postfix_sql_cf.h"

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
	struct postfix_sql_host host;
	struct postfix_sql_cf cf;
	struct error err;

	if (!postfix_sql_cf_parse((const char *)bytes, length, &arena, &cf, &err))
		return 0;
	insist(cf.count <= POSTFIX_SQL_CF_NAMES);
	for (size_t i = 0; i < cf.count; i++) {
		const char *value = cf.items[i].value;
		size_t end = strlen(value);

		insist(*cf.items[i].name && !strpbrk(cf.items[i].name, " \t\r\n="));
		insist(!strchr(value, '\n') && (end == 0 || (value[0] != ' ' && value[end - 1] != ' ')));
		insist(postfix_sql_cf_get(&cf, cf.items[i].name) == value);
		if (postfix_sql_host_parse(value, &arena, &host))
			insist((*host.socket == '/') != (*host.host != '\0') && host.port >= 0 && host.port <= 65535);
	}
	return 0;
}
