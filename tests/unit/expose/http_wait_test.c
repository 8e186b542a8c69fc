/* Answers that come later, from other threads: of the server as it is. */
#include "expose/http_wait.h"

#include "http_client.h"

#define RELOAD "POST /-/reload" TAIL
#define PROBE "GET /probe?target=a"

TEST(reloads)
{
	CLEANUP(text_deinit) struct text answer = { 0 };

	set_up(20);
	ask(RELOAD "Content-Length: 0\r\n\r\n", &answer);
	CHECK(starts_with(&answer, "HTTP/1.1 200 OK\r\n"));
	check_has(&answer, "\r\nContent-Type: text/plain; charset=utf-8\r\n");
	check_has(&answer, "\r\n\r\nreloaded\n");
	check_status("PUT /-/reload" TAIL "\r\n", "HTTP/1.1 200 ");
	check_status(RELOAD "Content-Length: 3\r\n\r\nabc", "HTTP/1.1 200 ");
	CHECK_EQ_INT(wait_count, 3);
	tear_down();
}

TEST(waits_and_answers_others_meanwhile)
{
	CLEANUP(text_deinit) struct text answer = { 0 };
	int client;

	set_up(20);
	reply_mode = REPLY_LATER;
	client = dial();
	CHECK(say(client, RELOAD "\r\n"));
	await(1);
	check_status("GET /metrics" TAIL "\r\n", "HTTP/1.1 200 ");
	finish(0, 500, NULL, "no");
	hear(client, &answer);
	CHECK(starts_with(&answer, "HTTP/1.1 500 "));
	check_has(&answer, "\r\n\r\nno\n");
	close(client);
	tear_down();
}

static void check_probe(const char *request, const char *expected)
{
	check_status(request, "HTTP/1.1 200 ");
	CHECK_EQ_STR(text_string(&asked), expected);
}

TEST(probes)
{
	CLEANUP(text_deinit) struct text answer = { 0 };

	set_up(20);
	ask("GET /probe?target=http%3a%2f%2fx%2f%3fa%3db+c&module=m&hostname=h&debug=true" TAIL
	    "X-Prometheus-Scrape-Timeout-Seconds: 2.5\r\n\r\n",
	    &answer);
	CHECK(starts_with(&answer, "HTTP/1.1 200 OK\r\n"));
	check_has(&answer, "\r\nCache-Control: no-store\r\n");
	check_has(&answer, "\r\n\r\nprobe_success 1\n");
	CHECK_EQ_STR(text_string(&asked),
		     "target=http://x/?a=b c module=m hostname=h debug=1 timeout=2.5");
	check_probe("GET /probe" TAIL "\r\n",
		    "target=- module=- hostname=- debug=0 timeout=nan");
	check_probe("GET /probe?target=a&target=b&module=&debug=1&debug&x=y&&=z" TAIL "\r\n",
		    "target=a module=- hostname=- debug=0 timeout=nan");
	ask("HEAD /probe?target=h" TAIL "\r\n", &answer);
	CHECK(starts_with(&answer, "HTTP/1.1 200 OK\r\n"));
	check_has(&answer, "\r\nContent-Length: 16\r\n");
	CHECK_EQ_STR(strstr(text_string(&answer), "\r\n\r\n"), "\r\n\r\n");
	check_status("POST /probe?target=a" TAIL "Content-Length: 0\r\n\r\n", "HTTP/1.1 405 ");
	tear_down();
}

TEST(sends_what_it_is_given)
{
	CLEANUP(text_deinit) struct text page = { 0 }, answer = { 0 };
	int client;

	set_up(20);
	reply_mode = REPLY_LATER;
	for (int i = 0; i < 100; i++)
		text_append_string(&page, "probe_success 1\n");
	for (unsigned i = 0; i < 2; i++) {
		client = dial();
		CHECK(say(client,
			  i ? PROBE TAIL "Accept-Encoding: gzip\r\n\r\n" : PROBE TAIL "\r\n"));
		await(i + 1);
		finish(i, 200, "text/x", text_string(&page));
		text_clear(&answer);
		hear(client, &answer);
		check_has(&answer, "\r\nContent-Type: text/x\r\n");
		check_has(&answer, i ? "\r\nContent-Encoding: gzip\r\n" :
				       "\r\nContent-Length: 1600\r\n");
		close(client);
	}
	CHECK(answer.length < 500);
	tear_down();
}

TEST(refuses_what_cannot_be_meant)
{
	CLEANUP(text_deinit) struct text answer = { 0 };
	static const char *const timeouts[] = {
		"abc", "1s", "nan", "inf", "0x1", "1 2", "1e999"
	};

	set_up(20);
	for (size_t i = 0; i < ARRAY_LENGTH(timeouts); i++) {
		CLEANUP(text_deinit) struct text request = { 0 };

		text_printf(&request,
			    PROBE TAIL "X-Prometheus-Scrape-Timeout-Seconds: %s\r\n\r\n",
			    timeouts[i]);
		ask(text_string(&request), &answer);
		CHECK(starts_with(&answer, "HTTP/1.1 400 "));
		check_has(&answer, "\r\n\r\nFailed to parse timeout from Prometheus header: ");
	}
	check_status("GET /probe?target=a%00b" TAIL "\r\n", "HTTP/1.1 400 ");
	check_status("GET /probe?target=a&module=%00" TAIL "\r\n", "HTTP/1.1 400 ");
	CHECK_EQ_INT(wait_count, 0);
	check_probe("GET /probe?target=%zz%&module=%c3%bc%ff" TAIL
		    "X-Prometheus-Scrape-Timeout-Seconds: -3\r\n\r\n",
		    "target=%zz% module=\xc3\xbc\xff hostname=- debug=0 timeout=nan");
	tear_down();
}

/* It goes into a header, and is what a certificate must have. */
TEST(refuses_a_hostname_that_is_none)
{
	static const char *const names[] = { ".",     "[]",
					     ":8443", "evil%0d%0aX-Injected:%20yes",
					     "a+b",   "a/b",
					     "u@a",   "a:99999" };

	set_up(20);
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		CLEANUP(text_deinit) struct text request = { 0 };

		text_printf(&request, "GET /probe?target=a&hostname=%s" TAIL "\r\n", names[i]);
		check_status(text_string(&request), "HTTP/1.1 400 ");
	}
	CHECK_EQ_INT(wait_count, 0);
	check_probe("GET /probe?target=a&hostname=a.test:8443" TAIL "\r\n",
		    "target=a module=- hostname=a.test:8443 debug=0 timeout=nan");
	tear_down();
}

TEST(refuses_a_target_that_is_too_long)
{
	CLEANUP(text_deinit) struct text request = { 0 }, answer = { 0 }, target = { 0 };

	set_up(20);
	text_printf(&request, PROBE "%017000d" TAIL "\r\n", 0);
	ask(text_string(&request), &answer);
	CHECK(starts_with(&answer, "HTTP/1.1 4"));
	CHECK_EQ_INT(wait_count, 0);
	text_clear(&request);
	text_printf(&request, PROBE "%08000d" TAIL "\r\n", 0);
	text_printf(&target, "target=a%08000d module=- hostname=- debug=0 timeout=nan", 0);
	check_probe(text_string(&request), text_string(&target));
	text_clear(&request);
	text_append_string(&request, "GET /probe?");
	for (int i = 0; i < 1000; i++)
		text_append_string(&request, "target=x&");
	text_append_string(&request, TAIL "\r\n");
	ask(text_string(&request), &answer);
	CHECK(!answer.length || starts_with(&answer, "HTTP/1.1 "));
	check_status("GET /metrics" TAIL "\r\n", "HTTP/1.1 200 ");
	tear_down();
}

TEST(has_no_probe_unless_somebody_answers)
{
	static const char *const addresses[] = { "127.0.0.1:0" };
	const struct http_config config = { .addresses = addresses,
					    .address_count = 1,
					    .telemetry_path = "/metrics",
					    .version = "1",
					    .stale_after = stale_after,
					    .context = &allowed_age };
	CLEANUP(error_deinit) struct error err = { 0 };

	board = board_new();
	reply_mode = REPLY_AT_ONCE;
	REQUIRE(http_start(&config, board, &http, &err) == 0);
	check_status(PROBE TAIL "\r\n", "HTTP/1.1 404 ");
	tear_down();
}

/* Fills a line, sees the next one refused, and gives each its own answer. */
static void check_limit(const char *request, unsigned max, const char *refusal)
{
	int clients[WAITS_MAX];
	CLEANUP(text_deinit) struct text refused = { 0 };

	set_up(20);
	reply_mode = REPLY_LATER;
	for (unsigned i = 0; i < max; i++) {
		clients[i] = dial();
		CHECK(say(clients[i], request));
		await(i + 1);
	}
	ask(request, &refused);
	CHECK(starts_with(&refused, "HTTP/1.1 503 "));
	check_has(&refused, refusal);
	check_status("GET /metrics" TAIL "\r\n", "HTTP/1.1 200 ");
	for (unsigned i = 0; i < max; i++) {
		CLEANUP(text_deinit) struct text answer = { 0 }, mine = { 0 };

		text_printf(&mine, "answer %u", i);
		finish(i, 200, NULL, text_string(&mine));
		hear(clients[i], &answer);
		CHECK(starts_with(&answer, "HTTP/1.1 200 "));
		check_has(&answer, text_string(&mine));
		close(clients[i]);
	}
	tear_down();
}

TEST(limits_waiting_reloads)
{
	check_limit(RELOAD "\r\n", 8, "too many reloads are waiting already");
}

/* More than there may be of other connections. */
TEST(limits_waiting_probes)
{
	check_limit(PROBE TAIL "\r\n", 200, "too many probes at once");
}

TEST(outlives_a_client_that_leaves_while_it_waits)
{
	int client;

	set_up(20);
	reply_mode = REPLY_LATER;
	client = dial();
	CHECK(say(client, PROBE TAIL "\r\n"));
	await(1);
	close(client);
	finish(0, 200, NULL, "a");
	check_status("GET /metrics" TAIL "\r\n", "HTTP/1.1 200 ");
	tear_down();
}

/* Answered by the end, and finished afterwards, which is nothing then. */
TEST(answers_all_when_it_stops)
{
	int clients[20];

	set_up(20);
	reply_mode = REPLY_LATER;
	for (unsigned i = 0; i < ARRAY_LENGTH(clients); i++) {
		clients[i] = dial();
		CHECK(say(clients[i], i < 5 ? RELOAD "\r\n" : PROBE TAIL "\r\n"));
		await(i + 1);
	}
	tear_down();
	for (size_t i = 0; i < ARRAY_LENGTH(clients); i++) {
		CLEANUP(text_deinit) struct text answer = { 0 };

		hear(clients[i], &answer);
		CHECK(starts_with(&answer, "HTTP/1.1 503 "));
		check_has(&answer, "\r\n\r\nthe exporter is stopping\n");
		close(clients[i]);
	}
}

/* Whichever comes first, the request, its answer or the end. */
TEST(stops_while_requests_arrive)
{
	for (int i = 0; i < 100; i++) {
		CLEANUP(text_deinit) struct text answer = { 0 };
		CLEANUP(file_close) int client = -1;

		set_up(20);
		reply_mode = i % 2 ? REPLY_LATER : REPLY_AT_ONCE;
		client = dial();
		CHECK(say(client, i % 3 ? RELOAD "\r\n" : PROBE TAIL "\r\n"));
		tear_down();
		hear(client, &answer);
		CHECK(!answer.length || starts_with(&answer, "HTTP/1.1 503 ") ||
		      starts_with(&answer, "HTTP/1.1 200 "));
	}
}

enum { FINISHED = 50 };

static void *finish_all(void *context)
{
	(void)context;
	for (unsigned i = 0; i < FINISHED; i++)
		http_wait_finish(await(i + 1), 200, NULL, "a");
	return NULL;
}

/* Another thread finishes what arrives, while the server stops. */
TEST(stops_while_others_finish)
{
	for (int round = 0; round < 10; round++) {
		int clients[FINISHED];
		pthread_t thread;

		set_up(20);
		reply_mode = REPLY_LATER;
		REQUIRE(pthread_create(&thread, NULL, finish_all, NULL) == 0);
		for (unsigned i = 0; i < FINISHED; i++) {
			clients[i] = dial();
			CHECK(say(clients[i], PROBE TAIL "\r\n"));
		}
		await(FINISHED);
		http_stop(http);
		pthread_join(thread, NULL);
		for (unsigned i = 0; i < FINISHED; i++) {
			CLEANUP(text_deinit) struct text answer = { 0 };

			hear(clients[i], &answer);
			CHECK(starts_with(&answer, "HTTP/1.1 "));
			close(clients[i]);
		}
		board_free(board);
		text_deinit(&asked);
	}
}

TEST_MAIN()
