#include "system/atomic_file.h"

#include "base/arena.h"
#include "base/message.h"
#include "system/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE ((size_t)256 << 10)
#define RANDOM_DIGITS 16

static bool failed(const struct atomic_file *file, int number, struct error *err)
{
	return error_set_errno(err, ERROR_FILESYSTEM, number, _("cannot write %s"), file->name);
}

/* A failure undoes at once: half a file can then not be committed by a caller that did not look. */
static bool give_up(struct atomic_file *file, int number, struct error *err)
{
	failed(file, number, err);
	atomic_file_discard(file);
	return false;
}

static bool require_open(const struct atomic_file *file, struct error *err)
{
	if (file->fd >= 0 && file->temporary[0])
		return true;
	return error_set(err, ERROR_BUG, _("\"%s\" is not being written"), file->name);
}

static bool set_names(struct atomic_file *file, const char *name, struct error *err)
{
	uint64_t random;
	int length;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("the kernel gives no random bytes"));
	if (!*name || strchr(name, '/'))
		return error_set(err, ERROR_BUG, _("\"%s\" is no file name"), name);
	length = snprintf(file->name, sizeof(file->name), "%s", name);
	if (length < 0 || (size_t)length >= sizeof(file->name))
		return error_set_errno(err, ERROR_FILESYSTEM, ENAMETOOLONG, _("cannot write %s"),
			name);
	(void)snprintf(file->temporary, sizeof(file->temporary), ".%s.%0*llx", file->name,
		RANDOM_DIGITS, (unsigned long long)random);
	return true;
}

bool atomic_file_begin(struct atomic_file *file, int directory, const char *name,
	const struct atomic_file_settings *settings, struct error *err)
{
	*file = (struct atomic_file)ATOMIC_FILE_INIT;
	file->settings = *settings;
	if (!set_names(file, name, err))
		return false;
	file->directory = directory;
	file->fd = openat(directory, file->temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->fd < 0)
		return failed(file, errno, err);
	file->buffer = malloc(BUFFER_SIZE);
	if (!file->buffer)
		out_of_memory();
	return true;
}

static bool write_all(struct atomic_file *file, const char *bytes, size_t length, struct error *err)
{
	while (length > 0) {
		ssize_t written = write(file->fd, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return give_up(file, written < 0 ? errno : EIO, err);
		bytes += written;
		length -= (size_t)written;
	}
	return true;
}

static bool flush(struct atomic_file *file, struct error *err)
{
	size_t buffered = file->buffered;

	file->buffered = 0;
	return write_all(file, file->buffer, buffered, err);
}

bool atomic_file_write(struct atomic_file *file, const void *bytes, size_t length,
	struct error *err)
{
	if (!require_open(file, err))
		return false;
	if (file->finished)
		return error_set(err, ERROR_BUG, _("%s is finished already"), file->name);
	if (length > BUFFER_SIZE - file->buffered && !flush(file, err))
		return false;
	if (length == 0)
		return true;
	if (length > BUFFER_SIZE)
		return write_all(file, bytes, length, err);
	memcpy(file->buffer + file->buffered, bytes, length);
	file->buffered += length;
	return true;
}

bool atomic_file_finish(struct atomic_file *file, struct error *err)
{
	if (!require_open(file, err))
		return false;
	if (file->finished)
		return true;
	if (!flush(file, err))
		return false;
	if (fchown(file->fd, file->settings.owner, file->settings.group) != 0 ||
		fchmod(file->fd, file->settings.mode) != 0)
		return give_up(file, errno, err);
	file->finished = true;
	return true;
}

bool atomic_file_seal(struct atomic_file *file, struct error *err)
{
	if (!atomic_file_finish(file, err))
		return false;
	if (file->sealed)
		return true;
	if (fsync(file->fd) != 0)
		return give_up(file, errno, err);
	file->sealed = true;
	return true;
}

bool atomic_file_commit(struct atomic_file *file, struct error *err)
{
	if (!atomic_file_seal(file, err))
		return false;
	if (renameat(file->directory, file->temporary, file->directory, file->name) != 0)
		return give_up(file, errno, err);
	file->temporary[0] = '\0';
	return directory_sync(file->directory, file->name, err);
}

void atomic_file_discard(struct atomic_file *file)
{
	if (file->fd < 0)
		return;
	if (file->temporary[0])
		(void)unlinkat(file->directory, file->temporary, 0);
	(void)close(file->fd);
	free(file->buffer);
	file->fd = -1;
	file->buffer = NULL;
	file->buffered = 0;
	file->finished = false;
	file->sealed = false;
}

bool atomic_file_replace(int directory, const char *name,
	const struct atomic_file_settings *settings, const char *bytes, size_t length,
	struct error *err)
{
	struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;

	return atomic_file_begin(&file, directory, name, settings, err) &&
	       atomic_file_write(&file, bytes, length, err) && atomic_file_commit(&file, err);
}

bool atomic_file_is_temporary(const char *name)
{
	const char *last = strrchr(name, '.');

	return name[0] == '.' && last > name + 1 && strspn(last + 1, "0123456789abcdef") == RANDOM_DIGITS &&
	       last[1 + RANDOM_DIGITS] == '\0';
}
