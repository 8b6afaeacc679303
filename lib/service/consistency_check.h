/*
 * The doctor: looks at everything that must agree for aliases to work (installation, accounts,
 * store, queue, Postfix, the machine) and tells what does not, with the command that cures it.
 *
 * It writes nothing and takes no lock, so it may run at any time, beside any other command. What
 * the caller may not look at becomes a finding of its own, never a failure.
 */
#ifndef POSTIGO_SERVICE_CONSISTENCY_CHECK_H
#define POSTIGO_SERVICE_CONSISTENCY_CHECK_H

#include "base/arena.h"
#include "base/error.h"
#include "base/string_list.h"
#include "format/settings.h"

#include <stdbool.h>
#include <stdint.h>

enum finding_severity {
	FINDING_ERROR,   /* mail is lost, or somebody can do what they must not */
	FINDING_WARNING, /* it works, but not for long or not as decided */
	FINDING_INFO,
	FINDING_OK, /* what was found in order, once a section */
};

struct finding {
	const char *id; /* stable: "postfix.map-drift"; the section stands before the dot. Static */
	const char *section;
	enum finding_severity severity;
	const char *what;     /* one sentence */
	const char *evidence; /* what was seen, or "" */
	const char *cure;     /* a command line for sh(1), or "" where no command cures it */
	const char *advice;   /* what to do then, or "" */
};

struct consistency_request {
	const char *state_directory;
	const char *config_directory;
	const char *config_file; /* of --config, as it was typed; NULL = the directory's */
	const char *helper;
	const struct settings *settings;         /* NULL = the configuration cannot be used */
	const struct error *configuration_error; /* why, then */
	const struct string_list *sections;      /* those wanted; none = all */
	bool tables_unasked; /* no table of Postfix is asked: what only its answers tell is left out */
	int64_t now;
};

struct consistency_report {
	struct finding *findings; /* by section, in the order of consistency_sections() */
	size_t count;
	size_t errors;
	size_t warnings;
};

/* Looks at everything. Texts of the report live in `arena`; they may hold what others wrote, print
 * them through printable_text(). */
void consistency_check(const struct consistency_request *request, struct arena *arena,
	struct consistency_report *ret_report);

/* The names of the sections. Static. */
const char *const *consistency_sections(size_t *ret_count);

/* "error", "warning", "info", "ok"; never translated. Static. */
const char *finding_severity_name(enum finding_severity severity);

#endif
