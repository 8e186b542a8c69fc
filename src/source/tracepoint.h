/*
 * The kernel's own record of TCP connections between two looks: the tracepoints
 * sock:inet_sock_set_state (Linux 4.16) and sock:inet_sk_error_report through
 * perf_event_open(2), with a ring for each CPU. They are host-wide, whatever the namespace.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "source/socket.h"

/* One record, of either tracepoint. */
struct tcp_event {
	double time; /* monotonic seconds */
	uint64_t socket; /* the kernel's address of it, a name only; 0: an error report */
	pid_t process; /* in whose thread it happened; what that means depends on the change */
	struct endpoint local, remote; /* the local port is 0 until one is chosen */
	enum tcp_state from, to; /* of a change of state */
	int error; /* of an error report: an errno, positive */
};

struct tcp_events {
	struct tcp_event *items;
	size_t count, capacity;
};

void tcp_events_deinit(struct tcp_events *events);

struct tracepoint;

/*
 * Begins to record. 0, or -errno with the reason in `err`: -EACCES and -EPERM without the right
 * (CAP_PERFMON, and CAP_DAC_READ_SEARCH to read tracefs; CAP_SYS_ADMIN where tracefs is not
 * mounted), -ENOENT for a kernel without the tracepoint.
 */
int tracepoint_new(struct tracepoint **ret_tracepoint, struct error *err) MUST_CHECK;
void tracepoint_free(struct tracepoint *tracepoint); /* takes NULL */

/* A descriptor that is readable when a ring is half full: time to drain. */
int tracepoint_descriptor(const struct tracepoint *tracepoint);

/* Whether this kernel reports errors, too (Linux 5.15). */
bool tracepoint_has_errors(const struct tracepoint *tracepoint);

/*
 * Appends what was recorded before `until` (monotonic seconds), in the order of time over all
 * CPUs; later records stay for the next call.
 */
void tracepoint_drain(struct tracepoint *tracepoint, double until, struct tcp_events *events);

/* Records that the kernel had no room for, since the start. */
uint64_t tracepoint_lost(const struct tracepoint *tracepoint);

/* Stops recording without giving the rings up, and goes on. */
void tracepoint_pause(struct tracepoint *tracepoint, bool paused);
