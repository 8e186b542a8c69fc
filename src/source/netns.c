#include "source/netns.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void free_netns(struct netns *netns, struct pair_budget *budget)
{
	pair_set_deinit(&netns->unowned, budget);
	listeners_deinit(&netns->listeners);
	free(netns->label);
	free(netns);
}

void netns_table_deinit(struct netns_table *table, struct pair_budget *budget)
{
	for (size_t i = 0; i < table->count; i++)
		free_netns(table->items[i], budget);
	free(table->items);
	*table = (struct netns_table){ 0 };
}

static struct netns *add_at(struct netns_table *table, size_t at, uint64_t inode)
{
	struct netns *netns = memory_new(1, sizeof(*netns));
	struct text label = { 0 };

	if (inode == table->host)
		text_append_string(&label, "host");
	else if (inode == table->own)
		text_append_string(&label, "self");
	else
		text_append_u64(&label, inode);
	netns->inode = inode;
	netns->label = text_release(&label);
	table->items = memory_grow(table->items, &table->capacity, table->count + 1,
				   sizeof(struct netns *));
	memmove(table->items + at + 1, table->items + at,
		(table->count - at) * sizeof(struct netns *));
	table->items[at] = netns;
	table->count++;
	return netns;
}

/* The first namespace that is not before `inode`. */
static size_t lower_bound(const struct netns_table *table, uint64_t inode)
{
	size_t at = 0;

	while (at < table->count && table->items[at]->inode < inode)
		at++;
	return at;
}

struct netns *netns_table_find(const struct netns_table *table, uint64_t inode)
{
	size_t at = lower_bound(table, inode);

	return at < table->count && table->items[at]->inode == inode ? table->items[at] : NULL;
}

struct netns *netns_table_get(struct netns_table *table, uint64_t inode, double now)
{
	struct netns *netns = netns_table_find(table, inode);

	if (!netns)
		netns = add_at(table, lower_bound(table, inode), inode);
	netns->present = true;
	netns->last_seen = now;
	return netns;
}

void netns_table_begin(struct netns_table *table, double oldest, double oldest_listener,
		       struct pair_budget *budget)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++) {
		struct netns *netns = table->items[i];

		pair_set_begin(&netns->unowned, oldest, budget);
		listeners_expire(&netns->listeners, oldest_listener);
		if (netns->last_seen < oldest && !netns->unowned.count &&
		    !netns->listeners.count) {
			free_netns(netns, budget);
			continue;
		}
		netns->present = false;
		netns->read = false;
		netns->row_count = 0;
		table->items[kept++] = netns;
	}
	table->count = kept;
}
