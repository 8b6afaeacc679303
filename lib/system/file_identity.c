#include "system/file_identity.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>

void file_identity_print(const struct stat *status, char ret_text[FILE_IDENTITY_MAX])
{
	(void)snprintf(ret_text, FILE_IDENTITY_MAX, "%ju:%ju:%jd:%jd.%09ld:%jd.%09ld",
		(uintmax_t)status->st_dev, (uintmax_t)status->st_ino, (intmax_t)status->st_size,
		(intmax_t)status->st_mtim.tv_sec, status->st_mtim.tv_nsec,
		(intmax_t)status->st_ctim.tv_sec, status->st_ctim.tv_nsec);
}

const char *file_identity(int directory, const char *name, struct arena *arena)
{
	char text[FILE_IDENTITY_MAX];
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return "";
	file_identity_print(&status, text);
	return arena_strdup(arena, text);
}
