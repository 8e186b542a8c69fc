/*
 * A limit that refuses newcomers hands the server to whoever comes first and sits: with 2,000
 * idle connections from 127.0.0.1 a scraper on the same machine never gets an answer, and no
 * limit per address helps it. So the idle go first, in the order in which they fell idle.
 * Someone who sends a header a byte at a time is idle here: only a whole request counts as one.
 * A scrape takes milliseconds from its connect to its end, and has to be overtaken by `max`
 * connections in that time to be hit.
 *
 * Answers that nobody reads hold a page each, hence the deadline. It is looked at when
 * something happens, not by a timer: what holds up nobody may stay.
 *
 * Who waits for an answer that takes us long is not to blame for it, and takes no room: whoever
 * lets guests wait bounds their number. Its deadline begins with its answer.
 */
#include "expose/crowd.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

static void append(struct crowd *crowd, struct crowd_guest *guest, double now)
{
	guest->since = now;
	guest->newer = NULL;
	guest->older = crowd->newest;
	if (crowd->newest)
		crowd->newest->newer = guest;
	else
		crowd->oldest = guest;
	crowd->newest = guest;
}

static void detach(struct crowd *crowd, struct crowd_guest *guest)
{
	if (guest->older)
		guest->older->newer = guest->newer;
	else
		crowd->oldest = guest->newer;
	if (guest->newer)
		guest->newer->older = guest->older;
	else
		crowd->newest = guest->older;
}

struct crowd_guest *crowd_enter(struct crowd *crowd, int socket, double now)
{
	struct crowd_guest *guest = memory_new(1, sizeof(*guest));

	guest->socket = socket;
	append(crowd, guest, now);
	crowd->count++;
	return guest;
}

static bool takes_room(const struct crowd_guest *guest)
{
	return !guest->leaving && guest->activity != CROWD_WAITING;
}

void crowd_leave(struct crowd *crowd, struct crowd_guest *guest)
{
	if (takes_room(guest)) {
		assert(crowd->count);
		crowd->count--;
	}
	detach(crowd, guest);
	free(guest);
}

static void change(struct crowd *crowd, struct crowd_guest *guest, enum crowd_activity activity,
		   double now)
{
	crowd->count -= takes_room(guest);
	detach(crowd, guest);
	append(crowd, guest, now);
	guest->activity = activity;
	crowd->count += takes_room(guest);
}

void crowd_begin_answer(struct crowd *crowd, struct crowd_guest *guest, double now)
{
	change(crowd, guest, CROWD_ANSWERING, now);
}

void crowd_begin_wait(struct crowd *crowd, struct crowd_guest *guest, double now)
{
	change(crowd, guest, CROWD_WAITING, now);
}

void crowd_end_answer(struct crowd *crowd, struct crowd_guest *guest, double now)
{
	change(crowd, guest, CROWD_IDLE, now);
}

static struct crowd_guest *find_oldest(const struct crowd *crowd, enum crowd_activity activity)
{
	struct crowd_guest *guest = crowd->oldest;

	while (guest && (guest->leaving || guest->activity != activity))
		guest = guest->newer;
	return guest;
}

struct crowd_guest *crowd_turn_out(struct crowd *crowd, size_t max, double deadline)
{
	struct crowd_guest *guest = find_oldest(crowd, CROWD_ANSWERING);

	if (!guest || guest->since >= deadline) {
		struct crowd_guest *idle = find_oldest(crowd, CROWD_IDLE);

		if (crowd->count <= max)
			return NULL;
		if (idle && idle != crowd->newest)
			guest = idle;
	}
	if (!guest || guest == crowd->newest)
		return NULL;
	guest->leaving = true;
	crowd->count--;
	return guest;
}
