/* Recording what a child does with connections; what others do is recorded, too. */
#pragma once

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "source/tracepoint.h"
#include "test.h"

static inline void traced_release(struct tracepoint **tracepoint)
{
	tracepoint_free(*tracepoint);
}

static const char *traced_skip_reason;

static inline struct tracepoint *traced_begin(void)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct tracepoint *tracepoint = NULL;
	int r = tracepoint_new(&tracepoint, &err);

	traced_skip_reason = r == -ENOENT ? "this kernel has no such tracepoint" :
					    "may not record tracepoints here";
	if (r < 0 && r != -EPERM && r != -EACCES && r != -ENOENT)
		CHECK_EQ_STR(error_string(&err), "");
	return tracepoint;
}

/* Runs it in a child; it returns 0 when all went as planned. */
static inline pid_t traced_run(int (*scenario)(void))
{
	pid_t pid = fork();
	int status = -1;

	if (!pid)
		_exit(scenario());
	waitpid(pid, &status, 0);
	CHECK_EQ_INT(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
	return pid;
}

/* What was recorded while a child did something. */
struct traced_record {
	struct tcp_events events; /* of everybody */
	pid_t process;
	bool has_errors;
};

static inline void traced_record_deinit(struct traced_record *record)
{
	tcp_events_deinit(&record->events);
}

static inline void traced_record_once(struct tracepoint *tracepoint, int (*scenario)(void),
				      struct traced_record *record)
{
	struct pollfd half_full = { .fd = tracepoint_descriptor(tracepoint), .events = POLLIN };
	int status = -1;

	record->events.count = 0;
	record->process = fork();
	if (!record->process)
		_exit(scenario());
	while (waitpid(record->process, &status, WNOHANG) == 0) {
		poll(&half_full, 1, 5);
		tracepoint_drain(tracepoint, clock_monotonic() - 0.01, &record->events);
	}
	tracepoint_drain(tracepoint, clock_monotonic(), &record->events);
	CHECK_EQ_INT(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
}

/*
 * The child's scenario returns 0 when all went as planned. Again when events were missed:
 * others may make more than fits. False: it cannot be, for traced_skip_reason.
 */
static inline bool traced_record(int (*scenario)(void), struct traced_record *ret_record)
{
	uint64_t missed = 1;

	for (int tries = 0; tries < 5 && missed; tries++) {
		CLEANUP(traced_release) struct tracepoint *tracepoint = traced_begin();

		if (!tracepoint)
			return false;
		ret_record->has_errors = tracepoint_has_errors(tracepoint);
		traced_record_once(tracepoint, scenario, ret_record);
		tracepoint_missed(tracepoint);
		missed = tracepoint_missed(tracepoint);
	}
	traced_skip_reason = "this kernel leaves events out, or others make too many";
	return !missed;
}
