/*
 * What moves the runs of one thread on. It turns around once for each thing that happens: a
 * socket is ready, a name was looked up, a time has come. What it does in one turn takes no
 * longer than the work of libcurl that is ready to be done, for everything slow is elsewhere:
 * names in the threads of the resolver, sockets in the kernel.
 */
#pragma once

#include "probe/run.h"

struct runner {
	struct run_context context;
	struct transfers *transfers;
	struct run **runs; /* under way, oldest first */
	size_t count, capacity;
	struct reuse **reuses; /* likewise */
	size_t reuse_count, reuse_capacity;
	size_t next; /* whose conversation is the next to go on */
	double woke; /* when the turn began */
};

/*
 * For one thread, but for runner_wake(). Acquires the resolver, borrows the connections. 0 or
 * -errno; then it needs no runner_deinit().
 */
int runner_init(struct runner *runner, struct resolver *resolver,
		struct connections *connections) MUST_CHECK;

/* Gives up what is under way; its owners see nothing of it. */
void runner_deinit(struct runner *runner);

/* Takes a new run over. */
void runner_add(struct runner *runner, struct run *run);

/* Moves everything on that can be, without waiting. */
void runner_turn(struct runner *runner);

/* One that is done since: the caller's to read and to free. NULL: none. */
struct run *runner_take(struct runner *runner);

/* The same for what comes after a run, see run_take_reuse(). */
void runner_add_reuse(struct runner *runner, struct reuse *reuse);
struct reuse *runner_take_reuse(struct runner *runner);

/* Waits until a turn has something to do, or until `next` (monotonic seconds). */
void runner_wait(struct runner *runner, double next);

/* Ends a runner_wait() in another thread, or the next one. */
void runner_wake(struct runner *runner);
