#include "source/pair.h"

#include "test.h"

static struct endpoint endpoint(const char *host, unsigned port)
{
	struct endpoint endpoint = { .port = (uint16_t)port };

	CHECK_EQ_INT(address_parse(host, &endpoint.address), 0);
	return endpoint;
}

static struct pair *find(struct pair_set *set, struct pair_budget *budget, unsigned port,
			 double now)
{
	struct endpoint remote = endpoint("10.0.0.5", port);

	return pair_find(set, NULL, &remote, now, budget);
}

/* The pair of one more connection. */
static struct pair *give(struct pair_set *set, struct pair_budget *budget, unsigned port,
			 double now)
{
	struct pair *pair = find(set, budget, port, now);

	pair_budget_charge(budget, pair);
	return pair;
}

TEST(called_by_endpoint)
{
	struct pair_budget budget = { .max = 10, .max_destinations = 10 };
	struct endpoint mapped = endpoint("::ffff:10.0.0.5", 443),
			other = endpoint("2001:db8::5", 443);
	struct pair_set set = { 0 };
	struct pair *pair = find(&set, &budget, 443, 1);

	CHECK_EQ_STR(pair->destination, "10.0.0.5:443");
	CHECK(pair->set == &set);
	CHECK(pair_find(&set, NULL, &mapped, 1, &budget) == pair);
	CHECK_EQ_STR(pair_find(&set, NULL, &other, 1, &budget)->destination,
		     "[2001:db8::5]:443");
	CHECK_EQ_INT(budget.count, 2);
	pair_set_deinit(&set, &budget);
	CHECK_EQ_INT(budget.count, 0);
}

TEST(configured_destinations_are_one_pair_each)
{
	const struct destination_config payments = { .name = "payments" },
					stock = { .name = "stock" };
	struct pair_budget budget = { .max = 10, .max_destinations = 10 };
	struct endpoint a = endpoint("10.0.0.5", 443), b = endpoint("10.0.0.6", 443);
	struct pair_set set = { 0 };
	struct pair *pair = pair_find(&set, &payments, &a, 1, &budget);

	CHECK_EQ_STR(pair->destination, "payments");
	CHECK(pair_find(&set, &payments, &b, 1, &budget) == pair);
	CHECK(pair_find(&set, &stock, &a, 1, &budget) != pair);
	/* The same endpoint without a name is a third one. */
	CHECK_EQ_STR(pair_find(&set, NULL, &a, 1, &budget)->destination, "10.0.0.5:443");
	CHECK_EQ_INT(set.endpoints, 1);
	pair_set_deinit(&set, &budget);
}

TEST(a_look_begins_with_nothing_counted)
{
	struct pair_budget budget = { .max = 10, .max_destinations = 10 };
	struct pair_set set = { 0 };
	struct pair *pair = find(&set, &budget, 443, 3);

	pair->gauges.connections[TCP_STATE_ESTABLISHED] = 2;
	pair->gauges.receive_queue = 5;
	pair->gauges.lacks_info = true;
	pair->counters.opened = 7;
	pair->view = (struct pair_view){ .has_ports = true, .local_ports = 9 };
	pair->view.all[TCP_STATE_ESTABLISHED] = 4;
	pair_set_begin(&set, 0, &budget);
	CHECK_EQ_INT(pair->gauges.connections[TCP_STATE_ESTABLISHED], 0);
	CHECK_EQ_U64(pair->gauges.receive_queue, 0);
	CHECK(!pair->gauges.lacks_info);
	CHECK_EQ_INT(pair->view.local_ports, 0);
	CHECK_EQ_INT(pair->view.all[TCP_STATE_ESTABLISHED], 0);
	/* What is known stays known: series do not come and go. */
	CHECK(pair->view.has_ports);
	CHECK_EQ_U64(pair->counters.opened, 7);
	CHECK_EQ_DBL(pair->last_used, 3);
	pair_set_deinit(&set, &budget);
}

TEST(beyond_max_destinations_they_share_other)
{
	const struct destination_config payments = { .name = "payments" };
	struct pair_budget budget = { .max = 100, .max_destinations = 2 };
	struct endpoint remote = endpoint("10.0.0.9", 1);
	struct pair_set set = { 0 }, another = { 0 };
	struct pair *other;

	give(&set, &budget, 1, 1);
	give(&set, &budget, 2, 1);
	other = give(&set, &budget, 3, 1);
	CHECK(other->other);
	CHECK_EQ_STR(other->destination, PAIR_OTHER);
	CHECK(give(&set, &budget, 4, 1) == other);
	CHECK_EQ_U64(budget.truncated_destinations, 2);
	CHECK_EQ_STR(give(&set, &budget, 2, 1)->destination, "10.0.0.5:2");
	CHECK_EQ_STR(pair_find(&set, &payments, &remote, 1, &budget)->destination, "payments");
	CHECK_EQ_STR(give(&another, &budget, 3, 1)->destination, "10.0.0.5:3");
	CHECK_EQ_U64(budget.truncated_destinations, 2);
	CHECK_EQ_U64(budget.truncated_pairs, 0);
	pair_set_deinit(&set, &budget);
	pair_set_deinit(&another, &budget);
	CHECK_EQ_INT(budget.count, 0);
}

/* "other" of an owner and what is configured are exempt: something must be left. */
TEST(beyond_max_pairs_too)
{
	const struct destination_config payments = { .name = "payments" };
	struct pair_budget budget = { .max = 1, .max_destinations = 10 };
	struct endpoint remote = endpoint("10.0.0.9", 1);
	struct pair_set set = { 0 }, another = { 0 };

	CHECK(!give(&set, &budget, 1, 1)->other);
	CHECK(give(&set, &budget, 2, 1)->other);
	CHECK(give(&another, &budget, 1, 1)->other);
	CHECK_EQ_STR(pair_find(&set, &payments, &remote, 1, &budget)->destination, "payments");
	CHECK_EQ_U64(budget.truncated_pairs, 2);
	CHECK_EQ_U64(budget.truncated_destinations, 0);
	CHECK_EQ_INT(budget.count, 4);
	pair_set_deinit(&set, &budget);
	pair_set_deinit(&another, &budget);
}

TEST(no_destination_at_all_but_other)
{
	struct pair_budget budget = { .max = 10, .max_destinations = 0 };
	struct pair_set set = { 0 };

	CHECK(find(&set, &budget, 1, 1)->other);
	pair_set_deinit(&set, &budget);
}

TEST(forgets_what_was_not_used_since)
{
	struct pair_budget budget = { .max = 100, .max_destinations = 2 };
	struct pair_set set = { 0 };

	find(&set, &budget, 1, 100);
	find(&set, &budget, 2, 200);
	find(&set, &budget, 3, 150);
	pair_set_begin(&set, 100, &budget);
	CHECK_EQ_INT(set.count, 3);
	pair_set_begin(&set, 101, &budget);
	CHECK_EQ_INT(set.count, 2);
	CHECK_EQ_INT(budget.count, 2);
	/* Its place is free again; "other" does not hold one. */
	CHECK_EQ_STR(find(&set, &budget, 4, 201)->destination, "10.0.0.5:4");
	CHECK(find(&set, &budget, 5, 201)->other);
	pair_set_begin(&set, 1000, &budget);
	CHECK_EQ_INT(set.count, 0);
	CHECK_EQ_INT(set.endpoints, 0);
	CHECK_EQ_INT(budget.count, 0);
	pair_set_deinit(&set, &budget);
}

TEST(what_is_pinned_stays)
{
	const struct destination_config payments = { .name = "payments" };
	struct pair_budget budget = { .max = 100, .max_destinations = 2 };
	struct pair_set set = { 0 };

	pair_find(&set, &payments, NULL, 0, &budget)->pinned = true;
	find(&set, &budget, 1, 0);
	pair_set_begin(&set, 1e9, &budget);
	REQUIRE(set.count == 1);
	CHECK_EQ_STR(set.items[0]->destination, "payments");
	pair_set_deinit(&set, &budget);
}

TEST(sorts_by_label)
{
	const struct destination_config zoo = { .name = "zoo" }, alpha = { .name = "alpha" };
	struct pair_budget budget = { .max = 100, .max_destinations = 1 };
	struct endpoint remote = endpoint("10.0.0.9", 1);
	struct pair_set set = { 0 };

	pair_set_sort(&set);
	pair_find(&set, &zoo, &remote, 1, &budget);
	find(&set, &budget, 1, 1);
	find(&set, &budget, 2, 1);
	pair_find(&set, &alpha, &remote, 1, &budget);
	pair_set_sort(&set);
	CHECK_EQ_STR(set.items[0]->destination, "10.0.0.5:1");
	CHECK_EQ_STR(set.items[1]->destination, "alpha");
	CHECK_EQ_STR(set.items[2]->destination, "other");
	CHECK_EQ_STR(set.items[3]->destination, "zoo");
	pair_set_deinit(&set, &budget);
}

TEST_MAIN()
