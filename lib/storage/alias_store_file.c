#include "base/message.h"
#include "storage/alias_store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

void store_unmap(struct alias_store *store)
{
	if (store->reshaped)
		free(store->rendition);
	else if (store->mapping)
		munmap(store->mapping, store->length);
	store->rendition = NULL;
	store->mapping = NULL;
	store->bytes = NULL;
	store->length = 0;
	store->reshaped = false;
}

bool store_untrusted(struct error *err, const char *why)
{
	error_set(err, ERROR_DATABASE, _("the alias store cannot be trusted"));
	return error_why(err, "%s", why);
}

static bool check_status(const struct stat *status, struct error *err)
{
	if (S_ISREG(status->st_mode) && status->st_uid == 0 &&
		(status->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return true;
	store_untrusted(err, S_ISREG(status->st_mode) ? _("others than root may write it")
						: _("it is not a regular file"));
	return error_fix(err,
		"chown root aliases.json; chmod 0640 aliases.json; postigo-admin check");
}

bool store_map(struct alias_store *store, struct stat *ret_status, struct error *err)
{
	int fd cleanup_close = openat(store->directory, STORE_NAME,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return store_untrusted(err, _("aliases.json is missing, but its journal is there"));
	if (fd < 0 && errno == ELOOP)
		return store_untrusted(err, _("it is not a regular file"));
	if (fd < 0 || fstat(fd, ret_status) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot open the alias store"));
	if (!check_status(ret_status, err))
		return false;
	if (ret_status->st_size == 0)
		return store_untrusted(err, _("aliases.json is empty"));
	store->mapping = mmap(NULL, (size_t)ret_status->st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (store->mapping == MAP_FAILED) {
		store->mapping = NULL;
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot read the alias store"));
	}
	store->bytes = store->mapping;
	store->length = (size_t)ret_status->st_size;
	return true;
}

/*
 * What was read once is not kept resident: a million entries are 300 MB. Reading it again is right
 * in any case, and cheap as long as the kernel has the file in its cache.
 */
void store_release(const struct alias_store *store, const char *bytes, size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t offset = (size_t)(bytes - store->bytes);
	size_t first = (offset + page - 1) / page * page;
	size_t last = (offset + length) / page * page;

	if (store->mapping && !store->reshaped && bytes >= store->bytes && last > first)
		(void)madvise((char *)store->mapping + first, last - first, MADV_DONTNEED);
}

void store_digest(struct alias_store *store, const char *bytes, size_t length)
{
	struct digest digest cleanup_digest = {NULL};

	digest_begin(&digest);
	for (size_t done = 0; done < length; done += STORE_WINDOW) {
		size_t part = length - done < STORE_WINDOW ? length - done : STORE_WINDOW;

		digest_add(&digest, bytes + done, part);
		if (bytes == store->bytes && length > STORE_WINDOW)
			store_release(store, bytes + done, part);
	}
	digest_end(&digest, store->digest);
}
