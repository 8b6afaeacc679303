#include "system/lock_file.h"

#include "base/clock.h"
#include "base/message.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define LOCK_PAUSE_MS 20

static void pause_ms(long milliseconds)
{
	const struct timespec pause = {.tv_nsec = milliseconds * 1000000};

	(void)nanosleep(&pause, NULL);
}

static bool wait_for_lock(int fd, const char *path, int timeout_ms, struct error *err)
{
	int64_t deadline = clock_monotonic_ms() + timeout_ms;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot lock %s"),
				path);
		if (clock_monotonic_ms() >= deadline) {
			error_set(err, ERROR_TEMPORARY, _("another command holds %s"), path);
			if (timeout_ms >= 1000)
				error_why(err, _("it did not finish within %d s"),
					timeout_ms / 1000);
			return error_fix(err, _("try again in a minute"));
		}
		pause_ms(LOCK_PAUSE_MS);
	}
	return true;
}

bool lock_file_acquire(struct lock_file *lock, const char *path, int timeout_ms, struct error *err)
{
	int fd cleanup_close =
		open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open %s"), path);
	if (!wait_for_lock(fd, path, timeout_ms, err))
		return false;
	lock->fd = take_fd(&fd);
	return true;
}

void lock_file_release(struct lock_file *lock)
{
	if (lock->fd >= 0)
		(void)close(lock->fd);
	lock->fd = -1;
}
