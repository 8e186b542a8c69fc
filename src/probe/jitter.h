/*
 * When a probe is due: arithmetic on seconds of the monotonic clock, without a clock. Every
 * probe has a grid of its own, start + (fraction + k) * interval, so that probes with the same
 * interval do not all run at once, and so that a run's duration moves no other run.
 */
#pragma once

#include <stdint.h>

/* At most this long after the start every probe has begun its first run. */
#define JITTER_FIRST_WITHIN 3.0

/* Where in its interval a probe runs: 0 <= fraction < 1, the same in every process. */
double jitter_fraction(const char *destination, const char *url);

/* The first run: soon after `start`, ahead of the grid. */
double jitter_first(double start, double fraction, double interval);

/* The second run: on the grid, half an interval or more after the first. */
double jitter_second(double start, double fraction, double interval);

/*
 * The point of the grid after `now`, given one (`due` <= `now`). *ret_skipped is the number of
 * points between the two, which nobody can be in time for any more.
 */
double jitter_next(double due, double interval, double now, uint64_t *ret_skipped);
