/*
 * fd → socket → target: the rows of one tick, and what events told since the last one, become
 * the processes, targets, pairs and namespaces of the snapshot.
 */
#pragma once

#include "source/source.h"

/*
 * After sources_collect() and probe_engine_copy(), in this order: the connections that probes
 * have (snapshot->own) must be known for every row that was read.
 */
void join(struct sources *sources, struct snapshot *now);

/* Counts what events told so far, as far as it is known whose it is. */
void join_news(struct sources *sources, double now);

/* The pair of `set` for connections to `remote`, by the rules of now. */
struct pair *join_find_pair(struct sources *sources, struct pair_set *set,
			    const struct endpoint *remote, double now);

/* The same for a new connection, which is charged to the limits when that is "other". */
struct pair *join_choose_pair(struct sources *sources, struct pair_set *set,
			      const struct endpoint *remote, double now);

/*
 * The target of a process, which is made when it is new and discovery is on; NULL: it has none.
 */
struct target *join_target_of(struct sources *sources, struct process *process, double now);
