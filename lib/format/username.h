/* Names of members: which may own an alias (links into postigo-drop). */
#ifndef POSTIGO_FORMAT_USERNAME_H
#define POSTIGO_FORMAT_USERNAME_H

#include <stdbool.h>

#define USERNAME_MAX 32 /* bytes */

/* Whether `name` is [a-z_][a-z0-9_-]{0,31} and not all digits: the names that Debian's adduser makes. */
bool username_is_valid(const char *name);

/*
 * Whether `name` is an address that belongs to the server, not to a member (postmaster, abuse, root …, RFC 2142 and
 * runv's list), ignoring case. `abuse-` as a prefix counts too.
 */
bool username_is_reserved(const char *name);

#endif
