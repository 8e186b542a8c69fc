/*
 * What recording events costs the programs that are recorded: CPU time of a client for each
 * connection, made on loopback and ended by a RST, with and without recording. Rounds of both
 * alternate in one run, so that a noisy machine is noisy for both.
 *
 *	events [CONNECTIONS_PER_SECOND [ROUNDS]]	default: 5000, 9; 0: as fast as it can
 *
 * Of the client's thread: the kernel does the server's half of a loopback connection in it, too,
 * so its share is that of two hosts. And what draining takes, for each second of recording.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "source/attempt.h"
#include "source/tracepoint.h"

#define ROUND_SECONDS 1.0
#define ROUNDS_MAX 101

struct load {
	struct sockaddr_in server;
	int listener;
	double rate;
	unsigned connections;
	double cpu; /* seconds */
	bool done;
};

static double thread_cpu(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void connect_once(struct load *load)
{
	const struct linger linger = { .l_onoff = 1 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;
	int r = connect(fd, (const struct sockaddr *)&load->server, sizeof(load->server));

	assert(!r);
	peer = accept(load->listener, NULL, NULL);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	close(peer);
	load->connections++;
}

/* Bursts of a millisecond's worth. */
static void *make_load(void *context)
{
	struct load *load = context;
	double start = clock_monotonic(), cpu = thread_cpu(), passed = 0;

	for (; passed < ROUND_SECONDS; passed = clock_monotonic() - start) {
		while (load->rate <= 0 || load->connections < passed * load->rate) {
			connect_once(load);
			if (load->rate <= 0 && load->connections % 64 == 0)
				break;
		}
		if (load->rate > 0)
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	load->cpu = thread_cpu() - cpu;
	__atomic_store_n(&load->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static bool is_other(void *context, pid_t process)
{
	(void)context;
	return process != getpid();
}

struct result {
	double cpu; /* microseconds a connection */
	double drain; /* milliseconds a second */
	unsigned connections, opened, closed;
	uint64_t lost, missed;
};

static void drain(struct tracepoint *tracepoint, struct attempts *attempts,
		  struct tcp_events *events, struct result *result)
{
	struct news_list *news = attempts_news(attempts);
	double until = clock_monotonic() - 0.01;

	events->count = 0;
	tracepoint_drain(tracepoint, until, events);
	attempts_feed(attempts, events, until);
	for (size_t i = 0; i < news->count; i++) {
		result->opened += news->items[i].kind == NEWS_OPENED;
		result->closed += news->items[i].kind == NEWS_CLOSED;
	}
	news->count = 0;
}

static void record(struct tracepoint *tracepoint, const struct load *load,
		   struct result *result)
{
	struct attempts *attempts =
		attempts_new(100000, tracepoint_has_errors(tracepoint), is_other, NULL);
	struct pollfd half_full = { .fd = tracepoint_descriptor(tracepoint), .events = POLLIN };
	struct tcp_events events = { 0 };
	double cpu = thread_cpu();

	while (!__atomic_load_n(&load->done, __ATOMIC_ACQUIRE)) {
		poll(&half_full, 1, 100);
		drain(tracepoint, attempts, &events, result);
	}
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	drain(tracepoint, attempts, &events, result);
	result->drain = (thread_cpu() - cpu) * 1e3 / ROUND_SECONDS;
	result->lost = tracepoint_lost(tracepoint);
	tracepoint_missed(tracepoint);
	result->missed = tracepoint_missed(tracepoint);
	tcp_events_deinit(&events);
	attempts_free(attempts);
}

static struct result run_round(struct load load, bool recording)
{
	struct tracepoint *tracepoint = NULL;
	struct error err = { 0 };
	struct result result = { 0 };
	pthread_t thread;
	int r;

	if (recording && tracepoint_new(&tracepoint, &err) < 0) {
		printf("%s\n", error_string(&err));
		exit(0);
	}
	r = pthread_create(&thread, NULL, make_load, &load);
	assert(!r);
	if (recording)
		record(tracepoint, &load, &result);
	pthread_join(thread, NULL);
	tracepoint_free(tracepoint);
	result.connections = load.connections;
	result.cpu = load.cpu * 1e6 / load.connections;
	return result;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return values[count / 2];
}

static void run(const struct load *load, int rounds)
{
	double without[ROUNDS_MAX], with[ROUNDS_MAX], ratios[ROUNDS_MAX], drains[ROUNDS_MAX];
	unsigned connections = 0, opened = 0, closed = 0;
	uint64_t lost = 0, missed = 0;

	run_round(*load, false);
	for (int i = 0; i < rounds; i++) {
		struct result result;

		without[i] = run_round(*load, false).cpu;
		result = run_round(*load, true);
		with[i] = result.cpu;
		ratios[i] = with[i] / without[i];
		drains[i] = result.drain;
		connections += result.connections;
		opened += result.opened;
		closed += result.closed;
		lost += result.lost;
		missed += result.missed;
	}
	printf("rate=%.0f connections=%u opened=%u closed=%u lost=%llu missed=%llu "
	       "without_us=%.1f with_us=%.1f ratio=%.2f (median of rounds %.2f) "
	       "drain_ms_per_s=%.1f\n",
	       load->rate, connections, opened, closed, (unsigned long long)lost,
	       (unsigned long long)missed, median(without, rounds), median(with, rounds),
	       median(with, rounds) / median(without, rounds), median(ratios, rounds),
	       median(drains, rounds));
}

int main(int argc, char **argv)
{
	struct load load = { .server = { .sin_family = AF_INET },
			     .rate = argc > 1 ? atof(argv[1]) : 5000 };
	int rounds = argc > 2 ? atoi(argv[2]) : 9, r;
	socklen_t length = sizeof(load.server);

	if (rounds < 1 || rounds > ROUNDS_MAX || load.rate < 0)
		return 64;
	load.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	load.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	r = bind(load.listener, (const struct sockaddr *)&load.server, length);
	assert(!r);
	r = listen(load.listener, 128);
	assert(!r);
	r = getsockname(load.listener, (struct sockaddr *)&load.server, &length);
	assert(!r);
	run(&load, rounds);
	return 0;
}
