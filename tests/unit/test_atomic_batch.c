#include "system/atomic_batch.h"

#include "system/atomic_file.h"
#include "system/directory.h"
#include "unit.h"

static bool stage(struct atomic_batch *batch, const char *name, const char *text, struct error *err)
{
	const struct atomic_file_settings settings = {.mode = 0600, .owner = geteuid(), .group = getegid()};
	struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;

	return atomic_file_begin(&file, batch->directory, name, &settings, err) &&
	       atomic_file_write(&file, text, strlen(text), err) && atomic_file_finish(&file, err) &&
	       atomic_batch_add(batch, &file, err);
}

static size_t names_in(int directory)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	struct error err;

	unit_assert_ok(directory_list(directory, 10000, &arena, &names, &err), err);
	return names.count;
}

START_TEST(nothing_has_its_name_before_it_is_settled)
{
	int directory cleanup_close = unit_directory("settled");
	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;
	struct error err;

	unit_write_file(directory, "one", "old", 0644);
	unit_assert_ok(atomic_batch_begin(&batch, directory, &err), err);
	unit_assert_ok(stage(&batch, "one", "new", &err), err);
	unit_assert_ok(stage(&batch, "two", "new", &err), err);
	unit_assert_file(directory, "one", "old");
	ck_assert_int_ne(faccessat(directory, "two", F_OK, 0), 0);
	unit_assert_ok(atomic_batch_settle(&batch, &err), err);
	unit_assert_file(directory, "one", "new");
	unit_assert_file(directory, "two", "new");
	ck_assert_uint_eq(names_in(directory), 2);
	unit_assert_ok(atomic_batch_settle(&batch, &err), err);
}
END_TEST

START_TEST(what_is_not_settled_is_gone)
{
	int directory cleanup_close = unit_directory("discarded");
	struct atomic_batch batch = ATOMIC_BATCH_INIT;
	struct error err;

	unit_write_file(directory, "one", "old", 0644);
	unit_assert_ok(atomic_batch_begin(&batch, directory, &err), err);
	unit_assert_ok(stage(&batch, "one", "new", &err), err);
	unit_assert_ok(stage(&batch, "two", "new", &err), err);
	ck_assert_uint_eq(names_in(directory), 3);
	atomic_batch_discard(&batch);
	atomic_batch_discard(&batch);
	unit_assert_file(directory, "one", "old");
	ck_assert_uint_eq(names_in(directory), 1);
}
END_TEST

START_TEST(the_last_of_one_name_wins)
{
	int directory cleanup_close = unit_directory("twice");
	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;
	struct error err;

	unit_assert_ok(atomic_batch_begin(&batch, directory, &err), err);
	unit_assert_ok(stage(&batch, "one", "first", &err), err);
	unit_assert_ok(stage(&batch, "one", "second", &err), err);
	unit_assert_ok(atomic_batch_settle(&batch, &err), err);
	unit_assert_file(directory, "one", "second");
	ck_assert_uint_eq(names_in(directory), 1);
}
END_TEST

START_TEST(more_than_a_portion_is_settled_in_between)
{
	int directory cleanup_close = unit_directory("portions");
	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;
	struct error err;
	char name[32];

	unit_assert_ok(atomic_batch_begin(&batch, directory, &err), err);
	for (unsigned number = 0; number < ATOMIC_BATCH_MAX + 1; number++) {
		snprintf(name, sizeof(name), "%u", number);
		unit_assert_ok(stage(&batch, name, name, &err), err);
	}
	unit_assert_file(directory, "0", "0");
	ck_assert_int_ne(faccessat(directory, name, F_OK, 0), 0);
	unit_assert_ok(atomic_batch_settle(&batch, &err), err);
	unit_assert_file(directory, name, name);
	ck_assert_uint_eq(names_in(directory), ATOMIC_BATCH_MAX + 1);
}
END_TEST

/* A directory in the way, which no file can be renamed over. */
START_TEST(one_that_cannot_be_renamed_keeps_no_other_from_being)
{
	int directory cleanup_close = unit_directory("in-the-way");
	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;
	struct error err;

	ck_assert_int_eq(mkdirat(directory, "two", 0700), 0);
	unit_assert_ok(atomic_batch_begin(&batch, directory, &err), err);
	unit_assert_ok(stage(&batch, "one", "new", &err), err);
	unit_assert_ok(stage(&batch, "two", "new", &err), err);
	unit_assert_ok(stage(&batch, "three", "new", &err), err);
	ck_assert(!atomic_batch_settle(&batch, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
	ck_assert_str_eq(err.what, "cannot write two");
	unit_assert_file(directory, "one", "new");
	unit_assert_file(directory, "three", "new");
	ck_assert_uint_eq(names_in(directory), 3);
}
END_TEST

START_TEST(unlinks_and_minds_no_absence)
{
	int directory cleanup_close = unit_directory("unlinked");
	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;
	struct error err;

	unit_write_file(directory, "one", "old", 0644);
	ck_assert_int_eq(mkdirat(directory, "two", 0700), 0);
	unit_assert_ok(atomic_batch_begin(&batch, directory, &err), err);
	unit_assert_ok(atomic_batch_unlink(&batch, "one", &err), err);
	unit_assert_ok(atomic_batch_unlink(&batch, "one", &err), err);
	unit_assert_ok(atomic_batch_settle(&batch, &err), err);
	ck_assert_uint_eq(names_in(directory), 1);
	ck_assert(!atomic_batch_unlink(&batch, "two", &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
}
END_TEST

START_TEST(only_what_is_finished_and_of_its_directory_is_taken)
{
	int directory cleanup_close = unit_directory("unfinished");
	const struct atomic_file_settings settings = {.mode = 0600, .owner = geteuid(), .group = getegid()};
	struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;
	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;
	struct error err;

	unit_assert_ok(atomic_batch_begin(&batch, directory, &err), err);
	unit_assert_ok(atomic_file_begin(&file, batch.directory, "one", &settings, &err), err);
	ck_assert(!atomic_batch_add(&batch, &file, &err));
	unit_assert_error(err, ERROR_BUG);
	atomic_file_discard(&file);
	unit_assert_ok(atomic_file_begin(&file, directory, "one", &settings, &err), err);
	unit_assert_ok(atomic_file_finish(&file, &err), err);
	ck_assert(!atomic_batch_add(&batch, &file, &err));
	unit_assert_error(err, ERROR_BUG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("atomic_batch");
	TCase *batch = unit_case(suite, "batch");

	tcase_add_test(batch, nothing_has_its_name_before_it_is_settled);
	tcase_add_test(batch, what_is_not_settled_is_gone);
	tcase_add_test(batch, the_last_of_one_name_wins);
	tcase_add_test(batch, more_than_a_portion_is_settled_in_between);
	tcase_add_test(batch, one_that_cannot_be_renamed_keeps_no_other_from_being);
	tcase_add_test(batch, unlinks_and_minds_no_absence);
	tcase_add_test(batch, only_what_is_finished_and_of_its_directory_is_taken);
	return unit_run(suite);
}
