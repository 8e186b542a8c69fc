/* The second half of the join: what was counted becomes rows of the snapshot. */
#pragma once

#include "source/source.h"

/*
 * The target of a process that no rule matched, named by its container or systemd unit, else by
 * the base name of its executable; made when it is new.
 */
struct target *join_discover(struct sources *sources, struct process *process, double now);

/* Writes the processes, targets, pairs and unowned connections of the snapshot. */
void join_write_rows(struct sources *sources, struct snapshot *now);
