/* One look at everything: the sentence that the program is. */
#pragma once

#include "daemon/views.h"
#include "expose/catalog.h"
#include "probe/engine.h"
#include "probe/inquiry.h"
#include "source/source.h"

/* All that one configuration brings to life; replaced as a whole by a reload. */
struct world {
	struct config *config;
	struct sources sources;
	struct probe_engine *probes;
	struct views *views;
	struct inquiry *inquiry; /* moves from world to world */
};

/*
 * Builds a world: takes the configuration over, also on failure. Begins with the addresses and
 * the probes' results that `previous` has (NULL: there is none; its probes must be stopped),
 * which stays as it is. 0, or -errno with the reason in `err`.
 */
int world_init(struct world *world, struct config *config, const char *procfs,
	       const char *rootfs, struct world *previous, struct error *err) MUST_CHECK;
/* Moves what else `previous` remembers into the world that replaces it. */
void world_inherit(struct world *world, struct world *previous);
void world_deinit(struct world *world); /* takes one that is all zeroes */

/*
 * Collects rows, joins them and renders them. `self` carries the exporter's own row from tick
 * to tick. The snapshot is the caller's to free, the page has one reference for the caller.
 */
struct snapshot *tick(struct world *world, struct self_row *self, struct page **ret_page);
