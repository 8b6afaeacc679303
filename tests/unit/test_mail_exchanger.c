#include "network/mail_exchanger.h"

#include "base/clock.h"
#include "unit.h"

#include <arpa/inet.h>
#include <sys/socket.h>

/* A socket of 127.0.0.1 that takes questions and answers none; its address as the settings write it. */
static int silent_server(struct arena *arena, struct string_list *ret_servers)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	string_list_add(ret_servers, arena, arena_printf(arena, "127.0.0.1:%d", ntohs(address.sin_port)));
	return fd;
}

START_TEST(nothing_to_ask)
{
	const struct string_list servers = STRING_LIST_INIT;
	struct error err;

	unit_assert_ok(mail_exchanger_ask(&servers, 1000, NULL, 0, &err), err);
}
END_TEST

START_TEST(silence_ends_with_the_deadline)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list servers = STRING_LIST_INIT;
	int server cleanup_close = silent_server(&arena, &servers);
	struct mail_exchanger_query queries[300];
	int64_t began = clock_monotonic_ms();
	struct error err;

	for (size_t i = 0; i < ARRAY_LENGTH(queries); i++)
		queries[i] = (struct mail_exchanger_query){arena_printf(&arena, "d%zu.example", i), MAIL_EXCHANGER_NONE};
	unit_assert_ok(mail_exchanger_ask(&servers, 600, queries, ARRAY_LENGTH(queries), &err), err);
	ck_assert_int_lt(clock_monotonic_ms() - began, 1500);
	for (size_t i = 0; i < ARRAY_LENGTH(queries); i++)
		ck_assert_int_eq(queries[i].answer, MAIL_EXCHANGER_UNKNOWN);
	ck_assert_int_ge(server, 0);
}
END_TEST

START_TEST(a_closed_port_is_unknown_at_once)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list servers = STRING_LIST_INIT;
	struct mail_exchanger_query query = {"elsewhere.example", MAIL_EXCHANGER_FOUND};
	int64_t began = clock_monotonic_ms();
	struct error err;

	(void)close(silent_server(&arena, &servers));
	unit_assert_ok(mail_exchanger_ask(&servers, 5000, &query, 1, &err), err);
	ck_assert_int_eq(query.answer, MAIL_EXCHANGER_UNKNOWN);
	ck_assert_int_lt(clock_monotonic_ms() - began, 3000);
}
END_TEST

START_TEST(a_bad_server_is_a_fault_of_the_configuration)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list servers = STRING_LIST_INIT;
	struct mail_exchanger_query query = {"elsewhere.example", MAIL_EXCHANGER_FOUND};
	struct error err;

	string_list_add(&servers, &arena, "no address");
	ck_assert(!mail_exchanger_ask(&servers, 500, &query, 1, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_int_eq(query.answer, MAIL_EXCHANGER_UNKNOWN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mail_exchanger");
	TCase *exchanger = unit_case(suite, "mail exchanger");

	tcase_add_test(exchanger, nothing_to_ask);
	tcase_add_test(exchanger, silence_ends_with_the_deadline);
	tcase_add_test(exchanger, a_closed_port_is_unknown_at_once);
	tcase_add_test(exchanger, a_bad_server_is_a_fault_of_the_configuration);
	return unit_run(suite);
}
