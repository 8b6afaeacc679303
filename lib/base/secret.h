/*
 * A secret such as a password, held in one place and wiped when it leaves its scope.
 *
 *	struct secret password cleanup_secret = SECRET_INIT;
 *
 * Pass it by pointer, never copy the struct, and put its bytes into no arena, message or argument vector.
 */
#ifndef POSTIGO_BASE_SECRET_H
#define POSTIGO_BASE_SECRET_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#define SECRET_MAX 512 /* bytes: the longest passphrase that crypt(3) takes is no longer */

struct secret {
	char text[SECRET_MAX + 1]; /* terminated; may hold NULs until it was checked */
	size_t length;
};

#define SECRET_INIT {{0}, 0}
#define cleanup_secret __attribute__((cleanup(secret_wipe)))

/* Overwrites the secret; it is empty then and may be used again. */
void secret_wipe(struct secret *secret);

/* Adds one byte. False when it is full: nothing is added. */
must_check bool secret_add(struct secret *secret, char byte);

/* Whether the two texts are equal, in a time that tells nothing of where they differ. */
must_check bool secret_equal(const char *left, const char *right);

#endif
