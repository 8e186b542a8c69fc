#include "expose/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/file.h"
#include "test.h"

static void check_opens(const char *address, const char *start)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text bound = { 0 };
	CLEANUP(file_close) int opened = -1;

	CHECK_EQ_INT(listener_open(address, &opened, &err), 0);
	CHECK_EQ_STR(error_string(&err), "");
	REQUIRE(opened >= 0);
	listener_describe(opened, &bound);
	if (strncmp(text_string(&bound), start, strlen(start)) != 0)
		CHECK_EQ_STR(text_string(&bound), start);
	CHECK(strcmp(text_string(&bound) + strlen(start), "0") != 0);
	CHECK(fcntl(opened, F_GETFD) & FD_CLOEXEC);
	CHECK(fcntl(opened, F_GETFL) & O_NONBLOCK);
}

TEST(opens_an_address)
{
	check_opens("127.0.0.1:0", "127.0.0.1:");
	check_opens("localhost:0", "");
}

static bool have_ipv6(void)
{
	CLEANUP(file_close) int made = socket(AF_INET6, SOCK_STREAM, 0);

	return made >= 0;
}

TEST(opens_all_addresses)
{
	check_opens(":0", have_ipv6() ? "[::]:" : "0.0.0.0:");
	check_opens("0.0.0.0:0", "0.0.0.0:");
}

TEST(opens_an_address_of_ipv6)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(file_close) int opened = -1;

	if (listener_open("[::1]:0", &opened, &err) < 0)
		TEST_SKIP("this machine has no ::1");
	check_opens("[::1]:0", "[::1]:");
}

static void check_fails(const char *address, int code, const char *message)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	int opened = -7;

	CHECK_EQ_INT(listener_open(address, &opened, &err), code);
	CHECK_EQ_STR(error_string(&err), message);
	CHECK_EQ_INT(opened, -7);
}

TEST(explains_what_is_no_address)
{
	static const char *const addresses[] = {
		"",	  "10063",	    "127.0.0.1",       "127.0.0.1:",
		"::1:80", "127.0.0.1:http", "127.0.0.1:65536", "127.0.0.1:-1",
		":"
	};

	for (size_t i = 0; i < ARRAY_LENGTH(addresses); i++) {
		CLEANUP(text_deinit) struct text message = { 0 };

		text_printf(&message,
			    "cannot listen on \"%s\": expected host:port, [IPv6]:port or :port",
			    addresses[i]);
		check_fails(addresses[i], -EINVAL, text_string(&message));
	}
}

TEST(explains_what_cannot_be_had)
{
	check_fails("192.0.2.1:0", -EADDRNOTAVAIL,
		    "cannot listen on 192.0.2.1:0: Cannot assign requested address");
}

TEST(explains_a_port_that_is_taken)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text bound = { 0 }, message = { 0 };
	CLEANUP(file_close) int opened = -1;

	REQUIRE(listener_open("127.0.0.1:0", &opened, &err) == 0);
	listener_describe(opened, &bound);
	text_printf(&message, "cannot listen on %s: Address already in use",
		    text_string(&bound));
	check_fails(text_string(&bound), -EADDRINUSE, text_string(&message));
}

static void check_room(rlim_t descriptors, size_t listeners, size_t room)
{
	struct rlimit before, limit;

	REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
	limit = before;
	limit.rlim_cur = descriptors;
	REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK_EQ_U64(listener_measure_room(listeners), room);
	REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

TEST(leaves_descriptors_for_others)
{
	check_room(1024, 1, 128);
	check_room(1024, 2, 128);
	check_room(1024, 4, 64);
	check_room(256, 1, 64);
	check_room(64, 1, 16);
	check_room(64, 4, 8);
	check_room(16, 1, 8);
}

TEST_MAIN()
