/* Whole runs over TLS. */
#include <signal.h>
#include <sys/stat.h>

#include "probe/probing.h"
#include "probe/secure_peer.h"
#include "test.h"

#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define MOVED                                                       \
	"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:%u/\r\n" \
	"Content-Length: 0\r\n\r\n"

/* A server for `names`, and a probe that trusts it and knows where "a.test" is. */
struct fixture {
	struct secure_peer peer;
	struct probing probing;
	char url[128], pin[64];
	const char *pins[1];
};

static void fixture_init(struct fixture *f, struct secure_peer peer, const char *names)
{
	signal(SIGPIPE, SIG_IGN);
	*f = (struct fixture){ .peer = peer };
	if (!f->peer.answer)
		f->peer.answer = HELLO;
	secure_peer_start(&f->peer, names);
	probing_init(&f->probing);
	f->probing.module.http.tls.ca = f->peer.root_pem;
	snprintf(f->pin, sizeof(f->pin), "a.test:%u:127.0.0.1", f->peer.port);
	f->pins[0] = f->pin;
	f->probing.probe.resolve = (struct string_list){ f->pins, 1 };
}

static void fixture_deinit(struct fixture *f)
{
	probing_deinit(&f->probing);
	secure_peer_stop(&f->peer);
}

static const char *ask(struct fixture *f, const char *host, const char *path)
{
	snprintf(f->url, sizeof(f->url), "https://%s:%u%s", host, f->peer.port, path);
	return probing_ask(&f->probing, f->url);
}

TEST(a_pinned_name_is_asked_and_verified)
{
	CLEANUP(fixture_deinit) struct fixture f;
	const struct probe_report *report = &f.probing.report;

	fixture_init(&f, (struct secure_peer){ 0 }, "DNS:a.test");
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "success");
	CHECK_EQ_STR(f.peer.name, "a.test");
	CHECK(strstr(f.peer.request, "Host: a.test:"));
	CHECK(report->used_tls);
	CHECK_EQ_INT(report->status, 200);
	CHECK_EQ_DBL(report->version, 1.1);
	CHECK_EQ_DBL(report->content_length, 5);
	CHECK_EQ_DBL(report->body_bytes, 5);
	CHECK_EQ_INT(report->ip_protocol, 4);
	CHECK_EQ_STR(report->tls.version, "TLS 1.3");
	CHECK_EQ_STR(report->tls.subject, "CN=server");
	CHECK(isfinite(report->tls.earliest_expiry) && isfinite(report->tls.chain_expiry));
	CHECK(report->phases[PROBE_PHASE_TLS] > 0);
	CHECK_EQ_DBL(report->lookup, 0);
}

TEST(an_address_is_asked_under_another_name)
{
	CLEANUP(fixture_deinit) struct fixture f;
	struct header_config host = { "Host", { .text = "a.test:99" } };

	fixture_init(&f, (struct secure_peer){ 0 }, "DNS:a.test");
	CHECK_EQ_STR(ask(&f, "127.0.0.1", "/"), "tls_certificate");
	CHECK(isfinite(f.probing.report.tls.earliest_expiry));
	CHECK_EQ_STR(f.probing.report.tls.subject, "CN=server");
	f.probing.module.http.tls.server_name = "a.test";
	CHECK_EQ_STR(ask(&f, "127.0.0.1", "/"), "success");
	CHECK_EQ_STR(f.peer.name, "a.test");
	CHECK(strstr(f.peer.request, "Host: 127.0.0.1:"));
	f.probing.module.http.tls.server_name = NULL;
	f.probing.probe.hostname = "a.test";
	CHECK_EQ_STR(ask(&f, "127.0.0.1", "/"), "success");
	CHECK_EQ_STR(f.peer.name, "a.test");
	CHECK(strstr(f.peer.request, "Host: a.test\r\n"));
	f.probing.probe.hostname = NULL;
	f.probing.module.http.headers = &host;
	f.probing.module.http.header_count = 1;
	CHECK_EQ_STR(ask(&f, "127.0.0.1", "/"), "success");
	CHECK_EQ_STR(f.peer.name, "a.test");
	CHECK(strstr(f.peer.request, "Host: a.test:99\r\n"));
	f.probing.module.http.tls.server_name = "b.test";
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "tls_certificate");
}

/* To OpenSSL, nobody in particular is anybody. */
TEST(a_name_that_is_none_is_no_reason_to_trust_anybody)
{
	CLEANUP(fixture_deinit) struct fixture f;
	struct header_config host = { "Host", { .text = ":8443" } };

	fixture_init(&f, (struct secure_peer){ 0 }, "DNS:b.test");
	f.probing.module.http.headers = &host;
	f.probing.module.http.header_count = 1;
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "config");
	host.value.text = "";
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "tls_certificate");
	f.probing.module.http.header_count = 0;
	f.probing.module.http.tls.server_name = ".";
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "config");
	f.probing.module.http.tls.server_name = NULL;
	f.probing.probe.hostname = "[]";
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "config");
}

TEST(certificates_that_are_not_trusted_are_told_from_old_ones)
{
	CLEANUP(fixture_deinit) struct fixture f;
	struct authority_pair other = authority_make((struct authority_wish){ .subject = "x" });
	char *pem = authority_certificate_pem(&other);

	fixture_init(&f, (struct secure_peer){ 0 }, "DNS:a.test");
	f.probing.module.http.tls.ca = pem;
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "tls_certificate");
	CHECK(isfinite(f.probing.report.tls.earliest_expiry));
	CHECK(isnan(f.probing.report.tls.chain_expiry));
	f.probing.module.http.tls.insecure_skip_verify = true;
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "success");
	CHECK(isnan(f.probing.report.tls.chain_expiry));
	free(pem);
	authority_pair_free(&other);
}

TEST(files_that_cannot_be_read_are_told)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f, (struct secure_peer){ 0 }, "DNS:a.test");
	f.probing.module.http.tls.ca = NULL;
	f.probing.module.http.tls.ca_file = "/nowhere/ca.pem";
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "config");
	CHECK(strstr(text_string(&f.probing.report.log),
		     "/nowhere/ca.pem: No such file or directory"));
	CHECK_EQ_INT(f.peer.served, 0);
	f.probing.module.http.tls.ca_file = NULL;
	f.probing.module.http.tls.ca = f.peer.root_pem;
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "success");
}

/* Else one FIFO would stop every probe. */
TEST(files_that_nobody_writes_are_not_waited_for)
{
	char path[] = "/tmp/secure_test.XXXXXX";
	CLEANUP(fixture_deinit) struct fixture f;
	struct tls_config *tls = &f.probing.module.http.tls;

	authority_require(!close(mkstemp(path)) && !unlink(path) && !mkfifo(path, 0600), path);
	fixture_init(&f, (struct secure_peer){ 0 }, "DNS:a.test");
	*tls = (struct tls_config){ .ca_file = path };
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "config");
	CHECK(strstr(text_string(&f.probing.report.log), ": not a regular file"));
	*tls = (struct tls_config){ .ca = f.peer.root_pem, .cert_file = path, .key = "x" };
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "config");
	*tls = (struct tls_config){ .cert = f.peer.root_pem, .key_file = path };
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "config");
	*tls = (struct tls_config){ 0 };
	f.probing.module.http.body_file = path;
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "config");
	unlink(path);
}

/* And is for the probe's own host, not for others, nor for a proxy. */
TEST(a_certificate_of_ours_may_be_wanted)
{
	CLEANUP(fixture_deinit) struct fixture f;
	char *certificate, *key, answer[256], proxy[64];

	fixture_init(&f, (struct secure_peer){ 0 }, "DNS:a.test,IP:127.0.0.1");
	SSL_CTX_set_verify(f.peer.context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(f.peer.context), f.peer.root.certificate);
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "tls_handshake");
	certificate = authority_certificate_pem(&f.peer.pair);
	key = authority_key_pem(&f.peer.pair);
	f.probing.module.http.tls.cert = certificate;
	f.probing.module.http.tls.key = key;
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "success");
	snprintf(answer, sizeof(answer), MOVED, f.peer.port);
	f.peer.answer = answer;
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "tls_handshake");
	CHECK_EQ_INT(f.probing.report.redirects, 1);
	snprintf(proxy, sizeof(proxy), "https://127.0.0.1:%u", f.peer.port);
	f.probing.module.http.proxy_url = proxy;
	f.peer.answer = HELLO;
	CHECK_EQ_STR(probing_ask(&f.probing, "http://a.test/"), "tls_handshake");
	free(certificate);
	free(key);
}

TEST(versions_that_do_not_meet_fail)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f, (struct secure_peer){ 0 }, "DNS:a.test");
	SSL_CTX_set_max_proto_version(f.peer.context, TLS1_2_VERSION);
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "success");
	CHECK_EQ_STR(f.probing.report.tls.version, "TLS 1.2");
	f.probing.module.http.tls.min_version = TLS_VERSION_1_3;
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "tls_handshake");
}

TEST(what_is_not_tls_fails_in_the_handshake)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f, (struct secure_peer){ .is_plain = true }, "DNS:a.test");
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "tls_handshake");
	f.peer.answer = "\x16\x03\x03 utter nonsense";
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "tls_handshake");
	f.peer.answer = "";
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "tls_handshake");
}

TEST(what_comes_after_the_handshake_has_its_reasons)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f, (struct secure_peer){ .answer = "utter nonsense\r\n\r\n" },
		     "DNS:a.test");
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "protocol");
	f.peer.answer = "";
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "closed_early");
	f.peer.answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello";
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "closed_early");
	f.peer.ends_rudely = true;
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "closed_early");
	f.peer.answer = HELLO;
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "success");
	f.peer.answer = "HTTP/1.1 200 OK\r\n\r\nuntil the end";
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "success");
}

TEST(tls_may_be_wanted_or_not)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f, (struct secure_peer){ 0 }, "DNS:a.test");
	f.probing.module.http.fail_if_not_ssl = true;
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "success");
	f.probing.module.http.fail_if_ssl = true;
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "tls_unwanted");
	CHECK(!f.probing.report.failed_by_regex);
}

TEST(a_name_elsewhere_is_verified_as_it_is_called_there)
{
	static char answer[256];
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f, (struct secure_peer){ .answer = answer }, "DNS:a.test");
	snprintf(answer, sizeof(answer), MOVED, f.peer.port);
	f.probing.module.http.tls.server_name = "a.test";
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "tls_certificate");
	CHECK_EQ_INT(f.peer.served, 2);
	CHECK_EQ_INT(f.probing.report.redirects, 1);
}

TEST(where_a_redirect_leads_is_logged_without_what_may_be_a_secret)
{
	static const char answer[] = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
				     "http://me:hunter2@127.0.0.1:1/a?b=hunter2\r\n\r\n";
	CLEANUP(fixture_deinit) struct fixture f;
	const char *log;

	fixture_init(&f, (struct secure_peer){ .answer = answer }, "DNS:a.test");
	CHECK_EQ_STR(ask(&f, "a.test", "/"), "refused");
	log = text_string(&f.probing.report.log);
	CHECK(strstr(log, "location=http://127.0.0.1:1/a?...\n"));
	CHECK(!strstr(log, "hunter2") && !strstr(log, "me:"));
}

TEST(a_proxy_may_speak_tls)
{
	CLEANUP(fixture_deinit) struct fixture f;
	char proxy[64];

	fixture_init(&f, (struct secure_peer){ 0 }, "IP:127.0.0.1");
	snprintf(proxy, sizeof(proxy), "https://127.0.0.1:%u", f.peer.port);
	f.probing.module.http.proxy_url = proxy;
	f.probing.module.http.tls.server_name = "a.test";
	CHECK_EQ_STR(probing_ask(&f.probing, "http://a.test/"), "success");
	CHECK(!strncmp(f.peer.request, "GET http://a.test/ HTTP/1.1\r\n", 29));
	CHECK(!f.probing.report.used_tls);
	CHECK_EQ_STR(f.probing.report.tls.version, NULL);
	f.probing.module.http.tls.ca = NULL;
	CHECK_EQ_STR(probing_ask(&f.probing, "http://a.test/"), "tls_certificate");
	CHECK_EQ_STR(probing_ask(&f.probing, "https://a.test/"), "tls_certificate");
}

/* Frames of HTTP/2 (RFC 9113, 4.1): length, type, flags, stream. */
#define SETTINGS "\0\0\0\x4\0\0\0\0\0\0\0\0\x4\x1\0\0\0\0"
#define STATUS_200 "\0\0\1\x1\x4\0\0\0\1\x88"
#define STATUS_200_END "\0\0\1\x1\x5\0\0\0\1\x88"
#define DATA_END "\0\0\5\0\1\0\0\0\1hello"
#define GOAWAY "\0\0\x8\x7\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define REFUSED "\0\0\4\x3\0\0\0\0\1\0\0\0\7"
#define INTERNAL "\0\0\4\x3\0\0\0\0\1\0\0\0\2"

/* What comes of a server that answers with these frames. */
static const char *ask_http2(struct fixture *f, const char *answer, size_t length)
{
	f->peer.answer = answer;
	f->peer.answer_length = length;
	return ask(f, "127.0.0.1", "/");
}

#define ASK_HTTP2(f, answer) ask_http2(f, answer, sizeof(answer) - 1)

TEST(http_2_is_spoken_when_both_want_to)
{
	CLEANUP(fixture_deinit) struct fixture f;
	const char *versions[] = { "HTTP/1.1" };

	fixture_init(&f, (struct secure_peer){ .protocol = "h2" }, "DNS:a.test");
	f.probing.module.http.tls.server_name = "a.test";
	CHECK_EQ_STR(ask(&f, "127.0.0.1", "/"), "success");
	CHECK(!strncmp(f.peer.request, "GET / HTTP/1.1", 14));
	f.probing.module.http.enable_http2 = true;
	CHECK_EQ_STR(ASK_HTTP2(&f, SETTINGS STATUS_200 DATA_END), "success");
	CHECK_EQ_STR(f.peer.name, "a.test");
	CHECK_EQ_DBL(f.probing.report.version, 2);
	CHECK_EQ_DBL(f.probing.report.body_bytes, 5);
	CHECK_EQ_STR(ASK_HTTP2(&f, SETTINGS STATUS_200_END), "success");
	f.probing.module.http.valid_http_versions = (struct string_list){ versions, 1 };
	CHECK_EQ_STR(ASK_HTTP2(&f, SETTINGS STATUS_200_END), "http_version");
	versions[0] = "HTTP/2.0";
	CHECK_EQ_STR(ASK_HTTP2(&f, SETTINGS STATUS_200_END), "success");
	versions[0] = "HTTP/2";
	CHECK_EQ_STR(ASK_HTTP2(&f, SETTINGS STATUS_200_END), "success");
	f.probing.module.http.tls.server_name = "b.test";
	CHECK_EQ_STR(ASK_HTTP2(&f, SETTINGS STATUS_200_END), "tls_certificate");
}

TEST(http_2_has_its_ways_to_fail)
{
	CLEANUP(fixture_deinit) struct fixture f;

	fixture_init(&f, (struct secure_peer){ .protocol = "h2" }, "DNS:a.test");
	f.probing.module.http.tls.server_name = "a.test";
	f.probing.module.http.enable_http2 = true;
	CHECK_EQ_STR(ASK_HTTP2(&f, SETTINGS), "closed_early");
	CHECK_EQ_STR(ASK_HTTP2(&f, SETTINGS GOAWAY), "closed_early");
	CHECK_EQ_STR(ASK_HTTP2(&f, SETTINGS REFUSED), "closed_early");
	CHECK_EQ_STR(ASK_HTTP2(&f, SETTINGS STATUS_200), "closed_early");
	/* libcurl does not tell what else went wrong from an end. */
	CHECK_EQ_STR(ASK_HTTP2(&f, SETTINGS INTERNAL), "closed_early");
	CHECK_EQ_STR(ASK_HTTP2(&f, "HTTP/1.1 200 OK\r\n\r\n"), "closed_early");
	CHECK_EQ_INT(f.peer.served, 6);
}

TEST_MAIN()
