#include "source/sock_diag.h"

#include "base/memory.h"
#include "datagram.h"
#include "loopback.h"
#include "test.h"

#define END_OF(field) (offsetof(struct tcp_info, field) + sizeof(((struct tcp_info *)0)->field))

static void release(struct socket_rows *rows)
{
	socket_rows_deinit(rows);
}

/* Of a copy of just that length, at an odd address; *ret_error is -1 when it was not set. */
static enum sock_diag_part parse_bytes(const char *data, size_t length,
				       struct socket_rows *rows, int *ret_error)
{
	CLEANUP(memory_free_pointer) char *copy = memory_new(1, length + 1);
	struct socket_visitor visitor = loopback_visitor(rows);

	memcpy(copy + 1, data, length);
	*ret_error = -1;
	return sock_diag_parse((struct bytes){ copy + 1, length }, DATAGRAM_SEQUENCE, &visitor,
			       ret_error);
}

static enum sock_diag_part parse(const struct text *datagram, struct socket_rows *rows)
{
	int error;

	return parse_bytes(text_string(datagram), datagram->length, rows, &error);
}

/* The row that one message of the kernel makes. */
static bool parse_one(const struct inet_diag_msg *message, const struct tcp_info *info,
		      struct socket_row *ret_row)
{
	CLEANUP(release) struct socket_rows rows = { 0 };
	CLEANUP(text_deinit) struct text datagram = { 0 };

	datagram_append_info_row(&datagram, message, info);
	if (parse(&datagram, &rows) != SOCK_DIAG_MORE || rows.count != 1)
		return false;
	*ret_row = rows.items[0];
	return true;
}

static void check_endpoint(const struct endpoint *endpoint, const char *expected)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	endpoint_write(endpoint, &text);
	CHECK_EQ_STR(text_string(&text), expected);
}

TEST(a_row_of_ipv4)
{
	struct inet_diag_msg message = datagram_usual_row();
	struct tcp_info info = datagram_usual_info();
	struct socket_row row;

	message.idiag_timer = SOCKET_TIMER_RETRANSMIT;
	message.idiag_retrans = 5;
	message.idiag_rqueue = 1024;
	message.idiag_wqueue = 3000000000;
	REQUIRE(parse_one(&message, &info, &row));
	check_endpoint(&row.local, "10.0.0.1:40000");
	check_endpoint(&row.remote, "10.0.0.5:443");
	CHECK_EQ_INT(row.state, TCP_STATE_ESTABLISHED);
	CHECK_EQ_INT(row.timer, SOCKET_TIMER_RETRANSMIT);
	CHECK_EQ_INT(row.backoff, 5);
	CHECK_EQ_U64(row.inode, 4000000000);
	CHECK_EQ_U64(row.cookie, 0x0123456789abcdef);
	CHECK_EQ_INT(row.receive_queue, 1024);
	CHECK_EQ_INT(row.send_queue, 3000000000);
	REQUIRE(row.has_info);
	CHECK_EQ_U64(row.info.sent, 8000001000);
	CHECK_EQ_U64(row.info.acknowledged, 8000000001);
	CHECK_EQ_U64(row.info.received, 7000000000);
	CHECK_EQ_DBL(row.info.since_sent, 1.5);
	CHECK_EQ_DBL(row.info.since_received, 0.25);
	CHECK_EQ_DBL(row.info.round_trip, 0.020125);
	CHECK_EQ_INT(row.info.retransmits, 3);
	CHECK_EQ_INT(row.info.data_segments_out, 22);
}

TEST(a_row_of_ipv6)
{
	struct inet_diag_msg message = datagram_usual_row();
	struct socket_row row;

	message.idiag_family = AF_INET6;
	REQUIRE(inet_pton(AF_INET6, "2001:db8::1", message.id.idiag_src) == 1);
	REQUIRE(inet_pton(AF_INET6, "2001:db8::2", message.id.idiag_dst) == 1);
	REQUIRE(parse_one(&message, NULL, &row));
	check_endpoint(&row.local, "[2001:db8::1]:40000");
	check_endpoint(&row.remote, "[2001:db8::2]:443");
}

TEST(ipv4_mapped_is_ipv4)
{
	struct inet_diag_msg message = datagram_usual_row();
	struct socket_row row;

	message.idiag_family = AF_INET6;
	REQUIRE(inet_pton(AF_INET6, "::ffff:10.0.0.1", message.id.idiag_src) == 1);
	REQUIRE(inet_pton(AF_INET6, "::ffff:10.0.0.5", message.id.idiag_dst) == 1);
	REQUIRE(parse_one(&message, NULL, &row));
	check_endpoint(&row.local, "10.0.0.1:40000");
	CHECK(address_is_ipv4(&row.remote.address));
}

/* The kernel leaves the rest of the address zero, but it need not. */
TEST(only_4_bytes_of_an_ipv4_address_count)
{
	struct inet_diag_msg message = datagram_usual_row();
	struct socket_row row;

	memset(&message.id.idiag_src[1], 0xff, 12);
	REQUIRE(parse_one(&message, NULL, &row));
	check_endpoint(&row.local, "10.0.0.1:40000");
}

/* Kernels from 4.6 to the future: what is not there is not read, what is new is skipped. */
TEST(every_length_of_tcp_info)
{
	char longer[sizeof(struct tcp_info) + 40];
	const struct tcp_info info = datagram_usual_info();

	memset(longer, 0xff, sizeof(longer));
	memcpy(longer, &info, sizeof(info));
	for (size_t length = 0; length <= sizeof(longer); length++) {
		CLEANUP(text_deinit) struct text attributes = { 0 }, datagram = { 0 };
		CLEANUP(release) struct socket_rows rows = { 0 };
		struct inet_diag_msg message = datagram_usual_row();

		datagram_append_attribute(&attributes, INET_DIAG_INFO, longer, length);
		datagram_append_row(&datagram, &message, &attributes);
		REQUIRE(parse(&datagram, &rows) == SOCK_DIAG_MORE && rows.count == 1);
		CHECK_EQ_INT(rows.items[0].has_info, length >= END_OF(tcpi_data_segs_out));
		if (!rows.items[0].has_info)
			continue;
		CHECK_EQ_U64(rows.items[0].info.sent,
			     length < END_OF(tcpi_bytes_retrans) ? 8000000001 : 8000001000);
		CHECK_EQ_U64(rows.items[0].info.received, 7000000000);
		CHECK_EQ_INT(rows.items[0].info.data_segments_out, 22);
	}
}

/* Counted when it is tried, and so perhaps never sent. */
TEST(more_retransmitted_than_sent)
{
	struct inet_diag_msg message = datagram_usual_row();
	struct tcp_info info = datagram_usual_info();
	struct socket_row row;

	info.tcpi_bytes_sent = 100;
	info.tcpi_bytes_retrans = 101;
	REQUIRE(parse_one(&message, &info, &row));
	CHECK_EQ_U64(row.info.sent, 0);
}

TEST(syn_sent_has_no_times)
{
	struct inet_diag_msg message = datagram_usual_row();
	struct tcp_info info = datagram_usual_info();
	struct socket_row row;

	message.idiag_state = TCP_STATE_SYN_SENT;
	info.tcpi_last_data_sent = info.tcpi_last_data_recv = 3125228;
	REQUIRE(parse_one(&message, &info, &row) && row.has_info);
	CHECK_EQ_DBL(row.info.since_sent, 0);
	CHECK_EQ_DBL(row.info.since_received, 0);
	CHECK_EQ_INT(row.info.retransmits, 3);
}

/* The kernel sends tcp_info with a listener's row; hardly a field means there what it says. */
TEST(a_listener_has_no_info)
{
	struct inet_diag_msg message = datagram_usual_row();
	struct tcp_info info = datagram_usual_info();
	struct socket_row row;

	message.idiag_state = TCP_STATE_LISTEN;
	message.idiag_rqueue = 2;
	message.idiag_wqueue = 128;
	REQUIRE(parse_one(&message, &info, &row));
	CHECK(!row.has_info);
	CHECK_EQ_U64(row.info.received, 0);
	CHECK_EQ_INT(row.receive_queue, 2);
	CHECK_EQ_INT(row.send_queue, 128);
}

TEST(time_wait_has_neither_info_nor_owner)
{
	struct inet_diag_msg message = datagram_usual_row();
	struct socket_row row;

	message.idiag_state = TCP_STATE_TIME_WAIT;
	message.idiag_timer = SOCKET_TIMER_TIME_WAIT;
	message.idiag_inode = 0;
	REQUIRE(parse_one(&message, NULL, &row));
	CHECK_EQ_INT(row.state, TCP_STATE_TIME_WAIT);
	CHECK_EQ_INT(row.timer, SOCKET_TIMER_TIME_WAIT);
	CHECK(!row.has_info);
	CHECK_EQ_U64(row.inode, 0);
}

TEST(no_cookie_is_0)
{
	struct inet_diag_msg message = datagram_usual_row();
	struct socket_row row;

	message.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	REQUIRE(parse_one(&message, NULL, &row));
	CHECK_EQ_U64(row.cookie, 0x01234567ffffffff);
	message.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	REQUIRE(parse_one(&message, NULL, &row));
	CHECK_EQ_U64(row.cookie, 0);
}

TEST(every_state_and_timer)
{
	for (unsigned value = 0; value <= UINT8_MAX; value++) {
		struct inet_diag_msg message = datagram_usual_row();
		struct socket_row row;
		bool known = value >= 1 && value <= 12;

		message.idiag_state = (uint8_t)value;
		CHECK(parse_one(&message, NULL, &row) == known);
		CHECK(!known || row.state == value);
		message.idiag_state = TCP_STATE_ESTABLISHED;
		message.idiag_timer = (uint8_t)value;
		REQUIRE(parse_one(&message, NULL, &row));
		CHECK_EQ_INT(row.timer, value <= 4 ? value : SOCKET_TIMER_NONE);
	}
}

TEST(other_families_are_refused)
{
	struct inet_diag_msg message = datagram_usual_row();
	struct socket_row row;

	message.idiag_family = AF_UNSPEC;
	CHECK(!parse_one(&message, NULL, &row));
	message.idiag_family = AF_UNIX;
	CHECK(!parse_one(&message, NULL, &row));
}

TEST(other_attributes_are_skipped)
{
	CLEANUP(text_deinit) struct text attributes = { 0 }, datagram = { 0 };
	CLEANUP(release) struct socket_rows rows = { 0 };
	struct inet_diag_msg message = datagram_usual_row();
	struct tcp_info info = datagram_usual_info();

	datagram_append_attribute(&attributes, INET_DIAG_SHUTDOWN, "x", 1);
	datagram_append_attribute(&attributes, INET_DIAG_PAD, NULL, 0);
	datagram_append_attribute(&attributes, 0x3fff, "unheard of", 10);
	datagram_append_attribute(&attributes, INET_DIAG_INFO | NLA_F_NESTED, &info,
				  sizeof(info));
	datagram_append_attribute(&attributes, INET_DIAG_CGROUP_ID, "12345678", 8);
	datagram_append_row(&datagram, &message, &attributes);
	REQUIRE(parse(&datagram, &rows) == SOCK_DIAG_MORE && rows.count == 1);
	CHECK_EQ_U64(rows.items[0].info.received, 7000000000);
}

TEST(an_empty_tcp_info_is_none)
{
	CLEANUP(text_deinit) struct text attributes = { 0 }, datagram = { 0 };
	CLEANUP(release) struct socket_rows rows = { 0 };
	struct inet_diag_msg message = datagram_usual_row();

	datagram_append_attribute(&attributes, INET_DIAG_INFO, NULL, 0);
	datagram_append_row(&datagram, &message, &attributes);
	REQUIRE(parse(&datagram, &rows) == SOCK_DIAG_MORE && rows.count == 1);
	CHECK(!rows.items[0].has_info);
}

/* An attribute shorter than its own head, or longer than the message, or half a head. */
TEST(malformed_attributes)
{
	static const struct {
		const char *data;
		size_t length;
	} wrong[] = {
		{ "\0\0\2\0", 4 }, { "\1\0\2\0", 4 },	   { "\3\0\2\0", 4 },
		{ "\5\0\2\0", 4 }, { "\11\0\2\0abcd", 8 }, { "\377\377\2\0", 4 },
		{ "\4", 1 },	   { "\4\0\2", 3 },	   { "\5\0\10\0a\0\0\0\4\0", 10 },
	};
	struct inet_diag_msg message = datagram_usual_row();

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		CLEANUP(text_deinit) struct text attributes = { 0 }, datagram = { 0 };
		CLEANUP(release) struct socket_rows rows = { 0 };

		text_append(&attributes, wrong[i].data, wrong[i].length);
		datagram_append_row(&datagram, &message, &attributes);
		CHECK_EQ_INT(parse(&datagram, &rows), SOCK_DIAG_BROKEN);
		CHECK_EQ_INT(rows.count, 0);
	}
}

TEST(malformed_messages)
{
	static const uint32_t lengths[] = { 0, 1, 15, 16, 87, 89, 0x7fffffff, UINT32_MAX };
	struct inet_diag_msg message = datagram_usual_row();

	for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
		CLEANUP(text_deinit) struct text datagram = { 0 };
		CLEANUP(release) struct socket_rows rows = { 0 };

		datagram_append_info_row(&datagram, &message, NULL);
		REQUIRE(datagram.length == 88);
		memcpy(datagram.data, &lengths[i], sizeof(lengths[i]));
		CHECK_EQ_INT(parse(&datagram, &rows), SOCK_DIAG_BROKEN);
		CHECK_EQ_INT(rows.count, 0);
	}
}

TEST(several_rows_and_the_end)
{
	CLEANUP(text_deinit) struct text datagram = { 0 };
	CLEANUP(release) struct socket_rows rows = { 0 };
	struct inet_diag_msg message = datagram_usual_row();
	struct tcp_info info = datagram_usual_info();

	for (uint16_t i = 0; i < 3; i++) {
		message.id.idiag_sport = htons((uint16_t)(1000 + i));
		datagram_append_info_row(&datagram, &message, i == 1 ? NULL : &info);
	}
	CHECK_EQ_INT(parse(&datagram, &rows), SOCK_DIAG_MORE);
	datagram_append_end(&datagram, NLMSG_DONE, NLM_F_MULTI, 0);
	CHECK_EQ_INT(parse(&datagram, &rows), SOCK_DIAG_DONE);
	REQUIRE(rows.count == 6);
	CHECK_EQ_INT(rows.items[5].local.port, 1002);
	CHECK(rows.items[3].has_info && !rows.items[4].has_info && rows.items[5].has_info);
}

/* Cut anywhere: what is whole is shown, the rest is refused, and nothing is read beyond it. */
TEST(every_prefix_of_a_datagram)
{
	CLEANUP(text_deinit) struct text datagram = { 0 };
	struct inet_diag_msg message = datagram_usual_row();
	struct tcp_info info = datagram_usual_info();
	size_t one;

	datagram_append_info_row(&datagram, &message, &info);
	one = datagram.length;
	datagram_append_info_row(&datagram, &message, NULL);
	datagram_append_end(&datagram, NLMSG_DONE, NLM_F_MULTI, 0);
	for (size_t length = 0; length < datagram.length; length++) {
		CLEANUP(release) struct socket_rows rows = { 0 };
		bool whole = length == one || length == one + 88;
		int error;

		CHECK_EQ_INT(parse_bytes(datagram.data, length, &rows, &error),
			     whole ? SOCK_DIAG_MORE : SOCK_DIAG_BROKEN);
		CHECK_EQ_INT(rows.count, (length >= one) + (length >= one + 88));
		CHECK_EQ_INT(error, -1);
	}
}

/* The last message of a datagram need not be padded. */
TEST(a_last_message_without_padding)
{
	CLEANUP(text_deinit) struct text payload = { 0 }, datagram = { 0 };
	CLEANUP(release) struct socket_rows rows = { 0 };
	struct inet_diag_msg message = datagram_usual_row();
	int error;

	text_append(&payload, (const char *)&message, sizeof(message));
	text_append(&payload, "\5\0\10\0a", 5);
	datagram_append(&datagram, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, &payload);
	CHECK_EQ_INT(parse_bytes(datagram.data, datagram.length - 3, &rows, &error),
		     SOCK_DIAG_MORE);
	CHECK_EQ_INT(rows.count, 1);
}

TEST(an_answer_to_another_request)
{
	CLEANUP(text_deinit) struct text datagram = { 0 };
	CLEANUP(release) struct socket_rows rows = { 0 };
	struct socket_visitor visitor = loopback_visitor(&rows);
	struct inet_diag_msg message = datagram_usual_row();
	int error = 0;

	datagram_append_info_row(&datagram, &message, NULL);
	CHECK_EQ_INT(sock_diag_parse((struct bytes){ datagram.data, datagram.length },
				     DATAGRAM_SEQUENCE + 1, &visitor, &error),
		     SOCK_DIAG_BROKEN);
	CHECK_EQ_INT(rows.count, 0);
}

TEST(messages_that_are_no_rows)
{
	static const uint16_t types[] = { 0, NLMSG_NOOP, NLMSG_OVERRUN, 18, 21, UINT16_MAX };
	struct inet_diag_msg message = datagram_usual_row();

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		CLEANUP(text_deinit) struct text payload = { 0 }, datagram = { 0 };
		CLEANUP(release) struct socket_rows rows = { 0 };

		text_append(&payload, (const char *)&message, sizeof(message));
		datagram_append(&datagram, types[i], NLM_F_MULTI, &payload);
		CHECK_EQ_INT(parse(&datagram, &rows), SOCK_DIAG_BROKEN);
		CHECK_EQ_INT(rows.count, 0);
	}
}

static void check_end(uint16_t type, uint16_t flags, int value, enum sock_diag_part expected,
		      int expected_error)
{
	CLEANUP(text_deinit) struct text datagram = { 0 };
	CLEANUP(release) struct socket_rows rows = { 0 };
	int error;

	datagram_append_end(&datagram, type, flags, value);
	CHECK_EQ_INT(parse_bytes(datagram.data, datagram.length, &rows, &error), expected);
	CHECK_EQ_INT(error, expected_error);
}

TEST(how_an_answer_ends)
{
	check_end(NLMSG_DONE, NLM_F_MULTI, 0, SOCK_DIAG_DONE, -1);
	check_end(NLMSG_DONE, NLM_F_MULTI, -ENOENT, SOCK_DIAG_FAILED, -ENOENT);
	check_end(NLMSG_DONE, NLM_F_MULTI, 1, SOCK_DIAG_BROKEN, -1);
	check_end(NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, 0, SOCK_DIAG_FAILED, -EAGAIN);
	check_end(NLMSG_ERROR, 0, -EPERM, SOCK_DIAG_FAILED, -EPERM);
	check_end(NLMSG_ERROR, 0, 0, SOCK_DIAG_BROKEN, -1);
	check_end(NLMSG_ERROR, 0, ENOENT, SOCK_DIAG_BROKEN, -1);
}

TEST(an_end_without_its_number)
{
	static const uint16_t types[] = { NLMSG_DONE, NLMSG_ERROR };

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		CLEANUP(text_deinit) struct text payload = { 0 }, datagram = { 0 };
		CLEANUP(release) struct socket_rows rows = { 0 };

		text_append(&payload, "\0\0\0", 3);
		datagram_append(&datagram, types[i], NLM_F_MULTI, &payload);
		CHECK_EQ_INT(parse(&datagram, &rows), SOCK_DIAG_BROKEN);
	}
}

/* The row with the flag is not to be trusted any more than what follows. */
TEST(an_interrupted_dump)
{
	CLEANUP(text_deinit) struct text payload = { 0 }, datagram = { 0 };
	CLEANUP(release) struct socket_rows rows = { 0 };
	struct inet_diag_msg message = datagram_usual_row();
	int error;

	datagram_append_info_row(&datagram, &message, NULL);
	text_append(&payload, (const char *)&message, sizeof(message));
	datagram_append(&datagram, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI | NLM_F_DUMP_INTR,
			&payload);
	datagram_append_end(&datagram, NLMSG_DONE, NLM_F_MULTI, 0);
	CHECK_EQ_INT(parse_bytes(datagram.data, datagram.length, &rows, &error),
		     SOCK_DIAG_FAILED);
	CHECK_EQ_INT(error, -EAGAIN);
	CHECK_EQ_INT(rows.count, 1);
}

TEST_MAIN()
