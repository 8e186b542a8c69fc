#include "source/tcp_event.h"

#include <errno.h>

#include "source/formats.h"
#include "test.h"

static void check_endpoint(const struct endpoint *endpoint, const char *expected)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	endpoint_write(endpoint, &text);
	CHECK_EQ_STR(text_string(&text), expected);
}

static void put(char *raw, size_t at, const void *value, size_t length)
{
	memcpy(raw + at, value, length);
}

/* As in the format of 6.18, of this machine's byte order. */
static void make_change(char raw[static 72])
{
	const uint16_t type = 2287, ports[] = { 40000, 443, 2, 6 };
	const uint64_t socket = UINT64_C(0xffff888113badc80);
	const uint32_t states[] = { TCP_STATE_SYN_SENT, TCP_STATE_ESTABLISHED };
	const struct address local = address_from_ipv4((const uint8_t[]){ 10, 0, 0, 1 });
	const struct address remote = address_from_ipv4((const uint8_t[]){ 10, 0, 0, 5 });

	memset(raw, 0, 72);
	put(raw, 0, &type, sizeof(type));
	put(raw, 8, &socket, sizeof(socket));
	put(raw, 16, states, sizeof(states));
	put(raw, 24, ports, sizeof(ports));
	put(raw, 40, local.byte, 16);
	put(raw, 56, remote.byte, 16);
}

static void make_error(char raw[static 60])
{
	const uint16_t type = 2286, ports[] = { 40000, 443, 2, 6 };
	const int error = ECONNREFUSED;
	const uint8_t local[16] = { [15] = 1 }, remote[16] = { 0x20, 1, 0xd, 0xb8, [15] = 5 };

	memset(raw, 0, 60);
	put(raw, 0, &type, sizeof(type));
	put(raw, 8, &error, sizeof(error));
	put(raw, 12, ports, sizeof(ports));
	put(raw, 28, local, 16);
	put(raw, 44, remote, 16);
}

static struct tcp_event_layout change_layout(void)
{
	struct tcp_event_layout layout = { 0 };

	CHECK(tcp_event_parse_change_layout(bytes_from_string(format_change), 2287, &layout));
	return layout;
}

static struct tcp_event_layout error_layout(void)
{
	struct tcp_event_layout layout = { 0 };

	CHECK(tcp_event_parse_error_layout(bytes_from_string(format_error), 2286, &layout));
	return layout;
}

TEST(a_change_of_state)
{
	struct tcp_event_layout layout = change_layout();
	struct tcp_event event;
	char raw[72];

	make_change(raw);
	REQUIRE(tcp_event_parse((struct bytes){ raw, sizeof(raw) }, &layout, &event));
	CHECK_EQ_U64(event.socket, UINT64_C(0xffff888113badc80));
	CHECK_EQ_INT(event.from, TCP_STATE_SYN_SENT);
	CHECK_EQ_INT(event.to, TCP_STATE_ESTABLISHED);
	CHECK_EQ_INT(event.error, 0);
	check_endpoint(&event.local, "10.0.0.1:40000");
	check_endpoint(&event.remote, "10.0.0.5:443");
}

TEST(an_error_report)
{
	struct tcp_event_layout layout = error_layout();
	struct tcp_event event;
	char raw[60];

	make_error(raw);
	REQUIRE(tcp_event_parse((struct bytes){ raw, sizeof(raw) }, &layout, &event));
	CHECK_EQ_U64(event.socket, 0);
	CHECK_EQ_INT(event.error, ECONNREFUSED);
	check_endpoint(&event.local, "[::1]:40000");
	check_endpoint(&event.remote, "[2001:db8::5]:443");
}

/* Padding behind it is usual. */
TEST(only_as_long_as_it_must_be)
{
	struct tcp_event_layout layout = change_layout();
	struct tcp_event event;
	char raw[80] = { 0 };

	make_change(raw);
	for (size_t length = 0; length <= sizeof(raw); length++)
		CHECK_EQ_INT(tcp_event_parse((struct bytes){ raw, length }, &layout, &event),
			     length >= 72);
}

TEST(one_is_not_the_other)
{
	struct tcp_event_layout change = change_layout(), error = error_layout();
	struct tcp_event event;
	char raw[72];

	make_change(raw);
	CHECK(!tcp_event_parse((struct bytes){ raw, sizeof(raw) }, &error, &event));
	make_error(raw);
	CHECK(!tcp_event_parse((struct bytes){ raw, sizeof(raw) }, &change, &event));
}

static bool parse_with(size_t at, uint32_t value)
{
	struct tcp_event_layout layout = change_layout();
	struct tcp_event event;
	char raw[72];

	make_change(raw);
	put(raw, at, &value, sizeof(value));
	return tcp_event_parse((struct bytes){ raw, sizeof(raw) }, &layout, &event);
}

TEST(only_states_that_there_are)
{
	for (uint32_t state = 0; state <= 14; state++) {
		CHECK_EQ_INT(parse_with(16, state), state >= 1 && state <= 12);
		CHECK_EQ_INT(parse_with(20, state), state >= 1 && state <= 12);
	}
	CHECK(!parse_with(16, UINT32_MAX));
}

TEST(only_sockets_and_errors_that_there_are)
{
	struct tcp_event_layout change = change_layout(), error = error_layout();
	const int wrong[] = { 0, -ECONNREFUSED };
	struct tcp_event event;
	char raw[72];

	make_change(raw);
	memset(raw + 8, 0, 8);
	CHECK(!tcp_event_parse((struct bytes){ raw, sizeof(raw) }, &change, &event));
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		make_error(raw);
		put(raw, 8, &wrong[i], sizeof(wrong[i]));
		CHECK(!tcp_event_parse((struct bytes){ raw, 60 }, &error, &event));
	}
}

TEST(an_older_kernel)
{
	struct tcp_event_layout layout = { 0 };
	struct tcp_event event;
	char raw[72], older[72] = { 0 };

	REQUIRE(tcp_event_parse_change_layout(bytes_from_string(format_change_older), 2287,
					      &layout));
	make_change(raw);
	put(older, 0, raw, 30);
	put(older, 39, raw + 40, 32);
	REQUIRE(tcp_event_parse((struct bytes){ older, 71 }, &layout, &event));
	check_endpoint(&event.local, "10.0.0.1:40000");
	check_endpoint(&event.remote, "10.0.0.5:443");
}

/* All but one thing is right. */
TEST(refuses_a_layout_it_cannot_live_with)
{
	static const struct {
		const char *from, *to;
	} wrong[] = {
		{ "skaddr", "skadd" },
		{ "daddr_v6[16]", "daddr_v4[16]" },
		{ "offset:8;\tsize:8", "offset:8;\tsize:6" },
		{ "offset:16;\tsize:4", "offset:16;\tsize:8" },
		{ "offset:24;\tsize:2", "offset:24;\tsize:4" },
		{ "offset:40;\tsize:16", "offset:40;\tsize:4" },
		{ "offset:0;\tsize:2", "offset:0;\tsize:1" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		CLEANUP(text_deinit) struct text text = { 0 };
		const char *at = strstr(format_change, wrong[i].from);
		struct tcp_event_layout layout = { .type = 77 };

		REQUIRE(at);
		text_append(&text, format_change, (size_t)(at - format_change));
		text_append_string(&text, wrong[i].to);
		text_append_string(&text, at + strlen(wrong[i].from));
		CHECK(!tcp_event_parse_change_layout((struct bytes){ text.data, text.length },
						     1, &layout));
		CHECK_EQ_INT(layout.type, 77);
	}
}

TEST(grows)
{
	CLEANUP(tcp_events_deinit) struct tcp_events events = { 0 };

	for (int i = 0; i < 100; i++)
		tcp_events_append(&events, &(struct tcp_event){ .error = i });
	CHECK_EQ_INT(events.count, 100);
	CHECK_EQ_INT(events.items[99].error, 99);
}

TEST_MAIN()
