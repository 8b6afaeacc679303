#include "network/mail_exchanger.h"

#include "base/clock.h"
#include "base/message.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <poll.h>
#include <string.h>

#define TRIES 2

/* One domain on its way through MX, A and AAAA. */
struct search {
	ares_channel channel;
	struct mail_exchanger_query *query;
	int type;
};

#define cleanup_channel __attribute__((cleanup(channel_destroy)))

/* Ends what is still asked: its callbacks run with ARES_EDESTRUCTION and leave the answer unknown. */
static void channel_destroy(ares_channel *channel)
{
	if (*channel)
		ares_destroy(*channel);
	ares_library_cleanup();
}

static bool fail(int status, struct error *err)
{
	if (status == ARES_ENOMEM)
		out_of_memory();
	error_set(err, ERROR_CONFIG, _("the resolver cannot be set up"));
	return error_why(err, "%s", ares_strerror(status));
}

static bool open_channel(const struct string_list *servers, int64_t timeout_ms, ares_channel *ret_channel,
	struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_STAYOPEN,
		.timeout = (int)(timeout_ms / TRIES),
		.tries = TRIES,
	};
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	if (status == ARES_SUCCESS)
		status = ares_init_options(ret_channel, &options,
			ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
	if (status == ARES_SUCCESS && servers->count > 0)
		status = ares_set_servers_ports_csv(*ret_channel, string_list_join(servers, &arena, ","));
	return status == ARES_SUCCESS || fail(status, err);
}

static void ask(struct search *search, int type);

/* A null MX is one record whose host is the root (RFC 7505). */
static enum mail_exchanger_answer judge_records(const unsigned char *bytes, int length, bool *ret_any)
{
	struct ares_mx_reply *records = NULL;
	enum mail_exchanger_answer answer = MAIL_EXCHANGER_NONE;

	if (ares_parse_mx_reply(bytes, length, &records) != ARES_SUCCESS)
		answer = MAIL_EXCHANGER_UNKNOWN;
	*ret_any = records != NULL;
	for (const struct ares_mx_reply *record = records; record; record = record->next) {
		if (*record->host && strcmp(record->host, ".") != 0)
			answer = MAIL_EXCHANGER_FOUND;
	}
	if (records)
		ares_free_data(records);
	return answer;
}

/* No record of this type: the next type may have one. */
static void ask_next(struct search *search)
{
	switch (search->type) {
	case ns_t_mx:
		ask(search, ns_t_a);
		break;
	case ns_t_a:
		ask(search, ns_t_aaaa);
		break;
	default:
		search->query->answer = MAIL_EXCHANGER_NONE;
		break;
	}
}

static void take_answer(void *context, int status, int timeouts, unsigned char *bytes, int length)
{
	struct search *search = context;
	bool any = true;

	(void)timeouts;
	if (status == ARES_ENOTFOUND) {
		search->query->answer = MAIL_EXCHANGER_NONE;
	} else if (status == ARES_ENODATA) {
		ask_next(search);
	} else if (status == ARES_SUCCESS && search->type != ns_t_mx) {
		search->query->answer = MAIL_EXCHANGER_FOUND;
	} else if (status == ARES_SUCCESS) {
		enum mail_exchanger_answer answer = judge_records(bytes, length, &any);

		if (any)
			search->query->answer = answer;
		else
			ask_next(search);
	}
}

static void ask(struct search *search, int type)
{
	search->type = type;
	ares_query(search->channel, search->query->domain, ns_c_in, type, take_answer, search);
}

/* Lets the resolver work on the sockets that are ready, and on its own time-outs. */
static void serve(ares_channel channel, const ares_socket_t *sockets, int bits, int wait_ms)
{
	struct pollfd polled[ARES_GETSOCK_MAXNUM] = {0};
	nfds_t count = 0;

	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		short events = (short)((ARES_GETSOCK_READABLE(bits, i) ? POLLIN : 0) |
				       (ARES_GETSOCK_WRITABLE(bits, i) ? POLLOUT : 0));

		if (events)
			polled[count++] = (struct pollfd){.fd = sockets[i], .events = events};
	}
	if (poll(polled, count, wait_ms) <= 0) {
		ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		return;
	}
	for (nfds_t i = 0; i < count; i++) {
		bool readable = polled[i].revents & (POLLIN | POLLERR | POLLHUP);
		bool writable = polled[i].revents & POLLOUT;

		ares_process_fd(channel, readable ? polled[i].fd : ARES_SOCKET_BAD,
			writable ? polled[i].fd : ARES_SOCKET_BAD);
	}
}

static int64_t milliseconds(const struct timeval *time)
{
	return (int64_t)time->tv_sec * 1000 + time->tv_usec / 1000;
}

/* Until everything is answered or the time is up. */
static void wait_for_answers(ares_channel channel, int64_t deadline)
{
	for (;;) {
		ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
		int bits = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
		int64_t left = deadline - clock_monotonic_ms();
		struct timeval longest = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};
		struct timeval wait;

		/* With STAYOPEN the sockets outlive the questions; only a question has a time-out. */
		if (left <= 0 || bits == 0 || !ares_timeout(channel, NULL, &wait))
			return;
		serve(channel, sockets, bits, (int)milliseconds(ares_timeout(channel, &longest, &wait)) + 1);
	}
}

bool mail_exchanger_ask(const struct string_list *servers, int64_t timeout_ms,
	struct mail_exchanger_query *queries, size_t count, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT; /* outlives the channel and its callbacks */
	ares_channel channel cleanup_channel = NULL;
	int64_t deadline = clock_monotonic_ms() + timeout_ms;
	struct search *searches;

	for (size_t i = 0; i < count; i++)
		queries[i].answer = MAIL_EXCHANGER_UNKNOWN;
	if (count > MAIL_EXCHANGER_QUERIES_MAX)
		count = MAIL_EXCHANGER_QUERIES_MAX;
	if (count == 0)
		return true;
	searches = arena_alloc_array(&arena, count, sizeof(*searches));
	if (!open_channel(servers, timeout_ms, &channel, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		searches[i] = (struct search){.channel = channel, .query = &queries[i]};
		ask(&searches[i], ns_t_mx);
	}
	wait_for_answers(channel, deadline);
	return true;
}
