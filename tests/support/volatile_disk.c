/*
 * volatile_disk DIRECTORY IMAGE LOG: a disk with a volatile write cache, for tests of power failures.
 *
 * Mounts on DIRECTORY a file system (FUSE, without a library) with two files. "disk" has the content of IMAGE, and every write to it changes IMAGE at once;
 * laid under a loop device it is a disk. "mark" takes lines of text. All that happens is appended to LOG in order: writes, flushes, marks. From a copy of the
 * image of before and the log, tests/support/power makes what such a disk may hold after the power failed at any point: all writes that a flush followed,
 * and of the later ones any.
 *
 * Runs until DIRECTORY is unmounted. A record of LOG is struct record and, for a write or a mark, its bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define DISK_NODE 2
#define MARK_NODE 3
#define WRITE_MAX (128 * 1024)
#define FOREVER 3600 /* seconds for which the kernel may believe an answer */

enum record_type {
	RECORD_WRITE = 'W',
	RECORD_FLUSH = 'F',
	RECORD_MARK = 'M',
};

struct record {
	uint32_t type;
	uint32_t length;
	uint64_t offset;
};

struct disk {
	int fuse;
	int image;
	int log;
	uint64_t size;
};

/* One request: what the kernel sent behind the header. */
struct request {
	const struct fuse_in_header *header;
	const void *argument;
	const char *bytes;
};

static int fail(const char *what)
{
	(void)fprintf(stderr, "volatile_disk: %s: %s\n", what, strerror(errno));
	return 1;
}

static int answer(const struct disk *disk, const struct request *request, int error, const void *bytes, size_t length)
{
	static char buffer[sizeof(struct fuse_out_header) + WRITE_MAX];
	const struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + length),
		.error = -error,
		.unique = request->header->unique,
	};

	memcpy(buffer, &header, sizeof(header));
	if (length > 0)
		memcpy(buffer + sizeof(header), bytes, length);
	return write(disk->fuse, buffer, header.len) == (ssize_t)header.len || errno == ENOENT ? 0 : fail("answer");
}

static int append(const struct disk *disk, enum record_type type, uint64_t offset, const char *bytes, uint32_t length)
{
	const struct record record = {.type = (uint32_t)type, .length = length, .offset = offset};

	if (write(disk->log, &record, sizeof(record)) != (ssize_t)sizeof(record) ||
		write(disk->log, bytes, length) != (ssize_t)length)
		return fail("log");
	return 0;
}

/* ---------------------------------------------------------------- requests */

static struct fuse_attr attributes(const struct disk *disk, uint64_t node)
{
	return (struct fuse_attr){
		.ino = node,
		.size = node == DISK_NODE ? disk->size : 0,
		.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0700 : S_IFREG | 0600,
		.nlink = 1,
		.blksize = 4096,
	};
}

static int serve_init(const struct disk *disk, const struct request *request)
{
	const struct fuse_init_in *wish = request->argument;
	const struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = wish->minor < FUSE_KERNEL_MINOR_VERSION ? wish->minor : FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = 0,
		.flags = FUSE_BIG_WRITES,
		.max_write = WRITE_MAX,
	};

	return answer(disk, request, 0, &init, sizeof(init));
}

static int serve_lookup(const struct disk *disk, const struct request *request)
{
	const char *name = request->argument;
	uint64_t node = strcmp(name, "disk") == 0 ? DISK_NODE : MARK_NODE;
	const struct fuse_entry_out entry = {
		.nodeid = node,
		.entry_valid = FOREVER,
		.attr_valid = FOREVER,
		.attr = attributes(disk, node),
	};

	if (node == MARK_NODE && strcmp(name, "mark") != 0)
		return answer(disk, request, ENOENT, NULL, 0);
	return answer(disk, request, 0, &entry, sizeof(entry));
}

static int serve_attributes(const struct disk *disk, const struct request *request)
{
	const struct fuse_attr_out out = {.attr_valid = FOREVER, .attr = attributes(disk, request->header->nodeid)};

	return answer(disk, request, 0, &out, sizeof(out));
}

/* No page cache of ours between the block device and the log. */
static int serve_open(const struct disk *disk, const struct request *request)
{
	const struct fuse_open_out out = {.open_flags = FOPEN_DIRECT_IO};

	return answer(disk, request, 0, &out, sizeof(out));
}

static int serve_read(const struct disk *disk, const struct request *request)
{
	static char buffer[WRITE_MAX];
	const struct fuse_read_in *wish = request->argument;
	size_t size = wish->size < sizeof(buffer) ? wish->size : sizeof(buffer);
	ssize_t length;

	if (request->header->nodeid != DISK_NODE)
		return answer(disk, request, 0, NULL, 0);
	length = pread(disk->image, buffer, size, (off_t)wish->offset);
	if (length < 0)
		return answer(disk, request, errno, NULL, 0);
	return answer(disk, request, 0, buffer, (size_t)length);
}

static int serve_write(const struct disk *disk, const struct request *request)
{
	const struct fuse_write_in *wish = request->argument;
	const struct fuse_write_out out = {.size = wish->size};
	enum record_type type = request->header->nodeid == MARK_NODE ? RECORD_MARK : RECORD_WRITE;

	if (append(disk, type, wish->offset, request->bytes, wish->size) != 0)
		return 1;
	if (type == RECORD_WRITE &&
		pwrite(disk->image, request->bytes, wish->size, (off_t)wish->offset) != (ssize_t)wish->size)
		return answer(disk, request, errno, NULL, 0);
	return answer(disk, request, 0, &out, sizeof(out));
}

static int serve_flush(const struct disk *disk, const struct request *request)
{
	if (request->header->nodeid == DISK_NODE && append(disk, RECORD_FLUSH, 0, "", 0) != 0)
		return 1;
	return answer(disk, request, 0, NULL, 0);
}

static int serve(const struct disk *disk, const struct request *request)
{
	switch (request->header->opcode) {
	case FUSE_INIT:
		return serve_init(disk, request);
	case FUSE_LOOKUP:
		return serve_lookup(disk, request);
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		return serve_attributes(disk, request);
	case FUSE_OPEN:
		return serve_open(disk, request);
	case FUSE_READ:
		return serve_read(disk, request);
	case FUSE_WRITE:
		return serve_write(disk, request);
	case FUSE_FSYNC:
		return serve_flush(disk, request);
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		return answer(disk, request, 0, NULL, 0);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return 0; /* take no answer */
	default:
		return answer(disk, request, ENOSYS, NULL, 0);
	}
}

/* ---------------------------------------------------------------- the program */

static int run(const struct disk *disk)
{
	static char buffer[WRITE_MAX + 4096];

	for (;;) {
		struct request request = {.header = (const void *)buffer};
		ssize_t length = read(disk->fuse, buffer, sizeof(buffer));
		int code;

		if (length < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT))
			continue;
		if (length < 0)
			return errno == ENODEV ? 0 : fail("read"); /* unmounted */
		request.argument = buffer + sizeof(*request.header);
		request.bytes = buffer + sizeof(*request.header) + sizeof(struct fuse_write_in);
		code = serve(disk, &request);
		if (code != 0)
			return code;
	}
}

static int begin(const char *directory, struct disk *disk)
{
	char options[128];

	disk->fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (disk->fuse < 0)
		return fail("/dev/fuse");
	(void)snprintf(options, sizeof(options), "fd=%d,rootmode=40700,user_id=0,group_id=0,max_read=%d", disk->fuse, WRITE_MAX);
	if (mount("volatile_disk", directory, "fuse", MS_NODEV | MS_NOSUID, options) != 0)
		return fail(directory);
	return 0;
}

int main(int argc, char *argv[])
{
	struct disk disk;
	struct stat status;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: volatile_disk DIRECTORY IMAGE LOG\n");
		return 64;
	}
	disk.image = open(argv[2], O_RDWR | O_CLOEXEC);
	disk.log = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (disk.image < 0 || disk.log < 0 || fstat(disk.image, &status) != 0)
		return fail("cannot open image or log");
	disk.size = (uint64_t)status.st_size;
	return begin(argv[1], &disk) != 0 ? 1 : run(&disk);
}
