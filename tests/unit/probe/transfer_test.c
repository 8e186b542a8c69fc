/* Whole runs over HTTP in the clear, and through proxies. */
#include <signal.h>
#include <unistd.h>

#include "probe/peer.h"
#include "probe/probing.h"
#include "probe/secure_peer.h"
#include "test.h"

struct fixture {
	struct peer peer;
	struct probing probing;
	char url[128], pins_text[2][64], proxy[64];
	const char *pins[2];
};

/* A server, which is also at "a.test" and "b.test". */
static void fixture_init(struct fixture *f)
{
	signal(SIGPIPE, SIG_IGN);
	peer_start(&f->peer);
	probing_init(&f->probing);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(f->pins_text[i], sizeof(f->pins_text[i]), "%c.test:%u:127.0.0.1",
			 "ab"[i], f -> peer.port);
		f->pins[i] = f->pins_text[i];
	}
	f->probing.probe.resolve = (struct string_list){ f->pins, 2 };
}

static void fixture_deinit(struct fixture *f)
{
	probing_deinit(&f->probing);
	peer_stop(&f->peer);
}

static const char *ask(struct fixture *f, const char *path)
{
	snprintf(f->url, sizeof(f->url), "http://a.test:%u%s", f->peer.port, path);
	return probing_ask(&f->probing, f->url);
}

TEST(what_an_answer_says_is_reported)
{
	CLEANUP(fixture_deinit) struct fixture f;
	const struct probe_report *report = &f.probing.report;

	fixture_init(&f);
	CHECK_EQ_STR(ask(&f, "/facts"), "success");
	CHECK_EQ_INT(report->status, 200);
	CHECK_EQ_DBL(report->version, 1.0);
	CHECK_EQ_DBL(report->content_length, -1);
	CHECK_EQ_DBL(report->body_bytes, 4);
	CHECK_EQ_DBL(report->last_modified, 1445412480);
	CHECK(!report->used_tls);
	CHECK(report->has_address);
	CHECK_EQ_INT(report->ip_protocol, 4);
	CHECK_EQ_U64(report->address_hash, 3668918509);
	CHECK_EQ_STR(ask(&f, "/"), "success");
	CHECK_EQ_DBL(report->content_length, 5);
	CHECK(isnan(report->last_modified));
	CHECK_EQ_STR(ask(&f, "/?a"), "success");
	CHECK_EQ_DBL(report->content_length, 0);
	CHECK_EQ_STR(ask(&f, "/close"), "closed_early");
	CHECK_EQ_DBL(report->content_length, 0);
	CHECK_EQ_DBL(report->version, 0);
}

TEST(redirects_are_counted_also_when_nobody_follows)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	CHECK_EQ_STR(ask(&f, "/moved"), "success");
	CHECK_EQ_INT(f.probing.report.redirects, 1);
	CHECK_EQ_STR(ask(&f, "/loop"), "redirects");
	CHECK_EQ_INT(f.probing.report.redirects, 11);
	CHECK_EQ_STR(ask(&f, "/304"), "status");
	CHECK_EQ_INT(f.probing.report.redirects, 0);
	f.probing.module.http.follow_redirects = false;
	CHECK_EQ_STR(ask(&f, "/moved"), "status");
	CHECK_EQ_INT(f.probing.report.redirects, 1);
}

TEST(cookies_go_along_with_redirects)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	CHECK_EQ_STR(ask(&f, "/login"), "success");
	CHECK(strstr(f.peer.request, "Cookie: a=b\r\n"));
	CHECK_EQ_STR(ask(&f, "/"), "success");
	CHECK(!strstr(f.peer.request, "Cookie"));
}

/* What is sent for a body of "x=y" with this method. */
static const char *body_request(struct fixture *f, const char *method, const char *path)
{
	f->probing.module.http.method = method;
	f->probing.module.http.body = "x=y";
	f->probing.module.http.body_length = 3;
	CHECK_EQ_STR(ask(f, path), "success");
	return f->peer.request;
}

TEST(bodies_go_with_any_method)
{
	static const char *const methods[] = { "POST", "PUT", "GET", "DELETE" };
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	for (size_t i = 0; i < ARRAY_LENGTH(methods); i++) {
		const char *request = body_request(&f, methods[i], "/");

		CHECK(!strncmp(request, methods[i], strlen(methods[i])));
		CHECK(strstr(request, "\r\nContent-Length: 3\r\n"));
		CHECK(strstr(request, "\r\n\r\nx=y"));
		CHECK(!strstr(request, "Content-Type") && !strstr(request, "Expect"));
	}
	CHECK(!strstr(body_request(&f, "HEAD", "/"), "x=y"));
	CHECK(!strstr(body_request(&f, "POST", "/moved"), "x=y"));
	CHECK(!strncmp(f.peer.request, "GET / ", 6));
	CHECK(strstr(body_request(&f, "POST", "/elsewhere"), "\r\n\r\nx=y"));
	CHECK(strstr(f.peer.request, "POST / "));
}

TEST(headers_replace_what_is_usual)
{
	struct header_config headers[] = { { "User-Agent", { .text = "me" } },
					   { "Accept", { .text = "x/y" } },
					   { "Host", { .text = "other.test" } },
					   { "X-Empty", { .text = "" } } };
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	f.probing.module.http.headers = headers;
	f.probing.module.http.header_count = ARRAY_LENGTH(headers);
	CHECK_EQ_STR(ask(&f, "/"), "success");
	CHECK(strstr(f.peer.request, "\r\nUser-Agent: me\r\n"));
	CHECK(strstr(f.peer.request, "\r\nAccept: x/y\r\n"));
	CHECK(strstr(f.peer.request, "\r\nHost: other.test\r\n"));
	CHECK(strstr(f.peer.request, "\r\nX-Empty:\r\n"));
	CHECK(!strstr(f.peer.request, "outbound_exporter") &&
	      !strstr(f.peer.request, "a.test"));
	CHECK_EQ_STR(ask(&f, "/moved"), "success");
	CHECK(strstr(f.peer.request, "\r\nHost: other.test\r\n"));
	CHECK_EQ_STR(ask(&f, "/elsewhere"), "success");
	CHECK(strstr(f.peer.request, "\r\nUser-Agent: me\r\n"));
	CHECK(strstr(f.peer.request, "\r\nHost: b.test:"));
}

TEST(credentials_stay_with_their_server)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	f.probing.module.http.basic_auth.username.text = "user";
	f.probing.module.http.basic_auth.password.text = "pass:word";
	CHECK_EQ_STR(ask(&f, "/moved"), "success");
	CHECK(strstr(f.peer.request, "Authorization: Basic dXNlcjpwYXNzOndvcmQ=\r\n"));
	CHECK_EQ_STR(ask(&f, "/elsewhere"), "success");
	CHECK(!strstr(f.peer.request, "Authorization"));
	CHECK(!strstr(text_string(&f.probing.report.log), "word"));
	f.probing.module.http.basic_auth.username.text = NULL;
	f.probing.module.http.basic_auth.password.text = NULL;
	f.probing.module.http.authorization.credentials.text = "token";
	CHECK_EQ_STR(ask(&f, "/moved"), "success");
	CHECK(strstr(f.peer.request, "Authorization: Bearer token\r\n"));
	CHECK_EQ_STR(ask(&f, "/elsewhere"), "success");
	CHECK(!strstr(f.peer.request, "Authorization"));
	f.probing.module.http.authorization.credentials =
		(struct secret_config){ .file = "/nowhere/token" };
	CHECK_EQ_STR(ask(&f, "/"), "config");
	CHECK(strstr(text_string(&f.probing.report.log), "/nowhere/token: No such file"));
}

TEST(compression_is_asked_for_and_undone)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	CHECK_EQ_STR(ask(&f, "/gzip"), "success");
	CHECK_EQ_DBL(f.probing.report.body_bytes, 25);
	CHECK(!strstr(f.peer.request, "Accept-Encoding"));
	f.probing.module.http.compression = "gzip";
	CHECK_EQ_STR(ask(&f, "/gzip"), "success");
	CHECK(strstr(f.peer.request, "\r\nAccept-Encoding: gzip\r\n"));
	CHECK_EQ_DBL(f.probing.report.body_bytes, 5);
	CHECK_EQ_DBL(f.probing.report.content_length, 25);
	CHECK_EQ_STR(ask(&f, "/bad_gzip"), "protocol");
	CHECK_EQ_STR(ask(&f, "/"), "body");
	CHECK_EQ_STR(ask(&f, "/?a"), "success");
}

TEST(headers_of_the_answer_are_matched)
{
	struct header_match_config match = { .header = "x-a" };
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	REQUIRE(!regex_new("^one$", &match.regexp, &err));
	f.probing.module.http.fail_if_header_matches = &match;
	f.probing.module.http.fail_if_header_matches_count = 1;
	CHECK_EQ_STR(ask(&f, "/facts"), "header");
	CHECK(f.probing.report.failed_by_regex);
	CHECK_EQ_STR(ask(&f, "/"), "header");
	match.allow_missing = true;
	CHECK_EQ_STR(ask(&f, "/"), "success");
	CHECK(!f.probing.report.failed_by_regex);
	regex_free(match.regexp);
}

TEST(one_family_may_be_wanted)
{
	static const char *pin = "both.test:1:127.0.0.1,::1";
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	f.probing.module.http.address.preferred = IP_PROTOCOL_6;
	CHECK_EQ_STR(ask(&f, "/"), "dns_not_found");
	CHECK(!f.probing.report.has_address);
	f.probing.module.http.address.fallback = true;
	CHECK_EQ_STR(ask(&f, "/"), "success");
	CHECK_EQ_INT(f.probing.report.ip_protocol, 4);
	f.probing.module.http.address = (struct address_choice){ IP_PROTOCOL_4, false, NULL };
	CHECK_EQ_STR(ask(&f, "/"), "success");
	f.probing.module.http.address.preferred = IP_PROTOCOL_ANY;
	f.probing.probe.one_address = true;
	CHECK_EQ_STR(ask(&f, "/"), "success");
	f.probing.probe.resolve = (struct string_list){ &pin, 1 };
	CHECK_EQ_STR(probing_ask(&f.probing, "http://both.test:1/"), "refused");
	CHECK_EQ_INT(f.probing.report.ip_protocol, 6);
}

TEST(literal_addresses_are_of_a_family_as_well)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	f.probing.module.http.address.preferred = IP_PROTOCOL_6;
	snprintf(f.url, sizeof(f.url), "http://127.0.0.1:%u/", f.peer.port);
	CHECK_EQ_STR(probing_ask(&f.probing, f.url), "dns_not_found");
	f.probing.module.http.address.fallback = true;
	CHECK_EQ_STR(probing_ask(&f.probing, f.url), "success");
	CHECK_EQ_STR(probing_ask(&f.probing, "http://[::1]:1/"), "refused");
	CHECK_EQ_INT(f.probing.report.ip_protocol, 6);
	CHECK_EQ_U64(f.probing.report.address_hash, 1751717746);
}

TEST(it_comes_from_the_address_that_is_wanted)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	f.probing.module.http.address.source = "127.0.0.7";
	CHECK_EQ_STR(ask(&f, "/"), "success");
	CHECK_EQ_STR(f.peer.from, "127.0.0.7");
	f.probing.module.http.address.source = "192.0.2.77";
	CHECK_EQ_STR(ask(&f, "/"), "config");
	f.probing.module.http.address.source = "::1";
	CHECK_EQ_STR(ask(&f, "/"), "config");
}

static const char *ask_through(struct fixture *f, const char *url)
{
	snprintf(f->proxy, sizeof(f->proxy), "http://me:hush@127.0.0.1:%u", f->peer.port);
	f->probing.module.http.proxy_url = f->proxy;
	return probing_ask(&f->probing, url);
}

TEST(a_proxy_is_asked_instead)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	CHECK_EQ_STR(ask_through(&f, "http://a.test/"), "success");
	CHECK(strstr(f.peer.request, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n"));
	CHECK(strstr(f.peer.request, "Proxy-Authorization: Basic bWU6aHVzaA==\r\n"));
	CHECK(!strstr(text_string(&f.probing.report.log), "hush"));
	CHECK_EQ_STR(ask_through(&f, "http://unknown.test/"), "proxy");
	CHECK_EQ_STR(ask_through(&f, "http://garbage.test/"), "proxy");
	f.probing.module.http.no_proxy = "a.test";
	CHECK_EQ_STR(ask(&f, "/"), "success");
	CHECK(!strncmp(f.peer.request, "GET / ", 6));
	CHECK(!strstr(f.peer.request, "Proxy-"));
}

TEST(a_proxy_may_refuse_a_tunnel)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	f.probing.probe.timeout = 0.5;
	CHECK_EQ_STR(ask_through(&f, "https://forbidden.test/"), "proxy");
	CHECK(!strncmp(f.peer.request, "CONNECT forbidden.test:443 ", 27));
	CHECK_EQ_STR(ask_through(&f, "https://unknown.test/"), "proxy");
	CHECK_EQ_STR(ask_through(&f, "https://garbage.test/"), "proxy");
	CHECK_EQ_STR(ask_through(&f, "https://close.test/"), "proxy");
	CHECK_EQ_STR(ask_through(&f, "https://silent.test/"), "no_answer");
	CHECK_EQ_INT(f.probing.report.status, 0);
	f.probing.module.http.proxy_url = "ftp://127.0.0.1/";
	CHECK_EQ_STR(probing_ask(&f.probing, "http://a.test/"), "config");
	f.probing.module.http.proxy_url = "http://127.0.0.1:1";
	CHECK_EQ_STR(probing_ask(&f.probing, "http://a.test/"), "refused");
}

/* Else libcurl reads on for ever, and nothing else is done in this thread. */
TEST(a_proxy_may_refuse_at_length)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	CHECK_EQ_STR(ask_through(&f, "https://flood.test/"), "proxy");
	CHECK_EQ_INT(f.probing.report.status, 0);
}

TEST(what_is_no_proxy_of_socks_is_none)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	snprintf(f.proxy, sizeof(f.proxy), "socks5://127.0.0.1:%u", f.peer.port);
	f.probing.module.http.proxy_url = f.proxy;
	CHECK_EQ_STR(probing_ask(&f.probing, "http://a.test/"), "proxy");
}

TEST(tls_goes_through_a_tunnel)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	struct header_config own = { "X-Connect", { .text = "yes" } };
	struct header_config header = { "X-Server", { .text = "yes" } };
	struct secure_peer secure = { .answer = answer };
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f);
	secure_peer_start(&secure, "DNS:tunnel.test");
	f.probing.module.http.tls.ca = secure.root_pem;
	f.probing.module.http.headers = &header;
	f.probing.module.http.proxy_connect_headers = &own;
	f.probing.module.http.header_count = 1;
	f.probing.module.http.proxy_connect_header_count = 1;
	snprintf(f.url, sizeof(f.url), "https://tunnel.test:%u/", secure.port);
	CHECK_EQ_STR(ask_through(&f, f.url), "success");
	CHECK_EQ_STR(secure.name, "tunnel.test");
	CHECK(strstr(f.peer.request, "X-Connect: yes\r\n"));
	CHECK(!strstr(f.peer.request, "X-Server"));
	CHECK(strstr(secure.request, "X-Server: yes\r\n"));
	CHECK(!strstr(secure.request, "X-Connect") && !strstr(secure.request, "Proxy-"));
	CHECK_EQ_STR(f.probing.report.tls.subject, "CN=server");
	CHECK_EQ_INT(f.probing.report.status, 200);
	CHECK(f.probing.report.phases[PROBE_PHASE_TLS] > 0);
	f.probing.module.http.tls.ca = NULL;
	CHECK_EQ_STR(ask_through(&f, f.url), "tls_certificate");
	secure_peer_stop(&secure);
}

TEST(steps_are_logged_for_whoever_asks)
{
	CLEANUP(fixture_deinit) struct fixture f;
	const char *log;

	fixture_init(&f);
	CHECK_EQ_STR(ask(&f, "/teapot"), "status");
	log = text_string(&f.probing.report.log);
	CHECK(strstr(log, "/teapot"));
	CHECK(strstr(log, "127.0.0.1"));
	CHECK(strstr(log, "418"));
	CHECK(strstr(log, "level=error"));
}

TEST(what_may_be_a_secret_of_a_url_is_not_logged)
{
	CLEANUP(fixture_deinit) struct fixture f;
	const char *log;

	fixture_init(&f);
	snprintf(f.url, sizeof(f.url), "http://me:hunter2@127.0.0.1:%u/?a", f.peer.port);
	CHECK_EQ_STR(probing_ask(&f.probing, f.url), "success");
	log = text_string(&f.probing.report.log);
	CHECK(strstr(log, "url=http://127.0.0.1:"));
	CHECK(strstr(log, "/?... method=GET\n"));
	CHECK(!strstr(log, "hunter2") && !strstr(log, "?a"));
}

TEST_MAIN()
