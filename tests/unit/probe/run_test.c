#include "probe/run.h"

#include <sys/epoll.h>

#include "base/clock.h"
#include "probe/peer.h"
#include "test.h"

/* A run, and the turns of the thread that it is in. */
struct stage {
	struct peer peer;
	struct query_config queries[2];
	struct module_config module;
	struct probe_config probe;
	char url[64];
	struct run_context context;
	struct transfers *transfers;
	struct run *run;
};

static void add(struct stage *stage, const char *send, const char *pattern)
{
	struct query_config *queries = stage->queries;

	queries[0].send = send;
	queries[0].send_length = strlen(send);
	CHECK(!regex_new(pattern, &queries[1].expect, NULL));
	stage->module.tcp.queries = queries;
	stage->module.tcp.query_count = 2;
}

static void begin(struct stage *stage, const char *scheme, const char *host, const char *path)
{
	peer_start(&stage->peer);
	snprintf(stage->url, sizeof(stage->url), "%s://%s:%u%s", scheme, host, stage->peer.port,
		 path);
	stage->module.prober = strcmp(scheme, "tcp") ? PROBER_HTTP : PROBER_TCP;
	stage->probe.url = stage->url;
	stage->probe.module = &stage->module;
	stage->probe.timeout = stage->probe.timeout > 0 ? stage->probe.timeout : 20;
	CHECK(!watch_init(&stage->context.watch));
	stage->context.connections = connections_new(16);
	stage->context.resolver = resolver_new();
	stage->transfers = transfers_new();
	watch_set(&stage->context.watch, resolver_event(stage->context.resolver), EPOLLIN);
	stage->run =
		run_new(&stage->context, &stage->probe, NULL, false, clock_monotonic(), stage);
}

static void end(struct stage *stage)
{
	run_free(stage->run);
	transfers_free(stage->transfers);
	resolver_release(stage->context.resolver);
	connections_free(stage->context.connections);
	watch_deinit(&stage->context.watch);
	peer_stop(&stage->peer);
	regex_free(stage->queries[1].expect);
}

static void turn(struct stage *stage)
{
	struct transfer *transfer;

	resolver_read_event(stage->context.resolver);
	watch_look(&stage->context.watch);
	run_check(stage->run, clock_monotonic());
	if (run_state(stage->run) == RUN_READY)
		run_start(stage->run, stage->transfers);
	transfers_perform(stage->transfers);
	while ((transfer = transfers_take(stage->transfers)))
		run_finish_leg(transfer, clock_monotonic());
	if (run_state(stage->run) != RUN_DONE)
		transfers_wait(stage->transfers, stage->context.watch.fd,
			       run_deadline(stage->run) - clock_monotonic());
}

static const char *outcome(struct stage *stage)
{
	const struct probe_report *report = run_report(stage->run);

	while (run_state(stage->run) != RUN_DONE)
		turn(stage);
	return report->success ? "success" : probe_reason_name(report->reason);
}

static size_t count_own(struct stage *stage)
{
	struct snapshot *snapshot = snapshot_new(1e9, 1e9);
	size_t count;

	connections_copy(stage->context.connections, 1e9, snapshot);
	count = snapshot->own_count;
	snapshot_free(snapshot);
	return count;
}

/* Of the two addresses of localhost, one may be refused. */
TEST(a_conversation_goes_over_the_connection_that_libcurl_made)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost" };

	for (size_t i = 0; i < ARRAY_LENGTH(hosts); i++) {
		struct stage stage = { .probe.reuse = i > 0 };
		const double *phases;

		add(&stage, "GET /keep HTTP/1.1\r\n\r", "^HTTP/1.1 200");
		begin(&stage, "tcp", hosts[i], "");
		CHECK_EQ_STR(outcome(&stage), "success");
		phases = run_report(stage.run)->phases;
		CHECK(phases[PROBE_PHASE_CONNECT] > 0 && phases[PROBE_PHASE_PROCESSING] > 0);
		CHECK(run_report(stage.run)->duration > phases[PROBE_PHASE_PROCESSING]);
		CHECK_EQ_U64(count_own(&stage), 0);
		end(&stage);
		CHECK_EQ_U64(stage.peer.served, 1);
		CHECK_EQ_STR(stage.peer.request, "GET /keep HTTP/1.1\r\n\r\n");
	}
}

TEST(a_conversation_ends_with_the_time_of_the_run)
{
	struct stage stage = { .probe.timeout = 1 };

	add(&stage, "GET /silent HTTP/1.1", "^HTTP");
	begin(&stage, "tcp", "127.0.0.1", "");
	CHECK_EQ_STR(outcome(&stage), "no_answer");
	CHECK(fabs(run_report(stage.run)->duration - 1) < 1e-6);
	end(&stage);
}

TEST(what_is_said_may_not_be_what_is_expected)
{
	struct stage stage = { 0 };

	add(&stage, "GET /teapot HTTP/1.1", "^HTTP/1.1 200");
	begin(&stage, "tcp", "127.0.0.1", "");
	CHECK_EQ_STR(outcome(&stage), "body");
	CHECK(run_report(stage.run)->failed_by_regex);
	end(&stage);
}

TEST(a_conversation_is_given_up_with_its_run)
{
	struct stage stage = { 0 };

	add(&stage, "GET /silent HTTP/1.1", "^HTTP");
	begin(&stage, "tcp", "127.0.0.1", "");
	while (run_state(stage.run) != RUN_DIALOGUE)
		turn(&stage);
	run_check(stage.run, clock_monotonic());
	CHECK_EQ_INT(run_state(stage.run), RUN_DIALOGUE);
	CHECK_EQ_U64(count_own(&stage), 1);
	end(&stage);
}

TEST(tls_over_tcp_alone_wants_a_server_that_speaks_it)
{
	struct stage stage = { .module.tcp.tls_from_start = true };

	add(&stage, "", "^HTTP");
	begin(&stage, "tcp", "127.0.0.1", "");
	CHECK_EQ_STR(outcome(&stage), "tls_handshake");
	CHECK(run_report(stage.run)->phases[PROBE_PHASE_TLS] > 0);
	CHECK_EQ_DBL(run_report(stage.run)->phases[PROBE_PHASE_PROCESSING], 0);
	end(&stage);
}

TEST(a_run_that_succeeded_hands_its_connection_on)
{
	struct stage stage = { .probe = { .reuse = true, .reuse_after = 100 } };
	struct reuse *reuse;

	begin(&stage, "http", "127.0.0.1", "/keep");
	CHECK_EQ_STR(outcome(&stage), "success");
	reuse = run_take_reuse(stage.run, &stage, clock_monotonic());
	REQUIRE(reuse);
	CHECK(!run_take_reuse(stage.run, &stage, clock_monotonic()));
	CHECK_EQ_INT(reuse_state(reuse), REUSE_IDLE);
	CHECK_EQ_U64(count_own(&stage), 1);
	reuse_free(reuse);
	CHECK_EQ_U64(count_own(&stage), 0);
	end(&stage);
}

TEST(others_do_not)
{
	struct stage failed = { .probe = { .reuse = true } };
	struct stage unwanted = { 0 };
	struct stage tcp = { .probe = { .reuse = true } };

	begin(&failed, "http", "127.0.0.1", "/teapot");
	CHECK_EQ_STR(outcome(&failed), "status");
	CHECK(!run_take_reuse(failed.run, NULL, clock_monotonic()));
	end(&failed);
	begin(&unwanted, "http", "127.0.0.1", "/keep");
	CHECK_EQ_STR(outcome(&unwanted), "success");
	CHECK(!run_take_reuse(unwanted.run, NULL, clock_monotonic()));
	end(&unwanted);
	begin(&tcp, "tcp", "127.0.0.1", "");
	CHECK_EQ_STR(outcome(&tcp), "success");
	CHECK(!run_take_reuse(tcp.run, NULL, clock_monotonic()));
	end(&tcp);
}

TEST_MAIN()
