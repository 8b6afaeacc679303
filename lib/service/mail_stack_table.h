/* One table of Postfix on its way through the files of mail_stack that look at tables. */
#ifndef POSTIGO_SERVICE_MAIL_STACK_TABLE_H
#define POSTIGO_SERVICE_MAIL_STACK_TABLE_H

#include "service/mail_stack_section.h"

struct stack_table {
	const struct stack_instance *instance;
	const char *parameter;
	const char *type;
	const char *path; /* behind the type; of a file when it is absolute */
	bool proxied;
	struct json *json; /* its part of the result, borrowed */
	struct stat status;
};

/* Reads the configuration of a mysql, pgsql, sqlite, ldap or memcache table, adds "query" to its
 * JSON, and notes what is wrong. */
void stack_look_at_query(struct mail_stack *stack, const struct stack_table *table);

#endif
