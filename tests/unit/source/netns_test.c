#include "source/netns.h"

#include <fcntl.h>
#include <unistd.h>

#include "test.h"

static struct endpoint port(uint16_t number)
{
	return (struct endpoint){ .port = number };
}

TEST(one_for_each_inode)
{
	struct pair_budget budget = { .max = 10, .max_destinations = 10 };
	struct netns_table table = { .host = 500 };
	struct netns *host = netns_table_get(&table, 500, 1), *other;

	other = netns_table_get(&table, 7, 1);
	CHECK(netns_table_get(&table, 500, 2) == host);
	CHECK(netns_table_get(&table, 7, 2) == other);
	CHECK_EQ_STR(host->label, "host");
	CHECK_EQ_STR(other->label, "7");
	CHECK_EQ_DBL(host->last_seen, 2);
	CHECK(host->present && !host->source);
	REQUIRE(table.count == 2);
	CHECK(table.items[0] == other && table.items[1] == host);
	netns_table_deinit(&table, &budget);
}

TEST(a_look_begins_with_nothing_read)
{
	struct pair_budget budget = { .max = 10, .max_destinations = 10 };
	struct netns_table table = { .host = 500 };
	struct netns *netns = netns_table_get(&table, 500, 100);
	struct endpoint remote = port(443);
	struct pair *pair = pair_find(&netns->destinations, NULL, &remote, 100, &budget);

	netns->source = NETNS_SOCK_DIAG;
	netns->row_count = 17;
	pair->gauges.connections[TCP_STATE_TIME_WAIT] = 1;
	netns_table_begin(&table, 50, 50, &budget);
	CHECK(!netns->present && !netns->source);
	CHECK_EQ_INT(netns->row_count, 0);
	CHECK_EQ_INT(pair->gauges.connections[TCP_STATE_TIME_WAIT], 0);
	CHECK_EQ_INT(netns->destinations.count, 1);
	netns_table_deinit(&table, &budget);
	CHECK_EQ_INT(budget.count, 0);
}

TEST(listeners_pairs_and_namespaces_are_forgotten_in_their_time)
{
	struct pair_budget budget = { .max = 10, .max_destinations = 10 };
	struct netns_table table = { .host = 500 };
	struct netns *kept = netns_table_get(&table, 500, 200), *old;
	struct endpoint remote = port(443), local = port(80);

	old = netns_table_get(&table, 600, 100);
	pair_find(&kept->destinations, NULL, &remote, 100, &budget);
	pair_find(&old->destinations, NULL, &remote, 100, &budget);
	listeners_add(&kept->listeners, &local, 150);
	netns_table_begin(&table, 101, 150, &budget);
	CHECK_EQ_INT(table.count, 1);
	CHECK(table.items[0] == kept);
	CHECK_EQ_INT(kept->destinations.count, 0);
	CHECK(listeners_have(&kept->listeners, &local));
	CHECK_EQ_INT(budget.count, 0);
	netns_table_begin(&table, 101, 151, &budget);
	CHECK(!listeners_have(&kept->listeners, &local));
	netns_table_deinit(&table, &budget);
}

TEST(ours_is_self_unless_it_is_the_hosts)
{
	struct pair_budget budget = { .max = 10, .max_destinations = 10 };
	struct netns_table table = { .own = 7 }, same = { .host = 7, .own = 7 };

	CHECK_EQ_STR(netns_table_get(&table, 7, 1)->label, "self");
	CHECK_EQ_STR(netns_table_get(&table, 8, 1)->label, "8");
	CHECK_EQ_STR(netns_table_get(&same, 7, 1)->label, "host");
	netns_table_deinit(&table, &budget);
	netns_table_deinit(&same, &budget);
}

/* The ledger may refer to its pairs; and a port is remembered for longer than all else. */
TEST(a_namespace_stays_while_it_has_pairs_or_listeners)
{
	struct pair_budget budget = { .max = 10, .max_destinations = 10 };
	struct netns_table table = { .host = 500 };
	struct endpoint remote = port(443), local = port(80);
	struct netns *netns = netns_table_get(&table, 500, 100);

	pair_find(&netns->destinations, NULL, &remote, 200, &budget);
	listeners_add(&netns->listeners, &local, 100);
	netns_table_begin(&table, 150, 101, &budget);
	CHECK(netns_table_find(&table, 500) == netns);
	CHECK_EQ_INT(netns->destinations.count, 1);
	listeners_add(&netns->listeners, &local, 200);
	netns_table_begin(&table, 300, 150, &budget);
	CHECK(netns_table_find(&table, 500) == netns);
	netns_table_begin(&table, 300, 300, &budget);
	CHECK_EQ_INT(table.count, 0);
	CHECK_EQ_INT(budget.count, 0);
	netns_table_deinit(&table, &budget);
}

/* Without the right to see the inode of a namespace there is that of its table. */
TEST(known_by_its_table_only)
{
	struct pair_budget budget = { .max = 10, .max_destinations = 10 };
	struct netns_table table = { .own = 7, .own_table = 70, .host_table = 80 };
	struct netns *own = netns_table_get(&table, 7, 1);

	CHECK(netns_table_get_by_table(&table, 70, 1) == own);
	CHECK_EQ_STR(netns_table_get_by_table(&table, 80, 1)->label, "host");
	CHECK_EQ_STR(netns_table_get_by_table(&table, 90, 1)->label, "net_tcp:90");
	CHECK_EQ_INT(table.count, 3);
	netns_table_deinit(&table, &budget);
}

TEST(its_files_are_closed_when_nobody_is_left)
{
	struct pair_budget budget = { .max = 10, .max_destinations = 10 };
	struct netns_table table = { 0 };
	struct netns *kept = netns_table_get(&table, 7, 1),
		     *left = netns_table_get(&table, 8, 1);

	kept->files.diag = dup(STDOUT_FILENO);
	left->files.diag = dup(STDOUT_FILENO);
	netns_table_begin(&table, 0, 0, &budget);
	netns_table_get(&table, 7, 2);
	netns_table_close_left(&table);
	CHECK(kept->files.diag >= 0 && fcntl(kept->files.diag, F_GETFD) >= 0);
	CHECK_EQ_INT(left->files.diag, -1);
	netns_table_deinit(&table, &budget);
}

TEST_MAIN()
