/*
 * fd → socket → target: the rows of one tick become the processes, targets, pairs and unowned
 * connections of the snapshot.
 */
#pragma once

#include "source/source.h"

/*
 * After sources_collect() and probe_engine_copy(), in this order: the connections that probes
 * have (snapshot->own) must be known for every row that was read.
 */
void join(struct sources *sources, struct snapshot *now);

/* The pair of `set` that a connection to `remote` counts in by the rules of now. */
struct pair *join_choose_pair(struct sources *sources, struct pair_set *set,
			      const struct endpoint *remote, double now);
