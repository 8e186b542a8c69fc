#include "probe/engine.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "probe/peer.h"
#include "probe/plan.h"
#include "test.h"

/* The row of the only probe after its first run. */
static struct probe_row run_once(struct plan *plan)
{
	struct probe_engine *engine = begin(plan, NULL);
	struct snapshot *snapshot = wait_runs(engine, 1);
	struct probe_row row = { 0 };

	if (snapshot)
		row = snapshot->probes[0];
	snapshot_free(snapshot);
	probe_engine_free(engine);
	return row;
}

static struct probe_row ask(struct plan *plan, const char *path)
{
	struct peer peer;
	struct probe_row row;

	peer_start(&peer);
	plan_add(plan, 100, 0.5, "http://127.0.0.1:%u%s", peer.port, path);
	plan->destinations[0].probe.interval = 0.1;
	row = run_once(plan);
	peer_stop(&peer);
	free(plan);
	return row;
}

/* The reason why a probe of this path fails. */
static const char *reason(const char *path)
{
	struct plan *plan = plan_new();
	struct probe_row row;

	plan->module.http.body_size_limit = 1000000;
	row = ask(plan, path);
	for (unsigned i = 0; i < PROBE_REASON_COUNT; i++) {
		if (row.failures[i])
			return probe_reason_name(i);
	}
	return row.success ? "success" : "none";
}

TEST(an_answer_is_a_success)
{
	struct probe_row row = ask(plan_new(), "/");

	CHECK(row.success);
	CHECK(row.runs >= 1);
	CHECK_EQ_INT(row.http_status, 200);
	CHECK(isnan(row.tls_expiry));
	CHECK(row.duration > 0 && row.duration < 0.5);
	CHECK(row.phases[PROBE_PHASE_CONNECT] > 0);
	CHECK_EQ_DBL(row.phases[PROBE_PHASE_TLS], 0);
	CHECK(row.timestamp > 1e9);
}

TEST(a_redirect_is_followed)
{
	struct probe_row row = ask(plan_new(), "/moved");

	CHECK(row.success);
	CHECK_EQ_INT(row.http_status, 200);
}

TEST(a_redirect_is_not_followed_when_told_so)
{
	struct plan *plan = plan_new();
	struct probe_row row;

	plan->module.http.follow_redirects = false;
	row = ask(plan, "/moved");
	CHECK(!row.success);
	CHECK_EQ_INT(row.http_status, 301);
	CHECK(row.failures[PROBE_STATUS] > 0);
}

TEST(every_misbehaviour_has_its_reason)
{
	CHECK_EQ_STR(reason("/teapot"), "status");
	CHECK_EQ_STR(reason("/silent"), "no_answer");
	CHECK_EQ_STR(reason("/drip"), "slow");
	CHECK_EQ_STR(reason("/flood"), "too_large");
	CHECK_EQ_STR(reason("/reset"), "reset");
	CHECK_EQ_STR(reason("/loop"), "redirects");
	CHECK_EQ_STR(reason("/file"), "protocol");
	CHECK_EQ_STR(reason("/garbage"), "protocol");
	CHECK_EQ_STR(reason("/chunks"), "protocol");
	CHECK_EQ_STR(reason("/cut"), "closed_early");
	CHECK_EQ_STR(reason("/close"), "closed_early");
}

TEST(a_closed_port_is_refused)
{
	static const char *const servers[] = { "http://127.0.0.1", "http://localhost",
					       "tcp://127.0.0.1", "https://localhost" };
	struct peer peer;

	for (size_t i = 0; i < ARRAY_LENGTH(servers); i++) {
		struct plan *plan = plan_new();
		struct probe_row row;

		peer_start(&peer);
		peer_stop(&peer);
		plan_add(plan, 0.1, 5, "%s:%u", servers[i], peer.port);
		row = run_once(plan);
		CHECK(!row.success);
		CHECK_EQ_U64(row.failures[PROBE_REFUSED], row.runs);
		CHECK_EQ_INT(row.http_status, 0);
		free(plan);
	}
}

TEST(tcp_is_connected_and_nothing_is_asked)
{
	struct plan *plan = plan_new();
	struct probe_row row;
	struct peer peer;

	peer_start(&peer);
	plan_add(plan, 0.1, 5, "tcp://127.0.0.1:%u", peer.port);
	row = run_once(plan);
	CHECK(row.success);
	CHECK_EQ_INT(row.http_status, 0);
	CHECK_EQ_DBL(row.phases[PROBE_PHASE_PROCESSING], 0);
	peer_wait(&peer, (unsigned)row.runs);
	peer_stop(&peer);
	CHECK_EQ_STR(peer.request, "");
	free(plan);
}

TEST(credentials_are_sent_to_their_server_only)
{
	struct plan *plan = plan_new();
	struct peer peer;

	peer_start(&peer);
	plan_add(plan, 0.1, 5, "http://user:p%%40ss@127.0.0.1:%u/moved", peer.port);
	CHECK(run_once(plan).success);
	peer_stop(&peer);
	CHECK(strstr(peer.request, "Authorization: Basic dXNlcjpwQHNz\r\n"));
	CHECK(strstr(peer.request, "User-Agent: outbound_exporter\r\n"));
	free(plan);
}

/* The request for `path`, or what a redirect made of it; static. */
static const char *request(const char *method, const char *path)
{
	static struct peer peer;
	struct plan *plan = plan_new();

	peer_start(&peer);
	plan->module.http.method = method;
	plan_add(plan, 0.5, 0.5, "http://127.0.0.1:%u%s", peer.port, path);
	CHECK(run_once(plan).success);
	peer_stop(&peer);
	free(plan);
	return peer.request;
}

TEST(methods_are_what_was_configured)
{
	CHECK(!strncmp(request(NULL, "/"), "GET / HTTP/1.1\r\n", 16));
	CHECK(!strncmp(request("HEAD", "/"), "HEAD / ", 7));
	CHECK(!strncmp(request("POST", "/"), "POST / ", 7));
	CHECK(strstr(request("POST", "/"), "\r\nContent-Length: 0\r\n"));
	CHECK(!strncmp(request("OPTIONS", "/?a"), "OPTIONS /?a ", 12));
	CHECK(!strstr(request("OPTIONS", "/"), "Content-Length"));
}

TEST(a_redirected_post_is_a_get_and_the_rest_stay)
{
	CHECK(!strncmp(request("POST", "/moved"), "GET / ", 6));
	CHECK(!strncmp(request("HEAD", "/moved"), "HEAD / ", 7));
	CHECK(!strncmp(request("PUT", "/moved"), "PUT / ", 6));
}

TEST(what_hangs_delays_nobody)
{
	struct plan *plan = plan_new();
	struct probe_engine *engine;
	struct snapshot *snapshot;
	struct peer peer;

	peer_start(&peer);
	plan_add(plan, 0.2, 30, "http://127.0.0.1:%u/silent", peer.port);
	plan_add(plan, 0.2, 30, "http://127.0.0.1:%u/drip", peer.port);
	plan_add(plan, 0.1, 30, "http://127.0.0.1:%u/", peer.port);
	engine = begin(plan, NULL);
	for (uint64_t runs = 0; runs < 20;) {
		snapshot = look(engine);
		runs = snapshot->probes[2].runs;
		CHECK_EQ_U64(snapshot->probes[0].runs + snapshot->probes[1].runs, 0);
		if (runs >= 20) {
			CHECK_EQ_U64(snapshot->probes[2].failures[PROBE_OTHER], 0);
			CHECK(snapshot->probes[0].missed > 0);
		}
		snapshot_free(snapshot);
		pause_a_little();
	}
	probe_engine_free(engine);
	peer_stop(&peer);
	free(plan);
}

TEST(five_hundred_at_once_all_get_an_answer)
{
	struct plan *plan = plan_new();
	struct probe_engine *engine;
	struct snapshot *snapshot;
	struct peer peer;

	peer_start(&peer);
	for (unsigned i = 0; i < 500; i++)
		plan_add(plan, 0.5, 30, "http://127.0.0.1:%u/", peer.port);
	engine = begin(plan, NULL);
	snapshot = wait_runs(engine, 2);
	REQUIRE(snapshot);
	for (size_t i = 0; i < snapshot->probe_count; i++)
		CHECK(snapshot->probes[i].success);
	snapshot_free(snapshot);
	probe_engine_free(engine);
	peer_stop(&peer);
	free(plan);
}

TEST(a_thousand_transfers_are_under_way_at_most)
{
	struct plan *plan = plan_new();
	struct probe_engine *engine;
	uint64_t missed = 0, own = 0;
	struct peer peer;

	peer_start(&peer);
	for (unsigned i = 0; i < PROBES_MAX; i++)
		plan_add(plan, 0.2, 60, "http://127.0.0.1:%u/silent", peer.port);
	engine = begin(plan, NULL);
	while (missed < PROBES_MAX) {
		struct snapshot *snapshot = look(engine);

		missed = 0;
		for (size_t i = 0; i < snapshot->probe_count; i++)
			missed += snapshot->probes[i].missed > 0;
		own = snapshot->own_count;
		snapshot_free(snapshot);
		pause_a_little();
	}
	CHECK_EQ_U64(own, 1000);
	probe_engine_free(engine);
	peer_stop(&peer);
	free(plan);
}

TEST(results_are_taken_over)
{
	struct plan *plan = plan_new(), *next = plan_new();
	struct probe_engine *old, *new;
	struct snapshot *before, *after;
	struct peer peer;

	peer_start(&peer);
	for (unsigned i = 0; i < 2; i++)
		plan_add(plan, 0.1, 5, "http://127.0.0.1:%u/", peer.port);
	plan_add(next, 60, 5, "http://127.0.0.1:%u/", peer.port);
	plan_add(next, 60, 5, "http://127.0.0.1:%u/?", peer.port);
	old = begin(plan, NULL);
	snapshot_free(wait_runs(old, 3));
	probe_engine_stop(old);
	before = look(old);
	new = probe_engine_new(&next->config, old);
	probe_engine_free(old);
	free(plan);
	after = look(new);
	CHECK_EQ_U64(after->probe_count, 2);
	CHECK_EQ_U64(after->probes[0].runs, before->probes[0].runs);
	CHECK_EQ_DBL(after->probes[0].timestamp, before->probes[0].timestamp);
	CHECK_EQ_U64(after->probes[1].runs, 0);
	CHECK_EQ_U64(after->own_count, before->own_count);
	CHECK(after->own_count > 0);
	snapshot_free(before);
	snapshot_free(after);
	probe_engine_free(new);
	peer_stop(&peer);
	free(next);
}

/* Each engine lives for less time than a probe may wait for its first run. */
TEST(reloads_do_not_put_a_probe_off_for_ever)
{
	struct plan *plan = plan_new();
	double start = clock_monotonic();
	struct probe_engine *engine, *next;
	struct peer peer;
	uint64_t runs = 0;

	peer_start(&peer);
	plan_add(plan, 60, 5, "http://127.0.0.1:%u/", peer.port);
	engine = begin(plan, NULL);
	while (!runs && clock_monotonic() - start < 30) {
		struct snapshot *snapshot;

		for (int i = 0; i < 50; i++)
			pause_a_little();
		snapshot = look(engine);
		runs = snapshot->probes[0].runs;
		snapshot_free(snapshot);
		probe_engine_stop(engine);
		next = begin(plan, engine);
		probe_engine_free(engine);
		engine = next;
	}
	CHECK_EQ_U64(runs, 1);
	probe_engine_free(engine);
	peer_stop(&peer);
	free(plan);
}

/* A run that never ends is begun again by each reload; what is missed is missed once. */
TEST(reloads_count_what_is_missed_once)
{
	struct plan *plan = plan_new();
	double start = clock_monotonic(), elapsed = 0;
	struct probe_engine *engine, *next;
	struct snapshot *snapshot;
	struct peer peer;

	peer_start(&peer);
	plan_add(plan, 0.2, 60, "http://127.0.0.1:%u/silent", peer.port);
	engine = begin(plan, NULL);
	while (elapsed < 2) {
		for (int i = 0; i < 20; i++)
			pause_a_little();
		probe_engine_stop(engine);
		next = begin(plan, engine);
		probe_engine_free(engine);
		engine = next;
		elapsed = clock_monotonic() - start;
	}
	snapshot = look(engine);
	CHECK_EQ_U64(snapshot->probes[0].runs, 0);
	CHECK((double)snapshot->probes[0].missed <= elapsed / 0.2);
	CHECK((double)snapshot->probes[0].missed >= elapsed / 0.2 / 2);
	snapshot_free(snapshot);
	probe_engine_free(engine);
	peer_stop(&peer);
	free(plan);
}

TEST(an_engine_can_be_started_again)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct plan *plan = plan_new();
	struct probe_engine *engine;
	struct snapshot *snapshot;
	struct peer peer;
	uint64_t runs;

	peer_start(&peer);
	plan_add(plan, 0.1, 5, "http://127.0.0.1:%u/", peer.port);
	engine = begin(plan, NULL);
	snapshot = wait_runs(engine, 2);
	REQUIRE(snapshot);
	runs = snapshot->probes[0].runs;
	snapshot_free(snapshot);
	probe_engine_stop(engine);
	probe_engine_stop(engine);
	CHECK_EQ_INT(probe_engine_start(engine, &err), 0);
	snapshot = wait_runs(engine, runs + 2);
	CHECK(snapshot != NULL);
	snapshot_free(snapshot);
	probe_engine_free(engine);
	peer_stop(&peer);
	free(plan);
}

TEST(without_probes_there_is_nothing_to_do)
{
	struct plan *plan = plan_new();
	struct probe_engine *engine = begin(plan, NULL);
	struct snapshot *snapshot = look(engine);

	CHECK_EQ_U64(snapshot->probe_count, 0);
	CHECK_EQ_U64(snapshot->own_count, 0);
	snapshot_free(snapshot);
	probe_engine_free(engine);
	probe_engine_free(NULL);
	free(plan);
}

/* The connections are those to the peer's port, while they are open and after. */
TEST(own_connections_are_listed)
{
	struct plan *plan = plan_new();
	struct probe_engine *engine;
	struct snapshot *snapshot;
	struct peer peer;
	double start = clock_monotonic();
	size_t count = 0;

	peer_start(&peer);
	plan_add(plan, 60, 30, "http://127.0.0.1:%u/silent", peer.port);
	engine = begin(plan, NULL);
	while (!count && clock_monotonic() - start < 30) {
		snapshot = look(engine);
		count = snapshot->own_count;
		if (count) {
			CHECK_EQ_INT(snapshot->own[0].remote.port, peer.port);
			CHECK(snapshot->own[0].local.port != 0);
			CHECK(address_is_ipv4(&snapshot->own[0].local.address));
		}
		snapshot_free(snapshot);
		pause_a_little();
	}
	CHECK_EQ_U64(count, 1);
	probe_engine_stop(engine);
	snapshot = look(engine);
	CHECK_EQ_U64(snapshot->own_count, 1);
	CHECK_EQ_U64(snapshot->probes[0].runs, 0);
	snapshot_free(snapshot);
	probe_engine_free(engine);
	peer_stop(&peer);
	free(plan);
}

TEST_MAIN()
