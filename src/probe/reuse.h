/*
 * Whether a server allows that a connection is used again: after a run that succeeded, its
 * connection is left idle for a while, and then gets the same request once more. The run is
 * over by then; this has a life of its own.
 * 	REUSE_IDLE ──▶ REUSE_READY ──▶ REUSE_TRANSFER ──▶ REUSE_DONE
 * 	     └────────── the server closes ──────────────────▲
 */
#pragma once

#include "model/probe_row.h"
#include "probe/transfer.h"
#include "probe/watch.h"

struct reuse;

enum reuse_state { REUSE_IDLE, REUSE_READY, REUSE_TRANSFER, REUSE_DONE };

/* Takes `transfer` over, whose last leg was complete at `now`; the rest is borrowed. */
struct reuse *reuse_new(const struct probe_config *probe, struct transfer *transfer,
			struct watch *watch, double now, void *owner);
void reuse_free(struct reuse *reuse); /* takes NULL; gives up what is under way */

enum reuse_state reuse_state(const struct reuse *reuse);
void *reuse_owner(const struct reuse *reuse);

/* In REUSE_IDLE, after watch_look(): whether the server has closed, or the time has come. */
void reuse_check(struct reuse *reuse, double now);

/* When to look at it again if nothing wakes before; a time that has passed: now. */
double reuse_deadline(const struct reuse *reuse);

/* In REUSE_READY: sends the second request. */
void reuse_start(struct reuse *reuse, struct transfers *transfers);

/* The leg of a transfer for which transfer_is_again() holds has ended. */
void reuse_finish_leg(struct transfer *transfer);

/* In REUSE_DONE: writes what was found out, if anything was. */
void reuse_record(const struct reuse *reuse, struct probe_row *row);
