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
 * Writes snapshot->probes (sorted by destination, strings in the snapshot's arena) and
 * snapshot->own: the connections that probes have now, and those closed less than 120 s ago,
 * which may still be in TIME_WAIT (60 s, include/net/tcp.h) on this side.
 */
void probe_engine_copy(struct probe_engine *engine, struct snapshot *snapshot);
