#include "storage/journal_file.h"

#include "base/message.h"
#include "base/number.h"
#include "system/directory.h"
#include "system/trusted_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "journal."
#define SUFFIX ".jsonl"
#define NAMES_MAX 100000

void journal_full_name(int64_t last, char ret_name[JOURNAL_FULL_NAME_MAX])
{
	(void)snprintf(ret_name, JOURNAL_FULL_NAME_MAX, PREFIX "%012" PRId64 SUFFIX, last);
}

bool journal_full_name_parse(const char *name, int64_t *ret_last)
{
	char again[JOURNAL_FULL_NAME_MAX];
	char digits[24] = "";
	const char *number;
	int64_t last;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return false;
	number = name + strlen(PREFIX);
	number += strspn(number, "0");
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)strspn(number, "0123456789"), number);
	if (!parse_int64(digits, &last))
		return false;
	journal_full_name(last, again);
	if (strcmp(again, name) != 0)
		return false;
	*ret_last = last;
	return true;
}

/* The least full file that ends with `sequence` or behind it; 0 = none does. */
static bool find_full(int directory, int64_t sequence, int64_t *ret_last, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	int64_t found = 0;

	if (!directory_list(directory, NAMES_MAX, &arena, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		int64_t last;

		if (journal_full_name_parse(names.items[i], &last) && last >= sequence &&
			(found == 0 || last < found))
			found = last;
	}
	*ret_last = found;
	return true;
}

static enum lookup_result open_name(int directory, const char *name, struct journal_file *file, struct error *err)
{
	enum lookup_result found;
	struct stat status;

	journal_file_close(file);
	found = trusted_file_open(directory, name, &file->fd, &status, err);
	if (found == LOOKUP_FOUND)
		file->size = status.st_size;
	else if (found == LOOKUP_FAILED && err->code == ERROR_CONFIG)
		err->code = ERROR_DATABASE;
	return found;
}

enum lookup_result journal_file_open(int directory, int64_t sequence, struct journal_file *file, struct error *err)
{
	enum lookup_result found = open_name(directory, JOURNAL_NAME, file, err);
	char name[JOURNAL_FULL_NAME_MAX];
	int64_t last = 0;

	if (found == LOOKUP_FAILED)
		return found;
	if (!find_full(directory, sequence, &last, err))
		return LOOKUP_FAILED;
	if (last == 0)
		return found;
	journal_full_name(last, name);
	found = open_name(directory, name, file, err);
	if (found == LOOKUP_FOUND)
		file->last = last;
	return found;
}

void journal_file_close(struct journal_file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd);
	*file = (struct journal_file)JOURNAL_FILE_INIT;
}
