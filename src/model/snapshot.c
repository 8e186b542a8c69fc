#include "model/snapshot.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

static const char *const truncated_names[TRUNCATED_COUNT] = {
	[TRUNCATED_TARGETS] = "targets", [TRUNCATED_DESTINATIONS] = "destinations",
	[TRUNCATED_PAIRS] = "pairs",	 [TRUNCATED_CONNECTIONS] = "connections",
	[TRUNCATED_SERIES] = "series",	 [TRUNCATED_CMDLINES] = "cmdlines",
};

const char *truncated_name(enum truncated what)
{
	assert(what < TRUNCATED_COUNT);
	return truncated_names[what];
}

struct snapshot *snapshot_new(double wall, double monotonic)
{
	struct snapshot *snapshot = memory_new(1, sizeof(*snapshot));

	arena_init(&snapshot->arena);
	snapshot->wall = wall;
	snapshot->monotonic = monotonic;
	return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	arena_deinit(&snapshot->arena);
	free(snapshot);
}
