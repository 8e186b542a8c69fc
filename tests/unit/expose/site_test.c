#include "expose/site.h"

#include "test.h"

static struct site site;
static struct board *board;

/* A board with a page from second 100; text of `size` bytes. */
static void set_up(size_t size)
{
	struct text plain = { 0 }, openmetrics = { 0 };

	board = board_new();
	for (size_t i = 0; i < size; i++)
		text_append_char(&plain, 'x');
	text_append_string(&openmetrics, "# EOF\n");
	board_publish(board, page_new(&plain, &openmetrics, 100));
	site = (struct site){ board, "/metrics", "1.2.3<", false, false };
}

static struct site_answer ask_as(const struct site_request *request)
{
	struct site_answer answer = { 0 };
	int done = site_answer(&site, request, &answer);

	CHECK_EQ_INT(done, 0);
	return answer;
}

static struct site_answer ask(const char *method, const char *path)
{
	return ask_as(&(struct site_request){ method, path, NULL, NULL, 101, 10 });
}

static void check_status(const char *method, const char *path, unsigned status,
			 const char *allow)
{
	struct site_answer answer = ask(method, path);

	if (answer.status != status)
		printf("# %s %s\n", method, path);
	CHECK_EQ_INT(answer.status, status);
	CHECK_EQ_STR(answer.allow, allow);
	CHECK(answer.body.length > 0);
	site_answer_deinit(&answer);
}

TEST(serves_the_page)
{
	struct site_answer answer;

	set_up(5);
	answer = ask("GET", "/metrics");
	CHECK_EQ_INT(answer.status, 200);
	CHECK_EQ_STR(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
	CHECK(bytes_equal(answer.body, "xxxxx"));
	CHECK(answer.page && !answer.gzip && !answer.html);
	board_free(board);
	CHECK(bytes_equal(answer.body, "xxxxx"));
	site_answer_deinit(&answer);
}

TEST(serves_openmetrics)
{
	struct site_answer answer;

	set_up(5);
	answer = ask_as(&(struct site_request){ "GET", "/metrics",
						"application/openmetrics-text;version=1.0.0",
						"gzip", 101, 10 });
	CHECK_EQ_STR(answer.content_type,
		     "application/openmetrics-text; version=1.0.0; charset=utf-8");
	CHECK(bytes_equal(answer.body, "# EOF\n"));
	CHECK(!answer.gzip);
	site_answer_deinit(&answer);
	board_free(board);
}

TEST(compresses_what_is_worth_it)
{
	struct site_request request = { "GET", "/metrics", NULL, "gzip", 101, 10 };
	struct site_answer answer;

	set_up(1024);
	answer = ask_as(&request);
	CHECK(answer.gzip && answer.body.length < 100);
	CHECK_EQ_MEM(answer.body.data, "\x1f\x8b", 2);
	site_answer_deinit(&answer);
	board_free(board);
	set_up(1023);
	answer = ask_as(&request);
	CHECK(!answer.gzip);
	CHECK_EQ_U64(answer.body.length, 1023);
	site_answer_deinit(&answer);
	board_free(board);
}

TEST(knows_its_paths)
{
	set_up(5);
	check_status("GET", "/", 200, NULL);
	check_status("HEAD", "/", 200, NULL);
	check_status("GET", "/metrics", 200, NULL);
	check_status("HEAD", "/metrics", 200, NULL);
	check_status("GET", "/-/healthy", 200, NULL);
	check_status("HEAD", "/-/healthy", 200, NULL);
	check_status("GET", "/-/ready", 200, NULL);
	check_status("GET", "/nope", 404, NULL);
	check_status("POST", "/nope", 404, NULL);
	check_status("GET", "/metrics/", 404, NULL);
	check_status("GET", "/METRICS", 404, NULL);
	check_status("GET", "", 404, NULL);
	check_status("GET", "/../etc/passwd", 404, NULL);
	board_free(board);
}

TEST(refuses_other_methods)
{
	static const char *const methods[] = {
		"POST", "PUT", "DELETE", "OPTIONS", "get", "BREW"
	};
	static const char *const paths[] = { "/", "/metrics", "/-/healthy", "/-/ready" };

	set_up(5);
	for (size_t i = 0; i < ARRAY_LENGTH(methods); i++)
		for (size_t k = 0; k < ARRAY_LENGTH(paths); k++)
			check_status(methods[i], paths[k], 405, "GET, HEAD");
	board_free(board);
}

TEST(guards_reload)
{
	struct site_request request = { "POST", "/-/reload", NULL, NULL, 101, 10 };
	struct site_answer answer;

	set_up(5);
	check_status("POST", "/-/reload", 403, NULL);
	check_status("PUT", "/-/reload", 403, NULL);
	check_status("GET", "/-/reload", 405, "POST, PUT");
	site.enable_lifecycle = true;
	check_status("GET", "/-/reload", 405, "POST, PUT");
	check_status("DELETE", "/-/reload", 405, "POST, PUT");
	CHECK_EQ_INT(site_answer(&site, &request, &answer), SITE_RELOAD);
	request.method = "PUT";
	CHECK_EQ_INT(site_answer(&site, &request, &answer), SITE_RELOAD);
	board_free(board);
}

TEST(knows_probes_when_there_are_some)
{
	struct site_request request = { "GET", "/probe", NULL, NULL, 101, 10 };
	struct site_answer answer;

	set_up(5);
	check_status("GET", "/probe", 404, NULL);
	check_status("POST", "/probe", 404, NULL);
	site.has_probe = true;
	CHECK_EQ_INT(site_answer(&site, &request, &answer), SITE_PROBE);
	request.method = "HEAD";
	CHECK_EQ_INT(site_answer(&site, &request, &answer), SITE_PROBE);
	check_status("POST", "/probe", 405, "GET, HEAD");
	check_status("GET", "/probe/", 404, NULL);
	board_free(board);
}

TEST(passes_on_what_the_daemon_answers)
{
	struct text text = { 0 };
	struct site_answer answer;

	text_append_string(&text, "short");
	answer = site_answer_later(400, NULL, &text, "gzip");
	CHECK_EQ_INT(answer.status, 400);
	CHECK_EQ_STR(answer.content_type, "text/plain; charset=utf-8");
	CHECK(bytes_equal(answer.body, "short") && !answer.gzip && !text.data);
	site_answer_deinit(&answer);
	for (int i = 0; i < 2000; i++)
		text_append_char(&text, 'x');
	answer = site_answer_later(200, "text/x", &text, "gzip");
	CHECK_EQ_STR(answer.content_type, "text/x");
	CHECK(answer.gzip && answer.body.length < 100 && !text.data);
	site_answer_deinit(&answer);
}

static void add_header(void *context, const char *name, const char *value)
{
	text_printf(context, "%s: %s\n", name, value);
}

TEST(names_its_headers)
{
	CLEANUP(text_deinit) struct text headers = { 0 };
	struct site_answer answer = { .content_type = "text/x", .allow = "GET", .gzip = true };

	site_write_headers(&answer, add_header, &headers);
	CHECK_EQ_STR(text_string(&headers), "Content-Type: text/x\n"
					    "X-Content-Type-Options: nosniff\n"
					    "Cache-Control: no-store\n"
					    "Allow: GET\n"
					    "Content-Encoding: gzip\n");
}

static void check_unavailable(const char *path, double now, const char *reason)
{
	struct site_answer answer =
		ask_as(&(struct site_request){ "GET", path, NULL, NULL, now, 10 });

	CHECK_EQ_INT(answer.status, 503);
	CHECK_EQ_STR(answer.content_type, "text/plain; charset=utf-8");
	CHECK(bytes_equal(answer.body, reason));
	site_answer_deinit(&answer);
}

TEST(says_when_there_is_no_page_yet)
{
	board = board_new();
	site = (struct site){ board, "/metrics", "1", false, false };
	check_unavailable("/metrics", 1, "not ready: the first tick has not ended yet\n");
	check_unavailable("/-/ready", 1, "not ready: the first tick has not ended yet\n");
	check_status("GET", "/-/healthy", 200, NULL);
	check_status("GET", "/", 200, NULL);
	board_free(board);
}

TEST(does_not_show_a_stale_page)
{
	static const char reason[] =
		"stale: the newest tick began 10.5 s ago, more than the 10.0 s allowed\n";
	struct site_answer answer;

	set_up(5);
	check_unavailable("/metrics", 110.5, reason);
	check_unavailable("/-/ready", 110.5, reason);
	check_status("GET", "/-/healthy", 200, NULL);
	answer = ask_as(&(struct site_request){ "GET", "/metrics", NULL, NULL, 110, 10 });
	CHECK_EQ_INT(answer.status, 200);
	site_answer_deinit(&answer);
	board_free(board);
}

static bool has(const struct site_answer *answer, const char *what)
{
	return memmem(answer->body.data, answer->body.length, what, strlen(what)) != NULL;
}

TEST(greets_with_a_page_that_needs_nobody)
{
	struct site_answer answer;

	set_up(5);
	site.telemetry_path = "/m\"><script>";
	answer = ask("GET", "/");
	CHECK_EQ_STR(answer.content_type, "text/html; charset=utf-8");
	CHECK(answer.html);
	CHECK(has(&answer, "<h1>outbound_exporter</h1>"));
	CHECK(has(&answer, "Version: 1.2.3&#60;"));
	CHECK(has(&answer, "<a href=\"/m&#34;&#62;&#60;script&#62;\">"));
	CHECK(has(&answer, "href=\"/-/healthy\"") && has(&answer, "href=\"/-/ready\""));
	CHECK(!has(&answer, "<script") && !has(&answer, "http://") &&
	      !has(&answer, "https://"));
	CHECK(!has(&answer, "/-/reload") && !has(&answer, "/probe"));
	site_answer_deinit(&answer);
	site.enable_lifecycle = true;
	answer = ask("GET", "/");
	CHECK(has(&answer, "/-/reload"));
	site_answer_deinit(&answer);
	site.has_probe = true;
	answer = ask("GET", "/");
	CHECK(has(&answer, "<dt>GET /probe?target="));
	site_answer_deinit(&answer);
	board_free(board);
}

TEST(moves_metrics_with_their_path)
{
	struct site_answer answer;

	set_up(5);
	site.telemetry_path = "/";
	answer = ask("GET", "/");
	CHECK(bytes_equal(answer.body, "xxxxx"));
	site_answer_deinit(&answer);
	check_status("GET", "/metrics", 404, NULL);
	board_free(board);
}

TEST_MAIN()
