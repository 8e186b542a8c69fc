#include "source/netns.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void free_netns(struct netns *netns, struct pair_budget *budget)
{
	pair_set_deinit(&netns->destinations, budget);
	port_use_deinit(&netns->port_use);
	netns_files_close(&netns->files);
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

/*
 * What is only known by its table has a number that `ls -l /proc/<pid>/ns/net` does not show.
 */
static char *make_label(const struct netns_table *table, uint64_t inode, bool is_table)
{
	struct text label = { 0 };

	if (inode == table->host || inode == table->host_table)
		text_append_string(&label, "host");
	else if (inode == table->own)
		text_append_string(&label, "self");
	else
		text_printf(&label, "%s%" PRIu64, is_table ? "net_tcp:" : "", inode);
	return text_release(&label);
}

static struct netns *add_at(struct netns_table *table, size_t at, uint64_t inode, bool is_table)
{
	struct netns *netns = memory_new(1, sizeof(*netns));

	netns->inode = inode;
	netns->label = make_label(table, inode, is_table);
	netns->local_ports = NAN;
	netns_files_init(&netns->files);
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
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->items[middle]->inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct netns *netns_table_find(const struct netns_table *table, uint64_t inode)
{
	size_t at = lower_bound(table, inode);

	return at < table->count && table->items[at]->inode == inode ? table->items[at] : NULL;
}

static struct netns *get(struct netns_table *table, uint64_t inode, bool is_table, double now)
{
	struct netns *netns = netns_table_find(table, inode);

	if (!netns)
		netns = add_at(table, lower_bound(table, inode), inode, is_table);
	netns->present = true;
	netns->last_seen = now;
	return netns;
}

struct netns *netns_table_get(struct netns_table *table, uint64_t inode, double now)
{
	return get(table, inode, false, now);
}

struct netns *netns_table_get_by_table(struct netns_table *table, uint64_t inode, double now)
{
	if (table->own && inode == table->own_table)
		return get(table, table->own, false, now);
	if (table->host && inode == table->host_table)
		return get(table, table->host, false, now);
	return get(table, inode, true, now);
}

void netns_table_close_left(struct netns_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		if (!table->items[i]->present)
			netns_files_close(&table->items[i]->files);
	}
}

void netns_table_begin(struct netns_table *table, double oldest, double oldest_listener,
		       struct pair_budget *budget)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++) {
		struct netns *netns = table->items[i];

		pair_set_begin(&netns->destinations, oldest, budget);
		listeners_expire(&netns->listeners, oldest_listener);
		if (netns->last_seen < oldest && !netns->destinations.count &&
		    !netns->listeners.count) {
			free_netns(netns, budget);
			continue;
		}
		netns->present = false;
		netns->hides = false;
		netns->truncated = false;
		netns->source = NETNS_UNREAD;
		netns->row_count = 0;
		table->items[kept++] = netns;
	}
	table->count = kept;
}
