/*
 * Setting up, without setting anything up: dry runs in a scratch directory, and what is refused
 * before the first act. The acts themselves need a machine of their own: tests/e2e/0501-setup.sh.
 */
#include "service/installation.h"

#include "base/string_list.h"

#include "unit.h"

struct place {
	char name[32]; /* of its directory: each test is a process */
	struct arena arena;
	struct string_list acts;
	char state[128];
	char config[128];
	char helper[128];
	struct installation_request request;
	int directory;
};

static void note_act(void *context, const char *act)
{
	struct place *place = context;

	string_list_add(&place->acts, &place->arena, act);
}

/* A place as `make install` leaves it. */
static void make_place(struct place *place)
{
	memset(place, 0, sizeof(*place));
	snprintf(place->name, sizeof(place->name), "place-%d", (int)getpid());
	place->directory = unit_directory(place->name);
	unit_write_file(place->directory, "postigo-drop", "#!/bin/false\n", 0755);
	snprintf(place->state, sizeof(place->state), "%s/%s/state", unit_scratch(), place->name);
	snprintf(place->config, sizeof(place->config), "%s/%s/etc", unit_scratch(), place->name);
	snprintf(place->helper, sizeof(place->helper), "%s/%s/postigo-drop", unit_scratch(),
		place->name);
	place->request = (struct installation_request){
		.state_directory = place->state,
		.config_directory = place->config,
		.helper = place->helper,
		.domain = "club.example",
		.dry_run = true,
	};
}

static int make_inside(const struct place *place, const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", place->name, name);
	return unit_directory(path);
}

static void configure(const struct place *place, const char *text)
{
	int fd = make_inside(place, "etc");

	unit_write_file(fd, "postigo.json", text, 0644);
	ck_assert_int_eq(mkdirat(fd, "conf.d", 0755), 0);
	close(fd);
}

/* The number of acts that hold `word`. */
static size_t count_acts(const struct place *place, const char *word)
{
	size_t count = 0;

	for (size_t i = 0; i < place->acts.count; i++)
		count += strstr(place->acts.items[i], word) != NULL;
	return count;
}

static bool set_up(struct place *place, size_t *ret_acts, struct error *err)
{
	return installation_set_up(&place->request, note_act, place, ret_acts, err);
}

static void assert_refused(struct place *place, enum error_code code)
{
	struct error err;
	size_t count = 4711;

	ck_assert(!set_up(place, &count, &err));
	unit_assert_error(err, code);
	ck_assert_uint_eq(count, 4711);
}

START_TEST(plans_everything)
{
	struct place place;
	struct error err;
	size_t count = 0;

	make_place(&place);
	unit_assert_ok(set_up(&place, &count, &err), err);
	ck_assert_uint_eq(count, place.acts.count);
	ck_assert_uint_eq(count_acts(&place, "make directory"), 2 + 14);
	ck_assert_uint_eq(count_acts(&place, "state/queue/new, mode 1730, root:postigo-drop"), 1);
	ck_assert_uint_eq(count_acts(&place, "state/work, mode 0700, root:root"), 1);
	ck_assert_uint_eq(count_acts(&place, "first configuration for club.example"), 1);
	ck_assert_uint_eq(count_acts(&place, "empty store for club.example"), 1);
	ck_assert_uint_eq(count_acts(&place, "/postigo-drop to mode 2755"), 1);
	arena_clear(&place.arena);
}
END_TEST

START_TEST(does_nothing_in_a_dry_run)
{
	struct place place;
	struct error err;
	struct stat status;
	size_t count;

	make_place(&place);
	unit_assert_ok(set_up(&place, &count, &err), err);
	ck_assert_int_ne(stat(place.state, &status), 0);
	ck_assert_int_ne(stat(place.config, &status), 0);
	ck_assert_int_eq(stat(place.helper, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0755);
	arena_clear(&place.arena);
}
END_TEST

START_TEST(sees_what_is_there)
{
	struct place place;
	struct error err;
	size_t count;

	make_place(&place);
	configure(&place, "{\"domain\": \"club.example\"}");
	close(make_inside(&place, "state"));
	ck_assert_int_eq(chmod(place.state, 0711), 0);
	close(make_inside(&place, "state/lock"));
	unit_assert_ok(set_up(&place, &count, &err), err);
	ck_assert_uint_eq(count_acts(&place, "first configuration"), 0);
	ck_assert_uint_eq(count_acts(&place, "/etc"), 0);
	ck_assert_uint_eq(count_acts(&place, "directory"), 13);
	ck_assert_uint_eq(count_acts(&place, "state/lock to mode 0700, root:root (was 0755"), 1);
	arena_clear(&place.arena);
}
END_TEST

START_TEST(needs_a_domain)
{
	static const char *const bad[] = {NULL, "", "club", "club example", "-.example",
		"192.0.2.1"};
	struct place place;

	make_place(&place);
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		place.request.domain = bad[i];
		assert_refused(&place, ERROR_CONFIG);
	}
	ck_assert_uint_eq(place.acts.count, 0);
	arena_clear(&place.arena);
}
END_TEST

START_TEST(keeps_to_the_domain_of_the_configuration)
{
	struct place place;
	struct error err;
	size_t count;

	make_place(&place);
	configure(&place, "{\"domain\": \"club.example\"}");
	place.request.domain = "other.example";
	assert_refused(&place, ERROR_CONFIG);
	place.request.domain = "CLUB.example";
	unit_assert_ok(set_up(&place, &count, &err), err);
	place.request.domain = NULL;
	unit_assert_ok(set_up(&place, &count, &err), err);
	arena_clear(&place.arena);
}
END_TEST

START_TEST(refuses_the_queue_group_for_members)
{
	struct place place;

	make_place(&place);
	configure(&place,
		"{\"domain\": \"club.example\", \"members\": {\"group\": \"postigo-drop\"}}");
	assert_refused(&place, ERROR_CONFIG);
	arena_clear(&place.arena);
}
END_TEST

START_TEST(refuses_a_fault_in_the_configuration)
{
	struct place place;

	make_place(&place);
	configure(&place, "{\"domain\": ");
	assert_refused(&place, ERROR_CONFIG);
	arena_clear(&place.arena);
}
END_TEST

START_TEST(refuses_links_and_files_for_directories)
{
	struct place place;

	make_place(&place);
	ck_assert_int_eq(symlink("/tmp", place.state), 0);
	assert_refused(&place, ERROR_CONFIG);
	ck_assert_int_eq(unlink(place.state), 0);
	unit_write_file(place.directory, "state", "", 0644);
	assert_refused(&place, ERROR_CONFIG);
	arena_clear(&place.arena);
}
END_TEST

START_TEST(refuses_a_place_that_others_write)
{
	struct place place;
	struct error err;
	size_t count;

	make_place(&place);
	ck_assert_int_eq(fchmod(place.directory, 0777), 0);
	ck_assert(!set_up(&place, &count, &err));
	arena_clear(&place.arena);
}
END_TEST

START_TEST(refuses_a_helper_that_is_none)
{
	struct place place;
	struct error err;
	size_t count;

	make_place(&place);
	ck_assert_int_eq(chown(place.helper, 65534, 65534), 0);
	ck_assert(!set_up(&place, &count, &err));
	ck_assert_int_eq(unlink(place.helper), 0);
	assert_refused(&place, ERROR_CONFIG);
	ck_assert_int_eq(symlink("/bin/true", place.helper), 0);
	ck_assert(!set_up(&place, &count, &err));
	arena_clear(&place.arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("installation");
	TCase *plan = unit_case(suite, "plan");
	TCase *refusal = unit_case(suite, "refusal");

	unit_add_root_test(plan, plans_everything);
	unit_add_root_test(plan, does_nothing_in_a_dry_run);
	unit_add_root_test(plan, sees_what_is_there);
	unit_add_root_test(refusal, needs_a_domain);
	unit_add_root_test(refusal, keeps_to_the_domain_of_the_configuration);
	unit_add_root_test(refusal, refuses_the_queue_group_for_members);
	unit_add_root_test(refusal, refuses_a_fault_in_the_configuration);
	unit_add_root_test(refusal, refuses_links_and_files_for_directories);
	unit_add_root_test(refusal, refuses_a_place_that_others_write);
	unit_add_root_test(refusal, refuses_a_helper_that_is_none);
	return unit_run(suite);
}
