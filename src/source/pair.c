#include "source/pair.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void free_pair(struct pair *pair)
{
	free(pair->history);
	free(pair->destination);
	free(pair);
}

void pair_set_deinit(struct pair_set *set, struct pair_budget *budget)
{
	for (size_t i = 0; i < set->count; i++)
		free_pair(set->items[i]);
	budget->count -= set->count;
	free(set->items);
	*set = (struct pair_set){ 0 };
}

static struct pair *add(struct pair_set *set, struct pair pair, struct pair_budget *budget)
{
	struct pair *added = memory_new(1, sizeof(*added));

	*added = pair;
	added->set = set;
	set->items =
		memory_grow(set->items, &set->capacity, set->count + 1, sizeof(struct pair *));
	set->items[set->count++] = added;
	budget->count++;
	return added;
}

static bool is_for(const struct pair *pair, const struct destination_config *configured,
		   const struct endpoint *remote)
{
	if (configured || pair->configured)
		return pair->configured == configured;
	return !pair->other && endpoint_equal(&pair->remote, remote);
}

struct pair *pair_find_other(struct pair_set *set, double now, struct pair_budget *budget)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->items[i]->other)
			return set->items[i];
	}
	return add(set,
		   (struct pair){ .other = true,
				  .last_used = now,
				  .destination = memory_copy_string(PAIR_OTHER) },
		   budget);
}

static struct pair *add_endpoint(struct pair_set *set, const struct endpoint *remote,
				 double now, struct pair_budget *budget)
{
	struct text label = { 0 };

	if (budget->count >= budget->max || set->endpoints >= budget->max_destinations)
		return pair_find_other(set, now, budget);
	endpoint_write(remote, &label);
	set->endpoints++;
	return add(set,
		   (struct pair){ .remote = *remote,
				  .last_used = now,
				  .destination = text_release(&label) },
		   budget);
}

struct pair *pair_find(struct pair_set *set, const struct destination_config *configured,
		       const struct endpoint *remote, double now, struct pair_budget *budget)
{
	for (size_t i = 0; i < set->count; i++) {
		if (is_for(set->items[i], configured, remote))
			return set->items[i];
	}
	if (!configured)
		return add_endpoint(set, remote, now, budget);
	return add(set,
		   (struct pair){ .configured = configured,
				  .last_used = now,
				  .destination = memory_copy_string(configured->name) },
		   budget);
}

void pair_budget_charge(struct pair_budget *budget, const struct pair *pair)
{
	if (!pair->other)
		return;
	if (pair->set->endpoints >= budget->max_destinations)
		budget->truncated_destinations++;
	else
		budget->truncated_pairs++;
}

void pair_set_begin(struct pair_set *set, double oldest, struct pair_budget *budget)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct pair *pair = set->items[i];

		if (pair->last_used < oldest && !pair->pinned) {
			set->endpoints -= !pair->configured && !pair->other;
			budget->count--;
			free_pair(pair);
			continue;
		}
		pair->gauges = (struct connection_gauges){ 0 };
		memset(pair->view.all, 0, sizeof(pair->view.all));
		pair->view.local_ports = 0;
		set->items[kept++] = pair;
	}
	set->count = kept;
}

static int compare(const void *a, const void *b)
{
	const struct pair *const *x = a, *const *y = b;

	return strcmp((*x)->destination, (*y)->destination);
}

void pair_set_sort(struct pair_set *set)
{
	if (set->count > 1)
		qsort(set->items, set->count, sizeof(struct pair *), compare);
}
