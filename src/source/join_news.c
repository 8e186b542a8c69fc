/*
 * An event says which process connected, and not in which network namespace: that is the
 * process'. A process is the right one only if it was there when it happened: its number may
 * have had another owner before.
 */
#include "source/join.h"

#include "base/clock.h"
#include "base/file.h"
#include "source/outbound.h"

/* What may concern a process born after the newest list of processes waits for the next one. */
#define KEPT_MAX ((size_t)65536)

struct telling {
	struct sources *sources;
	double now; /* monotonic seconds */
	double boot; /* what to add to that for the clock of start times */
};

/* NULL: it is not known, or ended before anybody could say whose it is. */
static struct process *find_process(const struct telling *telling, const struct news *news)
{
	struct process *process = process_table_find_at(&telling->sources->processes,
							news->process,
							news->started + telling->boot,
							telling->sources->procfs.ticks);

	return process && process->fresh && !process->target ? NULL : process;
}

/* Whatever the entry was, from here on it is the connection of the news. */
static struct ledger_entry *make_entry(struct telling *telling, const struct news *news,
				       struct ledger_entry *entry, uint64_t netns,
				       struct pair *pair)
{
	struct ledger *ledger = &telling->sources->ledger;

	if (entry && entry->kind == LEDGER_OUTBOUND)
		outbound_replaced(entry, news->started);
	if (entry)
		ledger_remove(ledger, entry);
	entry = ledger_add(ledger, netns, &news->local, &news->remote, LEDGER_OUTBOUND);
	if (!entry) {
		telling->sources->truncated_connections++;
		return NULL;
	}
	entry->pair = pair;
	return entry;
}

/*
 * An entry that was first seen before the attempt began is that of a connection before it. What
 * the look at the tables found may have begun while they were read.
 */
static bool is_about(const struct ledger_entry *entry, const struct news *news)
{
	return entry && entry->kind == LEDGER_OUTBOUND && entry->behavior && !entry->told &&
	       entry->begun >= news->started;
}

static void tell_opened(struct telling *telling, const struct news *news,
			struct ledger_entry *entry, uint64_t netns, struct pair *pair)
{
	if (!is_about(entry, news))
		entry = make_entry(telling, news, entry, netns, pair);
	if (entry)
		outbound_opened(entry, news);
	else
		pair->counters.opened++;
}

static void tell_failed(const struct news *news, struct ledger_entry *entry, struct pair *pair)
{
	if (is_about(entry, news))
		outbound_failed(entry, news);
	else
		pair->counters.failed[news->reason]++;
}

/* Without a namespace it has no entry, and no look will ever be about it. */
static void tell_nowhere(const struct news *news, struct pair *pair)
{
	if (news->kind == NEWS_OPENED)
		pair->counters.opened++;
	else if (news->kind == NEWS_CLOSED)
		pair->counters.closed++;
	else
		pair->counters.failed[news->reason]++;
}

/* That of a process without a target may not have been asked for yet. */
static uint64_t find_netns(struct sources *sources, struct process *process)
{
	CLEANUP(file_close) int directory = -1;

	if (!process->netns && !process_open(process, &sources->procfs, &directory) &&
	    pid_read_netns(directory, &process->netns))
		process->netns = 0;
	return process->netns;
}

static void tell(struct telling *telling, const struct news *news, struct process *process)
{
	struct sources *sources = telling->sources;
	struct target *target = join_target_of(sources, process, telling->now);
	struct ledger_entry *entry;
	struct pair *pair;
	uint64_t netns;

	if (!target)
		return;
	netns = find_netns(sources, process);
	entry = ledger_find(&sources->ledger, netns, &news->local, &news->remote);
	if (netns && news->kind == NEWS_CLOSED) {
		if (entry && entry->kind == LEDGER_OUTBOUND && entry->told)
			outbound_closed(entry, news);
		return;
	}
	pair = is_about(entry, news) ?
		       entry->pair :
		       join_choose_pair(sources, &target->pairs, &news->remote, telling->now);
	pair->last_used = telling->now;
	if (!netns)
		tell_nowhere(news, pair);
	else if (news->kind == NEWS_OPENED)
		tell_opened(telling, news, entry, netns, pair);
	else
		tell_failed(news, entry, pair);
}

void join_news(struct sources *sources, double now)
{
	struct telling telling = {
		.sources = sources,
		.now = now,
		.boot = clock_boot() - clock_monotonic(),
	};
	struct news_list *list = events_news(sources->events);
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct news *news = &list->items[i];
		struct process *process = find_process(&telling, news);

		if (process)
			tell(&telling, news, process);
		else if (news->started >= sources->processes.listed && kept < KEPT_MAX)
			list->items[kept++] = *news;
		else
			sources->events->unattributed += news->kind != NEWS_CLOSED;
	}
	list->count = kept;
}
