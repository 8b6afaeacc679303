/* The services of master.cf(5): which programs Postfix starts, on what they listen, and which
 * settings they change. Pure text to struct. */
#ifndef POSTIGO_FORMAT_POSTFIX_MASTER_CF_H
#define POSTIGO_FORMAT_POSTFIX_MASTER_CF_H

#include "base/arena.h"
#include "base/string_list.h"

#include <stdbool.h>
#include <stddef.h>

struct postfix_service {
	const char *name; /* "smtp", "127.0.0.1:25" */
	const char *type; /* inet, unix, unix-dgram, fifo, pass */
	char chroot;      /* 'y', 'n', '-' = as the compatibility level says */
	const char *command;
	struct string_list
		overrides;   /* names behind -o, without the values: those may be secrets */
	const char *user;    /* of pipe(8) and spawn(8): "user=", or "" */
	const char *program; /* of the same: the first word of "argv=", or "" */
};

struct postfix_master_cf {
	struct postfix_service *items;
	size_t count;
	size_t capacity;
	size_t faults; /* lines that are no service */
};

/* Reads all services. `text` may hold any bytes and need not be terminated; results live in
 * `arena`. */
void postfix_master_cf_parse(const char *text, size_t length, struct arena *arena,
	struct postfix_master_cf *ret_services);

/* The first service that runs `command` and is of `type` (NULL = any), or NULL. */
const struct postfix_service *postfix_master_cf_find(const struct postfix_master_cf *services,
	const char *command, const char *type);

#endif
