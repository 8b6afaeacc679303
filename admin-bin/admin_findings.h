/* Findings as check and discover print them, and the option --section that both have. */
#ifndef POSTIGO_ADMIN_FINDINGS_H
#define POSTIGO_ADMIN_FINDINGS_H

#include "admin.h"
#include "service/consistency_check.h"

struct section_names {
	const char *const *items;
	size_t count;
};

/* An array of all findings; the caller owns it. */
struct json *admin_findings_json(const struct consistency_report *report, struct arena *arena);

/* Prints all findings and their sum for people. */
void admin_say_findings(struct admin *admin, const struct consistency_report *report);

/* Reads --section store,queue, given once or several times. Fails with usage for a name that is not
 * among `known`. */
must_check bool admin_read_sections(struct admin *admin, const struct command_line *line,
	const struct section_names *known, struct string_list *ret_sections, struct error *err);

#endif
