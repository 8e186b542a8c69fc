/*
 * Both tracepoints of a CPU write into one ring (PERF_EVENT_IOC_SET_OUTPUT), so that the
 * error report of a connection and its change of state keep their order even where their
 * times are equal. Filters run in the kernel, before anything is written.
 *
 * Of error reports there is no use for
 * - error 0: sk_error_report() is called for messages in the error queue, too
 *   (net/core/sock.c);
 * - remote port 0: tcp_disconnect() reports after it took the address away
 *   (net/ipv4/tcp.c);
 * - ECONNRESET and EPIPE: what a RST makes of an established connection; in SYN_SENT it is
 *   ECONNREFUSED (tcp_reset() in net/ipv4/tcp_input.c). They come with each connection that
 *   ends by a RST.
 *
 * The rings are memory that cannot be paged out: 1 MiB for each CPU, less when that would
 * be more than 16 MiB. A record has 104 bytes and a connection makes three or four, so 1
 * MiB holds 2,500 connections; what does not fit is counted by the kernel and not written.
 * Without CAP_IPC_LOCK perf_event_mlock_kb (516) for each CPU are free, then RLIMIT_MEMLOCK
 * counts, and mmap(2) fails with EPERM: then all rings are made smaller, since the last CPU
 * needs its share as well.
 *
 * Each perf event counts what passes its filter, before it writes. That tells of records
 * that were never made: seen on a virtual machine with 6.18, which leaves out what softirqs
 * do in the idle task of one CPU and in some threads. Asking takes an interrupt on every
 * CPU. An event is counted a moment before it is written, so a difference counts when it
 * was there twice.
 *
 * perf_poll() forgets that it said yes, and so does an epoll descriptor over it: readiness
 * is seen once.
 */
#include "source/tracepoint.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "source/cpus.h"
#include "source/perf_ring.h"

#define RING_BYTES_MAX ((size_t)1024 * 1024)
#define RING_BYTES_MIN ((size_t)64 * 1024)
#define RINGS_BYTES_MAX ((size_t)16 * 1024 * 1024)

#define CHANGE "sock/inet_sock_set_state"
#define ERROR_REPORT "sock/inet_sk_error_report"

struct recorder {
	int change, error; /* perf events of one CPU; -1: none */
	struct perf_ring ring;
	uint64_t head; /* up to where the drain goes that is under way */
	bool has_next;
	struct tcp_event next; /* taken off the ring, not handed out yet */
};

struct tracepoint {
	struct tcp_event_layout change, error;
	bool has_errors;
	int epoll;
	struct cpus cpus;
	struct recorder *recorders; /* of cpus.count; those of CPUs just gone have no ring */
	uint64_t taken, lost; /* records */
	uint64_t unrecorded, missed; /* as of the last asking; and for certain */
};

static void close_event(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Their mappings first: they hold the events. */
static void close_recorders(struct tracepoint *tracepoint)
{
	for (size_t i = 0; i < tracepoint->cpus.count; i++) {
		struct recorder *recorder = &tracepoint->recorders[i];

		perf_ring_deinit(&recorder->ring);
		close_event(&recorder->error);
		close_event(&recorder->change);
	}
}

void tracepoint_free(struct tracepoint *tracepoint)
{
	if (!tracepoint)
		return;
	close_recorders(tracepoint);
	close_event(&tracepoint->epoll);
	cpus_deinit(&tracepoint->cpus);
	free(tracepoint->recorders);
	free(tracepoint);
}

static void free_pointer(struct tracepoint **tracepoint)
{
	tracepoint_free(*tracepoint);
}

static int read_layouts(struct tracepoint *tracepoint, struct error *err)
{
	CLEANUP(file_close) int tracefs = tracefs_open(err);
	CLEANUP(text_deinit) struct text format = { 0 };
	CLEANUP(error_deinit) struct error ignored = { 0 };
	uint16_t number;
	int r = tracefs < 0 ? tracefs : tracefs_read(tracefs, CHANGE, &number, &format, err);

	if (r < 0)
		return r;
	if (!tcp_event_parse_change_layout((struct bytes){ text_string(&format),
							   format.length },
					   number, &tracepoint->change))
		return error_set(err, -EPROTO,
				 "this kernel's tracepoint " CHANGE
				 " has other fields than expected");
	r = tracefs_read(tracefs, ERROR_REPORT, &number, &format, &ignored);
	tracepoint->has_errors =
		!r && tcp_event_parse_error_layout((struct bytes){ text_string(&format),
								   format.length },
						   number, &tracepoint->error);
	return 0;
}

/* A descriptor, or -errno; -ENODEV when the CPU is not online. */
static int open_event(uint16_t type, unsigned cpu, size_t ring_size)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = type,
		.sample_period = 1,
		.sample_type = PERF_RING_SAMPLE_TYPE,
		.disabled = 1,
		.watermark = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.wakeup_watermark = (uint32_t)(ring_size / 2),
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, (int)cpu, -1,
			      PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int set_change_filter(int fd)
{
	CLEANUP(text_deinit) struct text filter = { 0 };

	text_printf(&filter,
		    "protocol==6 && ((oldstate==%d && newstate==%d) || oldstate==%d || "
		    "(oldstate==%d && newstate!=%d) || oldstate==%d || "
		    "(oldstate==%d && newstate!=%d))",
		    TCP_STATE_CLOSE, TCP_STATE_SYN_SENT, TCP_STATE_SYN_SENT,
		    TCP_STATE_ESTABLISHED, TCP_STATE_CLOSE_WAIT, TCP_STATE_CLOSE_WAIT,
		    TCP_STATE_SYN_RECV, TCP_STATE_ESTABLISHED);
	return ioctl(fd, PERF_EVENT_IOC_SET_FILTER, text_string(&filter)) < 0 ? -errno : 0;
}

static int set_error_filter(int fd)
{
	CLEANUP(text_deinit) struct text filter = { 0 };

	text_printf(&filter, "protocol==6 && dport!=0 && error>0 && error!=%d && error!=%d",
		    ECONNRESET, EPIPE);
	return ioctl(fd, PERF_EVENT_IOC_SET_FILTER, text_string(&filter)) < 0 ? -errno : 0;
}

static int open_errors(const struct tracepoint *tracepoint, struct recorder *recorder,
		       unsigned cpu, size_t ring_size)
{
	int r;

	recorder->error = open_event(tracepoint->error.type, cpu, ring_size);
	if (recorder->error < 0)
		return recorder->error;
	r = set_error_filter(recorder->error);
	if (!r && ioctl(recorder->error, PERF_EVENT_IOC_SET_OUTPUT, recorder->change) < 0)
		r = -errno;
	return r;
}

/* Not recording yet. */
static int open_recorder(const struct tracepoint *tracepoint, struct recorder *recorder,
			 unsigned cpu, size_t ring_size)
{
	struct epoll_event interest = { .events = EPOLLIN };
	int r;

	recorder->change = open_event(tracepoint->change.type, cpu, ring_size);
	if (recorder->change < 0)
		return recorder->change == -ENODEV ? 0 : recorder->change;
	r = perf_ring_init(&recorder->ring, recorder->change, ring_size);
	if (!r)
		r = set_change_filter(recorder->change);
	if (!r && tracepoint->has_errors)
		r = open_errors(tracepoint, recorder, cpu, ring_size);
	if (!r && epoll_ctl(tracepoint->epoll, EPOLL_CTL_ADD, recorder->change, &interest) < 0)
		r = -errno;
	return r;
}

static int open_recorders(struct tracepoint *tracepoint, size_t ring_size)
{
	int r = 0;

	for (size_t i = 0; i < tracepoint->cpus.count && !r; i++)
		r = open_recorder(tracepoint, &tracepoint->recorders[i],
				  tracepoint->cpus.items[i], ring_size);
	if (r < 0)
		close_recorders(tracepoint);
	return r;
}

static size_t first_ring_size(size_t cpu_count)
{
	size_t size = RING_BYTES_MAX;

	while (size > RING_BYTES_MIN && size * cpu_count > RINGS_BYTES_MAX)
		size /= 2;
	return size;
}

static int open_all(struct tracepoint *tracepoint, struct error *err)
{
	size_t size = first_ring_size(tracepoint->cpus.count);
	int r = open_recorders(tracepoint, size);

	while ((r == -EPERM || r == -ENOMEM) && size > RING_BYTES_MIN) {
		size /= 2;
		r = open_recorders(tracepoint, size);
	}
	if (r == -EACCES || r == -EPERM)
		return error_set(err, r,
				 "perf_event_open: %s (needs CAP_PERFMON, before Linux 5.8 "
				 "CAP_SYS_ADMIN; and RLIMIT_MEMLOCK of %zu KiB)",
				 strerror(-r), size * tracepoint->cpus.count / 1024);
	if (r < 0)
		return error_set(err, r == -ENOSYS ? -ENOENT : r, "perf_event_open: %s",
				 strerror(-r));
	return 0;
}

static void enable_all(const struct tracepoint *tracepoint)
{
	for (size_t i = 0; i < tracepoint->cpus.count; i++) {
		const struct recorder *recorder = &tracepoint->recorders[i];

		if (recorder->error >= 0)
			ioctl(recorder->error, PERF_EVENT_IOC_ENABLE, 0);
		if (recorder->change >= 0)
			ioctl(recorder->change, PERF_EVENT_IOC_ENABLE, 0);
	}
}

static int read_cpus(struct tracepoint *tracepoint, struct error *err)
{
	int r = cpus_read(&tracepoint->cpus);

	if (r < 0)
		return error_set(err, r, "cannot read which CPUs are online: %s", strerror(-r));
	tracepoint->recorders =
		memory_new(tracepoint->cpus.count, sizeof(*tracepoint->recorders));
	for (size_t i = 0; i < tracepoint->cpus.count; i++)
		tracepoint->recorders[i] = (struct recorder){ .change = -1, .error = -1 };
	return 0;
}

int tracepoint_new(struct tracepoint **ret_tracepoint, struct error *err)
{
	CLEANUP(free_pointer)
	struct tracepoint *tracepoint = memory_new(1, sizeof(*tracepoint));
	int r;

	tracepoint->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (tracepoint->epoll < 0)
		return error_set(err, -errno, "epoll_create1: %s", strerror(errno));
	r = read_layouts(tracepoint, err);
	if (!r)
		r = read_cpus(tracepoint, err);
	if (!r)
		r = open_all(tracepoint, err);
	if (r < 0)
		return r;
	enable_all(tracepoint);
	*ret_tracepoint = tracepoint;
	tracepoint = NULL;
	return 0;
}

int tracepoint_descriptor(const struct tracepoint *tracepoint)
{
	return tracepoint->epoll;
}

bool tracepoint_has_errors(const struct tracepoint *tracepoint)
{
	return tracepoint->has_errors;
}

uint64_t tracepoint_lost(const struct tracepoint *tracepoint)
{
	return tracepoint->lost;
}

static uint64_t count_of(int event)
{
	uint64_t count;

	return event >= 0 && read(event, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

uint64_t tracepoint_missed(struct tracepoint *tracepoint)
{
	uint64_t counted = 0, recorded = tracepoint->taken, unrecorded, both;

	for (size_t i = 0; i < tracepoint->cpus.count; i++) {
		const struct recorder *recorder = &tracepoint->recorders[i];

		if (!recorder->ring.page)
			continue;
		counted += count_of(recorder->change) + count_of(recorder->error);
		recorded += perf_ring_count(&recorder->ring, perf_ring_head(&recorder->ring));
	}
	unrecorded = counted > recorded ? counted - recorded : 0;
	both = unrecorded < tracepoint->unrecorded ? unrecorded : tracepoint->unrecorded;
	if (both > tracepoint->missed)
		tracepoint->missed = both;
	tracepoint->unrecorded = unrecorded;
	return tracepoint->missed;
}

bool tracepoint_is_stale(const struct tracepoint *tracepoint)
{
	CLEANUP(cpus_deinit) struct cpus cpus = { 0 };

	return !cpus_read(&cpus) && !cpus_equal(&cpus, &tracepoint->cpus);
}

static bool parse_record(struct tracepoint *tracepoint, struct bytes bytes,
			 struct tcp_event *ret_event)
{
	struct perf_ring_record record = perf_ring_parse(bytes);

	if (record.kind == PERF_RING_LOST)
		tracepoint->lost += record.lost;
	if (record.kind != PERF_RING_SAMPLE)
		return false;
	tracepoint->taken++;
	if (!tcp_event_parse(record.raw, &tracepoint->change, ret_event) &&
	    !(tracepoint->has_errors &&
	      tcp_event_parse(record.raw, &tracepoint->error, ret_event)))
		return false;
	ret_event->time = record.time;
	ret_event->process = record.process;
	return true;
}

static void advance(struct tracepoint *tracepoint, struct recorder *recorder)
{
	struct bytes bytes;

	recorder->has_next = false;
	while (!recorder->has_next && perf_ring_take(&recorder->ring, recorder->head, &bytes))
		recorder->has_next = parse_record(tracepoint, bytes, &recorder->next);
}

static void begin_drain(struct tracepoint *tracepoint)
{
	for (size_t i = 0; i < tracepoint->cpus.count; i++) {
		struct recorder *recorder = &tracepoint->recorders[i];

		if (!recorder->ring.page)
			continue;
		recorder->head = perf_ring_head(&recorder->ring);
		if (!recorder->has_next)
			advance(tracepoint, recorder);
	}
}

/* The CPU whose next event is the earliest before `until`; NULL when there is none. */
static struct recorder *earliest(const struct tracepoint *tracepoint, double until)
{
	struct recorder *found = NULL;

	for (size_t i = 0; i < tracepoint->cpus.count; i++) {
		struct recorder *recorder = &tracepoint->recorders[i];

		if (!recorder->has_next || recorder->next.time >= until)
			continue;
		if (!found || recorder->next.time < found->next.time)
			found = recorder;
	}
	return found;
}

void tracepoint_drain(struct tracepoint *tracepoint, double until, struct tcp_events *events)
{
	struct recorder *recorder;

	begin_drain(tracepoint);
	while ((recorder = earliest(tracepoint, until))) {
		tcp_events_append(events, &recorder->next);
		advance(tracepoint, recorder);
	}
	for (size_t i = 0; i < tracepoint->cpus.count; i++) {
		if (tracepoint->recorders[i].ring.page)
			perf_ring_give_back(&tracepoint->recorders[i].ring);
	}
}
