/* Against a peer that answers by a script, and against this kernel. */
#include <linux/inet_diag.h>
#include <pthread.h>

#include "base/clock.h"
#include "datagram.h"
#include "loopback.h"
#include "source/sock_diag.h"
#include "test.h"

static void release(struct socket_rows *rows)
{
	socket_rows_deinit(rows);
}

static int read_rows(int socket, struct socket_rows *rows)
{
	struct socket_visitor visitor = loopback_visitor(rows);

	return sock_diag_read(socket, &visitor);
}

/* A request. */
struct asked {
	struct nlmsghdr header;
	struct inet_diag_req_v2 diag;
};

/* The other end of a socket: the answer to each request; one without bytes is none at all. */
struct peer {
	int ours, theirs;
	pthread_t thread;
	struct text answers[2];
	struct asked asked[2];
	unsigned asked_count;
};

/* Every message of it gets the number of the request. */
static void number(struct text *datagram, uint32_t sequence)
{
	for (size_t at = 0; at < datagram->length;) {
		struct nlmsghdr header;

		memcpy(&header, datagram->data + at, sizeof(header));
		header.nlmsg_seq = sequence;
		memcpy(datagram->data + at, &header, sizeof(header));
		at += NLMSG_ALIGN(header.nlmsg_len);
	}
}

static void *answer(void *context)
{
	struct peer *peer = context;

	for (unsigned i = 0; i < ARRAY_LENGTH(peer->answers); i++) {
		struct asked *asked = &peer->asked[i];
		struct text *datagram = &peer->answers[i];

		if (recv(peer->theirs, asked, sizeof(*asked), 0) != sizeof(*asked))
			break;
		peer->asked_count++;
		number(datagram, asked->header.nlmsg_seq);
		if (datagram->length)
			send(peer->theirs, datagram->data, datagram->length, 0);
	}
	return NULL;
}

static void peer_init(struct peer *peer)
{
	const struct timeval patience = { .tv_usec = 50000 };
	int ends[2];

	*peer = (struct peer){ .asked_count = 0 };
	tree_require(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends),
		     "socketpair");
	peer->ours = ends[0];
	peer->theirs = ends[1];
	setsockopt(peer->ours, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

/* What sock_diag_read() says with this peer, which has then gone. */
static int peer_read(struct peer *peer, struct socket_rows *rows)
{
	int r;

	tree_require(!pthread_create(&peer->thread, NULL, answer, peer), "pthread_create");
	r = read_rows(peer->ours, rows);
	close(peer->ours);
	pthread_join(peer->thread, NULL);
	close(peer->theirs);
	text_deinit(&peer->answers[0]);
	text_deinit(&peer->answers[1]);
	return r;
}

static void append_rows(struct text *to, unsigned count)
{
	struct inet_diag_msg message = datagram_usual_row();
	struct tcp_info info = datagram_usual_info();

	while (count--)
		datagram_append_info_row(to, &message, &info);
}

TEST(asks_for_both_families)
{
	CLEANUP(release) struct socket_rows rows = { 0 };
	struct peer peer;

	peer_init(&peer);
	append_rows(&peer.answers[0], 2);
	datagram_append_end(&peer.answers[0], NLMSG_DONE, NLM_F_MULTI, 0);
	append_rows(&peer.answers[1], 1);
	datagram_append_end(&peer.answers[1], NLMSG_DONE, NLM_F_MULTI, 0);
	CHECK_EQ_INT(peer_read(&peer, &rows), 0);
	CHECK_EQ_INT(rows.count, 3);
	REQUIRE(peer.asked_count == 2);
	CHECK_EQ_INT(peer.asked[0].diag.sdiag_family, AF_INET);
	CHECK_EQ_INT(peer.asked[1].diag.sdiag_family, AF_INET6);
	CHECK(peer.asked[0].header.nlmsg_seq != peer.asked[1].header.nlmsg_seq);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ_INT(peer.asked[i].header.nlmsg_type, SOCK_DIAG_BY_FAMILY);
		CHECK_EQ_INT(peer.asked[i].header.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
		CHECK_EQ_INT(peer.asked[i].diag.sdiag_protocol, IPPROTO_TCP);
		CHECK_EQ_INT(peer.asked[i].diag.idiag_ext, 2);
		/* 1 to 11 but 3, which would be the half-open ones. */
		CHECK_EQ_INT(peer.asked[i].diag.idiag_states, 0xff6);
	}
}

/* The result of an answer, to the first request or to the second one. */
static int read_answer(unsigned at, const struct text *datagram)
{
	CLEANUP(release) struct socket_rows rows = { 0 };
	struct peer peer;
	int r;

	peer_init(&peer);
	if (at == 1)
		datagram_append_end(&peer.answers[0], NLMSG_DONE, NLM_F_MULTI, 0);
	text_append(&peer.answers[at], text_string(datagram), datagram->length);
	r = peer_read(&peer, &rows);
	CHECK_EQ_INT(peer.asked_count, at + 1);
	return r;
}

static int read_end(unsigned at, uint16_t type, uint16_t flags, int error)
{
	CLEANUP(text_deinit) struct text datagram = { 0 };

	append_rows(&datagram, 1);
	datagram_append_end(&datagram, type, flags, error);
	return read_answer(at, &datagram);
}

TEST(failures_are_passed_on)
{
	for (unsigned at = 0; at < 2; at++) {
		CHECK_EQ_INT(read_end(at, NLMSG_ERROR, 0, -ENOENT), -ENOENT);
		CHECK_EQ_INT(read_end(at, NLMSG_DONE, NLM_F_MULTI, -ENOMEM), -ENOMEM);
		CHECK_EQ_INT(read_end(at, NLMSG_DONE, NLM_F_DUMP_INTR, 0), -EAGAIN);
		CHECK_EQ_INT(read_end(at, NLMSG_OVERRUN, NLM_F_MULTI, 0), -EBADMSG);
	}
}

TEST(silence_is_not_waited_for)
{
	CLEANUP(text_deinit) struct text nothing = { 0 }, no_end = { 0 };

	CHECK_EQ_INT(read_answer(0, &nothing), -ETIMEDOUT);
	append_rows(&no_end, 3);
	CHECK_EQ_INT(read_answer(0, &no_end), -ETIMEDOUT);
	CHECK_EQ_INT(read_answer(1, &no_end), -ETIMEDOUT);
}

/* 32 KiB fit, whatever is in them, and one byte more does not. */
TEST(a_datagram_that_does_not_fit)
{
	CLEANUP(text_deinit) struct text payload = { 0 }, datagram = { 0 }, longer = { 0 };
	struct inet_diag_msg message = datagram_usual_row();

	datagram_append_end(&datagram, NLMSG_DONE, NLM_F_MULTI, -ENOLINK);
	text_append(&payload, (const char *)&message, sizeof(message));
	datagram_append_attribute(&payload, 0x3ff, text_reserve(&longer, 32768),
				  32768 - datagram.length - 4 - 16 - payload.length);
	text_clear(&datagram);
	datagram_append(&datagram, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, &payload);
	datagram_append_end(&datagram, NLMSG_DONE, NLM_F_MULTI, -ENOLINK);
	CHECK_EQ_INT(datagram.length, 32768);
	CHECK_EQ_INT(read_answer(0, &datagram), -ENOLINK);
	datagram_append_end(&datagram, NLMSG_DONE, NLM_F_MULTI, 0);
	CHECK_EQ_INT(read_answer(0, &datagram), -EMSGSIZE);
}

TEST(what_is_no_socket)
{
	CLEANUP(file_close) int file = open("/dev/null", O_RDWR | O_CLOEXEC);
	CLEANUP(release) struct socket_rows rows = { 0 };

	CHECK_EQ_INT(read_rows(-1, &rows), -EBADF);
	CHECK_EQ_INT(read_rows(file, &rows), -ENOTSOCK);
}

TEST(a_socket_has_a_timeout)
{
	CLEANUP(file_close) int diag = sock_diag_open();
	socklen_t length = sizeof(struct timeval);
	struct timeval patience = { 0 };

	REQUIRE(diag >= 0);
	REQUIRE(!getsockopt(diag, SOL_SOCKET, SO_RCVTIMEO, &patience, &length));
	CHECK_EQ_INT(patience.tv_sec, 3);
	CHECK_EQ_INT(fcntl(diag, F_GETFD), FD_CLOEXEC);
}

/* Anybody with CAP_NET_ADMIN can send to our port, and be it before the kernel does. */
TEST(other_senders_are_ignored)
{
	CLEANUP(file_close) int diag = sock_diag_open(), stranger = sock_diag_open();
	CLEANUP(text_deinit) struct text datagram = { 0 };
	CLEANUP(release) struct socket_rows rows = { 0 };
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	socklen_t length = sizeof(address);

	REQUIRE(diag >= 0 && stranger >= 0);
	REQUIRE(!bind(diag, (struct sockaddr *)&address, sizeof(address)));
	REQUIRE(!getsockname(diag, (struct sockaddr *)&address, &length));
	datagram_append_end(&datagram, NLMSG_ERROR, 0, -ENOLINK);
	if (sendto(stranger, datagram.data, datagram.length, 0, (struct sockaddr *)&address,
		   sizeof(address)) < 0)
		TEST_SKIP("needs CAP_NET_ADMIN");
	CHECK_EQ_INT(read_rows(diag, &rows), 0);
}

static void read_kernel(struct socket_rows *rows)
{
	CLEANUP(file_close) int diag = sock_diag_open();

	tree_require(diag >= 0, "sock_diag_open");
	CHECK_EQ_INT(read_rows(diag, rows), 0);
}

/* Waits until it is all there, but does not read it. */
static void send_and_wait(int from, int to, size_t length)
{
	static char buffer[4096];

	tree_require(send(from, buffer, length, 0) == (ssize_t)length, "send");
	tree_require(recv(to, buffer, length, MSG_PEEK | MSG_WAITALL) == (ssize_t)length,
		     "recv");
}

static void check_row(const struct socket_row *row, int fd, int peer, uint64_t cookie)
{
	CHECK_EQ_INT(row->state, TCP_STATE_ESTABLISHED);
	CHECK_EQ_INT(row->local.port, loopback_port(fd));
	CHECK_EQ_INT(row->remote.port, loopback_port(peer));
	CHECK_EQ_U64(row->cookie, cookie);
	REQUIRE(row->has_info);
	CHECK(row->info.since_sent >= 0 && row->info.since_sent < 60);
	CHECK(row->info.since_received >= 0 && row->info.since_received < 60);
	CHECK(row->info.round_trip > 0 && row->info.round_trip < 1);
	CHECK_EQ_INT(row->info.retransmits, 0);
}

static void check_connection(const char *address, const char *as)
{
	CLEANUP(loopback_deinit) struct loopback loopback;
	CLEANUP(release) struct socket_rows rows = { 0 };
	const struct socket_row *client, *server, *listener;
	CLEANUP(text_deinit) struct text text = { 0 };

	loopback_init(&loopback, address);
	send_and_wait(loopback.client, loopback.server, 1000);
	read_kernel(&rows);
	client = loopback_find(&rows, loopback_inode(loopback.client));
	server = loopback_find(&rows, loopback_inode(loopback.server));
	listener = loopback_find(&rows, loopback_inode(loopback.listener));
	REQUIRE(client && server && listener);
	address_write(&client->remote.address, &text);
	CHECK_EQ_STR(text_string(&text), as);
	check_row(client, loopback.client, loopback.server, loopback_cookie(loopback.client));
	check_row(server, loopback.server, loopback.client, loopback_cookie(loopback.server));
	CHECK_EQ_U64(client->info.sent, 1000);
	CHECK_EQ_U64(client->info.received, 0);
	CHECK_EQ_INT(client->info.data_segments_out, 1);
	CHECK_EQ_INT(server->receive_queue, 1000);
	CHECK_EQ_U64(server->info.received, 1000);
	CHECK_EQ_U64(server->info.sent, 0);
	CHECK_EQ_INT(listener->state, TCP_STATE_LISTEN);
	CHECK_EQ_INT(listener->local.port, loopback_port(loopback.server));
	CHECK_EQ_INT(listener->send_queue, 5); /* the backlog */
	CHECK(!listener->has_info);
}

TEST(a_connection)
{
	check_connection("127.0.0.1", "127.0.0.1");
}

TEST(a_connection_of_ipv6)
{
	if (!loopback_has_ipv6())
		TEST_SKIP("this machine has no ::1");
	check_connection("::1", "::1");
	check_connection("::ffff:127.0.0.1", "127.0.0.1");
}

/* Reads until a socket is in a state, which an acknowledgement may put off by 40 ms. */
static const struct socket_row *wait_for_state(struct socket_rows *rows, int fd,
					       enum tcp_state state)
{
	const struct socket_row *row = NULL;
	double end = clock_monotonic() + 10;

	while ((!row || row->state != state) && clock_monotonic() < end) {
		rows->count = 0;
		read_kernel(rows);
		row = loopback_find(rows, loopback_inode(fd));
	}
	return row && row->state == state ? row : NULL;
}

/* The SYN and the FIN count in the acknowledgements, the peer's FIN in what was received. */
TEST(a_connection_that_was_shut_down)
{
	CLEANUP(loopback_deinit) struct loopback loopback;
	CLEANUP(release) struct socket_rows rows = { 0 };
	const struct socket_row *client, *server;

	loopback_init(&loopback, "127.0.0.1");
	send_and_wait(loopback.client, loopback.server, 10);
	REQUIRE(!shutdown(loopback.client, SHUT_WR));
	client = wait_for_state(&rows, loopback.client, TCP_STATE_FIN_WAIT2);
	server = loopback_find(&rows, loopback_inode(loopback.server));
	REQUIRE(client && server && client->has_info && server->has_info);
	CHECK_EQ_U64(client->info.sent, 10);
	CHECK_EQ_U64(client->info.acknowledged, 12);
	CHECK_EQ_INT(server->state, TCP_STATE_CLOSE_WAIT);
	CHECK_EQ_U64(server->info.received, 11);
	CHECK_EQ_INT(server->receive_queue, 11);
}

/* The cookie stays, if it was ever asked for, so that its past can be found. */
TEST(a_connection_in_time_wait)
{
	CLEANUP(loopback_deinit) struct loopback loopback;
	CLEANUP(release) struct socket_rows rows = { 0 };
	const struct socket_row *row = NULL;
	uint64_t cookie;
	uint16_t port;
	char byte;

	loopback_init(&loopback, "127.0.0.1");
	cookie = loopback_cookie(loopback.client);
	port = loopback_port(loopback.client);
	REQUIRE(!shutdown(loopback.client, SHUT_WR));
	CHECK_EQ_INT(recv(loopback.server, &byte, 1, 0), 0);
	file_close(&loopback.server);
	CHECK_EQ_INT(recv(loopback.client, &byte, 1, 0), 0);
	file_close(&loopback.client);
	loopback.server = loopback.client = -1;
	read_kernel(&rows);
	for (size_t i = 0; i < rows.count; i++)
		row = rows.items[i].cookie == cookie ? &rows.items[i] : row;
	REQUIRE(row);
	CHECK_EQ_INT(row->state, TCP_STATE_TIME_WAIT);
	CHECK_EQ_INT(row->timer, SOCKET_TIMER_TIME_WAIT);
	CHECK_EQ_INT(row->local.port, port);
	CHECK_EQ_U64(row->inode, 0);
	CHECK(!row->has_info);
}

/* A full backlog answers no SYN. */
TEST(a_connection_that_is_not_answered)
{
	CLEANUP(release) struct socket_rows rows = { 0 };
	const struct socket_row *waiting, *full;
	struct sockaddr_in6 remote;
	CLEANUP(file_close) int listener = loopback_listen("127.0.0.1", 0, &remote);
	CLEANUP(file_close) int first = loopback_connect(&remote, 0);
	CLEANUP(file_close) int second = loopback_connect(&remote, SOCK_NONBLOCK);

	read_kernel(&rows);
	full = loopback_find(&rows, loopback_inode(listener));
	REQUIRE(full && first >= 0);
	CHECK_EQ_INT(full->receive_queue, 1);
	waiting = loopback_find(&rows, loopback_inode(second));
	REQUIRE(waiting && waiting->state == TCP_STATE_SYN_SENT && waiting->has_info);
	CHECK_EQ_INT(waiting->timer, SOCKET_TIMER_RETRANSMIT);
	CHECK_EQ_INT(waiting->send_queue, 1);
	CHECK_EQ_DBL(waiting->info.since_sent, 0);
	CHECK_EQ_DBL(waiting->info.since_received, 0);
	CHECK_EQ_U64(waiting->info.sent, 0);
	CHECK_EQ_DBL(waiting->info.round_trip, 0);
}

/* Many datagrams, and the same socket again: each row once. */
TEST(many_connections)
{
	CLEANUP(file_close) int diag = sock_diag_open();
	static struct loopback all[150];
	unsigned missing = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(all); i++)
		loopback_init(&all[i], "127.0.0.1");
	for (unsigned round = 0; round < 3; round++) {
		CLEANUP(release) struct socket_rows rows = { 0 };

		CHECK_EQ_INT(read_rows(diag, &rows), 0);
		for (size_t i = 0; i < ARRAY_LENGTH(all); i++)
			missing += !loopback_find(&rows, loopback_inode(all[i].client)) ||
				   !loopback_find(&rows, loopback_inode(all[i].server)) ||
				   !loopback_find(&rows, loopback_inode(all[i].listener));
	}
	CHECK_EQ_INT(missing, 0);
	for (size_t i = 0; i < ARRAY_LENGTH(all); i++)
		loopback_deinit(&all[i]);
}

TEST_MAIN()
