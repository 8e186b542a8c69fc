/* The server among clients that are not well. */
#include <sys/resource.h>

#include "http_client.h"

TEST(refuses_bodies)
{
	CLEANUP(text_deinit) struct text chunked = { 0 }, answer = { 0 };

	set_up(20);
	check_status("GET /-/healthy" TAIL "Content-Length: 3\r\n\r\nabc", "HTTP/1.1 200 ");
	check_status("POST /metrics" TAIL "Content-Length: 1000000000\r\n\r\nabc",
		     "HTTP/1.1 413 ");
	check_status("POST /metrics" TAIL
		     "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"
		     "0\r\n\r\n",
		     "HTTP/1.1 400 ");
	text_append_string(&chunked,
			   "GET /-/healthy" TAIL "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 16; i++)
		text_printf(&chunked, "400\r\n%01024d\r\n", i);
	text_append_string(&chunked, "0\r\n\r\n");
	ask(text_string(&chunked), &answer);
	CHECK_EQ_STR(text_string(&answer), "");
	check_status("GET /-/healthy" TAIL "\r\n", "HTTP/1.1 200 ");
	tear_down();
}

TEST(refuses_a_header_of_a_megabyte)
{
	CLEANUP(text_deinit) struct text request = { 0 }, answer = { 0 };
	int client;

	set_up(20);
	text_append_string(&request, "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Long: ");
	for (int i = 0; i < 1 << 14; i++)
		text_append_string(&request, "0123456789abcdef0123456789abcdef0123456789abcdef"
					     "0123456789abcdef");
	text_append_string(&request, "\r\n\r\n");
	client = dial();
	send(client, request.data, request.length, MSG_NOSIGNAL);
	hear(client, &answer);
	CHECK(!answer.length || starts_with(&answer, "HTTP/1.1 431 "));
	close(client);
	check_status("GET /metrics" TAIL "\r\n", "HTTP/1.1 200 ");
	tear_down();
}

TEST(refuses_what_is_no_http)
{
	set_up(20);
	check_status("GET / HTTP/9.9\r\n\r\n", "HTTP/1.1 505 ");
	check_status("GET  \r\n\r\n", "HTTP/1.1 400 ");
	check_status("GET /" TAIL "Content-Length: x\r\n\r\n", "HTTP/1.1 400 ");
	check_status("GET /" TAIL "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400 ");
	tear_down();
}

TEST(survives_garbage)
{
	static const char *const garbage[] = {
		"\r\n\r\n\r\n", "GET\r\n\r\n",	       "\x16\x03\x01\x02",
		"GET / HTT",	" / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n",
	};

	set_up(20);
	for (size_t i = 0; i < ARRAY_LENGTH(garbage); i++) {
		CLEANUP(file_close) int client = dial();

		CHECK(say(client, garbage[i]));
		check_status("GET /metrics" TAIL "\r\n", "HTTP/1.1 200 ");
	}
	tear_down();
}

enum { CROWD = 500 };

static void hang_up(const int *clients, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(clients[i]);
}

/* Many descriptors; the caller's limit may be low. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

TEST(answers_among_idle_connections)
{
	int clients[CROWD];

	allow_descriptors();
	set_up(20);
	for (size_t i = 0; i < CROWD; i++) {
		clients[i] = dial();
		CHECK(clients[i] >= 0);
	}
	for (int i = 0; i < 10; i++)
		check_status("GET /metrics" TAIL "\r\n", "HTTP/1.1 200 ");
	hang_up(clients, CROWD);
	tear_down();
}

/* Half of the crowd sends a byte for each of our scrapes. */
TEST(answers_among_dripping_connections)
{
	static const char drip[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n";
	int clients[CROWD];

	set_up(20);
	for (size_t i = 0; i < CROWD; i++)
		clients[i] = dial();
	for (size_t k = 0; k < sizeof(drip) - 1; k++) {
		for (size_t i = 0; i < CROWD; i += 2)
			send(clients[i], drip + k, 1, MSG_NOSIGNAL);
		check_status("GET /metrics" TAIL "\r\n", "HTTP/1.1 200 ");
	}
	hang_up(clients, CROWD);
	tear_down();
}

TEST(answers_among_clients_that_do_not_read)
{
	int clients[CROWD];

	set_up(8 << 20);
	for (size_t i = 0; i < CROWD; i++) {
		clients[i] = dial_buffer(http_address(http, 0), 4096);
		CHECK(clients[i] >= 0);
		say(clients[i], "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	for (int i = 0; i < 5; i++)
		check_status("GET /metrics" TAIL "\r\n", "HTTP/1.1 200 ");
	hang_up(clients, CROWD);
	tear_down();
}

/* The default action of SIGPIPE would end this program. */
TEST(survives_clients_that_leave_in_the_middle)
{
	set_up(8 << 20);
	for (int i = 0; i < 50; i++) {
		const struct linger reset = { .l_onoff = 1 };
		int client = dial();
		char byte;

		CHECK(say(client, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"));
		CHECK_EQ_INT(recv(client, &byte, 1, 0), 1);
		setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(client);
	}
	check_status("GET /metrics" TAIL "\r\n", "HTTP/1.1 200 ");
	tear_down();
}

TEST_MAIN()
