/*
 * One thread for all probes. It turns around once for each thing that happens: a socket is
 * ready, a name was looked up, a probe is due. What it does in one turn takes no longer than
 * the work of libcurl that is ready to be done, for everything slow is elsewhere: names in the
 * threads of the resolver, sockets in the kernel.
 *
 * The mutex is held to copy numbers, by both sides.
 */
#include "probe/engine.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/memory.h"
#include "probe/jitter.h"
#include "probe/run.h"

/*
 * Transfers at once: each may take a socket or two, and with TLS some 100 kB. More are started
 * as others end.
 */
#define TRANSFERS_MAX 200

/* Connections that are remembered, so that nobody takes them for his: 44 bytes each. */
#define CLOSED_MAX 100000

/* A run that ends this share of the interval after the next one was due delays that one, and
 * only a longer one makes it be left out: a timeout may be as long as the interval. */
#define LATE_SHARE 0.1

struct probe {
	const struct destination_config *destination;
	struct probe_row row; /* under the engine's mutex */
	double due;
	bool is_first; /* the next run is the first one */
	double begun_due; /* when the run that is under way was due, and whether it is the */
	bool begun_first; /* first: for the case that it is given up */
	bool name_hangs; /* see resolver.h */
	struct run *run; /* NULL: idle */
	struct reuse *reuse; /* of the connection of an earlier run; NULL: none under way */
	struct probe *next; /* in the queue */
};

/* Runs that are ready, in order. */
struct queue {
	struct probe *first, *last;
};

struct probe_engine {
	struct probe *probes; /* sorted by destination */
	size_t count;
	struct run_context context;
	pthread_mutex_t mutex; /* of the probes' rows */
	bool running;
	atomic_bool stop;
	pthread_t thread;
	/* Of the thread alone, while it runs: */
	struct transfers *transfers;
	struct queue queue;
	unsigned active; /* transfers under way */
	double start;
};

static int compare_probes(const void *a, const void *b)
{
	const struct probe *x = a, *y = b;

	return strcmp(x->destination->name, y->destination->name);
}

static const struct probe_config *config_of(const struct probe *probe)
{
	return &probe->destination->probe;
}

static void add_probes(struct probe_engine *engine, const struct config *config)
{
	engine->probes = memory_new(config->destination_count, sizeof(*engine->probes));
	for (size_t i = 0; i < config->destination_count; i++) {
		const struct destination_config *destination = &config->destinations[i];

		if (!destination->probe.url)
			continue;
		assert(destination->probe.interval > 0 && destination->probe.timeout > 0);
		engine->probes[engine->count++] = (struct probe){
			.destination = destination,
			.row = { .tls_expiry = NAN },
		};
	}
	qsort(engine->probes, engine->count, sizeof(*engine->probes), compare_probes);
}

/* A run opens two connections at most, unless it is redirected. */
static size_t closed_max(const struct probe_engine *engine)
{
	double most = 64;

	for (size_t i = 0; i < engine->count; i++)
		most += 4 * ceil(CONNECTIONS_LINGER / config_of(&engine->probes[i])->interval);
	return (size_t)fmin(most, CLOSED_MAX);
}

/* The names are the old configuration's, which is there until the old engine is freed. */
static void inherit_rows(struct probe_engine *engine, const struct probe_engine *previous)
{
	for (size_t i = 0; i < engine->count; i++) {
		struct probe *probe = &engine->probes[i];
		const struct probe *old = bsearch(probe, previous->probes, previous->count,
						  sizeof(*old), compare_probes);

		if (!old || strcmp(config_of(old)->url, config_of(probe)->url) != 0)
			continue;
		probe->row = old->row;
		probe->name_hangs = old->name_hangs;
		if (config_of(old)->interval != config_of(probe)->interval)
			continue;
		probe->due = old->due;
		probe->is_first = old->is_first;
	}
}

struct probe_engine *probe_engine_new(const struct config *config,
				      const struct probe_engine *previous)
{
	struct probe_engine *engine = memory_new(1, sizeof(*engine));

	pthread_mutex_init(&engine->mutex, NULL);
	add_probes(engine, config);
	engine->context.connections = connections_new(closed_max(engine));
	if (!previous)
		return engine;
	assert(!previous->running);
	inherit_rows(engine, previous);
	connections_inherit(engine->context.connections, previous->context.connections);
	if (previous->context.resolver)
		engine->context.resolver = resolver_acquire(previous->context.resolver);
	return engine;
}

static void push(struct queue *queue, struct probe *probe)
{
	probe->next = NULL;
	if (queue->last)
		queue->last->next = probe;
	else
		queue->first = probe;
	queue->last = probe;
}

static struct probe *pop(struct queue *queue)
{
	struct probe *probe = queue->first;

	queue->first = probe->next;
	if (!queue->first)
		queue->last = NULL;
	return probe;
}

static void record(struct probe_engine *engine, struct probe *probe)
{
	const struct probe_report *report = run_report(probe->run);

	pthread_mutex_lock(&engine->mutex);
	outcome_record(report, clock_wall(), &probe->row);
	pthread_mutex_unlock(&engine->mutex);
	probe->name_hangs = !report->success && report->reason == PROBE_DNS_TIMEOUT;
	if (!probe->reuse)
		probe->reuse = run_take_reuse(probe->run, probe, clock_monotonic());
	run_free(probe->run);
	probe->run = NULL;
}

/* Where a run goes after anything happened to it. */
static void settle(struct probe_engine *engine, struct probe *probe)
{
	if (run_state(probe->run) == RUN_READY)
		push(&engine->queue, probe);
	else if (run_state(probe->run) == RUN_DONE)
		record(engine, probe);
}

static void count_missed(struct probe_engine *engine, struct probe *probe, uint64_t missed)
{
	if (!missed)
		return;
	pthread_mutex_lock(&engine->mutex);
	probe->row.missed += missed;
	pthread_mutex_unlock(&engine->mutex);
}

static double fraction(const struct probe *probe)
{
	return jitter_fraction(probe->destination->name, config_of(probe)->url);
}

static void advance(struct probe_engine *engine, struct probe *probe, double now)
{
	double interval = config_of(probe)->interval;
	uint64_t skipped = 0;

	if (probe->is_first)
		probe->due = jitter_second(engine->start, fraction(probe), interval);
	else
		probe->due = jitter_next(probe->due, interval, now, &skipped);
	probe->is_first = false;
	count_missed(engine, probe, skipped + (probe->run != NULL));
}

/* When to look at its schedule. */
static double next_look(const struct probe *probe)
{
	return probe->run ? probe->due + LATE_SHARE * config_of(probe)->interval : probe->due;
}

static void begin_due(struct probe_engine *engine, struct probe *probe, double now)
{
	double due = probe->due;
	bool is_first = probe->is_first;

	if (next_look(probe) > now)
		return;
	advance(engine, probe, now);
	if (probe->run)
		return;
	probe->begun_due = due;
	probe->begun_first = is_first;
	probe->run = run_new(&engine->context, config_of(probe), NULL, probe->name_hangs, now,
			     probe);
	settle(engine, probe);
}

static void check_run(struct probe_engine *engine, struct probe *probe, double now)
{
	enum run_state state = probe->run ? run_state(probe->run) : RUN_DONE;

	if (state != RUN_LOOKUP && state != RUN_DIALOGUE)
		return;
	run_check(probe->run, now);
	if (run_state(probe->run) == state)
		return;
	engine->active -= state == RUN_DIALOGUE;
	settle(engine, probe);
}

static void check_reuse(struct probe_engine *engine, struct probe *probe, double now)
{
	if (!probe->reuse)
		return;
	reuse_check(probe->reuse, now);
	if (reuse_state(probe->reuse) == REUSE_READY)
		reuse_start(probe->reuse, engine->transfers);
	if (reuse_state(probe->reuse) != REUSE_DONE)
		return;
	pthread_mutex_lock(&engine->mutex);
	reuse_record(probe->reuse, &probe->row);
	pthread_mutex_unlock(&engine->mutex);
	reuse_free(probe->reuse);
	probe->reuse = NULL;
}

static void start_ready(struct probe_engine *engine)
{
	while (engine->queue.first && engine->active < TRANSFERS_MAX) {
		run_start(pop(&engine->queue)->run, engine->transfers);
		engine->active++;
	}
}

static void finish_leg(struct probe_engine *engine, struct transfer *transfer)
{
	struct run *run;

	if (transfer_is_again(transfer)) {
		reuse_finish_leg(transfer);
		return;
	}
	run = run_finish_leg(transfer, clock_monotonic());
	engine->active -= run_state(run) != RUN_DIALOGUE;
	settle(engine, run_owner(run));
}

static void finish_legs(struct probe_engine *engine)
{
	struct transfer *transfer;

	while ((transfer = transfers_take(engine->transfers)))
		finish_leg(engine, transfer);
}

static double next_event(const struct probe_engine *engine)
{
	double next = INFINITY;

	if (engine->queue.first && engine->active < TRANSFERS_MAX)
		return 0;
	for (size_t i = 0; i < engine->count; i++) {
		const struct probe *probe = &engine->probes[i];

		next = fmin(next, next_look(probe));
		if (probe->run)
			next = fmin(next, run_deadline(probe->run));
		if (probe->reuse)
			next = fmin(next, reuse_deadline(probe->reuse));
	}
	return next;
}

static void turn(struct probe_engine *engine)
{
	double now = clock_monotonic();

	resolver_read_event(engine->context.resolver);
	for (size_t i = 0; i < engine->count; i++) {
		begin_due(engine, &engine->probes[i], now);
		check_run(engine, &engine->probes[i], now);
		check_reuse(engine, &engine->probes[i], now);
	}
	start_ready(engine);
	transfers_perform(engine->transfers);
	connections_look(engine->context.connections);
	finish_legs(engine);
	transfers_wait(engine->transfers, engine->context.watch.fd,
		       next_event(engine) - clock_monotonic());
}

/* What is given up is due again as it was: the engine that comes next begins with it. */
static void give_up(struct probe_engine *engine)
{
	for (size_t i = 0; i < engine->count; i++) {
		struct probe *probe = &engine->probes[i];

		reuse_free(probe->reuse);
		probe->reuse = NULL;
		if (!probe->run)
			continue;
		run_free(probe->run);
		probe->run = NULL;
		probe->due = probe->begun_due;
		probe->is_first = probe->begun_first;
	}
	engine->queue = (struct queue){ 0 };
	engine->active = 0;
}

static void *probe_thread(void *argument)
{
	struct probe_engine *engine = argument;

	while (!atomic_load(&engine->stop))
		turn(engine);
	give_up(engine);
	return NULL;
}

static void schedule(struct probe_engine *engine)
{
	engine->start = clock_monotonic();
	for (size_t i = 0; i < engine->count; i++) {
		struct probe *probe = &engine->probes[i];

		/* Goes on where it was, so that reloads do not put a probe off for ever. */
		if (probe->due > 0)
			continue;
		probe->is_first = true;
		probe->due = jitter_first(engine->start, fraction(probe),
					  config_of(probe)->interval);
	}
}

/*
 * All signals are blocked in the new thread and in those it starts: the daemon waits for its
 * own, and a peer that is gone must not end the program by SIGPIPE, of which CURLOPT_NOSIGNAL
 * is no help.
 */
static int create_thread(struct probe_engine *engine)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&engine->thread, NULL, probe_thread, engine);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

static int prepare(struct probe_engine *engine)
{
	int r;

	if (!engine->context.resolver)
		engine->context.resolver = resolver_new();
	if (!engine->context.resolver)
		return -errno;
	engine->transfers = transfers_new();
	if (!engine->transfers)
		return -ENOMEM;
	r = watch_init(&engine->context.watch);
	if (!r)
		watch_set(&engine->context.watch, resolver_event(engine->context.resolver),
			  EPOLLIN);
	return r;
}

int probe_engine_start(struct probe_engine *engine, struct error *err)
{
	int r;

	assert(!engine->running);
	if (!engine->count)
		return 0;
	r = prepare(engine);
	if (r < 0)
		return error_set(err, r, "probes: libcurl: %s", strerror(-r));
	schedule(engine);
	atomic_store(&engine->stop, false);
	r = create_thread(engine);
	if (r < 0) {
		transfers_free(engine->transfers);
		engine->transfers = NULL;
		return error_set(err, r, "probes: thread: %s", strerror(-r));
	}
	engine->running = true;
	return 0;
}

void probe_engine_stop(struct probe_engine *engine)
{
	if (!engine->running)
		return;
	atomic_store(&engine->stop, true);
	transfers_wake(engine->transfers);
	pthread_join(engine->thread, NULL);
	engine->running = false;
	transfers_free(engine->transfers);
	engine->transfers = NULL;
	watch_deinit(&engine->context.watch);
}

void probe_engine_free(struct probe_engine *engine)
{
	if (!engine)
		return;
	probe_engine_stop(engine);
	resolver_release(engine->context.resolver);
	connections_free(engine->context.connections);
	pthread_mutex_destroy(&engine->mutex);
	free(engine->probes);
	free(engine);
}

void probe_engine_copy(struct probe_engine *engine, struct snapshot *snapshot)
{
	snapshot->probes =
		arena_alloc(&snapshot->arena, engine->count, sizeof(*snapshot->probes));
	snapshot->probe_count = engine->count;
	pthread_mutex_lock(&engine->mutex);
	for (size_t i = 0; i < engine->count; i++)
		snapshot->probes[i] = engine->probes[i].row;
	pthread_mutex_unlock(&engine->mutex);
	for (size_t i = 0; i < engine->count; i++)
		snapshot->probes[i].destination = arena_copy_string(
			&snapshot->arena, engine->probes[i].destination->name);
	connections_copy(engine->context.connections, clock_monotonic(), snapshot);
}
