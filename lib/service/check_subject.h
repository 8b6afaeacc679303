/*
 * What the subjects of consistency_check share: one function a subject, which looks and notes what
 *it finds.
 *
 *	check_find(check, FINDING_ERROR, "queue.mode", _("…"), …);
 *	check_evidence(check, …);	of the finding that was noted last, as the two below
 *	check_cure(check, …);
 */
#ifndef POSTIGO_SERVICE_CHECK_SUBJECT_H
#define POSTIGO_SERVICE_CHECK_SUBJECT_H

#include "service/consistency_check.h"
#include "system/account_snapshot.h"

#include <sys/stat.h>

struct consistency_check {
	const struct consistency_request *request;
	const struct settings
		*settings; /* the request's; never NULL where a subject says it needs them */
	struct arena *arena;
	struct account_snapshot accounts; /* check_accounts() takes it */
	struct consistency_report report;
	size_t capacity;
};

/* Notes a finding. `id` is static, its part before the dot the section. */
void check_find(struct consistency_check *check, enum finding_severity severity, const char *id,
	const char *format, ...) printf_like(4, 5);

/* Says what was seen. */
void check_evidence(struct consistency_check *check, const char *format, ...) printf_like(2, 3);

/* Gives the command line; words that come from files or settings must have passed check_word(). */
void check_cure(struct consistency_check *check, const char *format, ...) printf_like(2, 3);

/* The same for words of our own: "postigo-admin" and the run's --config stand before them. */
void check_cure_by(struct consistency_check *check, const char *format, ...) printf_like(2, 3);

/* Our command with these words as check_cure_by() gives it, for a longer line; in the arena. */
const char *check_command(const struct consistency_check *check, const char *words);

/* The file in which a setting is to be changed. */
const char *check_settings_file(const struct consistency_check *check);

/* Says what to do where no command does it. */
void check_advice(struct consistency_check *check, const char *format, ...) printf_like(2, 3);

/* Quotes a word for check_cure(), in the arena. */
const char *check_word(const struct consistency_check *check, const char *text);

/*
 * Notes that something failed: `id` with the error's texts, its fix as advice, or as cure where it
 * is a command line (of the rules on whose files are trusted); or, when the caller is not root and was not let in, "SECTION.denied" instead.
 */
void check_failed(struct consistency_check *check, const char *id, const struct error *failure);

/* Notes "SECTION.denied" for `path` (id is that whole id). */
void check_denied(struct consistency_check *check, const char *id, const char *path);

/* lstat(2): found, not found, or failed; then it has been noted (`id` as for check_denied()). */
must_check enum lookup_result check_look(struct consistency_check *check, const char *id,
	const char *path, struct stat *ret_status);

/* The name of a group, or its number where it has none; in the arena. */
const char *check_group_name(const struct consistency_check *check, gid_t gid);

/* Whether nothing worse than info was noted for the section since `first` (a count of findings). */
bool check_is_well(const struct consistency_check *check, size_t first);

/* The subjects. Those marked need settings and are left out without them. */
void check_installation(struct consistency_check *check);
void check_configuration(struct consistency_check *check);
void check_accounts(struct consistency_check *check); /* settings */
void check_store(struct consistency_check *check);    /* settings */
void check_queue(struct consistency_check *check);
void check_postfix(struct consistency_check *check); /* settings */
void check_system(struct consistency_check *check);

#endif
