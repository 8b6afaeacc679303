#include "base/message.h"
#include "storage/alias_store_private.h"
#include "system/side_process.h"

#include <errno.h>
#include <string.h>

/* Up to this many bytes are copied; what is longer is a mapped store and stays where it is. */
#define PIECE_COPIED ((size_t)64 << 10)
#define COLLECTED_MAX                                                                              \
	((size_t)8 << 20) /* copied bytes that wait for the end; a bulk change has more */
#define DIGEST_MS 60000

static void add_piece(struct store_writer *writer, const char *bytes, size_t length)
{
	if (writer->count == writer->capacity) {
		struct span *old = writer->pieces;

		writer->capacity = writer->capacity ? writer->capacity * 2 : 16;
		writer->pieces = arena_alloc_array(&writer->arena, writer->capacity, sizeof(*old));
		if (old)
			memcpy(writer->pieces, old, writer->count * sizeof(*old));
	}
	if (length <= PIECE_COPIED)
		bytes = arena_strndup(&writer->arena, bytes, length);
	writer->pieces[writer->count++] = (struct span){bytes, length};
}

static void digest_pieces(const struct store_writer *writer, struct digest *digest)
{
	for (size_t i = 0; i < writer->count; i++)
		digest_add(digest, writer->pieces[i].bytes, writer->pieces[i].length);
}

static bool write_pieces(struct store_writer *writer, struct error *err)
{
	for (size_t i = 0; i < writer->count; i++) {
		if (!atomic_file_write(&writer->file, writer->pieces[i].bytes,
			    writer->pieces[i].length, err))
			return false;
	}
	return true;
}

/* Writes what was collected, and has it digested from then on in the order in which it comes. */
static bool hand_over(struct store_writer *writer, struct error *err)
{
	if (!writer->digest.state)
		digest_begin(&writer->digest);
	digest_pieces(writer, &writer->digest);
	if (!write_pieces(writer, err))
		return false;
	arena_clear(&writer->arena);
	writer->pieces = NULL;
	writer->count = 0;
	writer->capacity = 0;
	return true;
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
	add_piece(writer, line.text, line.length);
	return atomic_file_begin(&writer->file, directory, STORE_NAME, &settings, err);
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
	if (writer->any)
		add_piece(writer, ",\n", 2);
	writer->any = true;
	add_piece(writer, lines, length);
	return writer->arena.used < COLLECTED_MAX || hand_over(writer, err);
}

static size_t pieces_length(const struct store_writer *writer)
{
	size_t length = 0;

	for (size_t i = 0; i < writer->count; i++)
		length += writer->pieces[i].length;
	return length;
}

struct store_digesting {
	const struct store_writer *writer;
	char digest[DIGEST_HEX_LENGTH + 1];
};

static void take_digest(void *context)
{
	struct store_digesting *digesting = context;
	struct digest digest cleanup_digest = {NULL};

	digest_begin(&digest);
	digest_pieces(digesting->writer, &digest);
	digest_end(&digest, digesting->digest);
}

/* A large store is digested by a child while it is written and goes to the disk: both take as long.
 */
static bool seal_at_once(struct store_writer *writer, char ret_digest[DIGEST_HEX_LENGTH + 1],
	struct error *err)
{
	struct side_process side cleanup_side_process = SIDE_PROCESS_INIT;
	struct store_digesting digesting = {.writer = writer};
	const struct side_work work = {
		.run = take_digest,
		.context = &digesting,
		.result = digesting.digest,
		.size = sizeof(digesting.digest),
	};
	struct error ignored;
	bool beside =
		pieces_length(writer) > STORE_WINDOW && side_process_begin(&side, &work, &ignored);

	if (!write_pieces(writer, err) || !atomic_file_seal(&writer->file, err))
		return false;
	if (!beside ||
		!side_process_end(&side, digesting.digest, sizeof(digesting.digest), DIGEST_MS))
		take_digest(&digesting);
	memcpy(ret_digest, digesting.digest, sizeof(digesting.digest));
	return true;
}

bool store_writer_seal(struct store_writer *writer, char ret_digest[DIGEST_HEX_LENGTH + 1],
	struct error *err)
{
	if (writer->any)
		add_piece(writer, "\n", 1);
	add_piece(writer, STORE_FOOTER, strlen(STORE_FOOTER));
	if (!writer->digest.state)
		return seal_at_once(writer, ret_digest, err);
	if (!hand_over(writer, err) || !atomic_file_seal(&writer->file, err))
		return false;
	digest_end(&writer->digest, ret_digest);
	return true;
}

void store_writer_discard(struct store_writer *writer)
{
	digest_discard(&writer->digest);
	arena_clear(&writer->arena);
	atomic_file_discard(&writer->file);
}
