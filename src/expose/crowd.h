/*
 * The connections of a web server, and which of them has to go when there are too many: a
 * newcomer always gets in, the guest that has been doing the same thing for longest goes. Pure
 * bookkeeping: whoever uses it owns the sockets. One thread at a time.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"

enum crowd_activity {
	CROWD_IDLE,
	CROWD_ANSWERING, /* a request has arrived and its answer is not sent yet */
	CROWD_WAITING, /* likewise, and its answer has to be waited for */
};

struct crowd_guest {
	struct crowd_guest *older, *newer; /* by `since` */
	double since; /* CLOCK_MONOTONIC: when it came, or began what it does */
	int socket;
	enum crowd_activity activity;
	bool leaving; /* told to go */
};

/* A crowd of all zeroes is valid and empty. */
struct crowd {
	struct crowd_guest *oldest, *newest;
	size_t count; /* of those neither leaving nor waiting */
};

struct crowd_guest *crowd_enter(struct crowd *crowd, int socket, double now);
/* Forgets and frees the guest. */
void crowd_leave(struct crowd *crowd, struct crowd_guest *guest);

/*
 * Its request has arrived, or its answer after a wait; it has to wait for its answer, takes no
 * room and may not be told to go meanwhile; its answer has been sent.
 */
void crowd_begin_answer(struct crowd *crowd, struct crowd_guest *guest, double now);
void crowd_begin_wait(struct crowd *crowd, struct crowd_guest *guest, double now);
void crowd_end_answer(struct crowd *crowd, struct crowd_guest *guest, double now);

/*
 * A guest that has to go, marked as leaving: one whose answer has been under way since before
 * `deadline`, else, while there are more than `max`, the one longest without a request, else
 * the one longest in its answer; never the newest. NULL: all may stay.
 */
struct crowd_guest *crowd_turn_out(struct crowd *crowd, size_t max, double deadline);
