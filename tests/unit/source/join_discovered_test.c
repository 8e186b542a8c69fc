/* Events about processes that nobody configured. */
#include "base/memory.h"
#include "story.h"
#include "test.h"

#define DISCOVER "limits: {max_destinations: 5}\n"

static void begin(struct scene *scene)
{
	scene_init(scene, DISCOVER);
	tree_process(&scene->tree, STORY_PID, 1, "app", 500);
	tree_link(&scene->tree, "100/exe", "/usr/bin/app");
	story_follow(scene);
}

/* It had no socket when its descriptors were read, so nobody asked for its namespace. */
TEST(what_was_told_before_the_look_is_opened_once)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	scene_look(&scene, 10);
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12.1);
	join_news(&scene.sources, 13);
	tree_socket(&scene.tree, STORY_PID, 3, 1000);
	TABLE(&scene, OPEN(40000, 1000));
	for (double now = 15; now < 40; now += 5) {
		scene_look(&scene, now);
		story_check(TEST_HERE, &scene, "app", 1, 0, 0);
	}
	story_tell(&scene, NEWS_CLOSED, 40000, 12, 41);
	EMPTY_TABLE(&scene);
	scene_look(&scene, 45);
	story_check(TEST_HERE, &scene, "app", 1, 1, 0);
}

/* A kernel's own connections, such as those of NFS, run in workers with changing names. */
TEST(a_thread_of_the_kernel_is_never_a_target)
{
	CLEANUP(story_deinit) struct scene scene;
	struct process *process;

	begin(&scene);
	scene_look(&scene, 10);
	process = process_table_find(&scene.sources.processes, STORY_PID);
	REQUIRE(process != NULL);
	process->stat.kernel_thread = true;
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12.1);
	join_news(&scene.sources, 13);
	scene_look(&scene, 15);
	CHECK(scene_target(&scene, "app") == NULL);
}

TEST(a_target_between_two_connections_outlives_a_reload)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	scene_look(&scene, 10);
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12.1);
	story_tell(&scene, NEWS_CLOSED, 40000, 12, 12.2);
	scene_look(&scene, 15);
	story_check(TEST_HERE, &scene, "app", 1, 1, 0);
	scene_reload(&scene);
	scene_look(&scene, 20);
	scene_look(&scene, 25);
	REQUIRE(scene_target(&scene, "app") != NULL);
	story_tell(&scene, NEWS_OPENED, 40001, 26, 26.1);
	scene_look(&scene, 30);
	story_check(TEST_HERE, &scene, "app", 2, 1, 0);
}

/* Recording is given up: what it told until then is not forgotten. */
TEST(what_was_told_counts_after_the_end_of_events)
{
	CLEANUP(story_deinit) struct scene scene;
	struct events *events;

	begin(&scene);
	scene_look(&scene, 10);
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12.1);
	story_tell(&scene, NEWS_CLOSED, 40000, 12, 12.2);
	events = scene.sources.events;
	events->tracepoint = NULL;
	events_stop(events);
	CHECK(!events->attempts);
	scene_look(&scene, 15);
	story_check(TEST_HERE, &scene, "app", 1, 1, 0);
}

/* The dead connection's place was taken by somebody whom nobody watches. */
TEST(a_stranger_with_the_same_addresses_ends_it)
{
	CLEANUP(story_deinit) struct scene scene;

	story_init(&scene);
	scene_look(&scene, 10);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 1, 0, 0);
	TABLE(&scene, OPEN(40000, 7777));
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 1, 1, 0);
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 1, 1, 0);
}

TEST_MAIN()
