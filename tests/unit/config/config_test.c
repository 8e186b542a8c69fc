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

/* Under AddressSanitizer a use after the last reference is gone would be seen. */
TEST(the_last_reference_frees)
{
	struct config *config = config_default();

	CHECK(config_acquire(config) == config);
	CHECK(config_acquire(config) == config);
	CHECK_EQ_U64(config->references, 2);
	config_free(config);
	config_free(config);
	CHECK_EQ_U64(config->references, 0);
	CHECK_EQ_STR(config->modules[0].name, "http_2xx");
	config_free(config);
}

static void check_unsupported(const char *yaml, const char *expected)
{
	PARSED(config, yaml);
	CLEANUP(text_deinit) struct text text = { 0 };

	config_write_unsupported(config, &text);
	CHECK_EQ_STR(text_string(&text), expected);
}

TEST(modules_that_cannot_be_used_are_named)
{
	CLEANUP(text_deinit) struct text yaml = { 0 };

	check_unsupported("", "");
	check_unsupported(
		"modules: { a: { prober: tcp }, b: { prober: icmp }, c: { prober: dns } "
		"}",
		"b (prober icmp is not supported), c (prober dns is not supported)");
	text_append_string(&yaml, "modules:\n");
	for (int i = 0; i < 22; i++)
		text_printf(&yaml, "  m%d: { prober: icmp }\n", i);
	{
		CLEANUP(text_deinit) struct text text = { 0 };
		PARSED(config, text_string(&yaml));

		config_write_unsupported(config, &text);
		CHECK(strstr(text_string(&text),
			     ", m19 (prober icmp is not supported) and 2 more"));
		CHECK(!strstr(text_string(&text), "m20"));
	}
}

TEST(free_takes_null)
{
	config_free(NULL);
}

TEST_MAIN()
