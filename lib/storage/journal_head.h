/*
 * The head of the journal, a small file beside it: number and hash of the last line that is durable, and the offset behind it in its file (0 when journal.jsonl
 * was empty: the line is the last one of a full file). Private to the journal.
 */
#ifndef POSTIGO_STORAGE_JOURNAL_HEAD_H
#define POSTIGO_STORAGE_JOURNAL_HEAD_H

#include "storage/alias_journal.h"

#define JOURNAL_HEAD_NAME "journal.head"

extern const char journal_no_hash[DIGEST_HEX_LENGTH + 1];

/* Sets database: the journal is damaged, why, and what to do. Returns false. */
bool journal_damaged(struct error *err, const char *why);

/* Reads the head into sequence, acknowledged, hash and end. Fails with database or filesystem. */
must_check bool journal_head_read(struct alias_journal *journal, struct error *err);

/* Replaces the head by what `journal` says, durably. Fails with filesystem. */
must_check bool journal_head_write(const struct alias_journal *journal, struct error *err);

#endif
