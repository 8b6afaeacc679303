/* SHA-256 by OpenSSL: of bytes at once, or streamed. */
#ifndef POSTIGO_FORMAT_DIGEST_H
#define POSTIGO_FORMAT_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_HEX_LENGTH 64

struct digest {
	void *state;
};

#define cleanup_digest __attribute__((cleanup(digest_discard)))

/* Starts a digest. Ends the process with 71 when memory is short, 99 when the library has no
 * SHA-256. */
void digest_begin(struct digest *digest);

/* Adds bytes. */
void digest_add(struct digest *digest, const void *bytes, size_t length);

/* Ends the digest and writes it as lower-case hex. */
void digest_end(struct digest *digest, char ret_hex[DIGEST_HEX_LENGTH + 1]);

/* Frees a digest that was begun and not ended. */
void digest_discard(struct digest *digest);

/* The digest of `length` bytes. */
void digest_bytes(const void *bytes, size_t length, char ret_hex[DIGEST_HEX_LENGTH + 1]);

/* Whether `text` is 64 lower-case hex digits. */
bool digest_is_valid(const char *text);

#endif
