/*
 * runv's own configuration, taken as it is: a flat object with `backend` and without sections, in
 * place of postigo.json.
 *
 * It is said again in our form and read by the one table of settings. What runv could say and we do
 * otherwise becomes a warning; what we cannot do is refused.
 */
#ifndef POSTIGO_FORMAT_SETTINGS_RUNV_H
#define POSTIGO_FORMAT_SETTINGS_RUNV_H

#include "base/arena.h"
#include "base/error.h"
#include "base/source_text.h"
#include "base/string_list.h"

#define SETTINGS_RUNV_ORIGINS 8

/* Where a setting came from in runv's file. */
struct settings_runv_origin {
	const char *section;
	const char *key;
	const char *origin; /* "FILE:LINE" */
};

struct settings_runv {
	struct source_text native; /* the same in our form, under the same path */
	unsigned mode; /* of the map's files; 0 = not given; may let everybody read, which our own
			  form refuses */
	struct string_list warnings;
	struct settings_runv_origin origins[SETTINGS_RUNV_ORIGINS];
	size_t origin_count;
};

/* Whether the text is runv's file. False also for what is no JSON: then our own reader says why. */
bool settings_runv_matches(const struct source_text *source);

/* Translates a text that matches. Fails with config, naming file, line and runv's key. */
must_check bool settings_runv_translate(const struct source_text *source, struct arena *arena,
	struct settings_runv *ret_translation, struct error *err);

#endif
