/* Mounts that every Linux has. */
#include "system/mount_point.h"

#include "unit.h"

START_TEST(finds_proc)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int fd cleanup_close = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mount_point mount;
	struct error err;

	ck_assert_int_ge(fd, 0);
	unit_assert_ok(mount_point_of(fd, &arena, &mount, &err), err);
	ck_assert_str_eq(mount.path, "/proc");
	ck_assert_str_eq(mount.type, "proc");
	ck_assert_str_ne(mount.options, "");
}
END_TEST

START_TEST(refuses_no_descriptor)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct mount_point mount;
	struct error err;

	ck_assert(!mount_point_of(-1, &arena, &mount, &err));
	unit_assert_error(err, ERROR_FILESYSTEM);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mount_point");
	TCase *mounts = unit_case(suite, "mounts");

	tcase_add_test(mounts, finds_proc);
	tcase_add_test(mounts, refuses_no_descriptor);
	return unit_run(suite);
}
