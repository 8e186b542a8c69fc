#include "probe/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/authority.h"
#include "test.h"

/* A server at the other end of a pair of sockets: shakes hands, says what it hears, ends. */
struct server {
	SSL_CTX *context;
	int fd;
	pthread_t thread;
	char name[64]; /* that it was called by */
	char client[64]; /* the common name of the other side's certificate */
	bool closes_at_once, is_silent_at_end;
};

static void *server_thread(void *argument)
{
	struct server *server = argument;
	SSL *ssl = SSL_new(server->context);
	char data[64];
	int length;
	X509 *client;

	SSL_set_fd(ssl, server->fd);
	if (!server->closes_at_once && SSL_accept(ssl) == 1) {
		const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

		snprintf(server->name, sizeof(server->name), "%s", name ? name : "");
		client = SSL_get1_peer_certificate(ssl);
		if (client)
			X509_NAME_get_text_by_NID(X509_get_subject_name(client), NID_commonName,
						  server->client, sizeof(server->client));
		X509_free(client);
		while ((length = SSL_read(ssl, data, sizeof(data))) > 0) {
			if (data[0] == '.')
				break;
			SSL_write(ssl, data, length);
		}
		if (!server->is_silent_at_end)
			SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	close(server->fd);
	return NULL;
}

static int server_start(struct server *server, SSL_CTX *context)
{
	int fds[2];

	authority_require(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "pair");
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	server->context = context;
	server->fd = fds[1];
	pthread_create(&server->thread, NULL, server_thread, server);
	return fds[0];
}

static void wait_for(int fd, short events)
{
	struct pollfd poll_fd = { fd, events, 0 };

	authority_require(poll(&poll_fd, 1, 30000) == 1, "poll");
}

static int shake_hands(struct tls_session *session, int fd)
{
	int r;

	while ((r = tls_session_handshake(session)) > 0) {
		CHECK_EQ_INT(tls_session_wants(session),
			     r == TLS_WANT_READ ? EPOLLIN : EPOLLOUT);
		wait_for(fd, r == TLS_WANT_READ ? POLLIN : POLLOUT);
	}
	return r;
}

static ssize_t read_some(struct tls_session *session, int fd, char *data, size_t size)
{
	ssize_t r;

	while ((r = tls_session_read(session, data, size)) == -EAGAIN)
		wait_for(fd, tls_session_wants(session) == EPOLLIN ? POLLIN : POLLOUT);
	return r;
}

/* What came of a handshake of `config` with a server that has `pair`. */
struct meeting {
	int result;
	long verify_result;
	struct probe_report report;
	struct server server;
};

static void meet(struct meeting *meeting, const struct tls_config *config, const char *host,
		 SSL_CTX *context)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	int fd = server_start(&meeting->server, context);
	struct tls_session *session = tls_session_new(config, host, fd, &err);
	char data[8];

	signal(SIGPIPE, SIG_IGN);
	authority_require(session != NULL, error_string(&err));
	meeting->result = shake_hands(session, fd);
	if (!meeting->result) {
		CHECK_EQ_INT(tls_session_write(session, "hello", 5), 5);
		CHECK_EQ_INT(read_some(session, fd, data, sizeof(data)), 5);
		CHECK_EQ_MEM(data, "hello", 5);
		CHECK_EQ_INT(tls_session_write(session, ".", 1), 1);
		CHECK_EQ_INT(read_some(session, fd, data, sizeof(data)), 0);
	}
	meeting->verify_result = tls_session_verify_result(session);
	probe_report_init(&meeting->report);
	tls_session_report(session, &meeting->report);
	tls_session_free(session);
	close(fd);
	pthread_join(meeting->server.thread, NULL);
	SSL_CTX_free(context);
}

/* Meets a server whose certificate, for `names`, is signed by an authority that is known. */
static void meet_signed(struct meeting *meeting, struct tls_config config, const char *host,
			const char *names)
{
	struct authority_pair root =
		authority_make((struct authority_wish){ .subject = "root" });
	struct authority_pair pair =
		authority_make((struct authority_wish){ "server", names, &root, 0, 0 });
	char *pem = authority_certificate_pem(&root);

	config.ca = pem;
	meet(meeting, &config, host, authority_server(&pair));
	free(pem);
	authority_pair_free(&root);
	authority_pair_free(&pair);
}

TEST(bytes_go_both_ways_and_the_end_is_seen)
{
	struct meeting meeting = { 0 };

	meet_signed(&meeting, (struct tls_config){ 0 }, "a.test.", "DNS:a.test,DNS:*.b.test");
	CHECK_EQ_INT(meeting.result, 0);
	CHECK_EQ_INT(meeting.verify_result, 0);
	CHECK_EQ_STR(meeting.server.name, "a.test");
	CHECK_EQ_STR(meeting.report.tls.version, "TLS 1.3");
	CHECK_EQ_STR(meeting.report.tls.cipher, "TLS_AES_256_GCM_SHA384");
	CHECK_EQ_STR(meeting.report.tls.subject, "CN=server");
	CHECK_EQ_STR(meeting.report.tls.issuer, "CN=root");
	CHECK_EQ_STR(meeting.report.tls.names, "a.test,*.b.test");
	CHECK_EQ_INT(strlen(meeting.report.tls.fingerprint), 64);
	CHECK(fabs(meeting.report.tls.earliest_expiry - clock_wall() - 30 * AUTHORITY_DAY) <
	      3600);
	CHECK(fabs(meeting.report.tls.chain_expiry - meeting.report.tls.earliest_expiry) <
	      3600);
	probe_report_deinit(&meeting.report);
}

TEST(an_end_without_notice_is_an_end)
{
	struct meeting meeting = { .server = { .is_silent_at_end = true } };

	meet_signed(&meeting, (struct tls_config){ 0 }, "a.test", "DNS:a.test");
	CHECK_EQ_INT(meeting.result, 0);
	probe_report_deinit(&meeting.report);
}

static long verdict(struct tls_config config, const char *host, const char *names)
{
	struct meeting meeting = { 0 };

	meet_signed(&meeting, config, host, names);
	CHECK_EQ_INT(meeting.result, meeting.verify_result ? -EPROTO : 0);
	CHECK_EQ_INT(isfinite(meeting.report.tls.chain_expiry) != 0,
		     !meeting.verify_result && !config.insecure_skip_verify);
	CHECK(isfinite(meeting.report.tls.earliest_expiry));
	probe_report_deinit(&meeting.report);
	return meeting.verify_result;
}

TEST(the_name_is_verified)
{
	const struct tls_config plain = { 0 }, other = { .server_name = "b.test" },
				skip = { .insecure_skip_verify = true };

	CHECK_EQ_INT(verdict(plain, "a.test", "DNS:a.test"), 0);
	CHECK_EQ_INT(verdict(plain, "b.test", "DNS:a.test"), X509_V_ERR_HOSTNAME_MISMATCH);
	CHECK_EQ_INT(verdict(plain, "server", NULL), X509_V_ERR_HOSTNAME_MISMATCH);
	CHECK_EQ_INT(verdict(other, "127.0.0.1", "DNS:b.test"), 0);
	CHECK_EQ_INT(verdict(other, "a.test", "DNS:a.test"), X509_V_ERR_HOSTNAME_MISMATCH);
	CHECK_EQ_INT(verdict(plain, "127.0.0.1", "IP:127.0.0.1"), 0);
	CHECK_EQ_INT(verdict(plain, "[::1]", "IP:::1"), 0);
	CHECK_EQ_INT(verdict(plain, "127.0.0.1", "DNS:127.0.0.1"),
		     X509_V_ERR_IP_ADDRESS_MISMATCH);
	CHECK_EQ_INT(verdict(skip, "b.test", "DNS:a.test"), 0);
}

TEST(addresses_are_not_called_by_name)
{
	struct meeting meeting = { 0 };

	meet_signed(&meeting, (struct tls_config){ 0 }, "127.0.0.1", "IP:127.0.0.1");
	CHECK_EQ_INT(meeting.result, 0);
	CHECK_EQ_STR(meeting.server.name, "");
	probe_report_deinit(&meeting.report);
}

static void meet_alone(struct meeting *meeting, struct authority_wish wish, bool trusted)
{
	struct authority_pair pair = authority_make(wish);
	char *pem = authority_certificate_pem(&pair);
	struct tls_config config = { .ca = pem };

	if (!trusted)
		config = (struct tls_config){ 0 };
	meet(meeting, &config, "a.test", authority_server(&pair));
	free(pem);
	authority_pair_free(&pair);
}

TEST(what_is_not_good_is_known_all_the_same)
{
	struct meeting meeting = { 0 };

	meet_alone(&meeting, (struct authority_wish){ "mine", "DNS:a.test", NULL, 0, 0 },
		   false);
	CHECK_EQ_INT(meeting.result, -EPROTO);
	CHECK_EQ_INT(meeting.verify_result, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
	CHECK_EQ_STR(meeting.report.tls.subject, "CN=mine");
	CHECK_EQ_STR(meeting.report.tls.version, NULL);
	CHECK(isnan(meeting.report.tls.chain_expiry));
	probe_report_deinit(&meeting.report);
}

TEST(certificates_out_of_their_time_are_told)
{
	struct meeting meeting = { 0 };

	meet_alone(&meeting,
		   (struct authority_wish){ "old", "DNS:a.test", NULL, -20 * AUTHORITY_DAY,
					    -10 * AUTHORITY_DAY },
		   true);
	CHECK_EQ_INT(meeting.verify_result, X509_V_ERR_CERT_HAS_EXPIRED);
	CHECK(meeting.report.tls.earliest_expiry < clock_wall());
	probe_report_deinit(&meeting.report);
	meet_alone(&meeting,
		   (struct authority_wish){ "new", "DNS:a.test", NULL, 10 * AUTHORITY_DAY,
					    20 * AUTHORITY_DAY },
		   true);
	CHECK_EQ_INT(meeting.verify_result, X509_V_ERR_CERT_NOT_YET_VALID);
	probe_report_deinit(&meeting.report);
}

TEST(a_client_has_its_certificate)
{
	struct authority_pair pair = authority_make((struct authority_wish){ .subject = "me" });
	char *certificate = authority_certificate_pem(&pair), *key = authority_key_pem(&pair);
	struct tls_config config = { .insecure_skip_verify = true,
				     .cert = certificate,
				     .key = key };
	SSL_CTX *context = authority_server(&pair);
	struct meeting meeting = { 0 };

	X509_STORE_add_cert(SSL_CTX_get_cert_store(context), pair.certificate);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	meet(&meeting, &config, "a.test", context);
	CHECK_EQ_INT(meeting.result, 0);
	CHECK_EQ_STR(meeting.server.client, "me");
	free(certificate);
	free(key);
	authority_pair_free(&pair);
	probe_report_deinit(&meeting.report);
}

static const char *version(struct tls_config config, int server_max)
{
	struct authority_pair pair = authority_make((struct authority_wish){ .subject = "x" });
	SSL_CTX *context = authority_server(&pair);
	struct meeting meeting = { 0 };
	static char text[16];

	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_min_proto_version(context, 0);
	SSL_CTX_set_max_proto_version(context, server_max);
	config.insecure_skip_verify = true;
	meet(&meeting, &config, "a.test", context);
	snprintf(text, sizeof(text), "%s",
		 meeting.report.tls.version ? meeting.report.tls.version : "none");
	CHECK_EQ_INT(meeting.result, strcmp(text, "none") ? 0 : -EPROTO);
	probe_report_deinit(&meeting.report);
	authority_pair_free(&pair);
	return text;
}

TEST(versions_are_as_wanted)
{
	CHECK_EQ_STR(version((struct tls_config){ 0 }, TLS1_2_VERSION), "TLS 1.2");
	CHECK_EQ_STR(version((struct tls_config){ 0 }, TLS1_1_VERSION), "none");
	CHECK_EQ_STR(version((struct tls_config){ .max_version = TLS_VERSION_1_2 },
			     TLS1_3_VERSION),
		     "TLS 1.2");
	CHECK_EQ_STR(version((struct tls_config){ .min_version = TLS_VERSION_1_3 },
			     TLS1_2_VERSION),
		     "none");
	CHECK_EQ_STR(version((struct tls_config){ .min_version = TLS_VERSION_1_0 },
			     TLS1_VERSION),
		     "TLS 1.0");
}

TEST(a_server_that_goes_away_is_no_good)
{
	struct meeting meeting = { .server = { .closes_at_once = true } };

	meet_signed(&meeting, (struct tls_config){ 0 }, "a.test", "DNS:a.test");
	CHECK(meeting.result == -EPROTO || meeting.result == -ECONNRESET);
	CHECK_EQ_STR(meeting.report.tls.subject, NULL);
	CHECK(isnan(meeting.report.tls.earliest_expiry));
	probe_report_deinit(&meeting.report);
}

static void check_refused(struct tls_config config, const char *expected)
{
	CLEANUP(error_deinit) struct error err = { 0 };

	CHECK(!tls_session_new(&config, "a.test", -1, &err));
	CHECK_EQ_STR(error_string(&err), expected);
}

/* OpenSSL would take anybody then. */
TEST(a_name_that_is_none_is_refused)
{
	static const char expected[] = "no name that a certificate could be for";
	static const char *const names[] = { "", ".", "[]", "[", "..", ".test" };

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		CLEANUP(error_deinit) struct error err = { 0 };

		check_refused((struct tls_config){ .server_name = names[i] }, expected);
		CHECK(!tls_session_new(&(struct tls_config){ 0 }, names[i], -1, &err));
		CHECK_EQ_STR(error_string(&err), expected);
	}
}

TEST(files_that_are_no_good_are_named)
{
	struct authority_pair a = authority_make((struct authority_wish){ .subject = "a" });
	struct authority_pair b = authority_make((struct authority_wish){ .subject = "b" });
	char *certificate = authority_certificate_pem(&a), *key = authority_key_pem(&b);

	check_refused((struct tls_config){ .ca_file = "/nowhere/ca" },
		      "/nowhere/ca: No such file or directory");
	check_refused((struct tls_config){ .ca_file = "/nowhere/other" },
		      "/nowhere/other: No such file or directory");
	check_refused((struct tls_config){ .ca_file = "/dev/null" },
		      "/dev/null: not a regular file");
	check_refused((struct tls_config){ .ca = key }, "ca: no certificate in it");
	check_refused((struct tls_config){ .cert = certificate },
		      "a certificate without a key");
	check_refused((struct tls_config){ .cert = certificate, .key_file = "/nowhere/key" },
		      "/nowhere/key: No such file or directory");
	check_refused((struct tls_config){ .cert = certificate, .key = certificate },
		      "key: no key in it, or one with a password");
	check_refused((struct tls_config){ .cert = key, .key = key },
		      "cert: no certificate in it");
	check_refused((struct tls_config){ .cert = certificate, .key = key },
		      "key: not the key of the certificate");
	free(certificate);
	free(key);
	authority_pair_free(&a);
	authority_pair_free(&b);
}

static void write_file(const char *path, const char *content)
{
	FILE *file = fopen(path, "w");

	authority_require(file != NULL, path);
	fputs(content, file);
	fclose(file);
}

static int meet_with_file(const struct authority_pair *pair, const char *path)
{
	struct tls_config config = { .ca_file = path };
	struct meeting meeting = { 0 };

	meet(&meeting, &config, "a.test", authority_server(pair));
	probe_report_deinit(&meeting.report);
	return meeting.result;
}

TEST(a_file_of_authorities_that_has_changed_is_read_again)
{
	struct authority_pair a =
		authority_make((struct authority_wish){ "a", "DNS:a.test", NULL, 0, 0 });
	struct authority_pair b =
		authority_make((struct authority_wish){ "longer b", "DNS:a.test", NULL, 0, 0 });
	char *first = authority_certificate_pem(&a), *second = authority_certificate_pem(&b);
	char path[] = "/tmp/tls_test.XXXXXX";

	close(mkstemp(path));
	write_file(path, first);
	CHECK_EQ_INT(meet_with_file(&a, path), 0);
	CHECK_EQ_INT(meet_with_file(&b, path), -EPROTO);
	write_file(path, second);
	CHECK_EQ_INT(meet_with_file(&a, path), -EPROTO);
	CHECK_EQ_INT(meet_with_file(&b, path), 0);
	unlink(path);
	free(first);
	free(second);
	authority_pair_free(&a);
	authority_pair_free(&b);
}

/* What a certificate with these names says. */
static void meet_absurd(struct meeting *meeting, const char *subject, const char *names,
			const char *not_after)
{
	struct authority_wish wish = { "x", names, NULL, 0, 0 };
	struct tls_config config = { .insecure_skip_verify = true };
	X509 *certificate = authority_begin(&wish);
	X509_NAME *name = X509_get_subject_name(certificate);
	struct authority_pair pair;

	X509_NAME_add_entry_by_txt(name, "1.2.3.4", V_ASN1_UTF8STRING,
				   (const unsigned char *)subject, -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "O", V_ASN1_T61STRING,
				   (const unsigned char *)"\x80\0\xff", 3, -1, 0);
	if (not_after)
		ASN1_TIME_set_string(X509_getm_notAfter(certificate), not_after);
	pair = authority_end(certificate, NULL);
	meet(meeting, &config, "a.test", authority_server(&pair));
	authority_pair_free(&pair);
}

TEST(absurd_names_are_bounded)
{
	CLEANUP(text_deinit) struct text subject = { 0 }, names = { 0 };
	struct meeting meeting = { 0 };

	for (unsigned i = 0; i < 3000; i++) {
		text_append_string(&subject, "0123456789");
		text_printf(&names, "%sDNS:%u.example", i ? "," : "", i);
	}
	meet_absurd(&meeting, text_string(&subject), text_string(&names), "99991231235959Z");
	CHECK_EQ_INT(meeting.result, 0);
	CHECK_EQ_INT(strlen(meeting.report.tls.names), 16 * 1024);
	CHECK(strlen(meeting.report.tls.subject) >= 16 * 1024);
	CHECK(strlen(meeting.report.tls.subject) < 17 * 1024);
	CHECK_EQ_DBL(meeting.report.tls.earliest_expiry, 253402300799.0);
	probe_report_deinit(&meeting.report);
	for (unsigned i = 0; i < 10000; i++)
		text_append_string(&subject, "0123456789");
	meet_absurd(&meeting, text_string(&subject), "DNS:a", NULL);
	CHECK_EQ_INT(meeting.result, -EPROTO);
	CHECK_EQ_STR(meeting.report.tls.subject, NULL);
	probe_report_deinit(&meeting.report);
}

TEST(nothing_is_read_before_it_is_there)
{
	struct authority_pair pair = authority_make((struct authority_wish){ .subject = "x" });
	struct tls_config config = { .insecure_skip_verify = true };
	CLEANUP(error_deinit) struct error err = { 0 };
	struct server server = { 0 };
	int fd = server_start(&server, authority_server(&pair));
	struct tls_session *session = tls_session_new(&config, "a", fd, &err);
	char data[8];

	REQUIRE(session);
	REQUIRE(!shake_hands(session, fd));
	CHECK_EQ_INT(tls_session_read(session, data, sizeof(data)), -EAGAIN);
	CHECK_EQ_INT(tls_session_wants(session), EPOLLIN);
	tls_session_free(session);
	tls_session_free(NULL);
	close(fd);
	pthread_join(server.thread, NULL);
	SSL_CTX_free(server.context);
	authority_pair_free(&pair);
}

TEST_MAIN()
