#include "probe/runner.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/memory.h"
#include "probe/turn.h"

/*
 * Transfers at once: each may take a socket or two, and with TLS some 100 kB. More are started
 * as others end, the oldest first.
 */
#define TRANSFERS_MAX 1000

/*
 * Seconds of one turn that conversations get, all together: they take what there is to read,
 * and transfers and time-outs are to be looked at in between.
 */
#define DIALOGUES_MAX 0.002

int runner_init(struct runner *runner, struct resolver *resolver,
		struct connections *connections)
{
	int r;

	*runner = (struct runner){ .context.connections = connections };
	r = watch_init(&runner->context.watch);
	if (r < 0)
		return r;
	runner->transfers = transfers_new();
	if (!runner->transfers) {
		watch_deinit(&runner->context.watch);
		return -ENOMEM;
	}
	runner->context.resolver = resolver_acquire(resolver);
	runner->context.name_servers = (struct name_servers_list){
		.watch = &runner->context.watch,
		.connections = connections,
	};
	watch_set(&runner->context.watch, resolver_event(resolver), EPOLLIN);
	return 0;
}

void runner_deinit(struct runner *runner)
{
	for (size_t i = 0; i < runner->count; i++)
		run_free(runner->runs[i]);
	for (size_t i = 0; i < runner->reuse_count; i++)
		reuse_free(runner->reuses[i]);
	free(runner->runs);
	free(runner->reuses);
	transfers_free(runner->transfers);
	watch_deinit(&runner->context.watch);
	resolver_release(runner->context.resolver);
	*runner = (struct runner){ 0 };
}

void runner_add(struct runner *runner, struct run *run)
{
	runner->runs = memory_grow(runner->runs, &runner->capacity, runner->count + 1,
				   sizeof(struct run *));
	runner->runs[runner->count++] = run;
}

void runner_add_reuse(struct runner *runner, struct reuse *reuse)
{
	runner->reuses = memory_grow(runner->reuses, &runner->reuse_capacity,
				     runner->reuse_count + 1, sizeof(struct reuse *));
	runner->reuses[runner->reuse_count++] = reuse;
}

/* Who had no turn now has it first the next time. */
static void check_dialogues(struct runner *runner, double now)
{
	double until = clock_monotonic() + DIALOGUES_MAX;

	for (size_t i = 0; i < runner->count; i++) {
		struct run *run = runner->runs[runner->next++ % runner->count];

		if (run_state(run) != RUN_DIALOGUE)
			continue;
		run_check(run, now);
		if (clock_monotonic() >= until)
			break;
	}
}

static void check_others(struct runner *runner, double now)
{
	for (size_t i = 0; i < runner->count; i++) {
		enum run_state state = run_state(runner->runs[i]);

		if (state == RUN_LOOKUP || state == RUN_READY)
			run_check(runner->runs[i], now);
	}
}

static void check_reuses(struct runner *runner, double now)
{
	for (size_t i = 0; i < runner->reuse_count; i++) {
		struct reuse *reuse = runner->reuses[i];

		if (reuse_state(reuse) == REUSE_IDLE)
			reuse_check(reuse, now);
		if (reuse_state(reuse) == REUSE_READY)
			reuse_start(reuse, runner->transfers);
	}
}

static size_t count_transfers(const struct runner *runner)
{
	size_t count = 0;

	for (size_t i = 0; i < runner->count; i++) {
		enum run_state state = run_state(runner->runs[i]);

		count += state == RUN_TRANSFER || state == RUN_DIALOGUE;
	}
	return count;
}

static void start_ready(struct runner *runner)
{
	size_t active = count_transfers(runner);

	for (size_t i = 0; i < runner->count && active < TRANSFERS_MAX; i++) {
		if (run_state(runner->runs[i]) != RUN_READY)
			continue;
		run_start(runner->runs[i], runner->transfers);
		active++;
	}
}

static void finish_legs(struct runner *runner)
{
	struct transfer *transfer;

	while ((transfer = transfers_take(runner->transfers))) {
		if (transfer_is_again(transfer))
			reuse_finish_leg(transfer);
		else
			run_finish_leg(transfer, clock_monotonic());
	}
}

void runner_turn(struct runner *runner)
{
	double now = clock_monotonic();

	turn_begin();
	resolver_read_event(runner->context.resolver);
	watch_look(&runner->context.watch);
	check_others(runner, now);
	check_dialogues(runner, now);
	check_reuses(runner, now);
	start_ready(runner);
	transfers_perform(runner->transfers);
	connections_look(runner->context.connections);
	finish_legs(runner);
}

struct run *runner_take(struct runner *runner)
{
	for (size_t i = 0; i < runner->count; i++) {
		struct run *run = runner->runs[i];

		if (run_state(run) != RUN_DONE)
			continue;
		runner->count--;
		for (size_t j = i; j < runner->count; j++)
			runner->runs[j] = runner->runs[j + 1];
		return run;
	}
	return NULL;
}

struct reuse *runner_take_reuse(struct runner *runner)
{
	for (size_t i = 0; i < runner->reuse_count; i++) {
		struct reuse *reuse = runner->reuses[i];

		if (reuse_state(reuse) != REUSE_DONE)
			continue;
		runner->reuses[i] = runner->reuses[--runner->reuse_count];
		return reuse;
	}
	return NULL;
}

/* When a run has something to do that nothing else wakes for. */
static double next_deadline(const struct runner *runner)
{
	bool is_full = count_transfers(runner) >= TRANSFERS_MAX;
	double next = INFINITY;

	for (size_t i = 0; i < runner->count; i++) {
		const struct run *run = runner->runs[i];

		if (run_state(run) == RUN_DONE || (run_state(run) == RUN_READY && !is_full))
			return 0;
		next = fmin(next, run_deadline(run));
	}
	for (size_t i = 0; i < runner->reuse_count; i++)
		next = fmin(next, reuse_deadline(runner->reuses[i]));
	return next;
}

void runner_wait(struct runner *runner, double next)
{
	struct run_context *context = &runner->context;

	next = fmin(next, next_deadline(runner));
	context->slept = clock_monotonic();
	context->turned = runner->woke > 0 ? context->slept - runner->woke : 0;
	transfers_wait(runner->transfers, context->watch.fd, next - context->slept);
	runner->woke = clock_monotonic();
}

void runner_wake(struct runner *runner)
{
	transfers_wake(runner->transfers);
}
