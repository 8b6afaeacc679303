#include "format/digest.h"

#include "base/arena.h"
#include "base/error.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHA256_LENGTH 32

/* Without digests there is nothing to fall back on: an undigested store must not be written. */
static _Noreturn void no_sha256(void)
{
	static const char lines[] =
		"error: the crypto library gives no SHA-256\n"
		"  why:  it is set up without it, or memory is short\n"
		"  fix:  look at openssl.cnf(5), or try again when less is running\n";

	if (write(STDERR_FILENO, lines, sizeof(lines) - 1) < 0)
		_exit(ERROR_CONFIG);
	_exit(ERROR_CONFIG);
}

static void write_hex(const unsigned char *bytes, size_t length, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		*text++ = digits[bytes[i] >> 4];
		*text++ = digits[bytes[i] & 15];
	}
	*text = '\0';
}

void digest_begin(struct digest *digest)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context)
		out_of_memory();
	if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		no_sha256();
	digest->state = context;
}

void digest_add(struct digest *digest, const void *bytes, size_t length)
{
	if (length > 0 && EVP_DigestUpdate(digest->state, bytes, length) != 1)
		no_sha256();
}

void digest_end(struct digest *digest, char ret_hex[DIGEST_HEX_LENGTH + 1])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (EVP_DigestFinal_ex(digest->state, bytes, &length) != 1 || length != SHA256_LENGTH)
		no_sha256();
	write_hex(bytes, SHA256_LENGTH, ret_hex);
	digest_discard(digest);
}

void digest_discard(struct digest *digest)
{
	EVP_MD_CTX_free(digest->state);
	digest->state = NULL;
}

void digest_bytes(const void *bytes, size_t length, char ret_hex[DIGEST_HEX_LENGTH + 1])
{
	struct digest digest cleanup_digest = {NULL};

	digest_begin(&digest);
	digest_add(&digest, bytes, length);
	digest_end(&digest, ret_hex);
}

bool digest_is_valid(const char *text)
{
	return strspn(text, "0123456789abcdef") == DIGEST_HEX_LENGTH &&
	       text[DIGEST_HEX_LENGTH] == '\0';
}
