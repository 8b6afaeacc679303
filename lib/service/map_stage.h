/*
 * A map in the making, in a private directory beside the live one. Nothing here is live before map_stage_install():
 *	begin → add rows → finish (text complete, digest known) → build (by a library or postmap) → verify (read back) → seal (owner, mode, durable) → install (rename)
 *
 * What was not installed is swept by close; what a killed run left, by the next begin.
 */
#ifndef POSTIGO_SERVICE_MAP_STAGE_H
#define POSTIGO_SERVICE_MAP_STAGE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "format/digest.h"
#include "service/map_sync_file.h"
#include "service/postfix_instance.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAP_STAGE_NAME ".postigo-stage" /* beside the live map */

struct map_walk;
/* Where the private directory is made. */
struct map_stage_place {
	int parent; /* open directory, kept until close */
	const char *parent_path;
	const char *name;
};

/* The commands that build and read back. */
struct map_stage_tools {
	const struct postfix_instance *instance;
	const char *domain; /* for a key that cannot be in the map */
	int timeout_ms;	    /* each */
	const struct map_walk *changes; /* all that is new in an index which is otherwise a copy of the live one; or NULL */
};

/* What a follower is told: how far the text has come. */
struct map_stage_growth {
	size_t length; /* bytes in the file, with the head */
	int64_t rows;
	bool whole; /* nothing will be added */
};

struct map_stage {
	const struct map_sync_file *file; /* what it is to become */
	struct map_stage_place place;
	struct arena *arena;
	int directory;
	int text;
	const char *table; /* TYPE:PATH as postmap is told */
	struct strbuf buffer;
	struct digest digest;
	size_t head;	   /* bytes of comment before the first row */
	size_t length;	   /* bytes of the text */
	const char *bytes; /* the text, mapped; NULL before finish */
	const char *identity;
	int64_t rows;
	char text_digest[DIGEST_HEX_LENGTH + 1];
	char index_digest[DIGEST_HEX_LENGTH + 1]; /* "" before seal, and for types without index */
	int follower; /* socket of the caller's, to whom every bit of text is told; -1 = nobody */
	struct error unsealed; /* why the text could not be made durable: the disk tells it once only */
	bool sealed;  /* the text has its owner and mode, and is durable */
	size_t told;  /* bytes that the follower knows of */
	const char *output; /* what the commands said although they succeeded, or "" */
};

#define MAP_STAGE_INIT {.directory = -1, .text = -1, .follower = -1}
#define cleanup_map_stage __attribute__((cleanup(map_stage_close)))

/* Makes or re-uses the private directory, starts the text; texts of the stage live in `arena`. Fails with config (it is not root's alone, holds one) or filesystem. */
must_check bool map_stage_begin(struct map_stage *stage, const struct map_stage_place *place,
	const struct map_sync_file *file, struct arena *arena, struct error *err);

/* Tells `follower`, a socket of messages, from now on of every growth of the text, and of its end. It is the caller's, who takes it out before closing it. */
void map_stage_follow(struct map_stage *stage, int follower);

/* Adds one row with its newline. Fails with filesystem. */
must_check bool map_stage_add(struct map_stage *stage, const char *line, size_t length, struct error *err);

/* Adds bytes of another text as they stand; their rows are the caller's to count. Fails with filesystem. */
must_check bool map_stage_copy(struct map_stage *stage, struct span bytes, struct error *err);

/* Completes the text and takes its digest. Fails with filesystem. */
must_check bool map_stage_finish(struct map_stage *stage, struct error *err);

/* Runs postmap over the text. Its exit status proves nothing but failure: verify. Fails with mta_command. */
must_check bool map_stage_build(struct map_stage *stage, const struct map_stage_tools *tools, struct error *err);

/*
 * Reads every key back and compares the answer byte by byte with the text; a random key must not be found, and the index must not hold more rows. With `read_back`, the
 * index was read back by its library already: then only a sample, by postmap. Fails with mta_command.
 */
must_check bool map_stage_verify(struct map_stage *stage, const struct map_stage_tools *tools, bool read_back,
	struct error *err);

/* The text's part of map_stage_seal(), for while something else is waited for. Once: what it failed with, every later call and map_stage_seal() fail with, too (filesystem). */
must_check bool map_stage_seal_text(struct map_stage *stage, struct error *err);

/* Gives both files their owner and mode, makes them durable, takes the digest of the index. Fails with filesystem. */
must_check bool map_stage_seal(struct map_stage *stage, struct error *err);

/* Renames index and text over the live ones, in this order, durably. *ret_live tells whether the new map is live although it failed (filesystem). */
must_check bool map_stage_install(struct map_stage *stage, bool *ret_live, struct error *err);

/* The rows of a finished text, without its head. */
struct span map_stage_rows(const struct map_stage *stage);

/* The path of the staged index, in the stage's arena. */
const char *map_stage_index_path(const struct map_stage *stage);

/* Removes a private directory that a killed run has left; one that is not root's alone stays. */
void map_stage_sweep(const struct map_stage_place *place);

/* Sweeps and removes the private directory. */
void map_stage_close(struct map_stage *stage);

#endif
