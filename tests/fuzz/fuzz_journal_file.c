/*
 * A journal's file: lines of any content, chained as its writer chains them, and any bytes behind them as a crash leaves them. Wherever the head stands, opening
 * takes in exactly the lines, tells the rest apart, and the walk back reads what was written.
 */
#include "storage/journal_cursor.h"
#include "storage/journal_line.h"

#include "fuzz.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINES_MAX 6
#define JOURNAL "journal.jsonl"
#define HEAD "journal.head"

static char scratch[] = "/tmp/postigo-fuzz.XXXXXX";

struct journal_text {
	struct strbuf text;
	size_t ends[LINES_MAX + 1]; /* offset behind each line; the first is that of none */
	char hashes[LINES_MAX + 1][DIGEST_HEX_LENGTH + 1];
	size_t count;
	size_t tail; /* bytes behind the last line */
};

static void remove_scratch(void)
{
	int directory cleanup_close = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)unlinkat(directory, JOURNAL, 0);
	(void)unlinkat(directory, HEAD, 0);
	(void)rmdir(scratch);
}

static int open_scratch(void)
{
	static int directory = -1;

	if (directory < 0) {
		insist(mkdtemp(scratch) != NULL && atexit(remove_scratch) == 0);
		directory = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return directory;
}

static void write_file(int directory, const char *name, const char *bytes, size_t length)
{
	int fd cleanup_close = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	insist(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
}

/* Chains one line; false when it is none. */
static bool add_line(struct journal_text *journal, const char *line, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	size_t start = journal->text.length;
	char previous[DIGEST_HEX_LENGTH + 1];
	struct journal_event event;
	struct error err;

	if (!journal_line_parse(line, length, &arena, &event, previous, &err))
		return false;
	event.sequence = (int64_t)journal->count + 1;
	journal_line_print(&event, journal->hashes[journal->count], &journal->text);
	if (journal->text.length - start > JOURNAL_LINE_MAX) {
		journal->text.length = start;
		return false;
	}
	journal->count++;
	digest_bytes(journal->text.text + start, journal->text.length - start, journal->hashes[journal->count]);
	strbuf_append_char(&journal->text, '\n');
	journal->ends[journal->count] = journal->text.length;
	return true;
}

/* Lines up to the first that is none; from there on all is what a crash has left. */
static void read_input(struct journal_text *journal, const char *text, size_t length)
{
	memset(journal->hashes[0], '0', DIGEST_HEX_LENGTH);
	journal->hashes[0][DIGEST_HEX_LENGTH] = '\0';
	while (length > 0 && journal->count < LINES_MAX) {
		const char *newline = memchr(text, '\n', length);
		size_t line = newline ? (size_t)(newline - text) : length;

		if (!newline || !add_line(journal, text, line))
			break;
		text += line + 1;
		length -= line + 1;
	}
	strbuf_append(&journal->text, text, length);
	journal->tail = length;
}

static void write_head(int directory, const struct journal_text *journal, size_t line)
{
	char text[512];
	int length = snprintf(text, sizeof(text), "{\"format\":1,\"sequence\":%zu,\"hash\":\"%s\",\"end\":%zu}\n", line,
		journal->hashes[line], journal->ends[line]);

	write_file(directory, HEAD, text, (size_t)length);
}

static void check_backwards(const struct alias_journal *opened, const struct journal_text *journal)
{
	struct journal_cursor cursor cleanup_journal_cursor = JOURNAL_CURSOR_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct journal_event event;
	struct error err;

	insist(journal_cursor_open(&cursor, opened, &err));
	for (size_t line = journal->count; line > 0; line--) {
		struct strbuf printed cleanup_strbuf = STRBUF_INIT;

		insist(journal_cursor_previous(&cursor, &arena, &event, &err) == LOOKUP_FOUND);
		journal_line_print(&event, journal->hashes[line - 1], &printed);
		insist(printed.length + 1 == journal->ends[line] - journal->ends[line - 1]);
		insist(memcmp(printed.text, journal->text.text + journal->ends[line - 1], printed.length) == 0);
	}
	insist(journal_cursor_previous(&cursor, &arena, &event, &err) == LOOKUP_NOT_FOUND);
}

/* Whether a line of a size that a reader takes is among what stands behind the last one. */
static bool has_line(const struct journal_text *journal)
{
	size_t length = journal->tail <= JOURNAL_LINE_MAX ? journal->tail : JOURNAL_LINE_MAX + 1;

	return length > 0 && memchr(journal->text.text + journal->ends[journal->count], '\n', length) != NULL;
}

static void check_head(int directory, const struct journal_text *journal, size_t line)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_journal opened;
	struct journal_event last;
	struct error err;
	bool torn;

	write_head(directory, journal, line);
	insist(alias_journal_open(&opened, directory, &arena, &last, &torn, &err));
	insist(opened.sequence == (int64_t)journal->count && opened.end == (int64_t)journal->ends[journal->count]);
	insist(opened.acknowledged == (int64_t)line && last.sequence == opened.sequence);
	insist(torn == (journal->tail > 0) && strcmp(opened.hash, journal->hashes[journal->count]) == 0);
	check_backwards(&opened, journal);
	/* A piece of a line was never written; a whole one that does not belong there was. */
	insist(alias_journal_verify(directory, NULL, NULL, &err) == !has_line(journal));
}

/* Needs root: the journal of another owner is refused before it is read. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct journal_text journal = {.text = STRBUF_INIT};
	int directory = geteuid() == 0 ? open_scratch() : -1;

	if (directory < 0)
		return 0;
	read_input(&journal, (const char *)bytes, length);
	write_file(directory, JOURNAL, strbuf_text(&journal.text), journal.text.length);
	for (size_t line = 0; line <= journal.count; line++)
		check_head(directory, &journal, line);
	strbuf_clear(&journal.text);
	return 0;
}
