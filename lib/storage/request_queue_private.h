/* What the files of request_queue share among themselves. */
#ifndef POSTIGO_STORAGE_REQUEST_QUEUE_PRIVATE_H
#define POSTIGO_STORAGE_REQUEST_QUEUE_PRIVATE_H

#include "storage/request_queue.h"

/*
 * Reads the file `name` of the open directory `directory` and judges it. Whatever a member can lay
 * there is a code, not a failure. Fails with filesystem.
 */
must_check bool queued_request_read(const struct request_queue *queue, int directory,
	const char *name, struct arena *arena, struct queued_request *ret_request,
	struct error *err);

/* Sets `young` from code and arrival. */
void queued_request_judge_age(const struct request_queue *queue, struct queued_request *request);

/* Renames without replacing; 0 or the errno. */
must_check int queue_rename(int from, const char *name, int to, const char *new_name);

/* fsync of two directories between which something moved. Fails with filesystem. */
must_check bool queue_sync_directories(int from, int to, struct error *err);

/* The directory in which the request stands. */
int queued_request_directory(
	const struct request_queue *queue, const struct queued_request *request);

/* What the code means, untranslated: for files. Static. */
const char *queue_code_plain_text(enum queue_code code);

#endif
