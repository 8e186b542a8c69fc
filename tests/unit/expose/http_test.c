#include "expose/http.h"

#include <errno.h>

#include "http_client.h"

TEST(serves_the_page)
{
	CLEANUP(text_deinit) struct text answer = { 0 };

	set_up(20);
	ask("GET /metrics" TAIL "\r\n", &answer);
	CHECK(starts_with(&answer, "HTTP/1.1 200 OK\r\n"));
	check_has(&answer, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	check_has(&answer, "\r\nContent-Length: 20\r\n");
	check_has(&answer, "\r\nX-Content-Type-Options: nosniff\r\n");
	check_has(&answer, "\r\nVary: Accept, Accept-Encoding\r\n");
	check_has(&answer, "\r\n\r\nxxxxxxxxxxxxxxxxxxxx");
	tear_down();
}

TEST(negotiates)
{
	CLEANUP(text_deinit) struct text answer = { 0 };

	set_up(5000);
	ask("GET /metrics" TAIL "Accept: x/y\r\nAccept: application/openmetrics-text;"
	    "version=1.0.0;escaping=dots\r\n\r\n",
	    &answer);
	check_has(&answer, "\r\nContent-Type: application/openmetrics-text; version=1.0.0; "
			   "charset=utf-8; escaping=dots\r\n");
	check_has(&answer, "\r\n\r\n# EOF\n");
	ask("GET /metrics" TAIL "Accept-Encoding: gzip\r\n\r\n", &answer);
	check_has(&answer, "\r\nContent-Encoding: gzip\r\n");
	check_has(&answer, "\r\n\r\n\x1f\x8b");
	CHECK(answer.length < 1000);
	tear_down();
}

TEST(answers_head_without_a_body)
{
	CLEANUP(text_deinit) struct text answer = { 0 };

	set_up(5000);
	ask("HEAD /metrics" TAIL "\r\n", &answer);
	CHECK(starts_with(&answer, "HTTP/1.1 200 OK\r\n"));
	check_has(&answer, "\r\nContent-Length: 5000\r\n");
	CHECK_EQ_STR(strstr(text_string(&answer), "\r\n\r\n"), "\r\n\r\n");
	tear_down();
}

TEST(keeps_a_connection)
{
	CLEANUP(text_deinit) struct text answer = { 0 };
	int client;

	set_up(20);
	client = dial();
	for (int i = 0; i < 3; i++) {
		CHECK(say(client, "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"));
		hear_until(client, "\r\n\r\nHealthy\n", &answer);
		CHECK(starts_with(&answer, "HTTP/1.1 200 OK\r\n"));
		text_clear(&answer);
	}
	close(client);
	tear_down();
}

TEST(answers_pipelined_requests)
{
	CLEANUP(text_deinit) struct text answer = { 0 };

	set_up(20);
	ask("GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\nGET /nope" TAIL "\r\n", &answer);
	CHECK(starts_with(&answer, "HTTP/1.1 200 OK\r\n"));
	check_has(&answer, "HTTP/1.1 404 Not Found\r\n");
	tear_down();
}

TEST(says_no)
{
	CLEANUP(text_deinit) struct text answer = { 0 };

	set_up(20);
	check_status("GET /nope" TAIL "\r\n", "HTTP/1.1 404 Not Found\r\n");
	ask("POST /metrics" TAIL "Content-Length: 0\r\n\r\n", &answer);
	CHECK(starts_with(&answer, "HTTP/1.1 405 Method Not Allowed\r\n"));
	check_has(&answer, "\r\nAllow: GET, HEAD\r\n");
	ask("GET /-/reload" TAIL "\r\n", &answer);
	CHECK(starts_with(&answer, "HTTP/1.1 405 Method Not Allowed\r\n"));
	check_has(&answer, "\r\nAllow: POST, PUT\r\n");
	check_status("GET / HTTP/2.0\r\nHost: x\r\n\r\n", "HTTP/1.1 505 ");
	tear_down();
}

TEST(protects_the_landing_page)
{
	CLEANUP(text_deinit) struct text answer = { 0 };

	set_up(20);
	ask("GET /" TAIL "\r\n", &answer);
	check_has(&answer, "\r\nContent-Type: text/html; charset=utf-8\r\n");
	check_has(&answer, "\r\nContent-Security-Policy: default-src 'none'; ");
	check_has(&answer, "\r\nX-Frame-Options: DENY\r\n");
	check_has(&answer, "<a href=\"/metrics\">");
	tear_down();
}

TEST(does_not_serve_what_is_stale)
{
	CLEANUP(text_deinit) struct text answer = { 0 };

	set_up(20);
	publish(20, 200);
	ask("GET /metrics" TAIL "\r\n", &answer);
	CHECK(starts_with(&answer, "HTTP/1.1 503 Service Unavailable\r\n"));
	check_has(&answer, "\r\nContent-Type: text/plain; charset=utf-8\r\n");
	check_has(&answer, "\r\n\r\nstale: ");
	check_status("GET /-/ready" TAIL "\r\n", "HTTP/1.1 503 ");
	check_status("GET /-/healthy" TAIL "\r\n", "HTTP/1.1 200 ");
	allowed_age = 300;
	check_status("GET /metrics" TAIL "\r\n", "HTTP/1.1 200 ");
	tear_down();
}

TEST(listens_on_several_addresses)
{
	static const char *const addresses[] = { "127.0.0.1:0", "localhost:0", "127.0.0.1:0" };
	CLEANUP(error_deinit) struct error err = { 0 };

	board = board_new();
	allowed_age = 100;
	REQUIRE(start(addresses, 3, false, &err) == 0);
	for (size_t i = 0; i < 3; i += 2) {
		CLEANUP(text_deinit) struct text answer = { 0 };
		CLEANUP(file_close) int client = dial_buffer(http_address(http, i), 0);

		CHECK(say(client, "GET /-/healthy" TAIL "\r\n"));
		hear(client, &answer);
		CHECK(starts_with(&answer, "HTTP/1.1 200 OK\r\n"));
	}
	tear_down();
}

TEST(names_the_address_that_is_taken)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text taken = { 0 }, message = { 0 };
	struct http *first;

	set_up(20);
	text_append_string(&taken, http_address(http, 0));
	first = http;
	CHECK_EQ_INT(start((const char *[]){ "127.0.0.1:0", text_string(&taken) }, 2, true,
			   &err),
		     -EADDRINUSE);
	text_printf(&message, "cannot listen on %s: Address already in use",
		    text_string(&taken));
	CHECK_EQ_STR(error_string(&err), text_string(&message));
	http = first;
	tear_down();
}

static void *stop(void *context)
{
	(void)context;
	http_stop(http);
	return NULL;
}

TEST(finishes_answers_when_it_stops)
{
	CLEANUP(text_deinit) struct text address = { 0 }, answer = { 0 };
	pthread_t thread;
	int client, refused;

	set_up(8 << 20);
	text_append_string(&address, http_address(http, 0));
	client = dial_buffer(text_string(&address), 4096);
	CHECK(say(client, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"));
	hear_until(client, "\r\n\r\n", &answer);
	REQUIRE(pthread_create(&thread, NULL, stop, NULL) == 0);
	while ((refused = dial_buffer(text_string(&address), 0)) >= 0)
		close(refused);
	text_clear(&answer);
	hear(client, &answer);
	CHECK_EQ_U64(answer.length, 8 << 20);
	pthread_join(thread, NULL);
	close(client);
	board_free(board);
}

TEST(stops_with_idle_connections_at_once)
{
	int client;
	double before;

	set_up(20);
	client = dial();
	CHECK(say(client, "GET / HTT"));
	before = clock_monotonic();
	tear_down();
	CHECK(clock_monotonic() - before < 4);
	close(client);
	http_stop(NULL);
}

TEST_MAIN()
