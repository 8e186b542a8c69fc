#include "config/config.h"

#include "parsing.h"

TEST(the_default_is_discovery)
{
	CLEANUP(free_config) struct config *config = config_default();

	CHECK(config_discovers(config));
	CHECK_EQ_DBL(config->collect.interval, 5);
	CHECK_EQ_INT(config->collect.sockets, SOCKETS_AUTO);
	CHECK_EQ_INT(config->discover.enabled, DISCOVER_AUTO);
	CHECK_EQ_U64(config->discover.max_targets, 100);
	CHECK_EQ_U64(config->target_count, 0);
	CHECK_EQ_U64(config->destination_count, 0);
	CHECK_EQ_DBL(config->detect.idle_after, 30);
	CHECK_EQ_DBL(config->detect.waiting_after, 120);
	CHECK_EQ_U64(config->limits.max_destinations, 20);
	CHECK_EQ_U64(config->limits.max_pairs, 1000);
	CHECK_EQ_U64(config->limits.max_series, 50000);
	CHECK_EQ_U64(config->limits.max_connections, 200000);
	CHECK_EQ_DBL(config->limits.forget_after, 3600);
}

#define TARGET "targets: [ { name: a, match: { pid: 1 } } ]\n"

static void check_discovers(const char *yaml, bool expected)
{
	PARSED(config, yaml);
	CHECK_EQ_INT(config_discovers(config), expected);
}

TEST(discovery_is_automatic_without_targets)
{
	check_discovers("", true);
	check_discovers("targets: []\n", true);
	check_discovers("destinations: [ { name: a, port: 1 } ]\n", true);
	check_discovers(TARGET, false);
	check_discovers("process_names: [ { comm: a } ]\n", false);
	check_discovers("discover: { enabled: auto }\n" TARGET, false);
}

TEST(discovery_can_be_chosen)
{
	check_discovers("discover: { enabled: true }\n" TARGET, true);
	check_discovers("discover: { enabled: on }\n" TARGET, true);
	check_discovers("discover: { enabled: false }\n", false);
	check_discovers("discover: { enabled: no }\n", false);
}

TEST(free_takes_null)
{
	config_free(NULL);
}

TEST_MAIN()
