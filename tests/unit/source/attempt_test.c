#include "source/attempt.h"

#include "test.h"
#include <errno.h>

static void release(struct attempts **attempts)
{
	attempts_free(*attempts);
}

static struct endpoint make_endpoint(const char *address, uint16_t port)
{
	struct endpoint endpoint = { .port = port };

	CHECK(!address_parse(address, &endpoint.address));
	return endpoint;
}

/* Of the socket with this number, which connects from the port of that number. */
static struct tcp_event change(double time, uint64_t socket, enum tcp_state from,
			       enum tcp_state to)
{
	uint16_t port = to == TCP_STATE_SYN_SENT ? 0 : (uint16_t)(socket % 65536);

	return (struct tcp_event){ .time = time,
				   .socket = socket,
				   .process = 42,
				   .from = from,
				   .to = to,
				   .local = make_endpoint("10.0.0.1", port),
				   .remote = make_endpoint("10.0.0.5", 443) };
}

static struct tcp_event starts(double time, uint64_t socket)
{
	return change(time, socket, TCP_STATE_CLOSE, TCP_STATE_SYN_SENT);
}

static struct tcp_event opens(double time, uint64_t socket)
{
	return change(time, socket, TCP_STATE_SYN_SENT, TCP_STATE_ESTABLISHED);
}

static struct tcp_event fails(double time, uint64_t socket)
{
	return change(time, socket, TCP_STATE_SYN_SENT, TCP_STATE_CLOSE);
}

static struct tcp_event closes(double time, uint64_t socket)
{
	return change(time, socket, TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1);
}

static struct tcp_event reports(double time, uint64_t socket, int error)
{
	struct tcp_event event = change(time, socket, TCP_STATE_CLOSE, TCP_STATE_CLOSE);

	event.socket = 0;
	event.process = 7;
	event.error = error;
	return event;
}

#define FEED(attempts, until, ...)                                 \
	feed(attempts, until, (struct tcp_event[]){ __VA_ARGS__ }, \
	     sizeof((struct tcp_event[]){ __VA_ARGS__ }) / sizeof(struct tcp_event))

static void feed(struct attempts *attempts, double until, struct tcp_event *items, size_t count)
{
	attempts_feed(attempts, &(struct tcp_events){ items, count, count }, until);
}

static size_t count_of(struct attempts *attempts)
{
	return attempts_news(attempts)->count;
}

static const struct news *news_at(struct attempts *attempts, size_t at)
{
	static const struct news none = { .kind = (enum news_kind) - 1 };

	CHECK(at < count_of(attempts));
	return at < count_of(attempts) ? &attempts_news(attempts)->items[at] : &none;
}

static void check_failure(struct attempts *attempts, size_t at, enum connect_failure reason)
{
	const struct news *news = news_at(attempts, at);

	CHECK_EQ_INT(news->kind, NEWS_FAILED);
	CHECK_EQ_STR(connect_failure_name(news->reason), connect_failure_name(reason));
}

TEST(a_life)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);
	const struct news *news;

	FEED(attempts, 10, starts(1, 40000), opens(1.5, 40000), closes(4, 40000));
	REQUIRE(count_of(attempts) == 2);
	news = news_at(attempts, 0);
	CHECK_EQ_INT(news->kind, NEWS_OPENED);
	CHECK_EQ_INT(news->process, 42);
	CHECK_EQ_DBL(news->started, 1);
	CHECK_EQ_DBL(news->time, 1.5);
	CHECK_EQ_INT(news->local.port, 40000);
	CHECK_EQ_INT(news->remote.port, 443);
	news = news_at(attempts, 1);
	CHECK_EQ_INT(news->kind, NEWS_CLOSED);
	CHECK_EQ_INT(news->process, 42);
	CHECK_EQ_DBL(news->started, 1);
	CHECK_EQ_DBL(news->established, 1.5);
	CHECK_EQ_DBL(news->time, 4);
	CHECK_EQ_INT(news->local.port, 40000);
}

TEST(over_several_feeds)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);

	FEED(attempts, 1, starts(1, 40000));
	CHECK_EQ_U64(count_of(attempts), 0);
	FEED(attempts, 2, opens(2, 40000));
	CHECK_EQ_U64(count_of(attempts), 1);
	attempts_news(attempts)->count = 0;
	FEED(attempts, 3, closes(3, 40000), closes(3, 40000));
	CHECK_EQ_U64(count_of(attempts), 1);
}

/* Who opened it, whoever's thread the interrupt met. */
TEST(it_belongs_to_who_connects)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);
	struct tcp_event opened = opens(2, 40000), closed = closes(3, 40000);

	opened.process = 0;
	closed.process = 99;
	FEED(attempts, 10, starts(1, 40000), opened, closed);
	CHECK_EQ_INT(news_at(attempts, 0)->process, 42);
	CHECK_EQ_INT(news_at(attempts, 1)->process, 42);
}

TEST(the_peer_closes_first)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);

	FEED(attempts, 10, starts(1, 40000), opens(2, 40000),
	     change(3, 40000, TCP_STATE_ESTABLISHED, TCP_STATE_CLOSE_WAIT),
	     change(7, 40000, TCP_STATE_CLOSE_WAIT, TCP_STATE_LAST_ACK),
	     change(8, 40000, TCP_STATE_LAST_ACK, TCP_STATE_CLOSE));
	REQUIRE(count_of(attempts) == 2);
	CHECK_EQ_INT(news_at(attempts, 1)->kind, NEWS_CLOSED);
	CHECK_EQ_DBL(news_at(attempts, 1)->time, 7);
}

TEST(simultaneous_open)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);

	FEED(attempts, 10, starts(1, 40000),
	     change(2, 40000, TCP_STATE_SYN_SENT, TCP_STATE_SYN_RECV),
	     change(2, 40000, TCP_STATE_SYN_RECV, TCP_STATE_ESTABLISHED), closes(4, 40000),
	     starts(5, 40000), change(6, 40000, TCP_STATE_SYN_SENT, TCP_STATE_SYN_RECV),
	     change(7, 40000, TCP_STATE_SYN_RECV, TCP_STATE_CLOSE));
	REQUIRE(count_of(attempts) == 4);
	for (size_t i = 0; i < 4; i++)
		CHECK_EQ_INT(news_at(attempts, i)->kind, i % 2 ? NEWS_CLOSED : NEWS_OPENED);
	CHECK_EQ_DBL(news_at(attempts, 1)->time, 4);
}

static const struct {
	int error;
	enum connect_failure reason;
} reasons[] = {
	{ ECONNREFUSED, CONNECT_REFUSED },    { ECONNRESET, CONNECT_RESET },
	{ ETIMEDOUT, CONNECT_TIMED_OUT },     { EHOSTUNREACH, CONNECT_UNREACHABLE },
	{ ENETUNREACH, CONNECT_UNREACHABLE }, { EHOSTDOWN, CONNECT_UNREACHABLE },
	{ ENETDOWN, CONNECT_UNREACHABLE },    { ENONET, CONNECT_UNREACHABLE },
	{ ENOPROTOOPT, CONNECT_UNREACHABLE }, { EACCES, CONNECT_UNREACHABLE },
	{ EPROTO, CONNECT_UNREACHABLE },      { EADDRNOTAVAIL, CONNECT_LOCAL_PORTS },
	{ ECONNABORTED, CONNECT_UNKNOWN },
};

TEST(a_report_behind_the_failure)
{
	for (size_t i = 0; i < ARRAY_LENGTH(reasons); i++) {
		CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);

		FEED(attempts, 2, starts(1, 40000), fails(2, 40000));
		CHECK_EQ_U64(count_of(attempts), 0);
		FEED(attempts, 2, reports(2, 40000, reasons[i].error));
		check_failure(attempts, 0, reasons[i].reason);
		FEED(attempts, 100, reports(2, 40000, reasons[i].error));
		CHECK_EQ_U64(count_of(attempts), 1);
	}
}

TEST(a_report_before_the_failure)
{
	for (size_t i = 0; i < ARRAY_LENGTH(reasons); i++) {
		CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);

		FEED(attempts, 2, starts(1, 40000), reports(2, 40000, reasons[i].error),
		     fails(2, 40000));
		check_failure(attempts, 0, reasons[i].reason);
		CHECK_EQ_DBL(news_at(attempts, 0)->started, 1);
		CHECK_EQ_DBL(news_at(attempts, 0)->time, 2);
		FEED(attempts, 3, starts(2, 40000), fails(2, 40000));
		CHECK_EQ_U64(count_of(attempts), 2);
		check_failure(attempts, 1, CONNECT_CANCELED);
	}
}

TEST(without_a_report_the_program_gave_up)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);

	FEED(attempts, 2, starts(1, 40000), fails(2, 40000));
	CHECK_EQ_U64(count_of(attempts), 0);
	FEED(attempts, 3, reports(2, 40001, ECONNREFUSED));
	check_failure(attempts, 0, CONNECT_CANCELED);
	CHECK_EQ_DBL(news_at(attempts, 0)->time, 2);
}

TEST(a_report_of_long_ago_or_much_later_is_another_s)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);

	FEED(attempts, 1, reports(1, 40000, ETIMEDOUT));
	FEED(attempts, 5, starts(4, 40000), fails(5, 40000), reports(6, 40000, ETIMEDOUT));
	feed(attempts, 9, NULL, 0);
	REQUIRE(count_of(attempts) == 1);
	check_failure(attempts, 0, CONNECT_CANCELED);
}

TEST(another_remote_end_is_another_connection)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);
	struct tcp_event report = reports(2, 40000, ECONNREFUSED);

	report.remote.port = 80;
	FEED(attempts, 3, starts(1, 40000), fails(2, 40000), report);
	report.remote = make_endpoint("10.0.0.6", 443);
	FEED(attempts, 4, starts(3, 40000), fails(4, 40000), report);
	feed(attempts, 9, NULL, 0);
	REQUIRE(count_of(attempts) == 2);
	check_failure(attempts, 0, CONNECT_CANCELED);
	check_failure(attempts, 1, CONNECT_CANCELED);
}

TEST(of_two_with_one_address_the_newest_is_meant)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);

	FEED(attempts, 2, starts(1.9, 40000), fails(2, 40000), starts(2, 40000),
	     fails(2.01, 40000), reports(2.02, 40000, ECONNREFUSED));
	REQUIRE(count_of(attempts) == 1);
	CHECK_EQ_DBL(news_at(attempts, 0)->time, 2.01);
	feed(attempts, 9, NULL, 0);
	check_failure(attempts, 1, CONNECT_CANCELED);
}

TEST(many_wait_at_once)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(20000, true, NULL, NULL);
	unsigned counts[CONNECT_FAILURE_COUNT] = { 0 };

	for (uint64_t i = 1; i <= 10000; i++)
		FEED(attempts, 2, starts(1, i), fails(2, i));
	CHECK_EQ_U64(count_of(attempts), 0);
	for (uint64_t i = 10000; i > 0; i -= 2)
		FEED(attempts, 2, reports(2, i, ECONNREFUSED));
	CHECK_EQ_U64(count_of(attempts), 5000);
	for (uint64_t i = 1; i <= 10000; i += 2)
		FEED(attempts, 2.1, reports(2.1, i, ETIMEDOUT));
	for (size_t i = 0; i < count_of(attempts); i++)
		counts[news_at(attempts, i)->reason]++;
	CHECK_EQ_INT(counts[CONNECT_REFUSED], 5000);
	CHECK_EQ_INT(counts[CONNECT_TIMED_OUT], 5000);
	feed(attempts, 9, NULL, 0);
	CHECK_EQ_U64(count_of(attempts), 10000);
}

/* Some settle while others go on to wait, so that places are used again. */
TEST(waiting_goes_on_for_long)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(100, true, NULL, NULL);
	unsigned counts[CONNECT_FAILURE_COUNT] = { 0 };

	for (unsigned i = 0; i < 5000; i++) {
		double now = 1 + i / 1000.0;
		uint64_t socket = 1 + i % 60000;

		FEED(attempts, now, starts(now, socket), fails(now, socket));
		if (i >= 100 && i % 3 == 0)
			FEED(attempts, now, reports(now, socket - 100, ECONNREFUSED));
	}
	feed(attempts, 100, NULL, 0);
	for (size_t i = 0; i < count_of(attempts); i++)
		counts[news_at(attempts, i)->reason]++;
	CHECK_EQ_U64(count_of(attempts), 5000);
	CHECK_EQ_INT(counts[CONNECT_REFUSED], 1633);
	CHECK_EQ_INT(counts[CONNECT_CANCELED], 3367);
}

TEST(no_local_port)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);
	struct tcp_event failed = fails(1, 40000);

	failed.local.port = 0;
	FEED(attempts, 1, starts(1, 40000), failed);
	check_failure(attempts, 0, CONNECT_LOCAL_PORTS);
}

TEST(an_older_kernel_says_no_reasons)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, false, NULL, NULL);
	struct tcp_event failed = fails(1, 40001);

	failed.local.port = 0;
	FEED(attempts, 1, starts(1, 40000), fails(1, 40000), starts(1, 40001), failed);
	check_failure(attempts, 0, CONNECT_UNKNOWN);
	check_failure(attempts, 1, CONNECT_LOCAL_PORTS);
}

/* Before the start, inbound, or ended already. */
TEST(what_was_not_seen_to_begin_is_nobody_s)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);

	FEED(attempts, 9, opens(1, 40000), closes(2, 40000), fails(3, 40001),
	     change(4, 40002, TCP_STATE_CLOSE_WAIT, TCP_STATE_LAST_ACK),
	     reports(5, 40001, ETIMEDOUT));
	CHECK_EQ_U64(count_of(attempts), 0);
}

/* The end of the first was not seen. */
TEST(the_address_of_a_socket_is_used_again)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);
	struct tcp_event again = starts(5, 40000);

	again.process = 43;
	FEED(attempts, 9, starts(1, 40000), opens(2, 40000), again, opens(6, 40000),
	     closes(7, 40000));
	REQUIRE(count_of(attempts) == 3);
	CHECK_EQ_INT(news_at(attempts, 1)->process, 43);
	CHECK_EQ_DBL(news_at(attempts, 2)->started, 5);
	CHECK_EQ_DBL(news_at(attempts, 2)->established, 6);
	FEED(attempts, 9, starts(8, 40001), closes(9, 40001), opens(9, 40001));
	FEED(attempts, 9, starts(8, 40002), opens(9, 40002), fails(9, 40002), closes(9, 40002));
	CHECK_EQ_U64(count_of(attempts), 4);
}

static unsigned asked;

static bool is_odd(void *context, pid_t process)
{
	CHECK(context == &asked);
	asked++;
	return process % 2;
}

TEST(some_processes_are_of_no_interest)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, is_odd, &asked);
	struct tcp_event theirs = starts(1, 40001), reused = starts(5, 40000);

	theirs.process = 41;
	reused.process = 41;
	FEED(attempts, 9, starts(1, 40000), theirs, opens(2, 40000), opens(2, 40001), reused,
	     opens(6, 40000), closes(7, 40000), closes(7, 40001));
	CHECK_EQ_INT(asked, 3);
	REQUIRE(count_of(attempts) == 1);
	CHECK_EQ_INT(news_at(attempts, 0)->local.port, 40000);
}

TEST(no_more_than_so_many)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(2, true, NULL, NULL);

	FEED(attempts, 1, starts(1, 1), starts(1, 2), starts(1, 3), starts(1, 2));
	CHECK_EQ_U64(attempts_dropped(attempts), 1);
	FEED(attempts, 2, opens(2, 1), opens(2, 2), opens(2, 3), closes(2, 1), closes(2, 3));
	CHECK_EQ_U64(count_of(attempts), 3);
	FEED(attempts, 3, starts(3, 3), opens(3, 3), starts(3, 4));
	CHECK_EQ_U64(count_of(attempts), 4);
	CHECK_EQ_U64(attempts_dropped(attempts), 2);
}

#define IN_FLIGHT 10000

/* Sockets have addresses like the kernel's, and end in another order than they began. */
static uint64_t address_of(unsigned i)
{
	return UINT64_C(0xffff888100000000) + (uint64_t)(i * 7919 % IN_FLIGHT) * 2368;
}

TEST(ten_thousand_in_flight)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(IN_FLIGHT, true, NULL, NULL);
	double sum = 0;

	for (unsigned i = 0; i < IN_FLIGHT; i++)
		FEED(attempts, 1, starts(i, address_of(i)));
	for (unsigned i = 0; i < IN_FLIGHT; i++)
		FEED(attempts, 1, opens(20000, address_of(i * 3 % IN_FLIGHT)));
	for (unsigned i = 0; i < IN_FLIGHT; i++)
		FEED(attempts, 1, closes(30000, address_of(i * 17 % IN_FLIGHT)));
	CHECK_EQ_U64(count_of(attempts), 2 * IN_FLIGHT);
	for (unsigned i = 0; i < 2 * IN_FLIGHT; i++)
		sum += news_at(attempts, i)->started;
	CHECK_EQ_DBL(sum, 1.0 * IN_FLIGHT * (IN_FLIGHT - 1));
	CHECK_EQ_U64(attempts_dropped(attempts), 0);
	FEED(attempts, 1, closes(30000, address_of(5)));
	CHECK_EQ_U64(count_of(attempts), 2 * IN_FLIGHT);
}

TEST(what_is_followed_can_be_forgotten)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(10, true, NULL, NULL);

	FEED(attempts, 2, starts(1, 1), opens(2, 1), starts(1, 2), starts(1, 3), fails(2, 3));
	attempts_news(attempts)->count = 0;
	attempts_forget(attempts);
	REQUIRE(count_of(attempts) == 1);
	check_failure(attempts, 0, CONNECT_UNKNOWN);
	FEED(attempts, 9, closes(3, 1), opens(3, 2), reports(2, 3, ECONNREFUSED));
	CHECK_EQ_U64(count_of(attempts), 1);
	FEED(attempts, 9, starts(4, 4), opens(4, 4));
	CHECK_EQ_U64(count_of(attempts), 2);
}

TEST(nothing_at_all)
{
	CLEANUP(release) struct attempts *attempts = attempts_new(0, true, NULL, NULL);

	attempts_free(NULL);
	attempts_forget(attempts);
	FEED(attempts, 9, starts(1, 1));
	CHECK_EQ_U64(count_of(attempts), 0);
	CHECK_EQ_U64(attempts_dropped(attempts), 1);
}

TEST_MAIN()
