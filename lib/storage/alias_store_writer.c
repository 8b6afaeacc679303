#include "base/message.h"
#include "storage/alias_store_private.h"

#include <errno.h>
#include <string.h>

static bool add_bytes(struct store_writer *writer, const char *bytes, size_t length,
	struct error *err)
{
	digest_add(&writer->digest, bytes, length);
	return atomic_file_write(&writer->file, bytes, length, err);
}

bool store_writer_begin(struct store_writer *writer, int directory,
	const struct store_header *header, struct error *err)
{
	struct strbuf line cleanup_strbuf = STRBUF_INIT;
	struct atomic_file_settings settings = {.mode = 0640};
	struct stat status;

	if (fstat(directory, &status) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot write the store"));
	settings.group = status.st_gid;
	store_header_print(header, &line);
	digest_begin(&writer->digest);
	return atomic_file_begin(&writer->file, directory, STORE_NAME, &settings, err) &&
	       add_bytes(writer, line.text, line.length, err);
}

bool store_writer_add(struct store_writer *writer, const char *lines, size_t length,
	struct error *err)
{
	if (length > 0 && lines[length - 1] == '\n')
		length--;
	if (length > 0 && lines[length - 1] == ',')
		length--;
	if (length == 0)
		return true;
	if (writer->any && !add_bytes(writer, ",\n", 2, err))
		return false;
	writer->any = true;
	return add_bytes(writer, lines, length, err);
}

bool store_writer_seal(struct store_writer *writer, char ret_digest[DIGEST_HEX_LENGTH + 1],
	struct error *err)
{
	if ((writer->any && !add_bytes(writer, "\n", 1, err)) ||
		!add_bytes(writer, STORE_FOOTER, strlen(STORE_FOOTER), err) ||
		!atomic_file_seal(&writer->file, err))
		return false;
	digest_end(&writer->digest, ret_digest);
	return true;
}

void store_writer_discard(struct store_writer *writer)
{
	digest_discard(&writer->digest);
	atomic_file_discard(&writer->file);
}
