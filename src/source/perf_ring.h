/*
 * A ring of memory that the kernel fills with the records of a perf event (perf_event_open(2),
 * "MMAP layout") and we empty. One for each CPU; records of one ring are in the order in which
 * they were made.
 */
#pragma once

#include <sys/types.h>

#include "base/bytes.h"
#include "base/text.h"

struct perf_event_mmap_page;

struct perf_ring {
	struct perf_event_mmap_page *page; /* NULL: not mapped */
	const char *data;
	size_t size; /* of `data`: a power of two */
	uint64_t tail; /* up to where records were taken; may be ahead of what was given back */
	struct text wrapped; /* a record that goes over the end, in one piece */
};

/*
 * `size`: a power of two, at least a page. 0 or -errno; -EPERM when it is more than may be
 * locked.
 */
int perf_ring_init(struct perf_ring *ring, int event, size_t size) MUST_CHECK;
void perf_ring_deinit(struct perf_ring *ring); /* takes one of all zeroes */

/* Up to where there are records now, for perf_ring_take(). */
uint64_t perf_ring_head(const struct perf_ring *ring);

/*
 * The next record before `head`; false when there is none. It is valid until the next call and
 * no longer than perf_ring_give_back(). What cannot be a record ends the ring: the rest up to
 * `head` is skipped.
 */
bool perf_ring_take(struct perf_ring *ring, uint64_t head, struct bytes *ret_record) MUST_CHECK;

/* How many samples there are from `tail` to `head`; takes nothing. */
uint64_t perf_ring_count(const struct perf_ring *ring, uint64_t head);

/* Lets the kernel write where records were taken from. */
void perf_ring_give_back(struct perf_ring *ring);

enum perf_ring_kind {
	PERF_RING_SAMPLE,
	PERF_RING_LOST, /* the kernel had no room */
	PERF_RING_OTHER,
};

/* A sample of type PERF_RING_SAMPLE_TYPE. */
#define PERF_RING_SAMPLE_TYPE (PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW)

struct perf_ring_record {
	enum perf_ring_kind kind;
	double time; /* of a sample: seconds of the event's clock */
	pid_t process; /* of a sample: in our pid namespace; 0: not in it, -1: it ended */
	struct bytes raw; /* of a sample: within the record */
	uint64_t lost; /* records */
};

/* Pure: what a record says. What is none, or broken, is PERF_RING_OTHER. */
struct perf_ring_record perf_ring_parse(struct bytes record);
