#include "base/secret.h"

#include <string.h>

void secret_wipe(struct secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}

bool secret_add(struct secret *secret, char byte)
{
	if (secret->length == SECRET_MAX)
		return false;
	secret->text[secret->length++] = byte;
	secret->text[secret->length] = '\0';
	return true;
}

bool secret_equal(const char *left, const char *right)
{
	size_t length = strlen(left);
	volatile unsigned char difference = 0;

	if (strlen(right) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		difference |= (unsigned char)(left[i] ^ right[i]);
	return difference == 0;
}
