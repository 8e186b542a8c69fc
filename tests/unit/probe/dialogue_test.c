#include "probe/dialogue.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/authority.h"
#include "test.h"

/* A dialogue over the loopback device, and the other side of it, which is the test's. */
struct stage {
	struct query_config queries[4];
	struct tcp_module module;
	struct probe_report report;
	struct connections *connections;
	struct watch watch;
	int listener, theirs;
	struct dialogue *dialogue;
	pthread_t thread;
	SSL_CTX *context;
	bool wants_certificate;
};

static struct query_config *add(struct stage *stage, const char *pattern, const char *send)
{
	struct query_config *query = &stage->queries[stage->module.query_count++];

	*query = (struct query_config){ .send = send, .send_length = send ? strlen(send) : 0 };
	if (pattern)
		CHECK(!regex_new(pattern, &query->expect, NULL));
	return query;
}

/* With small buffers, so that what is not read soon does not fit. */
static void shrink(int fd)
{
	int size = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static int connect_both(struct stage *stage, bool is_small)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int ours;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	stage->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (is_small)
		shrink(stage->listener);
	CHECK(!bind(stage->listener, (struct sockaddr *)&address, length) &&
	      !listen(stage->listener, 1) &&
	      !getsockname(stage->listener, (struct sockaddr *)&address, &length));
	ours = connections_open(stage->connections, NULL, (struct sockaddr *)&address, NULL,
				stage);
	if (is_small)
		shrink(ours);
	CHECK(!connect(ours, (struct sockaddr *)&address, length));
	CHECK(!fcntl(ours, F_SETFL, O_NONBLOCK));
	stage->theirs = accept(stage->listener, NULL, NULL);
	CHECK(stage->theirs >= 0);
	return ours;
}

static void open_stage(struct stage *stage, bool is_small)
{
	struct dialogue_peer peer = { .host = "server.test" };

	stage->module.queries = stage->queries;
	stage->connections = connections_new(4);
	probe_report_init(&stage->report);
	CHECK(!watch_init(&stage->watch));
	peer.fd = connect_both(stage, is_small);
	peer.connections = stage->connections;
	peer.watch = &stage->watch;
	stage->dialogue = dialogue_new(&peer, &stage->module, &stage->report, 100, 110);
}

static void end(struct stage *stage)
{
	dialogue_free(stage->dialogue);
	close(stage->listener);
	if (stage->theirs >= 0)
		close(stage->theirs);
	watch_deinit(&stage->watch);
	connections_free(stage->connections);
	probe_report_deinit(&stage->report);
	for (size_t i = 0; i < stage->module.query_count; i++)
		regex_free(stage->queries[i].expect);
}

static void hang_up(struct stage *stage)
{
	close(stage->theirs);
	stage->theirs = -1;
}

static void say(struct stage *stage, const char *text)
{
	size_t length = strlen(text);

	CHECK_EQ_INT(send(stage->theirs, text, length, MSG_NOSIGNAL), (intmax_t)length);
}

/* What arrived, static; waits for it. */
static const char *hear(struct stage *stage)
{
	static char text[256];
	ssize_t length = recv(stage->theirs, text, sizeof(text) - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

static bool is_woken(struct stage *stage, int milliseconds)
{
	struct pollfd fd = { stage->watch.fd, POLLIN, 0 };

	return poll(&fd, 1, milliseconds) == 1;
}

/* For something has come. */
static void wait_woken(struct stage *stage)
{
	CHECK(is_woken(stage, 30000));
}

static bool advance(struct stage *stage, double now)
{
	watch_look(&stage->watch);
	while (!dialogue_advance(stage->dialogue, now)) {
		if (dialogue_next(stage->dialogue) > 0)
			return false;
	}
	return true;
}

/* Goes on until it is over. */
static const char *outcome_at(struct stage *stage, double now)
{
	while (!advance(stage, now))
		wait_woken(stage);
	if (dialogue_reason(stage->dialogue) == PROBE_REASON_COUNT)
		return "success";
	return probe_reason_name(dialogue_reason(stage->dialogue));
}

/* When nobody says anything more. */
static const char *late_outcome(struct stage *stage)
{
	CHECK(!advance(stage, 109));
	CHECK_EQ_DBL(dialogue_next(stage->dialogue), 110);
	CHECK(!is_woken(stage, 0));
	return outcome_at(stage, 111);
}

static void check_phases(const struct stage *stage, double tls, double processing,
			 double transfer)
{
	const double *phases = stage->report.phases;

	CHECK_EQ_DBL(phases[PROBE_PHASE_TLS], tls);
	CHECK_EQ_DBL(phases[PROBE_PHASE_PROCESSING], processing);
	CHECK_EQ_DBL(phases[PROBE_PHASE_TRANSFER], transfer);
}

TEST(both_say_what_they_have_to)
{
	struct stage stage = { 0 };

	add(&stage, "^220 (\\w+)", "HELO $1");
	add(&stage, "^250", "QUIT");
	open_stage(&stage, false);
	CHECK(!advance(&stage, 101));
	CHECK(!is_woken(&stage, 0));
	say(&stage, "220-welcome\r\n220 a");
	wait_woken(&stage);
	CHECK(!advance(&stage, 102));
	say(&stage, "bc\r\n");
	wait_woken(&stage);
	CHECK(!advance(&stage, 104));
	CHECK_EQ_STR(hear(&stage), "HELO abc\n");
	say(&stage, "250 ok\n");
	CHECK_EQ_STR(outcome_at(&stage, 107), "success");
	CHECK_EQ_STR(hear(&stage), "QUIT\n");
	check_phases(&stage, 0, 2, 5);
	CHECK(!stage.report.used_tls && !stage.report.failed_by_regex);
	end(&stage);
}

static size_t count_own(struct stage *stage, double now)
{
	struct snapshot *snapshot = snapshot_new(now, now);
	size_t count;

	connections_copy(stage->connections, now, snapshot);
	count = snapshot->own_count;
	snapshot_free(snapshot);
	return count;
}

TEST(its_connection_is_ours_until_it_is_closed)
{
	struct stage stage = { 0 };

	add(&stage, "^220", NULL);
	open_stage(&stage, false);
	CHECK(!advance(&stage, 100));
	CHECK_EQ_U64(count_own(&stage, 1e9), 1);
	dialogue_free(stage.dialogue);
	stage.dialogue = NULL;
	CHECK_EQ_U64(count_own(&stage, 1e9), 0);
	CHECK_EQ_STR(hear(&stage), "");
	end(&stage);
}

TEST(one_who_is_silent_does_not_answer)
{
	struct stage stage = { 0 };

	add(&stage, "^220", NULL);
	open_stage(&stage, false);
	CHECK_EQ_STR(late_outcome(&stage), "no_answer");
	check_phases(&stage, 0, 10, 0);
	end(&stage);
}

TEST(one_who_drips_is_slow)
{
	struct stage stage = { 0 };

	add(&stage, "^220", NULL);
	open_stage(&stage, false);
	CHECK(!advance(&stage, 100));
	for (double now = 101; now < 109; now++) {
		say(&stage, "2");
		wait_woken(&stage);
		CHECK(!advance(&stage, now));
	}
	CHECK_EQ_STR(late_outcome(&stage), "slow");
	check_phases(&stage, 0, 1, 9);
	CHECK(!stage.report.failed_by_regex);
	end(&stage);
}

TEST(one_who_closes_is_told_from_one_who_says_something_else)
{
	static const char *const said[] = { "", "500 no\n" };

	for (size_t i = 0; i < ARRAY_LENGTH(said); i++) {
		struct stage stage = { 0 };

		add(&stage, "^220", NULL);
		open_stage(&stage, false);
		say(&stage, said[i]);
		hang_up(&stage);
		CHECK_EQ_STR(outcome_at(&stage, 101), i ? "body" : "closed_early");
		CHECK(stage.report.failed_by_regex);
		end(&stage);
	}
}

TEST(one_who_resets_is_that)
{
	const struct linger none = { .l_onoff = 1 };
	struct stage stage = { 0 };

	add(&stage, "^220", NULL);
	open_stage(&stage, false);
	CHECK(!setsockopt(stage.theirs, SOL_SOCKET, SO_LINGER, &none, sizeof(none)));
	hang_up(&stage);
	CHECK_EQ_STR(outcome_at(&stage, 101), "reset");
	CHECK(!stage.report.failed_by_regex);
	end(&stage);
}

/* Sends lines until it would have to wait. */
static void flood(struct stage *stage)
{
	static char lines[65536];

	for (size_t i = 0; i < sizeof(lines); i++)
		lines[i] = i % 64 ? 'x' : '\n';
	while (send(stage->theirs, lines, sizeof(lines), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
}

TEST(one_who_floods_is_served_in_turns_and_cut_off)
{
	struct stage stage = { 0 };
	unsigned turns = 0;

	add(&stage, "^220", NULL);
	open_stage(&stage, false);
	do {
		flood(&stage);
		if (dialogue_next(stage.dialogue) > 0)
			wait_woken(&stage);
		watch_look(&stage.watch);
	} while (turns++, !dialogue_advance(stage.dialogue, 101));
	CHECK_EQ_STR(outcome_at(&stage, 101), "too_large");
	CHECK(turns > 30);
	end(&stage);
}

/* Not all of it fits into the buffers between. */
TEST(what_is_said_waits_for_the_other_side)
{
	static char long_text[65536];
	struct stage stage = { 0 };
	size_t heard = 0;

	memset(long_text, 'a', sizeof(long_text) - 1);
	add(&stage, NULL, long_text);
	open_stage(&stage, true);
	CHECK(!advance(&stage, 101));
	CHECK_EQ_DBL(dialogue_next(stage.dialogue), 110);
	while (!advance(&stage, 102))
		heard += strlen(hear(&stage));
	CHECK_EQ_INT(dialogue_reason(stage.dialogue), PROBE_REASON_COUNT);
	dialogue_free(stage.dialogue);
	stage.dialogue = NULL;
	for (size_t more = 1; more; heard += more)
		more = strlen(hear(&stage));
	CHECK_EQ_U64(heard, sizeof(long_text));
	end(&stage);
}

/* A TLS server: greets in the clear if TLS is to be begun later, then answers one line. */
static void *tls_thread(void *argument)
{
	struct stage *stage = argument;
	SSL *ssl = SSL_new(stage->context);
	char line[64];

	if (!stage->module.tls_from_start) {
		say(stage, "220 hello\n");
		CHECK_EQ_STR(hear(stage), "STARTTLS\n");
		say(stage, "220 go ahead\n");
	}
	SSL_set_fd(ssl, stage->theirs);
	if (SSL_accept(ssl) == 1 && SSL_read(ssl, line, sizeof(line)) > 0) {
		SSL_write(ssl, "250 sec", 7);
		SSL_write(ssl, "ure\n", 4);
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	hang_up(stage);
	return NULL;
}

static const char *tls_outcome(struct stage *stage, const struct authority_pair *pair)
{
	const char *outcome;

	signal(SIGPIPE, SIG_IGN);
	stage->context = authority_server(pair);
	if (stage->wants_certificate)
		SSL_CTX_set_verify(stage->context,
				   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	open_stage(stage, false);
	pthread_create(&stage->thread, NULL, tls_thread, stage);
	outcome = outcome_at(stage, 101);
	dialogue_free(stage->dialogue);
	stage->dialogue = NULL;
	pthread_join(stage->thread, NULL);
	SSL_CTX_free(stage->context);
	return outcome;
}

static const char *signed_outcome(struct stage *stage, const struct authority_wish *wish)
{
	struct authority_wish signed_wish = *wish;
	struct authority_pair root, pair;
	const char *outcome;
	char *pem;

	root = authority_make((struct authority_wish){ .subject = "root" });
	signed_wish.issuer = &root;
	pair = authority_make(signed_wish);
	pem = authority_certificate_pem(&root);
	stage->module.tls.ca = pem;
	outcome = tls_outcome(stage, &pair);
	authority_pair_free(&root);
	authority_pair_free(&pair);
	free(pem);
	return outcome;
}

static const struct authority_wish good = { .subject = "server", .names = "DNS:server.test" };

TEST(tls_may_come_first)
{
	struct stage stage = { .module.tls_from_start = true };

	add(&stage, NULL, "HELO");
	add(&stage, "^250 (secure)$", NULL);
	CHECK_EQ_STR(signed_outcome(&stage, &good), "success");
	CHECK(stage.report.used_tls);
	CHECK_EQ_STR(stage.report.tls.version, "TLS 1.3");
	CHECK(stage.report.tls.earliest_expiry > 1e9);
	end(&stage);
}

TEST(tls_may_be_all_there_is)
{
	struct stage stage = { .module.tls_from_start = true };

	CHECK_EQ_STR(signed_outcome(&stage, &good), "success");
	check_phases(&stage, 1, 0, 0);
	end(&stage);
}

TEST(tls_may_be_begun_in_the_middle)
{
	struct stage stage = { 0 };

	add(&stage, "^220", "STARTTLS");
	add(&stage, "^220", NULL)->starttls = true;
	add(&stage, NULL, "HELO");
	add(&stage, "^250 secure", "QUIT");
	CHECK_EQ_STR(signed_outcome(&stage, &good), "success");
	CHECK(stage.report.used_tls);
	end(&stage);
}

TEST(certificates_that_are_not_good_are_told_apart)
{
	static const struct authority_wish expired = { "server", "DNS:server.test", NULL,
						       -2 * AUTHORITY_DAY, -AUTHORITY_DAY };
	static const struct authority_wish other = { "server", "DNS:other.test", NULL, 0, 0 };
	struct stage late = { .module.tls_from_start = true }, wrong = late;
	struct stage skipped = { .module = { .tls_from_start = true,
					     .tls.insecure_skip_verify = true } };

	CHECK_EQ_STR(signed_outcome(&late, &expired), "tls_expired");
	CHECK(late.report.tls.earliest_expiry > 1e9 && !late.report.used_tls);
	end(&late);
	CHECK_EQ_STR(signed_outcome(&wrong, &other), "tls_certificate");
	end(&wrong);
	CHECK_EQ_STR(signed_outcome(&skipped, &expired), "success");
	end(&skipped);
}

TEST(a_server_that_wants_a_certificate_of_ours_fails_the_handshake)
{
	struct stage stage = { .module.tls_from_start = true, .wants_certificate = true };
	const char *outcome;

	add(&stage, NULL, "HELO");
	add(&stage, "^250", NULL);
	outcome = signed_outcome(&stage, &good);
	CHECK(!strcmp(outcome, "tls_handshake") || !strcmp(outcome, "reset"));
	end(&stage);
}

TEST(a_handshake_may_stall_end_or_be_none)
{
	struct stage silent = { .module.tls_from_start = true };
	struct stage ended = silent, garbage = silent;

	open_stage(&silent, false);
	CHECK_EQ_STR(late_outcome(&silent), "tls_handshake");
	check_phases(&silent, 10, 0, 0);
	end(&silent);
	open_stage(&ended, false);
	CHECK(!advance(&ended, 101));
	CHECK(*hear(&ended));
	while (recv(ended.theirs, &(char[256]){ 0 }, 256, MSG_DONTWAIT) > 0)
		;
	hang_up(&ended);
	CHECK_EQ_STR(outcome_at(&ended, 101), "tls_handshake");
	end(&ended);
	open_stage(&garbage, false);
	say(&garbage, "SSH-2.0-OpenSSH\r\n");
	CHECK_EQ_STR(outcome_at(&garbage, 101), "tls_handshake");
	end(&garbage);
}

TEST(what_the_configuration_wants_must_be_possible)
{
	struct stage twice = { .module.tls_from_start = true };
	struct stage stage = { .module = { .tls_from_start = true,
					   .tls.ca_file = "/does/not/exist" } };

	open_stage(&stage, false);
	CHECK_EQ_STR(outcome_at(&stage, 101), "config");
	end(&stage);
	add(&twice, NULL, "HELO")->starttls = true;
	CHECK_EQ_STR(signed_outcome(&twice, &good), "config");
	end(&twice);
}

TEST_MAIN()
