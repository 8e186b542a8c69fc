/* Runs that somebody waits for, while names hang: getaddrinfo(3) is the test's own. */
#include "probe/run.h"

#include <math.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "probe/peer.h"
#include "test.h"

/* More than the resolver has threads for names that are known to hang. */
#define HANGING 200

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static bool is_released;
static struct sockaddr_in address; /* written while there are no threads */

/* Hangs until the test lets it go; then every name is 127.0.0.1. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret_list)
{
	static struct addrinfo list = { .ai_family = AF_INET,
					.ai_addr = (struct sockaddr *)&address };

	(void)name;
	(void)service;
	(void)hints;
	pthread_mutex_lock(&mutex);
	while (!is_released)
		pthread_cond_wait(&released, &mutex);
	pthread_mutex_unlock(&mutex);
	*ret_list = &list;
	return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
	(void)list;
}

struct stage {
	struct peer peer;
	struct module_config module;
	struct probe_config probe;
	char url[64];
	struct run_context context;
	struct transfers *transfers;
	struct lookup *hanging[HANGING];
	struct run *run;
	double start;
};

/* So many names hang already. */
static void begin(struct stage *stage, unsigned hanging, double timeout, double deadline)
{
	is_released = false;
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer_start(&stage->peer);
	snprintf(stage->url, sizeof(stage->url), "http://a.test:%u/silent", stage->peer.port);
	stage->module.prober = PROBER_HTTP;
	stage->probe = (struct probe_config){ .url = stage->url,
					      .module = &stage->module,
					      .timeout = timeout,
					      .wants_log = true };
	CHECK(!watch_init(&stage->context.watch));
	stage->context.connections = connections_new(16);
	stage->context.resolver = resolver_new();
	stage->transfers = transfers_new();
	watch_set(&stage->context.watch, resolver_event(stage->context.resolver), EPOLLIN);
	for (unsigned i = 0; i < hanging; i++) {
		char name[32];

		snprintf(name, sizeof(name), "h%u.test", i);
		stage->hanging[i] = resolver_ask(stage->context.resolver, name, true);
	}
	stage->start = clock_monotonic();
	stage->run = run_new(&stage->context, &stage->probe, NULL, true, stage->start, NULL);
	if (deadline > 0)
		run_set_deadline(stage->run, stage->start + deadline);
}

static void let_go(void)
{
	pthread_mutex_lock(&mutex);
	is_released = true;
	pthread_cond_broadcast(&released);
	pthread_mutex_unlock(&mutex);
}

static void end(struct stage *stage)
{
	let_go();
	run_free(stage->run);
	transfers_free(stage->transfers);
	for (unsigned i = 0; i < HANGING && stage->hanging[i]; i++)
		lookup_release(stage->context.resolver, stage->hanging[i]);
	while (resolver_threads(stage->context.resolver))
		sched_yield();
	resolver_release(stage->context.resolver);
	connections_free(stage->context.connections);
	watch_deinit(&stage->context.watch);
	peer_stop(&stage->peer);
}

static void turn(struct stage *stage)
{
	struct transfer *transfer;

	transfers_wait(stage->transfers, stage->context.watch.fd,
		       run_deadline(stage->run) - clock_monotonic());
	resolver_read_event(stage->context.resolver);
	run_check(stage->run, clock_monotonic());
	if (run_state(stage->run) == RUN_READY)
		run_start(stage->run, stage->transfers);
	transfers_perform(stage->transfers);
	while ((transfer = transfers_take(stage->transfers)))
		run_finish_leg(transfer, clock_monotonic());
}

static void check_waited(struct stage *stage)
{
	const struct probe_report *report = run_report(stage->run);

	CHECK(run_was_late(stage->run));
	CHECK_EQ_STR(probe_reason_name(report->reason), "other");
	CHECK(strstr(text_string(&report->log), "waited_for=\"a thread that looks names up\""));
}

TEST(its_time_goes_by_while_it_waits_for_a_thread)
{
	struct stage stage = { 0 };

	begin(&stage, HANGING, 0.3, 0.3);
	CHECK(fabs(run_deadline(stage.run) - stage.start - 0.3) < 1e-6);
	while (run_state(stage.run) != RUN_DONE)
		turn(&stage);
	check_waited(&stage);
	end(&stage);
}

TEST(without_a_deadline_it_does_not)
{
	struct stage stage = { 0 };

	begin(&stage, HANGING, 0.3, 0);
	CHECK(run_deadline(stage.run) > 1e300);
	run_check(stage.run, stage.start + 1000);
	CHECK_EQ_INT(run_state(stage.run), RUN_LOOKUP);
	end(&stage);
}

/* Unless the machine is so busy that its thread is late. */
TEST(a_name_that_hangs_is_not_our_fault)
{
	const char *reason = "other";

	for (int i = 0; i < 50 && !strcmp(reason, "other"); i++) {
		struct stage stage = { 0 };

		begin(&stage, 0, 0.3, 0.3);
		while (run_state(stage.run) != RUN_DONE)
			turn(&stage);
		reason = probe_reason_name(run_report(stage.run)->reason);
		end(&stage);
	}
	CHECK_EQ_STR(reason, "dns_timeout");
}

/* What is left of the time for a server is too little to accuse it. */
TEST(what_it_waited_for_a_thread_is_not_the_servers_fault)
{
	struct stage stage = { 0 };

	begin(&stage, HANGING, 1000, 0);
	run_check(stage.run, stage.start);
	let_go();
	run_set_deadline(stage.run, clock_monotonic() + 0.5);
	while (run_state(stage.run) != RUN_DONE)
		turn(&stage);
	check_waited(&stage);
	end(&stage);
}

TEST_MAIN()
