/*
 * The admin side of the queue (STATE/queue/new): trusts nothing in it.
 *
 * Identity is the inode's owner; a request's id is "<uid>-<32 hex>", the first half of the SHA-256 over uid and bytes, so whoever saw an id knows exactly what
 * it stands for. Listing reads in place and changes nothing. Deciding claims first (rename into STATE/work/claimed, which members cannot reach), under the
 * store lock. What cannot be a request is set aside with its reason, never deleted.
 */
#ifndef POSTIGO_STORAGE_REQUEST_QUEUE_H
#define POSTIGO_STORAGE_REQUEST_QUEUE_H

#include "base/arena.h"
#include "base/error.h"
#include "format/request_record.h"

#include <stdint.h>
#include <sys/types.h>

#define REQUEST_ID_MAX 48
#define REQUEST_QUEUE_SCAN_MAX 20000 /* names read at most */
#define REQUEST_STAGING_SECONDS 3600
#define REQUEST_SETTLE_SECONDS 60    /* how long a half-made file may stay young */

/* The verdict on a file in the queue; names in queue-spec. */
enum queue_code {
	QUEUE_GOOD,
	QUEUE_NOT_REGULAR,    /* Q01 */
	QUEUE_OWNER,	      /* Q02 */
	QUEUE_GROUP,	      /* Q03 */
	QUEUE_LINKS,	      /* Q04 */
	QUEUE_SIZE,	      /* Q05 */
	QUEUE_SYNTAX,	      /* Q06 */
	QUEUE_FORMAT,	      /* Q07 */
	QUEUE_FORMAT_NEWER,   /* Q07, left in place */
	QUEUE_FIELD,	      /* Q08 */
	QUEUE_UNKNOWN_FIELD,  /* Q09 */
	QUEUE_UID_MISMATCH,   /* Q10 */
	QUEUE_USERNAME,	      /* Q11 */
	QUEUE_ACCOUNT,	      /* Q12: judged by the services, which know the accounts */
	QUEUE_DESTINATION,    /* Q14: left; may be rejected, not approved */
	QUEUE_NAME,	      /* Q18 */
	QUEUE_VANISHED,	      /* withdrawn while we looked */
};

struct queued_request {
	const char *file; /* name in the directory, as it is: print through printable */
	bool claimed;	  /* it stands in work/claimed, not in queue/new */
	dev_t device;	  /* which file this was: names may change hands while we look */
	ino_t inode;
	char id[REQUEST_ID_MAX]; /* "" when it could not be read */
	enum queue_code code;
	const char *detail; /* why the code, or "": may be hostile text */
	bool young;	    /* touched within REQUEST_SETTLE_SECONDS: leave it alone yet */
	uid_t uid;	    /* the inode's owner */
	int64_t received;   /* the inode's ctime before any claim, not later than now */
	int64_t received_nanoseconds; /* of that second: for the order only */
	struct request_record record; /* filled for QUEUE_GOOD and QUEUE_DESTINATION */
	const char *bytes;  /* what was read */
	size_t length;
};

/* Told of each file that was set aside; `owner` is the inode's. Its texts are the queue's: print through printable. */
typedef void queue_report(void *context, const struct queued_request *request, uid_t owner);

struct queue_watch {
	queue_report *report; /* NULL = nobody wants to know */
	void *context;
};

struct request_queue {
	int pending;	/* queue/new */
	int staging;    /* queue/tmp */
	int claimed;	/* work/claimed */
	int quarantine; /* work/quarantine */
	int archive;	/* work/archive */
	gid_t group;	/* the queue's */
	gid_t reader;	/* group of archive files */
	int64_t now;
	struct queue_watch watch; /* the opener's, none at first */
};

#define REQUEST_QUEUE_INIT {.pending = -1, .staging = -1, .claimed = -1, .quarantine = -1, .archive = -1}
#define cleanup_request_queue __attribute__((cleanup(request_queue_close)))

/* Opens the directories below `state_directory`. Fails with config (not set up, or modes that cannot be trusted) or filesystem. */
must_check bool request_queue_open(struct request_queue *queue, const char *state_directory, int64_t now,
	struct error *err);

/* Closes the descriptors. */
void request_queue_close(struct request_queue *queue);

/*
 * Reads every file of the queue in place, sorted by arrival. One bad file never stops the scan: it comes with its code. Names that start with a dot, and files
 * withdrawn meanwhile, are left out.
 * `ret_truncated` tells that more than REQUEST_QUEUE_SCAN_MAX names are there. Fails with filesystem.
 */
must_check bool request_queue_list(const struct request_queue *queue, struct arena *arena,
	struct queued_request **ret_requests, size_t *ret_count, bool *ret_truncated, struct error *err);

/* Reads the request of one member and kind in place. Found (any code but vanished), not found, or failed. */
must_check enum lookup_result request_queue_read(const struct request_queue *queue, uid_t uid, enum request_kind kind,
	struct arena *arena, struct queued_request *ret_request, struct error *err);

/*
 * Moves the request of a member and kind out of reach and reads it there. Call with the store lock held. Found (the file is in claimed/, whatever its code),
 * not found (withdrawn), or failed (then it is back in the queue).
 */
must_check enum lookup_result request_queue_claim(const struct request_queue *queue, uid_t uid, enum request_kind kind,
	struct arena *arena, struct queued_request *ret_request, struct error *err);

/*
 * Puts a claimed request back. When the member has filed another meanwhile, the claimed one is archived with outcome "superseded" instead.
 */
must_check bool request_queue_return(const struct request_queue *queue, const struct queued_request *request,
	struct error *err);

struct queue_decision {
	const char *outcome; /* approved, rejected, applied, superseded */
	const char *actor;
	const char *reason; /* "" = none */
	int64_t at;
};

/* Archives a claimed request with its decision (archive/YYYY-MM/<id>.json), durably, then unlinks it. Repeating it is harmless. Fails with filesystem. */
must_check bool request_queue_archive(const struct request_queue *queue, const struct queued_request *request,
	const struct queue_decision *decision, struct error *err);

/* Whether files of this code are set aside rather than left in the queue (once they are not young). */
bool queue_code_is_quarantined(enum queue_code code);

/*
 * Moves a bad file of the queue (claimed or not) to quarantine with a .why.json beside it; never opens it again. When another file has taken its name
 * meanwhile, or it is gone, nothing happens. Fails with filesystem.
 */
must_check bool request_queue_quarantine(const struct request_queue *queue, const struct queued_request *request,
	struct error *err);

/*
 * Counts the files in queue/tmp that the helper left there more than REQUEST_STAGING_SECONDS ago, and unlinks them with `remove`. Fails with filesystem.
 */
must_check bool request_queue_sweep(const struct request_queue *queue, bool remove, size_t *ret_count,
	struct error *err);

/*
 * Counts and, with `remove`, unlinks the decided requests of every month of the archive that was over at `before`; empty months go, too. What is no month is left
 * alone. Fails with filesystem or capacity.
 */
must_check bool request_queue_prune(const struct request_queue *queue, int64_t before, bool remove, size_t *ret_count,
	struct error *err);

/* Counts what stands in quarantine, explanations left out. Nothing of postigo ever removes it. Fails with filesystem. */
must_check bool request_queue_quarantined(const struct request_queue *queue, size_t *ret_count, struct error *err);

/*
 * Sorts out what a crash left in claimed/: the request whose id is `decided` (the journal's last, "" = none) is archived with `decision`, all others go back
 * to the queue. Call with the store lock held, after the store was opened for writing. Fails with filesystem.
 */
must_check bool request_queue_recover(const struct request_queue *queue, const char *decided,
	const struct queue_decision *decision, struct error *err);

/* "Q06" … "Q18", "" for good. Static. */
const char *queue_code_name(enum queue_code code);

/* What the code means, as a sentence for people; translated, static. */
const char *queue_code_text(enum queue_code code);

/* Parses "<uid>-<32 hex>" into its uid. */
must_check bool request_id_parse(const char *id, uint32_t *ret_uid);

#endif
