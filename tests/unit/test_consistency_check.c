/*
 * The frame: what subjects note becomes a report with counts, sections, quoted cures and denials.
 * What the subjects find is the matter of tests/e2e/0801 to 0806.
 */
#include "service/consistency_check.h"

#include "service/check_subject.h"
#include "service/installation_private.h"

#include "unit.h"

#include <linux/magic.h>

static const struct consistency_request request = {.state_directory = "/nonexistent/state"};

static struct consistency_check begin(struct arena *arena)
{
	return (struct consistency_check){.request = &request, .arena = arena};
}

START_TEST(notes_findings)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct consistency_check check = begin(&arena);
	const struct finding *finding;

	check_find(&check, FINDING_ERROR, "queue.mode", "%s is %s", "it", "wrong");
	check_evidence(&check, "%04o", 0644U);
	check_cure(&check, "chmod %s", check_word(&check, "/a b"));
	check_advice(&check, "or %s", "not");
	check_find(&check, FINDING_WARNING, "store.old", "old");
	check_find(&check, FINDING_INFO, "store.note", "note");
	check_find(&check, FINDING_OK, "store.entries", "fine");
	ck_assert_uint_eq(check.report.count, 4);
	ck_assert_uint_eq(check.report.errors, 1);
	ck_assert_uint_eq(check.report.warnings, 1);
	finding = &check.report.findings[0];
	ck_assert_str_eq(finding->id, "queue.mode");
	ck_assert_str_eq(finding->section, "queue");
	ck_assert_str_eq(finding->what, "it is wrong");
	ck_assert_str_eq(finding->evidence, "0644");
	ck_assert_str_eq(finding->cure, "chmod '/a b'");
	ck_assert_str_eq(finding->advice, "or not");
	ck_assert_str_eq(check.report.findings[1].evidence, "");
	ck_assert_str_eq(check.report.findings[1].cure, "");
}
END_TEST

START_TEST(keeps_many_findings)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct consistency_check check = begin(&arena);
	char expected[16];

	for (int i = 0; i < 1000; i++)
		check_find(&check, FINDING_ERROR, "queue.mode", "%d", i);
	ck_assert_uint_eq(check.report.count, 1000);
	ck_assert_uint_eq(check.report.errors, 1000);
	for (int i = 0; i < 1000; i++) {
		snprintf(expected, sizeof(expected), "%d", i);
		ck_assert_str_eq(check.report.findings[i].what, expected);
	}
}
END_TEST

START_TEST(tells_well_from_unwell)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct consistency_check check = begin(&arena);

	ck_assert(check_is_well(&check, 0));
	check_find(&check, FINDING_INFO, "a.b", "x");
	ck_assert(check_is_well(&check, 0));
	check_find(&check, FINDING_WARNING, "a.b", "x");
	ck_assert(!check_is_well(&check, 0));
	ck_assert(check_is_well(&check, 2));
}
END_TEST

START_TEST(turns_failures_into_findings)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct consistency_check check = begin(&arena);
	struct error failure;

	error_set(&failure, ERROR_CONFIG, "it failed");
	error_why(&failure, "because");
	error_fix(&failure, "do this");
	check_failed(&check, "store.unusable", &failure);
	ck_assert_str_eq(check.report.findings[0].id, "store.unusable");
	ck_assert_int_eq(check.report.findings[0].severity, FINDING_ERROR);
	ck_assert_str_eq(check.report.findings[0].what, "it failed");
	ck_assert_str_eq(check.report.findings[0].evidence, "because");
	ck_assert_str_eq(check.report.findings[0].advice, "do this");
	error_set_errno(&failure, ERROR_FILESYSTEM, EACCES, "cannot look");
	check_failed(&check, "store.unusable", &failure);
	if (geteuid() == 0) {
		ck_assert_str_eq(check.report.findings[1].id, "store.unusable");
		return;
	}
	ck_assert_str_eq(check.report.findings[1].id, "store.denied");
	ck_assert_int_eq(check.report.findings[1].severity, FINDING_WARNING);
	ck_assert_str_eq(check.report.findings[1].cure, "sudo postigo-admin check --section store");
}
END_TEST

START_TEST(looks)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct consistency_check check = begin(&arena);
	struct stat status;

	ck_assert_int_eq(check_look(&check, "a.denied", "/", &status), LOOKUP_FOUND);
	ck_assert_int_eq(check_look(&check, "a.denied", "/nonexistent/x", &status),
		LOOKUP_NOT_FOUND);
	ck_assert_uint_eq(check.report.count, 0);
}
END_TEST

/* Nothing is there at all: no subject may fall over it, and none may say that all is well. */
START_TEST(survives_an_empty_machine)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct error failure = {.code = ERROR_CONFIG, .what = "no configuration"};
	struct string_list sections = STRING_LIST_INIT;
	const struct consistency_request nothing = {
		.state_directory = "/nonexistent/state",
		.config_directory = "/nonexistent/etc",
		.helper = "/nonexistent/helper",
		.configuration_error = &failure,
		.sections = &sections,
	};
	struct consistency_report report;

	consistency_check(&nothing, &arena, &report);
	ck_assert_uint_ge(report.errors, 3);
	ck_assert_str_eq(report.findings[0].id, "installation.configuration-missing");
	string_list_add(&sections, &arena, "postfix");
	consistency_check(&nothing, &arena, &report);
	ck_assert_uint_eq(report.count, 1);
	ck_assert_str_eq(report.findings[0].id, "installation.configuration-missing");
}
END_TEST

START_TEST(names_things)
{
	size_t count;
	const char *const *sections = consistency_sections(&count);

	ck_assert_uint_eq(count, 6);
	ck_assert_str_eq(sections[0], "installation");
	ck_assert_str_eq(finding_severity_name(FINDING_ERROR), "error");
	ck_assert_str_eq(finding_severity_name(FINDING_WARNING), "warning");
	ck_assert_str_eq(finding_severity_name(FINDING_INFO), "info");
	ck_assert_str_eq(finding_severity_name(FINDING_OK), "ok");
}
END_TEST

/* File systems that no test can mount: the table that setup and check share. */
START_TEST(knows_unsuitable_file_systems)
{
	ck_assert_str_eq(installation_unsuitable_type(NFS_SUPER_MAGIC), "NFS");
	ck_assert_str_eq(installation_unsuitable_type(0xFF534D42), "CIFS");
	ck_assert_str_eq(installation_unsuitable_type(0xFFFFFFFFFF534D42), "CIFS");
	ck_assert_str_eq(installation_unsuitable_type(0x65735546), "FUSE");
	ck_assert_ptr_null(installation_unsuitable_type(EXT4_SUPER_MAGIC));
	ck_assert_ptr_null(installation_unsuitable_type(TMPFS_MAGIC));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("consistency_check");
	TCase *frame = unit_case(suite, "frame");

	tcase_add_test(frame, notes_findings);
	tcase_add_test(frame, keeps_many_findings);
	tcase_add_test(frame, tells_well_from_unwell);
	tcase_add_test(frame, turns_failures_into_findings);
	tcase_add_test(frame, looks);
	tcase_add_test(frame, survives_an_empty_machine);
	tcase_add_test(frame, names_things);
	tcase_add_test(frame, knows_unsuitable_file_systems);
	return unit_run(suite);
}
