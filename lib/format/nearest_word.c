#include "format/nearest_word.h"

#include <string.h>

#define WORD_MAX 63 /* bytes; longer words resemble nothing */
#define EDITS_MAX 2
#define SHORT_WORD 3

static size_t least(size_t left, size_t right)
{
	return left < right ? left : right;
}

/* Edits between two words of at most WORD_MAX bytes: the distance of Damerau and Levenshtein. */
static size_t count_edits(const char *left, const char *right)
{
	size_t rows[3][WORD_MAX + 1];
	size_t width = strlen(right);
	size_t *before = rows[0];
	size_t *above = rows[1];
	size_t *row = rows[2];

	for (size_t j = 0; j <= width; j++)
		above[j] = j;
	for (size_t i = 1; left[i - 1]; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			row[j] = above[j - 1] + (left[i - 1] != right[j - 1]);
			row[j] = least(row[j], least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && left[i - 1] == right[j - 2] &&
				left[i - 2] == right[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = spare;
	}
	return above[width];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
	return nearest_word_within(word, words, count, strlen(word) <= SHORT_WORD ? 1 : EDITS_MAX);
}

const char *nearest_word_within(const char *word, const char *const *words, size_t count, size_t edits_max)
{
	size_t length = strlen(word);
	size_t nearest = edits_max + 1;
	const char *found = NULL;

	if (length == 0 || length > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t edits;

		if (strlen(words[i]) > WORD_MAX)
			continue;
		edits = count_edits(word, words[i]);
		if (edits < nearest && edits < strlen(words[i])) {
			nearest = edits;
			found = words[i];
		}
	}
	return found;
}
