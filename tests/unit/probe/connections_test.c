#include "probe/connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

static const int here; /* the owner of all sockets */

/* A listening socket; its address in *ret_address. */
static int listen_somewhere(struct sockaddr_in *ret_address)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(!bind(fd, (struct sockaddr *)&address, length) && !listen(fd, 64));
	CHECK(!getsockname(fd, (struct sockaddr *)&address, &length));
	*ret_address = address;
	return fd;
}

static int open_to(struct connections *connections, const struct sockaddr_in *address)
{
	return connections_open(connections, NULL, (const struct sockaddr *)address, NULL,
				&here);
}

static uint16_t local_port(int fd)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);

	CHECK(!getsockname(fd, (struct sockaddr *)&address, &length));
	return ntohs(address.sin_port);
}

static struct snapshot *look(struct connections *connections, double now)
{
	struct snapshot *snapshot = snapshot_new(now, now);

	connections_copy(connections, now, snapshot);
	return snapshot;
}

static size_t count_at(struct connections *connections, double now)
{
	struct snapshot *snapshot = look(connections, now);
	size_t count = snapshot->own_count;

	snapshot_free(snapshot);
	return count;
}

TEST(a_connection_is_listed_from_its_syn_until_long_after_its_end)
{
	struct connections *connections = connections_new(4);
	struct sockaddr_in address;
	int listener = listen_somewhere(&address), fd = open_to(connections, &address);
	struct snapshot *snapshot;
	uint16_t port;

	REQUIRE(fd >= 0);
	CHECK_EQ_U64(count_at(connections, 0), 0);
	CHECK(!connect(fd, (struct sockaddr *)&address, sizeof(address)));
	port = local_port(fd);
	snapshot = look(connections, 1);
	CHECK_EQ_U64(snapshot->own_count, 1);
	CHECK_EQ_INT(snapshot->own[0].local.port, port);
	CHECK_EQ_INT(snapshot->own[0].remote.port, ntohs(address.sin_port));
	CHECK(address_is_ipv4(&snapshot->own[0].remote.address));
	snapshot_free(snapshot);
	connections_close(connections, fd, 2);
	snapshot = look(connections, 121);
	CHECK_EQ_U64(snapshot->own_count, 1);
	CHECK_EQ_INT(snapshot->own[0].local.port, port);
	snapshot_free(snapshot);
	CHECK_EQ_U64(count_at(connections, 123), 0);
	connections_free(connections);
	close(listener);
}

TEST(a_refused_connection_is_listed_too)
{
	struct connections *connections = connections_new(4);
	struct sockaddr_in address;
	int fd;

	close(listen_somewhere(&address));
	fd = open_to(connections, &address);
	REQUIRE(fd >= 0);
	CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0);
	connections_close(connections, fd, 1);
	CHECK_EQ_U64(count_at(connections, 1), 1);
	connections_free(connections);
}

TEST(what_is_closed_behind_our_back_is_closed_when_its_owner_finishes)
{
	struct connections *connections = connections_new(4);
	struct sockaddr_in address;
	int listener = listen_somewhere(&address), fd = open_to(connections, &address), other;
	struct snapshot *snapshot;

	REQUIRE(fd >= 0);
	CHECK(!connect(fd, (struct sockaddr *)&address, sizeof(address)));
	connections_look(connections);
	close(fd);
	connections_finish(connections, &address, 1);
	connections_finish(connections, &here, 2);
	CHECK_EQ_U64(count_at(connections, 121.5), 1);

	fd = open_to(connections, &address);
	close(fd);
	other = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ_INT(other, fd);
	CHECK(!connect(other, (struct sockaddr *)&address, sizeof(address)));
	snapshot = look(connections, 121.5);
	CHECK_EQ_U64(snapshot->own_count, 1);
	snapshot_free(snapshot);
	connections_finish(connections, &here, 121.5);
	CHECK_EQ_U64(count_at(connections, 123), 0);
	connections_free(connections);
	close(other);
	close(listener);
}

TEST(a_socket_that_was_never_connected_is_not)
{
	struct connections *connections = connections_new(4);
	struct sockaddr_in address;
	int listener = listen_somewhere(&address), fd = open_to(connections, &address);

	REQUIRE(fd >= 0);
	CHECK_EQ_U64(count_at(connections, 1), 0);
	connections_close(connections, fd, 1);
	CHECK_EQ_U64(count_at(connections, 1), 0);
	connections_free(connections);
	close(listener);
}

static void open_and_close(struct connections *connections, const struct sockaddr_in *address,
			   double now)
{
	int fd = open_to(connections, address);

	CHECK(!connect(fd, (const struct sockaddr *)address, sizeof(*address)));
	connections_close(connections, fd, now);
}

TEST(the_newest_are_remembered_in_order)
{
	struct connections *connections = connections_new(20);
	struct sockaddr_in address, last;
	int listener = listen_somewhere(&address), other = listen_somewhere(&last);
	struct snapshot *snapshot;

	for (unsigned i = 0; i < 57; i++)
		open_and_close(connections, i < 56 ? &address : &last, 1);
	snapshot = look(connections, 1);
	CHECK_EQ_U64(snapshot->own_count, 20);
	CHECK_EQ_INT(snapshot->own[18].remote.port, ntohs(address.sin_port));
	CHECK_EQ_INT(snapshot->own[19].remote.port, ntohs(last.sin_port));
	snapshot_free(snapshot);
	connections_free(connections);
	close(listener);
	close(other);
}

TEST(old_ones_make_room_first)
{
	struct connections *connections = connections_new(100);
	struct sockaddr_in address;
	int listener = listen_somewhere(&address);

	for (unsigned i = 0; i < 50; i++)
		open_and_close(connections, &address, i * 10);
	CHECK_EQ_U64(count_at(connections, 490), 13);
	connections_free(connections);
	close(listener);
}

TEST(what_another_closed_is_taken_over)
{
	struct connections *old = connections_new(8), *new = connections_new(2);
	struct sockaddr_in address;
	int listener = listen_somewhere(&address);

	for (unsigned i = 0; i < 5; i++)
		open_and_close(old, &address, i);
	connections_inherit(new, old);
	connections_free(old);
	CHECK_EQ_U64(count_at(new, 5), 5);
	connections_free(new);
	close(listener);
}

TEST(only_ip_is_spoken)
{
	struct connections *connections = connections_new(1);
	struct sockaddr address = { .sa_family = AF_UNIX };

	CHECK_EQ_INT(connections_open(connections, NULL, &address, NULL, NULL), -EAFNOSUPPORT);
	connections_free(connections);
	connections_free(NULL);
}

TEST_MAIN()
