/*
 * The kernel's own record of TCP connections between two looks: the tracepoints
 * sock:inet_sock_set_state (Linux 4.16) and sock:inet_sk_error_report (5.14) through
 * perf_event_open(2), with a ring for each CPU. They are host-wide, whatever the namespace.
 *
 * Only changes that tell of an outbound connection are recorded: CLOSE→SYN_SENT, those from
 * SYN_SENT and CLOSE_WAIT, from ESTABLISHED but to CLOSE_WAIT, from SYN_RECV but to
 * ESTABLISHED. The last three happen to inbound connections, too.
 */
#pragma once

#include "base/error.h"
#include "source/tcp_event.h"

struct tracepoint;

/*
 * Begins to record. 0, or -errno with the reason in `err`: -EACCES and -EPERM without the right
 * (CAP_PERFMON, and CAP_DAC_READ_SEARCH to read tracefs; CAP_SYS_ADMIN where tracefs is not
 * mounted), -ENOENT for a kernel without the tracepoint. Processes are numbered as in the pid
 * namespace of the caller; those outside of it are 0.
 */
int tracepoint_new(struct tracepoint **ret_tracepoint, struct error *err) MUST_CHECK;
void tracepoint_free(struct tracepoint *tracepoint); /* takes NULL */

/*
 * A descriptor that poll(2) finds readable when a ring has been filled by another half: time to
 * drain. It says so once.
 */
int tracepoint_descriptor(const struct tracepoint *tracepoint);

/* Whether this kernel reports errors, too. */
bool tracepoint_has_errors(const struct tracepoint *tracepoint);

/*
 * Appends what was recorded before `until` (monotonic seconds), in the order of time over all
 * CPUs; later records stay for the next call. A record has its time a moment before it can be
 * read, so `until` should be some milliseconds ago.
 */
void tracepoint_drain(struct tracepoint *tracepoint, double until, struct tcp_events *events);

/*
 * Records that the kernel had no room for, since the start, as far as the drains came: it says
 * so in the next record of the same CPU.
 */
uint64_t tracepoint_lost(const struct tracepoint *tracepoint);

/*
 * Events that left no record, since the start: the lost ones, and those that a kernel leaves
 * out without a word. Asks every CPU, so not in every tick; certain at the second call.
 */
uint64_t tracepoint_missed(struct tracepoint *tracepoint);

/* CPUs came or went since the start, and what happens on new ones is not seen: begin anew. */
bool tracepoint_is_stale(const struct tracepoint *tracepoint);
