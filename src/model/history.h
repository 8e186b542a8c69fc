/*
 * The last hour of something, in a ring of fixed size: a point every 30 s, and finer ones for
 * the newest minutes. What the page draws and the verdicts measure. All zero it is empty, and
 * it may be copied.
 *
 * A point holds gauges, as they were at its time, and increments, which happened since the
 * point before it; together the points hold each increment once. Numbers are not negative,
 * exact up to 4095, and within 1/1000 up to 134 million, which is the largest. NAN: unknown.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_VALUES 12 /* numbers in a point */
#define HISTORY_COARSE 120 /* points of 30 s, or of one tick if that is longer */
#define HISTORY_FINE 21 /* points of 5 s, likewise */
#define HISTORY_POINTS (HISTORY_COARSE + HISTORY_FINE + 2) /* that can be read: open ones too */

/* Of a pair. */
enum history_pair {
	HISTORY_ESTABLISHED,
	HISTORY_CLOSE_WAIT,
	HISTORY_SYN_SENT,
	HISTORY_TIME_WAIT,
	HISTORY_IDLE,
	HISTORY_USED_ONCE,
	HISTORY_AWAITING,
	HISTORY_UNREAD,
	HISTORY_SEND_STALLED,
	HISTORY_OPENED, /* increments from here on */
	HISTORY_CLOSED,
	HISTORY_FAILED,
};

/* A point as it is kept. */
struct history_slot {
	uint32_t time; /* milliseconds, in a circle */
	uint16_t values[HISTORY_VALUES]; /* encoded */
};

/* The point that is being made of several. */
struct history_open {
	uint32_t time, due; /* as above: of the newest part; when to end it */
	bool any; /* it has a part */
	float values[HISTORY_VALUES];
};

struct history {
	double newest; /* monotonic seconds */
	struct history_open open_fine, open_coarse;
	uint8_t fine_first, fine_count, coarse_first, coarse_count;
	struct history_slot fine[HISTORY_FINE];
	struct history_slot coarse[HISTORY_COARSE];
};
_Static_assert(sizeof(struct history) <= 4096, "a history takes more than a page");

/* A point as it is read. */
struct history_point {
	double age; /* seconds */
	float values[HISTORY_VALUES];
};

/*
 * Adds a tick at `now` (monotonic seconds). Values from `first_increment` on are what was added
 * since the last call; it is the same in every call (HISTORY_VALUES: there are none). An
 * unknown increment adds nothing to a known one.
 */
void history_add(struct history *history, double now,
		 const double values[static HISTORY_VALUES], unsigned first_increment);

/* The points of the hour before `now`, oldest first. How many there are. */
size_t history_read(const struct history *history, double now,
		    struct history_point ret_points[static HISTORY_POINTS]);

/* A number in 16 bits, to the nearest there is. */
uint16_t history_encode(double value);
double history_decode(uint16_t code);
