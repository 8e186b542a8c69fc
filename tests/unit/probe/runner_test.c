/* Turns of a thread that is not always there in time. */
#include "probe/runner.h"

#include <signal.h>
#include <time.h>

#include "probe/peer.h"
#include "probe/probing.h"
#include "test.h"

#define DIALOGUES 100

static void pause_for(double seconds)
{
	double whole = floor(seconds);

	nanosleep(&(struct timespec){ (time_t)whole, (long)((seconds - whole) * 1e9) }, NULL);
}

/* A probe of a server that never says what is wanted. */
struct fixture {
	struct peer peer;
	struct probing probing;
	struct query_config queries[2];
	char url[64];
};

static void fixture_init(struct fixture *f, const char *scheme, const char *path)
{
	*f = (struct fixture){ 0 };
	signal(SIGPIPE, SIG_IGN);
	peer_start(&f->peer);
	probing_init(&f->probing);
	snprintf(f->url, sizeof(f->url), "%s://127.0.0.1:%u%s", scheme, f->peer.port, path);
	f->probing.probe.url = f->url;
	f->probing.probe.timeout = 0.1;
	f->probing.probe.wants_log = true;
}

/* The path is what is said over TCP. */
static void fixture_init_tcp(struct fixture *f, const char *request)
{
	fixture_init(f, "tcp", "");
	f->probing.module.prober = PROBER_TCP;
	f->queries[0].send = request;
	f->queries[0].send_length = strlen(request);
	CHECK(!regex_new("^never", &f->queries[1].expect, NULL));
	f->probing.module.tcp.queries = f->queries;
	f->probing.module.tcp.query_count = 2;
}

static void fixture_deinit(struct fixture *f)
{
	probing_deinit(&f->probing);
	peer_stop(&f->peer);
	regex_free(f->queries[1].expect);
}

/* A run that is in `state`. */
static struct run *begin(struct fixture *f, enum run_state state)
{
	struct probing *probing = &f->probing;
	struct run *run = run_new(&probing->runner.context, &probing->probe, NULL, false,
				  clock_monotonic(), NULL);

	runner_add(&probing->runner, run);
	runner_turn(&probing->runner);
	while (run_state(run) != state) {
		runner_wait(&probing->runner, INFINITY);
		runner_turn(&probing->runner);
	}
	return run;
}

static void check_late(struct fixture *f, struct run *run)
{
	CHECK(runner_take(&f->probing.runner) == run);
	CHECK(run_was_late(run));
	CHECK(!run_report(run)->success);
	CHECK_EQ_STR(probe_reason_name(run_report(run)->reason), "other");
	CHECK(strstr(text_string(&run_report(run)->log), "This program was late"));
	run_free(run);
}

TEST(who_is_late_himself_accuses_nobody)
{
	CLEANUP(fixture_deinit) struct fixture f;
	struct run *run;

	fixture_init(&f, "http", "/silent");
	run = begin(&f, RUN_TRANSFER);
	pause_for(0.3);
	runner_turn(&f.probing.runner);
	check_late(&f, run);
}

TEST(nor_in_a_conversation)
{
	CLEANUP(fixture_deinit) struct fixture f;
	struct run *run;

	fixture_init_tcp(&f, "GET /silent HTTP/1.1\r\n");
	run = begin(&f, RUN_DIALOGUE);
	pause_for(0.3);
	runner_turn(&f.probing.runner);
	check_late(&f, run);
}

/* It sleeps only when the time is up, although it is then there at once. */
TEST(nor_who_was_busy_until_then)
{
	CLEANUP(fixture_deinit) struct fixture f;
	struct run *run;

	fixture_init(&f, "http", "/silent");
	runner_wait(&f.probing.runner, 0);
	run = begin(&f, RUN_TRANSFER);
	pause_for(0.101);
	runner_wait(&f.probing.runner, INFINITY);
	runner_turn(&f.probing.runner);
	check_late(&f, run);
}

/* Unless the machine is so busy that it cannot be told. */
TEST(who_is_there_in_time_knows)
{
	CLEANUP(fixture_deinit) struct fixture f;
	const char *reason = "other";

	fixture_init(&f, "http", "/silent");
	for (int i = 0; i < 100 && !strcmp(reason, "other"); i++)
		reason = probing_ask(&f.probing, f.url);
	CHECK_EQ_STR(reason, "no_answer");
}

/* How long it was spoken with: changes each time that it is its turn. */
static double spoken(struct run *run)
{
	return run_report(run)->phases[PROBE_PHASE_PROCESSING] +
	       run_report(run)->phases[PROBE_PHASE_TRANSFER];
}

TEST(those_who_flood_share_what_there_is_of_a_turn)
{
	CLEANUP(fixture_deinit) struct fixture f;
	double before[DIALOGUES];
	struct run *runs[DIALOGUES];
	unsigned served, turns = 0;

	fixture_init_tcp(&f, "GET /lines HTTP/1.1\r\n");
	f.probing.probe.timeout = 600;
	for (unsigned i = 0; i < DIALOGUES; i++)
		runs[i] = begin(&f, RUN_DIALOGUE);
	pause_for(0.5);
	for (unsigned i = 0; i < DIALOGUES; i++)
		before[i] = spoken(runs[i]);
	do {
		runner_turn(&f.probing.runner);
		served = 0;
		for (unsigned i = 0; i < DIALOGUES; i++)
			served += spoken(runs[i]) > before[i];
		CHECK(turns++ || served < DIALOGUES);
	} while (served < DIALOGUES && turns < 10000);
	CHECK_EQ_U64(served, DIALOGUES);
}

TEST_MAIN()
