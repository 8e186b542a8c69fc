/* What a new configuration takes over, and what it does not. */
#include "base/memory.h"
#include "story.h"
#include "test.h"

/* Another configuration takes over; the one before goes. */
static void reload(struct scene *scene, const char *yaml)
{
	struct config *before = scene->config;
	struct error err = { 0 };

	tree_require(!config_parse("test.yml", bytes_from_string(yaml), &scene->config, &err),
		     yaml);
	scene_reload(scene);
	config_free(before);
}

static void begin(struct scene *scene, const char *yaml)
{
	scene_init(scene, yaml);
	story_add_app(scene);
	story_follow(scene);
	scene_look(scene, 10);
	TABLE(scene, OPEN(40000, 1000), OPEN(40001, 1001));
	scene_look(scene, 15);
}

/* The same connections, then one of them ends. */
static void go_on(struct scene *scene, const char *target)
{
	scene_look(scene, 20);
	story_check(TEST_HERE, scene, target, 2, 0, 0);
	TABLE(scene, OPEN(40000, 1000));
	for (double now = 25; now < 40; now += 5)
		scene_look(scene, now);
	story_check(TEST_HERE, scene, target, 2, 1, 0);
}

static double sum_history(const struct scene *scene, const char *target, unsigned value)
{
	const struct pair_row *pair = scene_pair(scene, target, "10.0.0.5:443");
	struct history_point points[HISTORY_POINTS];
	double sum = 0;
	size_t count;

	if (!pair || !pair->history)
		return NAN;
	count = history_read(pair->history, scene->snapshot->monotonic, points);
	for (size_t i = 0; i < count; i++)
		sum += (double)points[i].values[value];
	return sum;
}

TEST(a_configured_target_goes_on)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene, APP);
	reload(&scene, APP "limits: {max_connections: 5000}\n");
	go_on(&scene, "app");
	CHECK_EQ_DBL(sum_history(&scene, "app", HISTORY_OPENED), 2);
	CHECK_EQ_DBL(sum_history(&scene, "app", HISTORY_CLOSED), 1);
}

#define TEMPLATE "process_names: [{name: 'x-{{.Comm}}', comm: [app]}]\n"

TEST(a_target_of_a_template_goes_on)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene, TEMPLATE);
	reload(&scene, TEMPLATE);
	go_on(&scene, "x-app");
	CHECK_EQ_INT(scene.sources.targets.made, 1);
}

#define DISCOVERY "discover: {enabled: true}\n"

TEST(a_discovered_target_goes_on)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene, DISCOVERY);
	reload(&scene, DISCOVERY);
	go_on(&scene, "app");
}

#define LIMITS "discover: {max_targets: 1}\nlimits: {forget_after: 1s}\n"

/* One that has no connection is taken over, too, and counts as little against the limit. */
TEST(a_target_without_connections_goes_on)
{
	CLEANUP(story_deinit) struct scene scene;

	scene_init(&scene, TEMPLATE LIMITS);
	story_add_app(&scene);
	scene_look(&scene, 10);
	reload(&scene, TEMPLATE LIMITS);
	scene_look(&scene, 15);
	CHECK(scene_target(&scene, "x-app") != NULL);
	CHECK(scene_target(&scene, "other") == NULL);
	CHECK_EQ_INT(scene.sources.targets.made, 1);
	/* Nor when the new rules do not make it again. */
	reload(&scene, "targets: [{name: none, match: {comm: none}}]\n");
	scene_look(&scene, 20);
	CHECK(scene_target(&scene, "x-app") == NULL);
	CHECK_EQ_INT(scene.sources.targets.made, 0);
}

TEST(a_discovered_target_is_configured_now)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene, DISCOVERY);
	reload(&scene, APP);
	go_on(&scene, "app");
}

/* What it had is not news to the one it belongs to now; nothing refers to what is gone. */
TEST(a_target_is_called_otherwise)
{
	static const char *const before[] = { APP, TEMPLATE, DISCOVERY };

	for (size_t i = 0; i < ARRAY_LENGTH(before); i++) {
		CLEANUP(story_deinit) struct scene scene;

		begin(&scene, before[i]);
		reload(&scene, "targets: [{name: client, match: {comm: app}}]\n");
		scene_look(&scene, 20);
		CHECK(scene_target(&scene, "app") == NULL);
		CHECK(scene_target(&scene, "x-app") == NULL);
		story_check(TEST_HERE, &scene, "client", 0, 0, 0);
		CHECK_EQ_INT(scene_sum(&scene, "client"), 2);
		TABLE(&scene, OPEN(40000, 1000), OPEN(40002, 1002));
		scene_look(&scene, 25);
		scene_look(&scene, 30);
		scene_look(&scene, 35);
		story_check(TEST_HERE, &scene, "client", 1, 1, 0);
	}
}

TEST(a_target_is_gone)
{
	static const char *const before[] = { APP, TEMPLATE, DISCOVERY };

	for (size_t i = 0; i < ARRAY_LENGTH(before); i++) {
		CLEANUP(story_deinit) struct scene scene;

		begin(&scene, before[i]);
		story_tell(&scene, NEWS_OPENED, 40003, 16, 16);
		reload(&scene, "targets: [{name: init, match: {pid: 1}}]\n");
		TABLE(&scene, OPEN(40000, 1000), GONE(40001));
		for (double now = 20; now < 40; now += 5)
			scene_look(&scene, now);
		CHECK_EQ_INT(scene.snapshot->pair_count, 0);
		CHECK_EQ_INT(scene.snapshot->target_count, 1);
		CHECK_EQ_INT(scene_unowned(&scene, "host", "10.0.0.5:443", TCP_STATE_TIME_WAIT),
			     1);
	}
}

/* What was counted under another name stays behind; what is there moves. */
TEST(a_destination_is_configured_now)
{
	CLEANUP(story_deinit) struct scene scene;
	const struct pair_row *pair;

	begin(&scene, APP);
	reload(&scene, APP "destinations: [{name: api, cidr: 10.0.0.0/8}]\n");
	TABLE(&scene, OPEN(40000, 1000));
	for (double now = 20; now < 40; now += 5)
		scene_look(&scene, now);
	CHECK(scene_pair(&scene, "app", "10.0.0.5:443") == NULL);
	pair = scene_pair(&scene, "app", "api");
	REQUIRE(pair != NULL);
	CHECK_EQ_U64(pair->counters.opened, 0);
	CHECK_EQ_U64(pair->counters.closed, 1);
	CHECK_EQ_INT(pair->gauges.connections[TCP_STATE_ESTABLISHED], 1);
	/* And it is again what it was: by endpoint. */
	reload(&scene, APP);
	scene_look(&scene, 40);
	CHECK(scene_pair(&scene, "app", "api") == NULL);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 1);
	story_check(TEST_HERE, &scene, "app", 0, 0, 0);
}

#define API APP "destinations: [{name: api, cidr: 10.0.0.0/8}]\n"

TEST(a_configured_destination_goes_on)
{
	CLEANUP(story_deinit) struct scene scene;
	const struct pair_row *pair;

	begin(&scene, API);
	reload(&scene, API);
	scene_look(&scene, 20);
	pair = scene_pair(&scene, "app", "api");
	REQUIRE(pair != NULL);
	CHECK_EQ_U64(pair->counters.opened, 2);
}

TEST(what_has_no_name_of_its_own_goes_on)
{
	CLEANUP(story_deinit) struct scene scene;
	const struct pair_row *pair;

	begin(&scene, APP "limits: {max_destinations: 1}\n");
	TABLE(&scene, OPEN(40000, 1000),
	      { "10.0.0.1", 40001, "10.0.0.6", 443, TCP_STATE_ESTABLISHED, 1001 });
	scene_look(&scene, 20);
	reload(&scene, APP "limits: {max_destinations: 1}\n");
	scene_look(&scene, 25);
	pair = scene_pair(&scene, "app", "other");
	REQUIRE(pair != NULL);
	CHECK_EQ_U64(pair->counters.opened, 1);
	CHECK_EQ_INT(pair->gauges.connections[TCP_STATE_ESTABLISHED], 1);
}

/* Events go on without a gap: what came before the reload is told after it. */
TEST(events_go_on)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene, APP);
	story_tell(&scene, NEWS_OPENED, 40002, 16, 16);
	story_tell(&scene, NEWS_CLOSED, 40002, 16, 17);
	scene.sources.events->unattributed = 7;
	reload(&scene, APP);
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 3, 1, 0);
	CHECK_EQ_U64(scene.snapshot->self.unattributed_connects, 7);
}

/* They are known about until the first look, and no longer than that. */
TEST(processes_that_end_meanwhile)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene, APP);
	reload(&scene, APP);
	story_tell(&scene, NEWS_OPENED, 40002, 16, 16);
	tree_remove(&scene.tree, "100");
	EMPTY_TABLE(&scene);
	for (double now = 20; now < 40; now += 5)
		scene_look(&scene, now);
	/* Whose it was is not known: it counts as such, once. */
	CHECK_COUNTS(&scene, 2, 2, 0);
	CHECK_EQ_U64(scene.snapshot->self.unattributed_connects, 1);
}

/* Nothing is recorded any more; what was counted stays. */
TEST(events_are_turned_off)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene, APP);
	scene.sources.events->tracepoint = NULL;
	scene.sources.events->unattributed = 7;
	reload(&scene, APP "collect: {events: off}\n");
	scene_look(&scene, 20);
	CHECK(!scene.sources.events->attempts);
	CHECK_EQ_U64(scene.snapshot->self.unattributed_connects, 7);
	CHECK(!scene.snapshot->has_events);
}

TEST(again_and_again)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene, APP DISCOVERY);
	for (unsigned i = 0; i < 10; i++) {
		reload(&scene, i % 2 ? APP DISCOVERY : APP);
		reload(&scene, i % 2 ? APP : APP TEMPLATE);
		scene_look(&scene, 20 + 5 * i);
	}
	CHECK_COUNTS(&scene, 2, 0, 0);
}

TEST_MAIN()
