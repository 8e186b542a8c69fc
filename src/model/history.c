/*
 * A number is a mantissa of 12 bits, shifted left by the 4 bits above it: exact while the shift
 * is 0, else with a mantissa of at least 2048, so rounding is off by at most 1/4096. Of the
 * codes that this leaves unused, one means unknown.
 *
 * Ticks make fine points. When there is no room for another one, the oldest becomes part of a
 * coarse point: what was said once is kept once, and rounded twice at most.
 *
 * Points are due at 5 s, 10 s, … by a clock of their own, so that ticks of another length give
 * that many points on average, and a tick that comes a little early is not put off to the next
 * one. A point does not reach over a gap: it ends where the ticks stopped.
 *
 * Times are milliseconds in 32 bits, which go around in 49 days; differences stay right, since
 * all that is kept is dropped when nothing came for an hour.
 */
#include "model/history.h"

#include <math.h>

#define MANTISSA_BITS 12
#define MANTISSA_MAX ((1 << MANTISSA_BITS) - 1)
#define EXPONENT_MAX 15
#define LARGEST ((double)MANTISSA_MAX * (1 << EXPONENT_MAX))
#define CODE_UNKNOWN ((uint16_t)(1 << MANTISSA_BITS)) /* 0 << 1, where 0 << 0 would do */

#define HOUR 3600.0 /* seconds */

/* How often a point is due, and how much before that a tick will do; milliseconds. */
struct pace {
	uint32_t period, slack;
};
static const struct pace pace_fine = { 5000, 500 }, pace_coarse = { 30000, 2500 };

uint16_t history_encode(double value)
{
	unsigned exponent = 0;

	if (isnan(value))
		return CODE_UNKNOWN;
	value = fmin(fmax(value, 0), LARGEST);
	while (round(value) > MANTISSA_MAX) {
		value /= 2;
		exponent++;
	}
	return (uint16_t)(exponent << MANTISSA_BITS | (unsigned)round(value));
}

double history_decode(uint16_t code)
{
	if (code == CODE_UNKNOWN)
		return NAN;
	return (code & MANTISSA_MAX) * (double)(1 << (code >> MANTISSA_BITS));
}

static uint32_t milliseconds(double time)
{
	return (uint32_t)(uint64_t)(time * 1000);
}

/* a - b, of times that are less than 24 days apart */
static int32_t elapsed(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* The slot for another point, which takes the place of the oldest one when there is no room. */
static struct history_slot *push(struct history_slot *slots, unsigned size, uint8_t *first,
				 uint8_t *count)
{
	unsigned at = (*first + *count) % size;

	if (*count == size)
		*first = (uint8_t)((*first + 1) % size);
	else
		++*count;
	return &slots[at];
}

static void end_point(struct history_open *open, struct history_slot *slot)
{
	slot->time = open->time;
	for (unsigned i = 0; i < HISTORY_VALUES; i++)
		slot->values[i] = history_encode((double)open->values[i]);
	open->any = false;
}

static float sum(float a, float b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) ? b : a;
	return a + b;
}

static void add_part(struct history_open *open, uint32_t time, const double *values,
		     unsigned first_increment)
{
	for (unsigned i = 0; i < HISTORY_VALUES; i++) {
		float value = (float)values[i];
		bool sums = open->any && i >= first_increment;

		open->values[i] = sums ? sum(open->values[i], value) : value;
	}
	open->time = time;
	open->any = true;
}

static bool is_before_gap(const struct history_open *open, uint32_t time, struct pace pace)
{
	return open->any && elapsed(time, open->time) >= (int32_t)pace.period;
}

/* Whether the part that was added last completes the point. */
static bool is_due(struct history_open *open, struct pace pace)
{
	if (elapsed(open->time + pace.slack, open->due) < 0)
		return false;
	open->due += pace.period;
	if (elapsed(open->due, open->time) <= 0)
		open->due = open->time + pace.period;
	return true;
}

static void end_coarse(struct history *history)
{
	end_point(&history->open_coarse, push(history->coarse, HISTORY_COARSE,
					      &history->coarse_first, &history->coarse_count));
}

static void add_to_coarse(struct history *history, const struct history_slot *slot,
			  unsigned first_increment)
{
	struct history_open *open = &history->open_coarse;
	double values[HISTORY_VALUES];

	for (unsigned i = 0; i < HISTORY_VALUES; i++)
		values[i] = history_decode(slot->values[i]);
	if (is_before_gap(open, slot->time, pace_coarse))
		end_coarse(history);
	add_part(open, slot->time, values, first_increment);
	if (is_due(open, pace_coarse))
		end_coarse(history);
}

static void end_fine(struct history *history, unsigned first_increment)
{
	if (history->fine_count == HISTORY_FINE)
		add_to_coarse(history, &history->fine[history->fine_first], first_increment);
	end_point(&history->open_fine, push(history->fine, HISTORY_FINE, &history->fine_first,
					    &history->fine_count));
}

static void start(struct history *history, double now)
{
	*history = (struct history){ .newest = now };
	history->open_fine.due = history->open_coarse.due = milliseconds(now);
}

void history_add(struct history *history, double now,
		 const double values[static HISTORY_VALUES], unsigned first_increment)
{
	struct history_open *open = &history->open_fine;
	uint32_t time;

	if ((!history->fine_count && !open->any) || now - history->newest > HOUR)
		start(history, now);
	history->newest = fmax(history->newest, now);
	time = milliseconds(history->newest);
	if (is_before_gap(open, time, pace_fine))
		end_fine(history, first_increment);
	add_part(open, time, values, first_increment);
	if (is_due(open, pace_fine))
		end_fine(history, first_increment);
}

struct reading {
	const struct history *history;
	double now;
	struct history_point *points;
	size_t count;
};

/* The place for a point of that time; NULL: it is too old. */
static struct history_point *place(struct reading *reading, uint32_t time)
{
	double newest = reading->history->newest;
	int32_t before = elapsed(milliseconds(newest), time);
	double age = fmax(reading->now - newest, 0) + before / 1000.0;
	struct history_point *point = &reading->points[reading->count];

	if (age > HOUR)
		return NULL;
	reading->count++;
	point->age = age;
	return point;
}

static void read_open(struct reading *reading, const struct history_open *open)
{
	struct history_point *point = open->any ? place(reading, open->time) : NULL;

	for (unsigned i = 0; point && i < HISTORY_VALUES; i++)
		point->values[i] = open->values[i];
}

static void read_slots(struct reading *reading, const struct history_slot *slots, unsigned size,
		       unsigned first, unsigned count)
{
	for (unsigned at = 0; at < count; at++) {
		const struct history_slot *slot = &slots[(first + at) % size];
		struct history_point *point = place(reading, slot->time);

		for (unsigned i = 0; point && i < HISTORY_VALUES; i++)
			point->values[i] = (float)history_decode(slot->values[i]);
	}
}

size_t history_read(const struct history *history, double now,
		    struct history_point ret_points[static HISTORY_POINTS])
{
	struct reading reading = { history, now, ret_points, 0 };

	read_slots(&reading, history->coarse, HISTORY_COARSE, history->coarse_first,
		   history->coarse_count);
	read_open(&reading, &history->open_coarse);
	read_slots(&reading, history->fine, HISTORY_FINE, history->fine_first,
		   history->fine_count);
	read_open(&reading, &history->open_fine);
	return reading.count;
}
