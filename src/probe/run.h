/*
 * One run of one probe, from the name to the verdict. It moves from state to state as it is
 * told; its clock stands still while it waits for its turn, unless it has a deadline.
 * 	RUN_LOOKUP ──▶ RUN_READY ──▶ RUN_TRANSFER ──▶ RUN_DONE
 * 	     ▲                            │  │            ▲
 * 	     └────────── redirect ────────┘  └──▶ RUN_DIALOGUE
 */
#pragma once

#include "probe/connections.h"
#include "probe/outcome.h"
#include "probe/resolver.h"
#include "probe/reuse.h"
#include "probe/transfer.h"
#include "probe/view.h"
#include "probe/view_lookup.h"
#include "probe/watch.h"

enum run_state {
	RUN_LOOKUP, /* its host name is being looked up, or waits for a thread that will */
	RUN_READY, /* to be started */
	RUN_TRANSFER, /* libcurl is at it */
	RUN_DIALOGUE, /* it is connected, and a conversation over TCP goes on */
	RUN_DONE, /* the outcome is there */
};

struct run;

/* What all runs of one thread share; must outlive them. */
struct run_context {
	struct resolver *resolver;
	struct connections *connections;
	struct watch watch;
	struct name_servers_list name_servers; /* of views */
	double slept, turned; /* when the thread's last turn ended; seconds that it took */
};

/*
 * A run of `probe`, which must outlive it, as `view` has it (borrowed; NULL: from here).
 * `name_hangs`: the last run's lookup took too long.
 */
struct run *run_new(struct run_context *context, const struct probe_config *probe,
		    struct view *view, bool name_hangs, double now, void *owner);
void run_free(struct run *run); /* takes NULL; gives up what is under way */

/*
 * Ends it by `deadline` (monotonic seconds), however long it has waited for our own threads:
 * somebody waits for the outcome. Otherwise that time is not counted.
 */
void run_set_deadline(struct run *run, double deadline);

enum run_state run_state(const struct run *run);
void *run_owner(const struct run *run);

/* Goes on with what is not libcurl's, unless it takes too long. */
void run_check(struct run *run, double now);

/* When to call run_check() at the latest, if nothing wakes before; INFINITY: no need to. */
double run_deadline(const struct run *run);

/* In RUN_READY: starts the leg. */
void run_start(struct run *run, struct transfers *transfers);

/* In RUN_TRANSFER: the run that `transfer` belongs to goes on after that leg has ended. */
void run_finish_leg(struct transfer *transfer, double now);

/* Gives up what is under way: done, and canceled. */
void run_cancel(struct run *run);

/*
 * In RUN_DONE: whether its connection can be used again is still to be found out, for `owner`.
 * The caller's; NULL: nobody wants to know, or the run failed.
 */
struct reuse *run_take_reuse(struct run *run, void *owner, double now);

/*
 * In RUN_DONE: it ran out of time while it waited for this program, so that nobody knows
 * whether the server was late; `other`.
 */
bool run_was_late(const struct run *run);

/* What was found out so far; complete in RUN_DONE. */
struct probe_report *run_report(struct run *run);
