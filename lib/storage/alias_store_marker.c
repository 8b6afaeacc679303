/*
 * store/aliases.stored says which generation last reached its name.
 *
 * After a crash between journal and rename, the store is the one before the journal's last line. So
 * it is when somebody puts the previous file back by hand, which must not pass for a crash. The
 * marker tells the two apart. It is written after the rename and need not be durable: a lost one
 * only means that the older file is taken for an interruption.
 *
 * It also says which file that was, by its identity: as long as that file stands there unwritten, a
 * command may take its digest from here instead of reading all of it.
 */
#include "storage/alias_store_private.h"
#include "system/file_identity.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define MARKER_NAME "aliases.stored"
#define MARKER_MAX 384

enum marker_word {
	MARKER_GENERATION,
	MARKER_DIGEST,
	MARKER_IDENTITY,
	MARKER_WORDS,
};

static int print_marker(int64_t generation, const char *digest, const char *identity,
	char text[MARKER_MAX])
{
	return snprintf(text, MARKER_MAX, "%" PRId64 " %s %s\n", generation, digest, identity);
}

void store_mark(const struct alias_store *store, int64_t generation, const char *digest)
{
	int fd cleanup_close = openat(store->directory, MARKER_NAME,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	char identity[FILE_IDENTITY_MAX] = "-";
	char text[MARKER_MAX];
	struct stat status;
	int length;

	if (fstatat(store->directory, STORE_NAME, &status, AT_SYMLINK_NOFOLLOW) == 0)
		file_identity_print(&status, identity);
	length = print_marker(generation, digest, identity, text);
	/* Half a marker is no marker. */
	if (fd >= 0 && write(fd, text, (size_t)length) != (ssize_t)length)
		unlinkat(store->directory, MARKER_NAME, 0);
}

/* Cuts the marker's text into its three words. */
static bool read_marker(const struct alias_store *store, char text[MARKER_MAX],
	const char *words[MARKER_WORDS])
{
	int fd cleanup_close = openat(store->directory, MARKER_NAME,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, MARKER_MAX - 1);
	char *rest = text;

	if (length <= 0 || text[length - 1] != '\n')
		return false;
	text[length - 1] = '\0';
	for (size_t i = 0; i < MARKER_WORDS; i++)
		words[i] = strsep(&rest, " ");
	return words[MARKER_WORDS - 1] && !rest;
}

bool store_is_marked(const struct alias_store *store, int64_t generation, const char *digest)
{
	const char *words[MARKER_WORDS];
	char expected[MARKER_MAX];
	char again[MARKER_MAX];
	char text[MARKER_MAX];

	if (!read_marker(store, text, words))
		return false;
	(void)print_marker(generation, digest, words[MARKER_IDENTITY], expected);
	(void)snprintf(again, sizeof(again), "%s %s %s\n", words[MARKER_GENERATION],
		words[MARKER_DIGEST], words[MARKER_IDENTITY]);
	return strcmp(again, expected) == 0;
}

bool store_is_known(const struct alias_store *store, const struct stat *status,
	char ret_digest[DIGEST_HEX_LENGTH + 1])
{
	const char *words[MARKER_WORDS];
	char identity[FILE_IDENTITY_MAX];
	char text[MARKER_MAX];

	file_identity_print(status, identity);
	if (!read_marker(store, text, words) || !digest_is_valid(words[MARKER_DIGEST]) ||
		strcmp(words[MARKER_IDENTITY], identity) != 0)
		return false;
	memcpy(ret_digest, words[MARKER_DIGEST], DIGEST_HEX_LENGTH + 1);
	return true;
}
