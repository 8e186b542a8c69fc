/*
 * What a new configuration takes over from the one before: a reload is no reason to forget
 * which connections were there, nor to begin counters anew, which a query would take for a
 * restart.
 *
 * Targets that the new configuration does not name are taken over on trial: whether its rules
 * make them again, and who gets their connections, is known when its first look is done.
 */
#include "source/source.h"

#include <stdlib.h>
#include <string.h>

#include "source/join.h"

/* The configured destination of this name; NULL: there is none any more. */
static const struct destination_config *find_configured(const struct config *config,
							const char *name)
{
	for (size_t i = 0; i < config->destination_count; i++) {
		if (!strcmp(config->destinations[i].name, name))
			return &config->destinations[i];
	}
	return NULL;
}

/* The pair of the same label; NULL: there is none by the new rules. */
static struct pair *find_heir(struct sources *sources, struct pair_set *set,
			      const struct pair *old)
{
	const struct destination_config *configured = NULL;
	struct pair *pair;

	if (old->other)
		return pair_find_other(set, old->last_used, &sources->budget);
	if (old->configured) {
		configured = find_configured(sources->config, old->destination);
		if (!configured)
			return NULL;
		return pair_find(set, configured, &old->remote, old->last_used,
				 &sources->budget);
	}
	pair = join_find_pair(sources, set, &old->remote, old->last_used);
	return pair->configured || pair->other ? NULL : pair;
}

static void inherit_pairs(struct sources *sources, struct target *target,
			  const struct pair_set *from)
{
	for (size_t i = 0; i < from->count; i++) {
		struct pair *old = from->items[i];
		struct pair *pair = find_heir(sources, &target->pairs, old);

		if (!pair)
			continue;
		pair->counters = old->counters;
		pair->last_used = old->last_used;
		pair->past = old->past;
		pair->history = old->history;
		old->history = NULL;
	}
}

static void inherit_targets(struct sources *sources, struct target_table *from)
{
	for (size_t i = 0; i < from->count; i++) {
		struct target *old = from->items[i];
		struct target *target =
			target_table_find_configured(&sources->targets, old->name);

		if (!target)
			target = target_table_inherit(&sources->targets, old->name);
		if (target)
			inherit_pairs(sources, target, &old->pairs);
	}
	sources->targets.truncated = from->truncated;
}

/* Inbound connections, and those of a target of the same name, stay what they were. */
static void inherit_entry(struct sources *sources, const struct sources *from,
			  struct ledger_entry *old)
{
	const struct target *owner = old->pair ? old->pair->set->owner : NULL;
	struct target *target = owner ? target_table_find(&sources->targets, owner->name) :
					NULL;
	struct ledger_entry *entry;

	if (old->kind == LEDGER_OUTBOUND && !target)
		return;
	entry = ledger_add(&sources->ledger, old->netns, &old->local, &old->remote, old->kind);
	if (!entry)
		return;
	*entry = *old;
	old->behavior = NULL;
	entry->seen = 0;
	entry->pair = NULL;
	if (!target)
		return;
	entry->pair = join_choose_pair(sources, &target->pairs, &old->remote, from->last_tick);
	entry->pair->last_used = from->last_tick;
}

static void inherit_namespaces(struct netns_table *table, struct netns_table *from)
{
	for (size_t i = 0; i < from->count; i++) {
		struct netns *old = from->items[i];
		struct netns *netns = netns_table_get(table, old->inode, old->last_seen);
		char *label = netns->label;

		netns->label = old->label;
		old->label = label;
		netns->listeners = old->listeners;
		old->listeners = (struct listeners){ 0 };
	}
}

/* Recording goes on without a gap, unless it is no longer wanted. */
static void inherit_events(struct sources *sources, struct sources *from)
{
	struct events *events = sources->events;

	sources->events = from->events;
	from->events = events;
	/* What spoke against it may have been configured away. */
	sources->events->retry_at = 0;
	if (sources->config->collect.events == EVENTS_OFF)
		events_stop(sources->events);
}

void sources_inherit(struct sources *sources, struct sources *from)
{
	struct ledger_entry *entry = NULL;

	inherit_namespaces(&sources->namespaces, &from->namespaces);
	inherit_targets(sources, &from->targets);
	while ((entry = ledger_next(&from->ledger, entry)))
		inherit_entry(sources, from, entry);
	inherit_events(sources, from);
	process_table_inherit(&sources->processes, &from->processes);
	sources->last_tick = from->last_tick;
	sources->read = from->read;
	sources->last_boot_time = from->last_boot_time;
	sources->tick = from->tick;
	sources->budget.truncated_pairs = from->budget.truncated_pairs;
	sources->budget.truncated_destinations = from->budget.truncated_destinations;
	sources->truncated_connections = from->truncated_connections;
	sources->last_truncated = from->last_truncated;
	sources->was_full = from->was_full;
}
