/*
 * Why attempts failed: joins each failure with the error report of the same connection, which
 * the kernel makes a moment later or, in some cases, a moment earlier. Pure.
 */
#pragma once

#include "source/attempt.h"

#define REASONS_BUCKETS 1024
#define REASONS_EARLY 256

struct reasons {
	struct waiting {
		struct news failure;
		uint64_t older; /* the number of the next in the same bucket; 0: none */
		bool known; /* and handed out */
	} * items; /* in the order of time */
	size_t first, count, capacity; /* those from `first` to `count` wait */
	uint64_t base; /* the number of items[0] */
	uint64_t newest[REASONS_BUCKETS]; /* the number of the last of each bucket; 0: none */
	struct early_report {
		struct endpoint local, remote;
		double time;
		int error; /* 0: none */
	} early[REASONS_EARLY]; /* reports that answer no failure yet */
};

void reasons_init(struct reasons *reasons);
void reasons_deinit(struct reasons *reasons);

/* True: its reason is known already, and set. Else it waits. */
bool reasons_take_failure(struct reasons *reasons, struct news *failure) MUST_CHECK;

/* True: it is the reason of a failure that waited. */
bool reasons_take_report(struct reasons *reasons, const struct tcp_event *report,
			 struct news *ret_failure) MUST_CHECK;

/*
 * The next failure that has waited so long at `until` that no reason will come: the program
 * itself gave up. False: there is none.
 */
bool reasons_settle(struct reasons *reasons, double until, struct news *ret_failure) MUST_CHECK;
