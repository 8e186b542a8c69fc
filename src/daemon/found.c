/*
 * Probes of what was found are made from this program's network namespace. A loopback address
 * means somebody else there than in a target's own one, so such a one is left out; and so is a
 * link-local one of IPv6, which means nothing without its link (RFC 4007).
 */
#include "daemon/found.h"

#include <string.h>

#include "source/pair.h"

static bool lives_elsewhere(const struct snapshot *snapshot, uint32_t target,
			    uint64_t own_netns)
{
	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct process_row *process = &snapshot->processes[i];

		if (process->target == target && process->netns != own_netns)
			return true;
	}
	return false;
}

/* fe80::/10 */
static bool is_link_local(const char *endpoint)
{
	return endpoint[0] == '[' && !strncmp(endpoint + 1, "fe", 2) && endpoint[3] &&
	       strchr("89ab", endpoint[3]);
}

static bool is_loopback(const char *endpoint)
{
	return !strncmp(endpoint, "127.", 4) || !strncmp(endpoint, "[::1]", 5);
}

void found_collect(const struct snapshot *snapshot, uint64_t own_netns, struct text *into)
{
	for (size_t i = 0; i < snapshot->pair_count; i++) {
		const struct pair_row *pair = &snapshot->pairs[i];

		if (pair->configured || !strcmp(pair->destination, PAIR_OTHER) ||
		    is_link_local(pair->destination))
			continue;
		if (is_loopback(pair->destination) &&
		    lives_elsewhere(snapshot, pair->target, own_netns))
			continue;
		text_printf(into, "%s%s", into->length ? " " : "", pair->destination);
	}
}
