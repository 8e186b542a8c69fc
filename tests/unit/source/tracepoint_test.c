/*
 * Against the kernel that runs. A child does something with connections, in a network
 * namespace of its own where that needs settings; what others on this machine do is
 * recorded, too, so only what the child began is looked at.
 */
#include "source/tracepoint.h"

#include "source/client.h"
#include "source/traced.h"

/* The events of sockets that the child began to connect, and reports of their errors. */
static struct tcp_events own_events(const struct traced_record *record)
{
	struct tcp_events own = { 0 };
	uint64_t socket = 0;
	struct endpoint local = { 0 };

	for (size_t i = 0; i < record->events.count; i++) {
		const struct tcp_event *event = &record->events.items[i];

		if (event->from == TCP_STATE_CLOSE && event->process == record->process)
			socket = event->socket;
		if (event->socket == socket && socket)
			local = event->local;
		if (event->socket ? event->socket == socket :
				    endpoint_equal(&event->local, &local))
			tcp_events_append(&own, event);
		if (event->socket == socket && event->to != TCP_STATE_SYN_SENT &&
		    event->to != TCP_STATE_ESTABLISHED)
			socket = 0; /* it may be another one from now on */
	}
	return own;
}

static void check_endpoint(const struct endpoint *endpoint, const char *expected)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	endpoint_write(endpoint, &text);
	CHECK_EQ_STR(text_string(&text), expected);
}

static void check_change(const struct tcp_event *event, enum tcp_state from, enum tcp_state to)
{
	CHECK_EQ_INT(event->from, from);
	CHECK_EQ_INT(event->to, to);
	CHECK_EQ_INT(event->error, 0);
}

static const char *server_address;
static uint16_t server_port;

static int connect_and_close(void)
{
	struct sockaddr_storage server = client_make_address(server_address, server_port);
	CLEANUP(file_close) int fd = client_open_socket(&server, 0);

	return client_dial(fd, &server);
}

static void connect_at(const char *listen_address, const char *connect_address,
		       const char *expected_address)
{
	CLEANUP(traced_record_deinit) struct traced_record record = { 0 };
	CLEANUP(tcp_events_deinit) struct tcp_events events = { 0 };
	CLEANUP(text_deinit) struct text remote = { 0 };
	struct sockaddr_storage address;
	CLEANUP(file_close) int listener = client_listen_at(listen_address, 8, &address);
	double before = clock_monotonic();

	REQUIRE(listener >= 0);
	server_address = connect_address;
	server_port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	if (!traced_record(connect_and_close, &record))
		TEST_SKIP(traced_skip_reason);
	events = own_events(&record);
	REQUIRE(events.count == 3);
	check_change(&events.items[0], TCP_STATE_CLOSE, TCP_STATE_SYN_SENT);
	check_change(&events.items[1], TCP_STATE_SYN_SENT, TCP_STATE_ESTABLISHED);
	check_change(&events.items[2], TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1);
	text_printf(&remote, "%s:%u", expected_address, server_port);
	for (size_t i = 0; i < 3; i++) {
		check_endpoint(&events.items[i].remote, text_string(&remote));
		CHECK(events.items[i].time > before);
		CHECK(events.items[i].time < clock_monotonic());
		CHECK(!i || events.items[i].time >= events.items[i - 1].time);
	}
	CHECK_EQ_INT(events.items[0].process, record.process);
	CHECK_EQ_INT(events.items[0].local.port, 0);
	CHECK(events.items[1].local.port > 0);
	CHECK_EQ_INT(events.items[2].local.port, events.items[1].local.port);
	CHECK(address_equal(&events.items[2].local.address, &events.items[2].remote.address));
}

TEST(a_connection_is_three_events)
{
	connect_at("127.0.0.1", "127.0.0.1", "127.0.0.1");
}

TEST(ipv6_likewise)
{
	connect_at("::1", "::1", "[::1]");
}

TEST(ipv4_mapped_is_ipv4)
{
	connect_at("127.0.0.1", "::ffff:127.0.0.1", "127.0.0.1");
}

TEST(a_refused_one_has_a_report)
{
	CLEANUP(traced_record_deinit) struct traced_record record = { 0 };
	CLEANUP(tcp_events_deinit) struct tcp_events events = { 0 };

	if (!traced_record(client_refused, &record))
		TEST_SKIP(traced_skip_reason);
	if (!record.has_errors)
		TEST_SKIP("this kernel does not report errors");
	events = own_events(&record);
	REQUIRE(events.count == 3);
	check_change(&events.items[0], TCP_STATE_CLOSE, TCP_STATE_SYN_SENT);
	check_change(&events.items[1], TCP_STATE_SYN_SENT, TCP_STATE_CLOSE);
	CHECK(events.items[1].local.port > 0);
	CHECK_EQ_U64(events.items[2].socket, 0);
	CHECK_EQ_INT(events.items[2].error, ECONNREFUSED);
	CHECK(endpoint_equal(&events.items[2].local, &events.items[1].local));
	CHECK(endpoint_equal(&events.items[2].remote, &events.items[1].remote));
}

TEST(later_records_stay)
{
	double before = clock_monotonic();
	CLEANUP(traced_release) struct tracepoint *tracepoint = traced_begin();
	CLEANUP(tcp_events_deinit) struct tcp_events events = { 0 };

	if (!tracepoint)
		TEST_SKIP(traced_skip_reason);
	traced_run(client_refused);
	tracepoint_drain(tracepoint, before, &events);
	CHECK_EQ_U64(events.count, 0);
	tracepoint_drain(tracepoint, before, &events);
	CHECK_EQ_U64(events.count, 0);
	tracepoint_drain(tracepoint, clock_monotonic(), &events);
	CHECK(events.count >= 2);
	CHECK(!tracepoint_is_stale(tracepoint));
}

#define MANY 2000

static void stay_on_this_cpu(void)
{
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET((size_t)sched_getcpu(), &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
}

static int too_many(void)
{
	return client_connect_many(3 * MANY);
}

/* Each is four records, in the ring of the one CPU. */
TEST(what_does_not_fit_is_counted)
{
	CLEANUP(traced_release) struct tracepoint *tracepoint = traced_begin();
	CLEANUP(tcp_events_deinit) struct tcp_events events = { 0 };
	struct pollfd readable = { .events = POLLIN };
	cpu_set_t before;

	if (!tracepoint)
		TEST_SKIP(traced_skip_reason);
	REQUIRE(!sched_getaffinity(0, sizeof(before), &before));
	stay_on_this_cpu();
	readable.fd = tracepoint_descriptor(tracepoint);
	traced_run(too_many);
	CHECK_EQ_INT(poll(&readable, 1, 0), 1);
	tracepoint_drain(tracepoint, clock_monotonic(), &events);
	tracepoint_missed(tracepoint);
	CHECK(tracepoint_missed(tracepoint) > 0);
	CHECK(events.count + tracepoint_missed(tracepoint) >= 4 * 3 * MANY);
	traced_run(client_refused);
	tracepoint_drain(tracepoint, clock_monotonic(), &events);
	CHECK(tracepoint_lost(tracepoint) > 0);
	CHECK(events.count + tracepoint_lost(tracepoint) >= 4 * 3 * MANY);
	tracepoint_missed(tracepoint);
	CHECK(tracepoint_missed(tracepoint) > tracepoint_lost(tracepoint) / 2);
	sched_setaffinity(0, sizeof(before), &before);
}

/* Unless others fill it at this very moment. */
TEST(an_empty_ring_is_not_readable)
{
	int readable = 1;

	for (int tries = 0; tries < 5 && readable; tries++) {
		CLEANUP(traced_release) struct tracepoint *tracepoint = traced_begin();
		struct pollfd half_full = { .events = POLLIN };

		if (!tracepoint)
			TEST_SKIP(traced_skip_reason);
		half_full.fd = tracepoint_descriptor(tracepoint);
		readable = poll(&half_full, 1, 10);
	}
	CHECK_EQ_INT(readable, 0);
}

/* The only interface has no route to there. */
static int without_route(void)
{
	struct sockaddr_storage address = client_make_address("192.0.2.1", 80);

	if (client_own_namespace() < 0)
		return 1;
	return client_dial(client_open_socket(&address, 0), &address) < 0 &&
			       errno == ENETUNREACH ?
		       0 :
		       2;
}

TEST(without_a_route_nothing_happens)
{
	CLEANUP(traced_record_deinit) struct traced_record record = { 0 };
	CLEANUP(tcp_events_deinit) struct tcp_events events = { 0 };

	if (!traced_record(without_route, &record))
		TEST_SKIP(traced_skip_reason);
	events = own_events(&record);
	CHECK_EQ_U64(events.count, 0);
}

/* A report of somebody who has no right to it, if we have the right to become him. */
static int as_nobody(void)
{
	struct error err = { 0 };
	struct tracepoint *tracepoint = NULL;
	int r;

	if (!geteuid() && (setgid(65534) < 0 || setuid(65534) < 0))
		return 1;
	r = tracepoint_new(&tracepoint, &err);
	if (!r) {
		tracepoint_free(tracepoint);
		return 0;
	}
	if (r != -EACCES && r != -EPERM && r != -ENOENT)
		return 2;
	printf("# %s\n", error_string(&err));
	fflush(stdout);
	r = err.text.length > 0 ? 0 : 3;
	error_deinit(&err);
	return r;
}

TEST(without_the_right_it_says_so)
{
	traced_run(as_nobody);
}

TEST_MAIN()
