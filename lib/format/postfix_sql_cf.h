/*
 * Postfix's configuration of an SQL table, as mysql_table(5) has it: "name = value" a logical line, a line that begins with a blank goes on with the one before,
 * "#" begins a comment only as the first byte that is no blank, and of a name that stands twice the last counts.
 */
#ifndef POSTIGO_FORMAT_POSTFIX_SQL_CF_H
#define POSTIGO_FORMAT_POSTFIX_SQL_CF_H

#include "base/arena.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define POSTFIX_SQL_CF_MAX ((size_t)64 << 10) /* bytes */
#define POSTFIX_SQL_CF_NAMES 64

struct postfix_sql_cf {
	struct {
		const char *name;
		const char *value;
	} items[POSTFIX_SQL_CF_NAMES];
	size_t count;
};

/* One server of "hosts": a socket, or a name or address with a port. */
struct postfix_sql_host {
	const char *socket; /* "" = over TCP */
	const char *host;   /* "" = over the socket */
	int64_t port;	    /* 0 = the default */
};

/* Parses a file's bytes. Texts live in `arena`. Fails with config, naming the line, never a value. */
must_check bool postfix_sql_cf_parse(const char *text, size_t length, struct arena *arena, struct postfix_sql_cf *ret_cf,
	struct error *err);

/* The value of a name; NULL when it is not set. */
const char *postfix_sql_cf_get(const struct postfix_sql_cf *cf, const char *name);

/*
 * Takes the first server off a "hosts" value, in which they stand with blanks or commas between: "unix:/path", "inet:host:port", "host", "[address]:port".
 * "localhost" is a host without socket: Postfix and the library take their default socket for it. False when there is none, or it has no such form.
 */
must_check bool postfix_sql_host_parse(const char *hosts, struct arena *arena, struct postfix_sql_host *ret_host);

#endif
