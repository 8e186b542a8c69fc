/*
 * The probe thread: asks every configured destination on its own schedule with libcurl multi,
 * and keeps what it learnt. A probe never delays another one, nor a tick, nor a scrape: they
 * share nothing but a short mutex around the results.
 */
#pragma once

#include "base/error.h"
#include "config/config.h"
#include "model/snapshot.h"

struct probe_engine;
struct view;

/*
 * An engine for the probes of `config` (borrowed, at least until probe_engine_free()). Results,
 * counters and schedules of probes whose destination and URL are the same in `previous` are
 * taken over; `previous` may be NULL and must be stopped. Does not start the thread.
 */
struct probe_engine *probe_engine_new(const struct config *config,
				      const struct probe_engine *previous);

/* Starts the thread, also once more after a stop. 0 or -errno. */
int probe_engine_start(struct probe_engine *engine, struct error *err) MUST_CHECK;

/* Ends the thread within milliseconds; probes under way are given up and counted nowhere. */
void probe_engine_stop(struct probe_engine *engine);

void probe_engine_free(struct probe_engine *engine); /* takes NULL; stops it first */

/*
 * From now on probes from inside this target see what `view` sees; a reference is acquired.
 * NULL: there is nothing to look from, and they are left out. What is under way from another
 * view is canceled.
 */
void probe_engine_set_view(struct probe_engine *engine, const char *target, struct view *view);

/*
 * The destinations without a name that there are connections to: "10.0.0.5:443" and
 * "[fd00::1]:443", separated by blanks. Each gets a probe that connects and asks nothing.
 */
void probe_engine_set_found(struct probe_engine *engine, const char *endpoints);

/*
 * Writes snapshot->probes (sorted by destination and target, strings in the snapshot's arena)
 * and adds to snapshot->own the connections that probes have now, and those closed less than
 * 120 s ago, which may still be in TIME_WAIT (60 s, include/net/tcp.h) on this side. Adds its
 * threads that look names up to snapshot->self.resolver_threads.
 */
void probe_engine_copy(struct probe_engine *engine, struct snapshot *snapshot);
