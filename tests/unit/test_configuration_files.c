#include "system/configuration_files.h"

#include "unit.h"

struct read_files {
	struct source_text *files;
	size_t count;
};

static const char *scratch_path(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", unit_scratch(), name);
	return path;
}

static enum lookup_result read_directory(const char *name, struct arena *arena,
	struct read_files *ret, struct error *err)
{
	return configuration_files_read(scratch_path(name), NULL, arena, &ret->files, &ret->count,
		err);
}

static void assert_refused(const char *name, enum error_code code)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct read_files got = {.count = 42};
	struct error err;

	ck_assert_int_eq(read_directory(name, &arena, &got, &err), LOOKUP_FAILED);
	unit_assert_error(err, code);
	ck_assert_uint_eq(got.count, 42);
	ck_assert_ptr_nonnull(strstr(err.what, unit_scratch()));
}

START_TEST(one_file_is_enough)
{
	int directory cleanup_close = unit_directory("etc");
	struct arena arena cleanup_arena = ARENA_INIT;
	struct read_files got;
	struct error err;

	unit_write_file(directory, "postigo.json", "{}\n", 0644);
	ck_assert_int_eq(read_directory("etc", &arena, &got, &err), LOOKUP_FOUND);
	ck_assert_uint_eq(got.count, 1);
	ck_assert_str_eq(got.files[0].path, scratch_path("etc/postigo.json"));
	ck_assert_str_eq(got.files[0].text, "{}\n");
	ck_assert_uint_eq(got.files[0].length, 3);
}
END_TEST

START_TEST(fragments_follow_in_the_order_of_their_names)
{
	int directory cleanup_close = unit_directory("etc");
	struct arena arena cleanup_arena = ARENA_INIT;
	struct read_files got;
	struct error err;

	unit_write_file(directory, "postigo.json", "main", 0644);
	ck_assert_int_eq(mkdirat(directory, "conf.d", 0755), 0);
	unit_write_file(directory, "conf.d/20-b.json", "b", 0644);
	unit_write_file(directory, "conf.d/10-a.json", "a", 0600);
	unit_write_file(directory, "conf.d/.10-a.json", "editor", 0644);
	unit_write_file(directory, "conf.d/10-a.json~", "editor", 0644);
	unit_write_file(directory, "conf.d/README", "text", 0666);
	ck_assert_int_eq(read_directory("etc", &arena, &got, &err), LOOKUP_FOUND);
	ck_assert_uint_eq(got.count, 3);
	ck_assert_str_eq(got.files[0].text, "main");
	ck_assert_str_eq(got.files[1].text, "a");
	ck_assert_str_eq(got.files[1].path, scratch_path("etc/conf.d/10-a.json"));
	ck_assert_str_eq(got.files[2].text, "b");
}
END_TEST

START_TEST(no_configuration_is_not_found)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct read_files got = {.count = 42};
	struct error err;

	close(unit_directory("etc"));
	ck_assert_int_eq(read_directory("etc", &arena, &got, &err), LOOKUP_NOT_FOUND);
	ck_assert_int_eq(read_directory("nowhere", &arena, &got, &err), LOOKUP_NOT_FOUND);
	ck_assert_uint_eq(got.count, 42);
}
END_TEST

START_TEST(files_that_others_can_change_are_refused)
{
	int directory cleanup_close = unit_directory("etc");

	unit_write_file(directory, "postigo.json", "{}", 0664);
	assert_refused("etc", ERROR_CONFIG);
	unit_write_file(directory, "postigo.json", "{}", 0644);
	ck_assert_int_eq(mkdirat(directory, "conf.d", 0755), 0);
	unit_write_file(directory, "conf.d/a.json", "{}", 0646);
	assert_refused("etc", ERROR_CONFIG);
	unit_write_file(directory, "conf.d/a.json", "{}", 0644);
	ck_assert_int_eq(fchownat(directory, "conf.d/a.json", 1234, 0, 0), 0);
	assert_refused("etc", ERROR_CONFIG);
	ck_assert_int_eq(unlinkat(directory, "conf.d/a.json", 0), 0);
	ck_assert_int_eq(symlinkat("../postigo.json", directory, "conf.d/a.json"), 0);
	assert_refused("etc", ERROR_CONFIG);
}
END_TEST

START_TEST(directories_that_others_can_change_are_refused)
{
	int directory cleanup_close = unit_directory("etc");

	unit_write_file(directory, "postigo.json", "{}", 0644);
	ck_assert_int_eq(fchmod(directory, 0775), 0);
	assert_refused("etc", ERROR_CONFIG);
	ck_assert_int_eq(fchmod(directory, 0755), 0);
	unit_write_file(directory, "conf.d", "no directory", 0644);
	assert_refused("etc", ERROR_CONFIG);
	ck_assert_int_eq(unlinkat(directory, "conf.d", 0), 0);
	ck_assert_int_eq(mkdirat(directory, "conf.d", 0755), 0);
	ck_assert_int_eq(fchmodat(directory, "conf.d", 0777, 0), 0);
	assert_refused("etc", ERROR_CONFIG);
}
END_TEST

START_TEST(a_file_too_long_is_refused)
{
	int directory cleanup_close = unit_directory("etc");

	unit_write_file(directory, "postigo.json", "{}", 0644);
	ck_assert_int_eq(truncate(scratch_path("etc/postigo.json"), (256 << 10) + 1), 0);
	assert_refused("etc", ERROR_CONFIG);
}
END_TEST

START_TEST(too_many_fragments_are_refused_not_cut)
{
	int directory cleanup_close = unit_directory("etc");
	struct arena arena cleanup_arena = ARENA_INIT;
	struct read_files got;
	struct error err;
	char name[64];

	unit_write_file(directory, "postigo.json", "{}", 0644);
	ck_assert_int_eq(mkdirat(directory, "conf.d", 0755), 0);
	for (int i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "conf.d/%d.json", i);
		unit_write_file(directory, name, "{}", 0644);
	}
	ck_assert_int_eq(read_directory("etc", &arena, &got, &err), LOOKUP_FOUND);
	ck_assert_uint_eq(got.count, 65);
	unit_write_file(directory, "conf.d/64.json", "{}", 0644);
	assert_refused("etc", ERROR_CONFIG);
}
END_TEST

static enum lookup_result read_file(const char *name, struct arena *arena, struct read_files *ret,
	struct error *err)
{
	return configuration_files_read("/nowhere", scratch_path(name), arena, &ret->files,
		&ret->count, err);
}

START_TEST(a_named_file_is_read_alone)
{
	int directory cleanup_close = unit_directory("etc");
	struct arena arena cleanup_arena = ARENA_INIT;
	struct read_files got;
	struct error err;

	unit_write_file(directory, "mine.json", "mine", 0644);
	ck_assert_int_eq(mkdirat(directory, "conf.d", 0755), 0);
	unit_write_file(directory, "conf.d/a.json", "a", 0644);
	ck_assert_int_eq(read_file("etc/mine.json", &arena, &got, &err), LOOKUP_FOUND);
	ck_assert_uint_eq(got.count, 1);
	ck_assert_str_eq(got.files[0].text, "mine");
	ck_assert_int_eq(read_file("etc/none.json", &arena, &got, &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_CONFIG);
}
END_TEST

START_TEST(root_trusts_no_file_of_others)
{
	int directory cleanup_close = unit_directory("etc");
	struct arena arena cleanup_arena = ARENA_INIT;
	struct read_files got;
	struct error err;

	unit_write_file(directory, "mine.json", "mine", 0644);
	ck_assert_int_eq(fchownat(directory, "mine.json", 1234, 1234, 0), 0);
	ck_assert_int_eq(read_file("etc/mine.json", &arena, &got, &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_int_eq(seteuid(1234), 0);
	ck_assert_int_eq(read_file("etc/mine.json", &arena, &got, &err), LOOKUP_FOUND);
	ck_assert_str_eq(got.files[0].text, "mine");
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(others_see_what_they_may_read)
{
	int directory cleanup_close = unit_directory("etc");
	struct arena arena cleanup_arena = ARENA_INIT;
	struct read_files got;
	struct error err;

	unit_write_file(directory, "secret.json", "secret", 0600);
	ck_assert_int_eq(seteuid(1234), 0);
	ck_assert_int_eq(read_file("etc/secret.json", &arena, &got, &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert_str_eq(err.why, strerror(EACCES));
	ck_assert_int_eq(read_file("etc", &arena, &got, &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("configuration_files");
	TCase *directory = unit_case(suite, "directory");
	TCase *file = unit_case(suite, "file");

	unit_add_root_test(directory, one_file_is_enough);
	unit_add_root_test(directory, fragments_follow_in_the_order_of_their_names);
	tcase_add_test(directory, no_configuration_is_not_found);
	unit_add_root_test(directory, files_that_others_can_change_are_refused);
	unit_add_root_test(directory, directories_that_others_can_change_are_refused);
	unit_add_root_test(directory, a_file_too_long_is_refused);
	unit_add_root_test(directory, too_many_fragments_are_refused_not_cut);
	unit_add_root_test(file, a_named_file_is_read_alone);
	unit_add_root_test(file, root_trusts_no_file_of_others);
	unit_add_root_test(file, others_see_what_they_may_read);
	return unit_run(suite);
}
