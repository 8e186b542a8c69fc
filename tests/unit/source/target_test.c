#include "source/target.h"

#include "test.h"

static const struct target_config rules[] = {
	{ .name = "web" },
	{ .name = "batch" },
	{ .name = "{{.Comm}}", .is_template = true },
	{ .name = "web" },
};

static const struct destination_config destinations[] = {
	{ .name = "payments" },
	{ .name = "stock" },
};

static struct config configuration(void)
{
	return (struct config){
		.targets = (struct target_config *)(uintptr_t)rules,
		.target_count = ARRAY_LENGTH(rules),
		.destinations = (struct destination_config *)(uintptr_t)destinations,
		.destination_count = ARRAY_LENGTH(destinations),
		.discover = { .max_targets = 2 },
	};
}

TEST(configured_targets_are_there_from_the_start)
{
	const struct config config = configuration();
	struct pair_budget budget = { .max = 100, .max_destinations = 10 };
	struct target_table table;

	target_table_init(&table, &config, &budget);
	REQUIRE(table.count == 2);
	CHECK_EQ_STR(table.items[0]->name, "batch");
	CHECK_EQ_STR(table.items[1]->name, "web");
	CHECK_EQ_INT(table.items[0]->pairs.count, 2);
	CHECK_EQ_INT(budget.count, 4);
	target_table_begin(&table, 1e9, &budget);
	CHECK_EQ_INT(table.count, 2);
	CHECK_EQ_INT(table.items[1]->pairs.count, 2);
	CHECK(target_table_find_configured(&table, "web") == table.items[1]);
	CHECK(!target_table_find_configured(&table, "nobody"));
	target_table_deinit(&table, &budget);
	CHECK_EQ_INT(budget.count, 0);
}

TEST(pairs_are_not_pinned_when_they_would_take_half_of_the_room)
{
	const struct config config = configuration();
	struct pair_budget budget = { .max = 15, .max_destinations = 10 };
	struct target_table table;

	target_table_init(&table, &config, &budget);
	CHECK_EQ_INT(budget.count, 0);
	target_table_begin(&table, 1e9, &budget);
	CHECK_EQ_INT(table.count, 2);
	target_table_deinit(&table, &budget);
}

TEST(made_targets_have_a_limit)
{
	const struct config config = configuration();
	struct pair_budget budget = { .max = 100, .max_destinations = 10 };
	struct target_table table;
	struct target *nginx, *other;

	target_table_init(&table, &config, &budget);
	nginx = target_table_get(&table, "nginx", 1);
	CHECK(!nginx->configured);
	CHECK(target_table_get(&table, "nginx", 2) == nginx);
	CHECK_EQ_DBL(nginx->last_seen, 2);
	target_table_get(&table, "redis", 2);
	CHECK_EQ_U64(table.truncated, 0);
	other = target_table_get(&table, "envoy", 2);
	CHECK_EQ_STR(other->name, TARGET_OTHER);
	CHECK(target_table_get(&table, "haproxy", 2) == other);
	CHECK_EQ_U64(table.truncated, 2);
	CHECK(target_table_get(&table, "redis", 2) != other);
	CHECK(target_table_get(&table, "web", 2)->configured);
	CHECK(!target_table_find_configured(&table, "nginx"));
	CHECK_EQ_INT(table.count, 5);
	target_table_deinit(&table, &budget);
}

TEST(sorted_by_name)
{
	const struct config config = configuration();
	struct pair_budget budget = { .max = 100, .max_destinations = 10 };
	struct target_table table;

	target_table_init(&table, &config, &budget);
	target_table_get(&table, "zoo", 1);
	target_table_get(&table, "apple", 1);
	CHECK_EQ_STR(table.items[0]->name, "apple");
	CHECK_EQ_STR(table.items[1]->name, "batch");
	CHECK_EQ_STR(table.items[2]->name, "web");
	CHECK_EQ_STR(table.items[3]->name, "zoo");
	target_table_deinit(&table, &budget);
}

TEST(made_targets_go_after_their_last_process_and_pair)
{
	const struct config config = configuration();
	struct pair_budget budget = { .max = 100, .max_destinations = 10 };
	struct endpoint remote = { .port = 1 };
	struct target_table table;
	struct target *nginx;

	target_table_init(&table, &config, &budget);
	nginx = target_table_get(&table, "nginx", 100);
	pair_find(&nginx->pairs, NULL, &remote, 200, &budget);
	target_table_begin(&table, 150, &budget);
	CHECK_EQ_INT(table.count, 3);
	target_table_begin(&table, 201, &budget);
	CHECK_EQ_INT(table.count, 2);
	CHECK_EQ_INT(table.made, 0);
	target_table_get(&table, "a", 300);
	target_table_get(&table, "b", 300);
	CHECK_EQ_U64(table.truncated, 0);
	target_table_deinit(&table, &budget);
	CHECK_EQ_INT(budget.count, 0);
}

/* They take no place of those that may be made until they are asked for. */
TEST(targets_on_trial)
{
	const struct config config = configuration();
	struct pair_budget budget = { .max = 100, .max_destinations = 10 };
	struct target_table table;
	struct target *old;

	target_table_init(&table, &config, &budget);
	CHECK(target_table_inherit(&table, "web") == NULL);
	for (char name[] = "a"; name[0] <= 'e'; name[0]++)
		CHECK(target_table_inherit(&table, name) != NULL);
	CHECK(target_table_inherit(&table, "a") == NULL);
	CHECK_EQ_INT(table.made, 0);
	/* Also when it had no process for long, and no pair. */
	target_table_begin(&table, 1e9, &budget);
	old = target_table_find(&table, "c");
	REQUIRE(old != NULL);
	CHECK(target_table_get(&table, "c", 5) == old);
	CHECK(!old->inherited);
	CHECK_EQ_STR(target_table_get(&table, "new", 5)->name, "new");
	CHECK_EQ_INT(table.made, 2);
	/* There is no more room: not for those either. */
	CHECK_EQ_STR(target_table_get(&table, "d", 5)->name, TARGET_OTHER);
	CHECK_EQ_U64(table.truncated, 1);
	target_table_forget_inherited(&table, &budget);
	CHECK(target_table_find(&table, "a") == NULL);
	CHECK(target_table_find(&table, "d") == NULL);
	CHECK(target_table_find(&table, "c") == old);
	CHECK_EQ_INT(table.count, 5);
	target_table_deinit(&table, &budget);
	CHECK_EQ_INT(budget.count, 0);
}

TEST_MAIN()
