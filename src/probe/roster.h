/*
 * All probes there are: those of the configuration, one for each place that they are asked
 * from, and those of destinations that were found. Only a list; the engine drives it.
 */
#pragma once

#include "base/bytes.h"
#include "config/config.h"
#include "model/rows.h"
#include "probe/view.h"

struct run;

/* A target that probes are asked from, and what they need for it. */
struct roster_view {
	const char *target;
	struct view *view; /* NULL: no process of it is there, or no right to look from it */
};

struct probe {
	const char *destination;
	const struct probe_config *config;
	struct roster_view *from; /* NULL: from this program's network namespace */
	struct probe_row row;
	double start, due; /* monotonic seconds: of its schedule, of the next run; 0: not yet */
	bool is_first; /* the next run is the first one */
	double counted; /* when it was due last: until then what was missed is counted */
	bool name_hangs; /* see resolver.h */
	struct run *run; /* NULL: idle */
	bool has_reuse; /* the connection of an earlier run is being looked at */
	struct view *run_view; /* of the run; only to be compared */
	/* Of a destination that was found: */
	struct probe_config own; /* what `config` is then */
	char *name, *url;
	bool is_lost; /* nobody connects to it any more: to be forgotten once it is idle */
};

struct roster {
	struct probe **probes; /* sorted by destination, then target */
	size_t count, capacity;
	struct roster_view *views; /* sorted by target */
	size_t view_count;
};

void roster_init(struct roster *roster, const struct config *config);
void roster_deinit(struct roster *roster); /* no run may be under way */

/*
 * Takes over the results and schedules of those in `previous` with the same destination,
 * target and URL, and the views; found destinations when `with_found`.
 */
void roster_inherit(struct roster *roster, const struct roster *previous, bool with_found);

/* The probe of this destination from this target (NULL: from here); NULL: there is none. */
struct probe *roster_find(const struct roster *roster, const char *destination,
			  const char *target);

/*
 * These are the destinations found now, "10.0.0.5:443" or "[fd00::1]:443", separated by blanks:
 * has a probe, which only connects, of each that has none; those not among them are lost.
 */
void roster_set_found(struct roster *roster, struct bytes endpoints);

/* Forgets those that are lost and idle. */
void roster_forget_lost(struct roster *roster);

/* The place of this target's view; NULL: no probe is asked from there. */
struct roster_view *roster_find_view(const struct roster *roster, const char *target);
