/* One look at this machine's own /proc, from the configuration to the page. */
#include "daemon/tick.h"

#include <errno.h>

#include "config/load.h"
#include "test.h"

static struct config *configure(const char *yaml)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct config *config = NULL;

	CHECK_EQ_INT(config_parse("test.yml", bytes_from_string(yaml), &config, &err), 0);
	CHECK_EQ_STR(error_string(&err), "");
	return config;
}

static bool page_has(struct page *page, const char *text)
{
	CLEANUP(text_deinit) struct text copy = { 0 };
	struct bytes body = page_body(page, PAGE_TEXT, false);

	text_append(&copy, body.data, body.length);
	return strstr(text_string(&copy), text) != NULL;
}

TEST(a_world_looks_and_writes_a_page)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct config *config = configure("targets: [{name: nobody, match: {pid: 4194304}}]");
	struct self_row self = { .reload_successful = true, .start_time = NAN };
	struct snapshot *snapshot;
	struct world world;
	struct page *page;

	REQUIRE(config && !world_init(&world, config, "/proc", "/", NULL, &err));
	snapshot = tick(&world, &self, &page);
	CHECK_EQ_INT(snapshot->target_count, 1);
	CHECK_EQ_INT(snapshot->source_count, 5);
	CHECK(page_has(page, "\noutbound_target_up{target=\"nobody\"} 0\n"));
	CHECK(page_has(page, "\noutbound_exporter_source_up{source=\"processes\"} 1\n"));
	CHECK(self.cpu_seconds > 0);
	page_release(page);
	snapshot_free(snapshot);
	world_deinit(&world);
}

TEST(a_world_that_cannot_be_takes_its_configuration_along)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct config *config = configure("{}");
	struct world world;

	REQUIRE(config != NULL);
	CHECK_EQ_INT(world_init(&world, config, "/nowhere", "/", NULL, &err), -ENOENT);
	CHECK_EQ_STR(error_string(&err), "/nowhere: No such file or directory");
	error_clear(&err);
	config = configure("{}");
	REQUIRE(config != NULL);
	CHECK_EQ_INT(world_init(&world, config, "/proc", "/nothing", NULL, &err), -ENOENT);
	CHECK_EQ_STR(error_string(&err), "/nothing: No such file or directory");
	CHECK(!world.config);
}

/* Counters are carried on by the caller's row, from tick to tick and from world to world. */
TEST(counters_go_on)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct self_row self = { .reload_successful = true, .start_time = NAN };
	struct world world, next;
	struct page *page;
	uint64_t before;

	REQUIRE(!world_init(&world,
			    configure("{targets: [{name: a, match: {pid: 4194304}}, "
				      "{name: b, match: {pid: 4194304}}], "
				      "limits: {max_series: 1}}"),
			    "/proc", "/", NULL, &err));
	snapshot_free(tick(&world, &self, &page));
	page_release(page);
	CHECK(self.truncated[TRUNCATED_SERIES] > 0);
	before = self.truncated[TRUNCATED_SERIES];
	REQUIRE(!world_init(&next, configure("{limits: {max_series: 1}}"), "/proc", "/", &world,
			    &err));
	world_deinit(&world);
	snapshot_free(tick(&next, &self, &page));
	CHECK(self.truncated[TRUNCATED_SERIES] >= before);
	page_release(page);
	world_deinit(&next);
}

TEST_MAIN()
