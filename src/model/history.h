/*
 * The last hour of something, in a ring of fixed size: a point every 30 s, and finer ones for
 * the newest minutes. What the page draws and the verdicts measure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HISTORY_VALUES 12 /* numbers in a point */
#define HISTORY_COARSE 120 /* points of 30 s */
#define HISTORY_FINE 48 /* points of one tick each, but at least 5 s apart */

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
	HISTORY_OPENED, /* since the point before, as the next two */
	HISTORY_CLOSED,
	HISTORY_FAILED,
};

struct history_point {
	float time; /* seconds before the newest one that was added; 0 or negative */
	uint16_t values[HISTORY_VALUES];
};
