/* The destinations that nobody configured, for `discover: { probe: auto }`. */
#pragma once

#include "model/snapshot.h"

/*
 * Appends those of the snapshot's pairs, as probe_engine_set_found() takes them. `own_netns` is
 * the inode of this program's network namespace, 0 when it is unknown.
 */
void found_collect(const struct snapshot *snapshot, uint64_t own_netns, struct text *into);
