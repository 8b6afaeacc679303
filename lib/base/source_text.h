/* A text together with where it came from, for messages that name file and line. */
#ifndef POSTIGO_BASE_SOURCE_TEXT_H
#define POSTIGO_BASE_SOURCE_TEXT_H

#include <stddef.h>

struct source_text {
	const char *path;
	const char *text; /* terminated; the NUL is not counted */
	size_t length;	  /* bytes */
};

#endif
