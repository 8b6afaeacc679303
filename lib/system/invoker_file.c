#include "system/invoker_file.h"

#include "base/message.h"
#include "base/number.h"
#include "system/account_rights.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPEN_TIMEOUT_MS 10000
#define READ_SIZE ((size_t)64 << 10)

/* ---------------------------------------------------------------- who asks */

struct invoker {
	bool other; /* somebody else than who runs this */
	struct account_rights rights;
};

static enum lookup_result find_account(struct arena *arena, struct account *ret_account,
	struct error *err)
{
	const char *sudo = getenv("SUDO_UID");
	const char *doas = getenv("DOAS_USER");
	uint32_t uid;

	if (geteuid() != 0)
		return LOOKUP_NOT_FOUND;
	if (sudo && !parse_id(sudo, &uid)) {
		error_set(err, ERROR_PERMISSION, _("SUDO_UID is no user id"));
		return LOOKUP_FAILED;
	}
	if (sudo && uid == 0)
		return LOOKUP_NOT_FOUND;
	if (sudo || doas) {
		enum lookup_result found = sudo ? account_by_uid(uid, arena, ret_account, err)
						: account_by_name(doas, arena, ret_account, err);

		if (found != LOOKUP_NOT_FOUND)
			return found;
		error_set(err, ERROR_PERMISSION, _("the user who called sudo has no account"));
		return LOOKUP_FAILED;
	}
	return LOOKUP_NOT_FOUND;
}

static bool find_invoker(struct arena *arena, struct invoker *invoker, struct error *err)
{
	switch (find_account(arena, &invoker->rights.account, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FOUND:
		break;
	}
	invoker->other = invoker->rights.account.uid != 0;
	return account_rights_read(&invoker->rights, err);
}

/* ---------------------------------------------------------------- opening */

static int open_file(const char *path)
{
	return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

struct passed {
	int number; /* errno of the child, 0 with a descriptor */
	int fd;
};

union control {
	struct cmsghdr header; /* for its alignment */
	char bytes[CMSG_SPACE(sizeof(int))];
};

static void send_descriptor(int socket, struct passed passed)
{
	struct iovec data = {.iov_base = &passed.number, .iov_len = sizeof(passed.number)};
	union control control = {.bytes = {0}};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

	if (passed.number == 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(passed.fd));
		memcpy(CMSG_DATA(&control.header), &passed.fd, sizeof(passed.fd));
	}
	(void)sendmsg(socket, &message, MSG_NOSIGNAL);
}

/* Not dumpable from the first instruction with the user's uid: they must not trace a copy of root's
 * memory. */
static _Noreturn void open_as(const struct invoker *invoker, const char *path, int socket)
{
	struct passed passed = {.fd = -1};

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (account_rights_take(&invoker->rights))
		passed.fd = open_file(path);
	if (passed.fd < 0)
		passed.number = errno;
	send_descriptor(socket, passed);
	_exit(0);
}

static struct passed receive_descriptor(int socket)
{
	struct passed passed = {.number = EPROTO, .fd = -1};
	struct iovec data = {.iov_base = &passed.number, .iov_len = sizeof(passed.number)};
	union control control = {.bytes = {0}};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct pollfd wait = {.fd = socket, .events = POLLIN};
	const struct cmsghdr *header;

	if (poll(&wait, 1, OPEN_TIMEOUT_MS) <= 0)
		return (struct passed){.number = ETIMEDOUT, .fd = -1};
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(passed.number))
		return (struct passed){.number = EPROTO, .fd = -1};
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&passed.fd, CMSG_DATA(header), sizeof(passed.fd));
	else if (passed.number == 0)
		passed.number = EPROTO;
	return passed;
}

/* Returns a descriptor, or -1 with errno. */
static int open_through_child(const struct invoker *invoker, const char *path)
{
	struct passed passed;
	int pair[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	child = fork();
	if (child == 0)
		open_as(invoker, path, pair[1]);
	(void)close(pair[1]);
	passed = (struct passed){.number = errno, .fd = -1};
	if (child > 0) {
		passed = receive_descriptor(pair[0]);
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
	}
	(void)close(pair[0]);
	errno = passed.number;
	return passed.fd;
}

static bool refuse_open(const struct invoker *invoker, const char *path, int number,
	struct error *err)
{
	enum error_code code = number == EACCES || number == EPERM ? ERROR_PERMISSION
			       : number == ENOENT                  ? ERROR_NOT_FOUND
			       : number == ETIMEDOUT               ? ERROR_TEMPORARY
								   : ERROR_FILESYSTEM;

	error_set_errno(err, code, number, _("cannot open %s"), path);
	if (code == ERROR_PERMISSION && invoker->other)
		error_fix(err,
			_("files are opened with the rights of %s; pipe it in instead:  ... - "
			  "<FILE"),
			invoker->rights.account.name);
	return false;
}

static bool open_regular(const char *path, int *ret_fd, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct invoker *invoker = arena_alloc(&arena, sizeof(*invoker));
	int fd cleanup_close = -1;
	struct stat status;

	if (!find_invoker(&arena, invoker, err))
		return false;
	fd = invoker->other ? open_through_child(invoker, path) : open_file(path);
	if (fd < 0 || fstat(fd, &status) != 0)
		return refuse_open(invoker, path, errno, err);
	if (!S_ISREG(status.st_mode)) {
		error_set(err, ERROR_USAGE, _("%s is no regular file"), path);
		return error_fix(err, _("name a file, or \"-\" for standard input"));
	}
	*ret_fd = take_fd(&fd);
	return true;
}

/* ---------------------------------------------------------------- reading */

static bool read_all(int fd, const char *path, size_t limit, struct strbuf *bytes,
	struct error *err)
{
	for (;;) {
		ssize_t length = read(fd, strbuf_reserve(bytes, READ_SIZE), READ_SIZE);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot read %s"),
				path);
		if (length == 0)
			return true;
		bytes->length += (size_t)length;
		if (bytes->length > limit)
			return error_set(err, ERROR_CAPACITY, _("%s is longer than %zu bytes"),
				path, limit);
	}
}

bool invoker_file_read(const char *path, size_t limit, struct strbuf *ret_bytes, struct error *err)
{
	struct strbuf bytes cleanup_strbuf = STRBUF_INIT;
	int fd cleanup_close = -1;
	bool is_input = strcmp(path, "-") == 0;

	if (!is_input && !open_regular(path, &fd, err))
		return false;
	if (!read_all(is_input ? STDIN_FILENO : fd, is_input ? _("standard input") : path, limit,
		    &bytes, err))
		return false;
	strbuf_append(&bytes, "", 0);
	*ret_bytes = bytes;
	bytes = (struct strbuf)STRBUF_INIT;
	return true;
}
