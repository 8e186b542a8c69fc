/*
 * How long one connection may keep the thread of all others to itself. What reads a connection
 * until nothing is left comes to no end when the server is quicker than we are.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What reading takes in one go is a tenth of this. CPU seconds. */
#define TURN_SHARE 0.02

/* Of one connection; all zeroes at first. */
struct turn {
	uint64_t number;
	double began; /* CPU seconds of the thread */
};

/* In the thread that goes on with all of them: from here on each has its time anew. */
void turn_begin(void);

/*
 * Whether this one had more CPU seconds than its share, since it was first asked for in this
 * turn. To be called now and then while it is served.
 */
bool turn_is_over(struct turn *turn, double share);
