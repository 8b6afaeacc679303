/* What `doveconf -n` prints: settings in nested blocks, as one flat list. Pure text to struct. */
#ifndef POSTIGO_FORMAT_DOVECOT_CONF_H
#define POSTIGO_FORMAT_DOVECOT_CONF_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

#define DOVECOT_DEPTH_MAX 16 /* blocks in blocks */

struct dovecot_setting {
	const char *section; /* the heads of the blocks around it: "service auth/unix_listener
				auth-userdb"; "" = none */
	size_t block; /* number of the innermost block in the text, from 1; 0 = none: two passdb {}
			 differ in it */
	const char *key;
	const char *value;
};

struct dovecot_conf {
	const char *version; /* "2.3.19.1", or "" */
	struct dovecot_setting *items;
	size_t count;
	size_t capacity;
	bool whole; /* every block is closed */
};

/* Reads the settings. `text` may hold any bytes and need not be terminated; results live in
 * `arena`. Deeper blocks than DOVECOT_DEPTH_MAX are left out. */
void dovecot_conf_parse(const char *text, size_t length, struct arena *arena,
	struct dovecot_conf *ret_conf);

/* The value of the first `key` in a section of exactly that name, or NULL. */
const char *dovecot_conf_get(const struct dovecot_conf *conf, const char *section, const char *key);

#endif
