/*
 * Which targets probes are asked from, and what was opened of each: looked at in each tick,
 * told to the probes when it has changed, and to the log when it becomes impossible.
 */
#pragma once

#include "probe/engine.h"
#include "source/source.h"

struct views;

/* The targets that `config` (borrowed) wants; nothing is opened yet. */
struct views *views_new(const struct config *config);

/* Goes on with what `previous` took, whose probes were taken over as well. */
void views_inherit(struct views *views, const struct views *previous);
void views_free(struct views *views); /* takes NULL */

/* How many targets probes are to be asked from. */
size_t views_count(const struct views *views);

/* After the join: gives the probes the views of targets as they are now. */
void views_update(struct views *views, const struct sources *sources,
		  struct probe_engine *probes);
