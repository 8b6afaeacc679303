/*
 * store/aliases.stored says which generation last reached its name.
 *
 * After a crash between journal and rename, the store is the one before the journal's last line. So
 * it is when somebody puts the previous file back by hand, which must not pass for a crash. The
 * marker tells the two apart. It is written after the rename and need not be durable: a lost one
 * only means that the older file is taken for an interruption.
 */
#include "storage/alias_store_private.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define MARKER_NAME "aliases.stored"
#define MARKER_MAX 128

static int print_marker(int64_t generation, const char *digest, char text[MARKER_MAX])
{
	return snprintf(text, MARKER_MAX, "%" PRId64 " %s\n", generation, digest);
}

void store_mark(const struct alias_store *store, int64_t generation, const char *digest)
{
	int fd cleanup_close = openat(store->directory, MARKER_NAME,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	char text[MARKER_MAX];
	int length = print_marker(generation, digest, text);

	/* Half a marker is no marker. */
	if (fd >= 0 && write(fd, text, (size_t)length) != (ssize_t)length)
		unlinkat(store->directory, MARKER_NAME, 0);
}

bool store_is_marked(const struct alias_store *store, int64_t generation, const char *digest)
{
	int fd cleanup_close = openat(store->directory, MARKER_NAME,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char expected[MARKER_MAX];
	char text[MARKER_MAX];
	int length = print_marker(generation, digest, expected);

	return fd >= 0 && read(fd, text, sizeof(text)) == (ssize_t)length &&
	       memcmp(text, expected, (size_t)length) == 0;
}
