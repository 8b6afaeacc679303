/* The account list of the machine on which the test runs, and free numbers of made-up ones. */
#include "system/local_accounts.h"

#include "unit.h"

START_TEST(reads_sorted)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct local_accounts accounts = {.count = 0};
	struct error err;

	unit_assert_ok(local_accounts_read(&accounts, &arena, &err), err);
	ck_assert_uint_gt(accounts.count, 0);
	ck_assert_uint_eq(accounts.by_uid[0]->uid, 0);
	for (size_t i = 1; i < accounts.count; i++)
		ck_assert_uint_le(accounts.by_uid[i - 1]->uid, accounts.by_uid[i]->uid);
}
END_TEST

START_TEST(finds_a_free_uid)
{
	struct account items[] = {{.uid = 0}, {.uid = 7}, {.uid = 7}, {.uid = 8}, {.uid = 10}};
	const struct account *sorted[] = {&items[0], &items[1], &items[2], &items[3], &items[4]};
	const struct local_accounts accounts = {.items = items,
		.by_uid = sorted,
		.count = ARRAY_LENGTH(items)};

	ck_assert_uint_eq(local_accounts_free_uid(&accounts, 7), 9);
	ck_assert_uint_eq(local_accounts_free_uid(&accounts, 10), 11);
	ck_assert_uint_eq(local_accounts_free_uid(&accounts, 3), 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("local_accounts");
	TCase *list = unit_case(suite, "list");

	tcase_add_test(list, reads_sorted);
	tcase_add_test(list, finds_a_free_uid);
	return unit_run(suite);
}
