/*
 * The schedule: what is due is begun, what has ended is written down. The runner does the rest.
 *
 * The mutex is held to copy numbers, and to pass on what the main thread knows: views and
 * destinations. The list of probes changes only in the thread, while it runs, and under the
 * mutex.
 */
#include "probe/engine.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "probe/jitter.h"
#include "probe/roster.h"
#include "probe/runner.h"

/* Connections that are remembered, so that nobody takes them for his: 44 bytes each. */
#define CLOSED_MAX 100000

/* A run that ends this share of the interval after the next one was due delays that one, and
 * only a longer one makes it be left out: a timeout may be as long as the interval. */
#define LATE_SHARE 0.1

struct probe_engine {
	struct roster roster;
	struct resolver *resolver;
	struct connections *connections;
	pthread_mutex_t mutex; /* of the roster and the next */
	char *found; /* what roster_set_found() is to be told; NULL: nothing new */
	char *found_last;
	bool wanted, running; /* there is something to do, or may be */
	atomic_bool stop;
	pthread_t thread;
	struct runner runner; /* of the thread alone, while it runs */
};

/* A run opens two connections at most, unless it is redirected. */
static size_t closed_max(const struct roster *roster)
{
	double most = 64;

	for (size_t i = 0; i < roster->count; i++)
		most += 4 * ceil(CONNECTIONS_LINGER / roster->probes[i]->config->interval);
	return (size_t)fmin(most, CLOSED_MAX);
}

struct probe_engine *probe_engine_new(const struct config *config,
				      const struct probe_engine *previous)
{
	struct probe_engine *engine = memory_new(1, sizeof(*engine));

	pthread_mutex_init(&engine->mutex, NULL);
	roster_init(&engine->roster, config);
	if (previous)
		roster_inherit(&engine->roster, &previous->roster, config->discover.probe);
	engine->connections = connections_new(
		config->discover.probe ? CLOSED_MAX : closed_max(&engine->roster));
	engine->wanted = engine->roster.count || config->discover.probe;
	if (!previous)
		return engine;
	assert(!previous->running);
	connections_inherit(engine->connections, previous->connections);
	if (previous->resolver)
		engine->resolver = resolver_acquire(previous->resolver);
	return engine;
}

/* One connection at a time is looked at, whatever the interval. */
static void keep(struct probe_engine *engine, struct probe *probe, struct run *run)
{
	struct reuse *reuse;

	if (probe->has_reuse)
		return;
	reuse = run_take_reuse(run, probe, clock_monotonic());
	probe->has_reuse = reuse != NULL;
	if (reuse)
		runner_add_reuse(&engine->runner, reuse);
}

static void record(struct probe_engine *engine, struct run *run)
{
	struct probe *probe = run_owner(run);
	const struct probe_report *report = run_report(run);

	pthread_mutex_lock(&engine->mutex);
	if (run_was_late(run))
		probe->row.missed++;
	else
		outcome_record(report, clock_wall(), &probe->row);
	pthread_mutex_unlock(&engine->mutex);
	probe->name_hangs = !report->success && report->reason == PROBE_DNS_TIMEOUT;
	probe->run = NULL;
	keep(engine, probe, run);
	run_free(run);
}

static void record_reuse(struct probe_engine *engine, struct reuse *reuse)
{
	struct probe *probe = reuse_owner(reuse);

	pthread_mutex_lock(&engine->mutex);
	reuse_record(reuse, &probe->row);
	pthread_mutex_unlock(&engine->mutex);
	probe->has_reuse = false;
	reuse_free(reuse);
}

static void count_missed(struct probe_engine *engine, struct probe *probe, uint64_t missed)
{
	if (!missed)
		return;
	pthread_mutex_lock(&engine->mutex);
	probe->row.missed += missed;
	pthread_mutex_unlock(&engine->mutex);
}

/* Seen from several places, a destination is asked at different moments. */
static double fraction(const struct probe *probe)
{
	return jitter_fraction(probe->from ? probe->from->target : probe->destination,
			       probe->config->url);
}

static void advance(struct probe_engine *engine, struct probe *probe, double now)
{
	double interval = probe->config->interval;
	uint64_t skipped = 0;

	if (probe->is_first) {
		probe->counted = probe->due;
		probe->due = jitter_second(probe->start, fraction(probe), interval);
	} else {
		probe->due = jitter_next(probe->due, interval, now, &skipped);
		probe->counted = probe->due - interval;
	}
	probe->is_first = false;
	count_missed(engine, probe, skipped + (probe->run != NULL));
}

/* When to look at its schedule. */
static double next_look(const struct probe *probe)
{
	return probe->run ? probe->due + LATE_SHARE * probe->config->interval : probe->due;
}

/* False: it is to be asked from a place that there is no way to. */
static bool take_view(struct probe_engine *engine, struct probe *probe, struct view **ret_view)
{
	*ret_view = NULL;
	if (!probe->from)
		return true;
	pthread_mutex_lock(&engine->mutex);
	*ret_view = view_acquire(probe->from->view);
	pthread_mutex_unlock(&engine->mutex);
	return *ret_view != NULL;
}

static void begin(struct probe_engine *engine, struct probe *probe, double now)
{
	struct view *view;

	if (!take_view(engine, probe, &view)) {
		count_missed(engine, probe, 1);
		return;
	}
	probe->run = run_new(&engine->runner.context, probe->config, view, probe->name_hangs,
			     now, probe);
	probe->run_view = view;
	view_release(view);
	runner_add(&engine->runner, probe->run);
}

static void begin_due(struct probe_engine *engine, struct probe *probe, double now)
{
	if (next_look(probe) > now)
		return;
	advance(engine, probe, now);
	if (!probe->run)
		begin(engine, probe, now);
}

/* A view that is no more cannot be asked from, even where a socket of it still could. */
static void cancel_lost_views(struct probe_engine *engine)
{
	pthread_mutex_lock(&engine->mutex);
	for (size_t i = 0; i < engine->roster.count; i++) {
		struct probe *probe = engine->roster.probes[i];

		if (probe->run && probe->from && probe->run_view != probe->from->view)
			run_cancel(probe->run);
	}
	pthread_mutex_unlock(&engine->mutex);
}

static void schedule(struct probe_engine *engine)
{
	double now = clock_monotonic();

	for (size_t i = 0; i < engine->roster.count; i++) {
		struct probe *probe = engine->roster.probes[i];

		if (probe->start <= 0)
			probe->start = now;
		/* Goes on where it was, so that reloads do not put a probe off for ever. */
		if (probe->due > 0)
			continue;
		probe->is_first = true;
		probe->due = jitter_first(now, fraction(probe), probe->config->interval);
	}
}

/* What the main thread said about destinations since the last turn. */
static void read_found(struct probe_engine *engine)
{
	CLEANUP(memory_free_pointer) char *found = NULL;

	pthread_mutex_lock(&engine->mutex);
	found = engine->found;
	engine->found = NULL;
	if (found)
		roster_set_found(&engine->roster, bytes_from_string(found));
	roster_forget_lost(&engine->roster);
	pthread_mutex_unlock(&engine->mutex);
	if (found)
		schedule(engine);
}

static double next_event(const struct probe_engine *engine)
{
	double next = INFINITY;

	for (size_t i = 0; i < engine->roster.count; i++)
		next = fmin(next, next_look(engine->roster.probes[i]));
	return next;
}

static void turn(struct probe_engine *engine)
{
	double now = clock_monotonic();
	struct reuse *reuse;
	struct run *run;

	read_found(engine);
	cancel_lost_views(engine);
	for (size_t i = 0; i < engine->roster.count; i++)
		begin_due(engine, engine->roster.probes[i], now);
	runner_turn(&engine->runner);
	while ((run = runner_take(&engine->runner)))
		record(engine, run);
	while ((reuse = runner_take_reuse(&engine->runner)))
		record_reuse(engine, reuse);
	runner_wait(&engine->runner, next_event(engine));
}

/*
 * What is given up is due again: the engine that comes next begins with it. What was missed
 * meanwhile is counted already.
 */
static void give_up(struct probe_engine *engine)
{
	for (size_t i = 0; i < engine->roster.count; i++) {
		struct probe *probe = engine->roster.probes[i];

		probe->has_reuse = false;
		if (!probe->run)
			continue;
		probe->run = NULL;
		probe->due = probe->counted;
		probe->is_first = false;
	}
}

static void *probe_thread(void *argument)
{
	struct probe_engine *engine = argument;

	while (!atomic_load(&engine->stop))
		turn(engine);
	return NULL;
}

static int prepare(struct probe_engine *engine)
{
	if (!engine->resolver)
		engine->resolver = resolver_new();
	if (!engine->resolver)
		return -errno;
	return runner_init(&engine->runner, engine->resolver, engine->connections);
}

int probe_engine_start(struct probe_engine *engine, struct error *err)
{
	int r;

	assert(!engine->running);
	if (!engine->wanted)
		return 0;
	r = prepare(engine);
	if (r < 0)
		return error_set(err, r, "probes: libcurl: %s", strerror(-r));
	schedule(engine);
	atomic_store(&engine->stop, false);
	/* Against SIGPIPE, of which CURLOPT_NOSIGNAL is no help, it blocks all signals. */
	r = thread_start(&engine->thread, probe_thread, engine);
	if (r < 0) {
		runner_deinit(&engine->runner);
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
	runner_wake(&engine->runner);
	pthread_join(engine->thread, NULL);
	engine->running = false;
	give_up(engine);
	runner_deinit(&engine->runner);
}

void probe_engine_free(struct probe_engine *engine)
{
	if (!engine)
		return;
	probe_engine_stop(engine);
	roster_deinit(&engine->roster);
	resolver_release(engine->resolver);
	connections_free(engine->connections);
	pthread_mutex_destroy(&engine->mutex);
	free(engine->found);
	free(engine->found_last);
	free(engine);
}

static void wake(struct probe_engine *engine)
{
	if (engine->running)
		runner_wake(&engine->runner);
}

void probe_engine_set_view(struct probe_engine *engine, const char *target, struct view *view)
{
	struct roster_view *place = roster_find_view(&engine->roster, target);
	struct view *old;

	if (!place)
		return;
	pthread_mutex_lock(&engine->mutex);
	old = place->view;
	place->view = view_acquire(view);
	pthread_mutex_unlock(&engine->mutex);
	view_release(old);
	wake(engine);
}

void probe_engine_set_found(struct probe_engine *engine, const char *endpoints)
{
	if (engine->found_last && !strcmp(engine->found_last, endpoints))
		return;
	free(engine->found_last);
	engine->found_last = memory_copy_string(endpoints);
	if (!engine->running) {
		roster_set_found(&engine->roster, bytes_from_string(endpoints));
		return;
	}
	pthread_mutex_lock(&engine->mutex);
	free(engine->found);
	engine->found = memory_copy_string(endpoints);
	pthread_mutex_unlock(&engine->mutex);
	wake(engine);
}

static void copy_row(const struct probe *probe, struct arena *arena, struct probe_row *row)
{
	*row = probe->row;
	row->destination = arena_copy_string(arena, probe->destination);
	if (!probe->from)
		return;
	row->target = arena_copy_string(arena, probe->from->target);
	row->view = probe->from->view ? PROBE_VIEW_TAKEN : PROBE_VIEW_MISSING;
}

void probe_engine_copy(struct probe_engine *engine, struct snapshot *snapshot)
{
	struct arena *arena = &snapshot->arena;

	pthread_mutex_lock(&engine->mutex);
	snapshot->probe_count = engine->roster.count;
	snapshot->probes = arena_alloc(arena, engine->roster.count, sizeof(*snapshot->probes));
	for (size_t i = 0; i < engine->roster.count; i++)
		copy_row(engine->roster.probes[i], arena, &snapshot->probes[i]);
	pthread_mutex_unlock(&engine->mutex);
	connections_copy(engine->connections, clock_monotonic(), snapshot);
	if (engine->resolver)
		snapshot->self.resolver_threads += resolver_threads(engine->resolver);
}
