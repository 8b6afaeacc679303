#include "service/postfix_instance.h"

#include "unit.h"

static const struct {
	const char *value;
	const char *pieces; /* joined by "|" */
} lists[] = {
	{"", ""},
	{" , \t", ""},
	{"a", "a"},
	{"a b,c,  d", "a|b|c|d"},
	{"hash:/etc/a, proxy:mysql:/etc/b.cf", "hash:/etc/a|proxy:mysql:/etc/b.cf"},
	{"inline:{a=b, {c = d e}}, x", "inline:{a=b, {c = d e}}|x"},
	{"unionmap:{hash:/a, hash:/b} y", "unionmap:{hash:/a, hash:/b}|y"},
	{"{a b", "{a b"},
	{"a} b", "a}|b"},
};

START_TEST(splits_lists)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list pieces = STRING_LIST_INIT;

	postfix_list_split(&pieces, &arena, lists[_i].value);
	ck_assert_str_eq(string_list_join(&pieces, &arena, "|"), lists[_i].pieces);
}
END_TEST

static const struct {
	const char *maps;
	enum map_reference reference;
	const char *type; /* "" = the path is not named */
} references[] = {
	{"", MAP_REFERENCE_NONE, ""},
	{"lmdb:/etc/postfix/members", MAP_REFERENCE_DIRECT, "lmdb"},
	{"hash:/x, lmdb:/etc/postfix/members", MAP_REFERENCE_DIRECT, "lmdb"},
	{"proxy:lmdb:/etc/postfix/members", MAP_REFERENCE_PROXIED, "lmdb"},
	{"proxy:lmdb:/etc/postfix/members lmdb:/etc/postfix/members", MAP_REFERENCE_DIRECT, "lmdb"},
	{"lmdb:/etc/postfix/members2", MAP_REFERENCE_NONE, ""},
	{"lmdb:/etc/postfix/member", MAP_REFERENCE_NONE, ""},
	{"xlmdb:/etc/postfix/members", MAP_REFERENCE_NONE, "xlmdb"},
	{"hash:/etc/postfix/members", MAP_REFERENCE_NONE, "hash"},
	{"unionmap:{lmdb:/etc/postfix/members}", MAP_REFERENCE_NONE, ""},
};

START_TEST(finds_the_reference)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct postfix_instance instance = {.config_directory = "/etc/postfix"};
	const char *type;

	postfix_list_split(&instance.alias_maps, &arena, references[_i].maps);
	ck_assert_int_eq(postfix_map_reference(&instance, "lmdb", "/etc/postfix/members"),
		references[_i].reference);
	type = postfix_map_type_of(&instance, "/etc/postfix/members", &arena);
	ck_assert_str_eq(type ? type : "", references[_i].type);
}
END_TEST

/* What needs no table: the lists alone. A table of our own is not asked, a pattern file is a
 * failure. */
static const struct {
	enum postfix_domain_list list;
	const char *value;
	bool parents;
	enum lookup_result result;
} served[] = {
	{POSTFIX_ALIAS_DOMAINS, "", false, LOOKUP_NOT_FOUND},
	{POSTFIX_ALIAS_DOMAINS, "club.example", false, LOOKUP_FOUND},
	{POSTFIX_ALIAS_DOMAINS, "other.example, Club.Example", false, LOOKUP_FOUND},
	{POSTFIX_MAILBOX_DOMAINS, "club.example", false, LOOKUP_FOUND},
	{POSTFIX_LOCAL_DOMAINS, "localhost club.example", false, LOOKUP_FOUND},
	{POSTFIX_RELAY_DOMAINS, "club.example", true, LOOKUP_FOUND},
	{POSTFIX_ALIAS_DOMAINS, "xclub.example", false, LOOKUP_NOT_FOUND},
	{POSTFIX_ALIAS_DOMAINS, "example", true, LOOKUP_NOT_FOUND},
	{POSTFIX_RELAY_DOMAINS, "example", true, LOOKUP_FOUND},
	{POSTFIX_RELAY_DOMAINS, "example", false, LOOKUP_NOT_FOUND},
	{POSTFIX_RELAY_DOMAINS, ".example", false, LOOKUP_FOUND},
	{POSTFIX_ALIAS_DOMAINS, "!club.example, club.example", false, LOOKUP_NOT_FOUND},
	{POSTFIX_ALIAS_DOMAINS, "club.example !club.example", false, LOOKUP_FOUND},
	{POSTFIX_ALIAS_DOMAINS, "hash:/etc/postfix/members", false, LOOKUP_NOT_FOUND},
	{POSTFIX_ALIAS_DOMAINS, "proxy:lmdb:/etc/postfix/members", false, LOOKUP_NOT_FOUND},
	{POSTFIX_ALIAS_DOMAINS, "/etc/postfix/domains", false, LOOKUP_FAILED},
	{POSTFIX_ALIAS_DOMAINS, "club.example /etc/postfix/domains", false, LOOKUP_FOUND},
};

START_TEST(knows_served_domains)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct postfix_instance instance = {
		.config_directory = "/etc/postfix",
		.own_map = "/etc/postfix/members",
		.relay_includes_subdomains = served[_i].parents,
	};
	struct error err;

	postfix_list_split(&instance.domains[served[_i].list], &arena, served[_i].value);
	ck_assert_int_eq(postfix_serves_domain(&instance, "club.example", &arena, &err),
		served[_i].result);
	if (served[_i].result == LOOKUP_FAILED)
		unit_assert_error(err, ERROR_MTA_COMMAND);
}
END_TEST

/* A failing list does not hide that another one serves the domain. */
START_TEST(one_list_is_enough)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct postfix_instance instance = {.config_directory = "/etc/postfix", .own_map = "/x"};
	struct error err;

	postfix_list_split(&instance.domains[POSTFIX_ALIAS_DOMAINS], &arena,
		"/etc/postfix/domains");
	postfix_list_split(&instance.domains[POSTFIX_LOCAL_DOMAINS], &arena, "club.example");
	ck_assert_int_eq(postfix_serves_domain(&instance, "club.example", &arena, &err),
		LOOKUP_FOUND);
}
END_TEST

static void write_command(int directory, const char *name, const char *script)
{
	char text[4096];

	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	unit_write_file(directory, name, text, 0755);
}

/* Fake commands in a directory of their own: what they say decides. */
static struct sync_settings fake_settings(struct arena *arena, const char *directory)
{
	return (struct sync_settings){
		.path = "/etc/postfix/members",
		.postfix_config_directory = "/etc/postfix",
		.postconf = arena_printf(arena, "%s/%s/postconf", unit_scratch(), directory),
		.postmap = arena_printf(arena, "%s/%s/postmap", unit_scratch(), directory),
		.command_timeout = 10,
	};
}

#define ANSWERS                                                                                    \
	"printf '%s\\n' /usr/sbin hash 'relay_domains, mynetworks' "                               \
	"'hash:/a, lmdb:/etc/postfix/members' 'texthash:/t' '' 'localhost' ''"

START_TEST(asks_postconf_once)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = unit_directory("answers");
	struct sync_settings settings = fake_settings(&arena, "answers");
	struct postfix_instance instance;
	struct error err;

	write_command(directory, "postconf", ANSWERS);
	write_command(directory, "postmap", "exit 1");
	unit_assert_ok(postfix_instance_open(&instance, &settings, &arena, &err), err);
	ck_assert_str_eq(instance.default_type, "hash");
	ck_assert_str_eq(instance.postfix, "/usr/sbin/postfix");
	ck_assert_uint_eq(instance.alias_maps.count, 2);
	ck_assert(instance.relay_includes_subdomains);
	ck_assert_uint_eq(instance.domains[POSTFIX_LOCAL_DOMAINS].count, 1);
	ck_assert_int_eq(postfix_map_reference(&instance, "lmdb", settings.path),
		MAP_REFERENCE_DIRECT);
}
END_TEST

static const struct {
	const char *postmap;
	enum lookup_result result;
} tables[] = {
	{"echo anything", LOOKUP_FOUND},
	{"exit 1", LOOKUP_NOT_FOUND},
	{"echo 'fatal: open database' >&2; exit 1", LOOKUP_FAILED},
	{"exit 2", LOOKUP_FAILED},
	{"kill -9 $$", LOOKUP_FAILED},
};

/* "No such domain" refuses a sync, "cannot tell" must not: Postfix's exit status alone does not
 * tell them apart. */
START_TEST(tells_absent_from_unknown)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = unit_directory("tables");
	struct sync_settings settings = fake_settings(&arena, "tables");
	struct postfix_instance instance;
	struct error err;

	write_command(directory, "postconf", ANSWERS);
	write_command(directory, "postmap", tables[_i].postmap);
	unit_assert_ok(postfix_instance_open(&instance, &settings, &arena, &err), err);
	ck_assert_int_eq(postfix_serves_domain(&instance, "club.example", &arena, &err),
		tables[_i].result);
	unlinkat(directory, "postconf", 0);
	unlinkat(directory, "postmap", 0);
	ck_assert_int_eq(rmdir(arena_printf(&arena, "%s/tables", unit_scratch())), 0);
}
END_TEST

static const struct {
	const char *postconf;
	enum error_code code;
} odd_answers[] = {
	{"exit 1", ERROR_MTA_COMMAND},
	{"echo one line", ERROR_MTA_COMMAND},
	{ANSWERS "; echo one more", ERROR_MTA_COMMAND},
	{"exit 0", ERROR_MTA_COMMAND},
};

START_TEST(refuses_odd_answers)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = unit_directory("odd");
	struct sync_settings settings = fake_settings(&arena, "odd");
	struct postfix_instance instance;
	struct error err;

	write_command(directory, "postconf", odd_answers[_i].postconf);
	write_command(directory, "postmap", "exit 1");
	ck_assert(!postfix_instance_open(&instance, &settings, &arena, &err));
	unit_assert_error(err, odd_answers[_i].code);
	unlinkat(directory, "postconf", 0);
	unlinkat(directory, "postmap", 0);
	ck_assert_int_eq(rmdir(arena_printf(&arena, "%s/odd", unit_scratch())), 0);
}
END_TEST

START_TEST(refuses_commands_of_others)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = unit_directory("others");
	struct sync_settings settings = fake_settings(&arena, "others");
	struct postfix_instance instance;
	struct error err;

	ck_assert(!postfix_instance_open(&instance, &settings, &arena, &err));
	unit_assert_error(err, ERROR_CONFIG);
	unit_write_file(directory, "postconf", "#!/bin/sh\n" ANSWERS "\n", 0775);
	ck_assert(!postfix_instance_open(&instance, &settings, &arena, &err));
	unit_assert_error(err, ERROR_CONFIG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("postfix_instance");
	TCase *lists_case = unit_case(suite, "lists");
	TCase *commands = unit_case(suite, "commands");

	tcase_add_loop_test(lists_case, splits_lists, 0, (int)ARRAY_LENGTH(lists));
	tcase_add_loop_test(lists_case, finds_the_reference, 0, (int)ARRAY_LENGTH(references));
	tcase_add_loop_test(lists_case, knows_served_domains, 0, (int)ARRAY_LENGTH(served));
	tcase_add_test(lists_case, one_list_is_enough);
	unit_add_root_test(commands, asks_postconf_once);
	tcase_add_loop_test(commands, tells_absent_from_unknown, 0,
		geteuid() == 0 ? (int)ARRAY_LENGTH(tables) : 0);
	tcase_add_loop_test(commands, refuses_odd_answers, 0,
		geteuid() == 0 ? (int)ARRAY_LENGTH(odd_answers) : 0);
	unit_add_root_test(commands, refuses_commands_of_others);
	return unit_run(suite);
}
