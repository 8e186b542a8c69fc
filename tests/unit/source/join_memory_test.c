/* Which destination a connection has, and for how long anything is remembered. */
#include "scene.h"
#include "source/join.h"
#include "test.h"

#define APP "targets: [{name: app, match: {comm: app}}]\n"

static void add_app(struct scene *scene, unsigned sockets)
{
	tree_process(&scene->tree, 100, 1, "app", 500);
	for (unsigned i = 0; i < sockets; i++)
		tree_socket(&scene->tree, 100, 3 + (int)i, 1000 + i);
}

static int established(const struct scene *scene, const char *destination)
{
	return scene_count(scene, "app", destination, TCP_STATE_ESTABLISHED);
}

/* A connection of the app, to a destination of its own. */
#define CONNECTION(number)                                                                     \
	{                                                                                      \
		"10.0.0.1", 40000 + (number), "10.0.0.5", 1 + (number), TCP_STATE_ESTABLISHED, \
			1000 + (number), 0, 0                                                  \
	}

TEST(other_never_flaps_back)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP "limits: {max_destinations: 1, forget_after: 100s}\n");
	add_app(&scene, 3);
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(0), CONNECTION(1));
	scene_look(&scene, 100);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:1"), 1);
	CHECK_EQ_INT(established(&scene, "other"), 1);
	/* Not after its place is free, either: only a new connection gets that. */
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(1));
	scene_look(&scene, 110);
	scene_look(&scene, 300);
	scene_look(&scene, 310);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:1"), -1);
	CHECK_EQ_INT(established(&scene, "other"), 1);
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(1), CONNECTION(2));
	scene_look(&scene, 320);
	CHECK_EQ_INT(established(&scene, "other"), 1);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:3"), 1);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:2"), -1);
}

TEST(a_row_is_held_until_forget_after)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP "limits: {forget_after: 100s}\n");
	add_app(&scene, 1);
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(0));
	scene_look(&scene, 1000);
	tree_table(&scene.tree, TREE_HOST, NULL, 0);
	scene_look(&scene, 1010);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:1"), 0);
	scene_look(&scene, 1100);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:1"), 0);
	scene_look(&scene, 1101);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:1"), -1);
}

/* When looks are further apart than forget_after, what is still there must not be forgotten. */
TEST(slow_looks_forget_nothing_that_is_there)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP "limits: {forget_after: 1s}\n");
	add_app(&scene, 1);
	for (double now = 1000; now < 2000; now += 100) {
		SCENE_ROWS(&scene, TREE_HOST, CONNECTION(0));
		scene_look(&scene, now);
		CHECK_EQ_INT(established(&scene, "10.0.0.5:1"), 1);
	}
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 1, TCP_STATE_TIME_WAIT });
	scene_look(&scene, 2000);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:1", TCP_STATE_TIME_WAIT), 1);
}

TEST(destinations_have_a_limit)
{
	CLEANUP(scene_deinit) struct scene scene;
	const uint64_t *truncated;

	scene_init(&scene, APP "limits: {max_destinations: 2}\n");
	add_app(&scene, 4);
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(0), CONNECTION(1), CONNECTION(2),
		   CONNECTION(3));
	/* Counted with the first look at a connection. */
	scene_look(&scene, 5);
	scene_look(&scene, 10);
	truncated = scene.snapshot->self.truncated;
	CHECK_EQ_U64(truncated[TRUNCATED_DESTINATIONS], 2);
	CHECK_EQ_U64(truncated[TRUNCATED_CONNECTIONS], 0);
	CHECK_EQ_U64(truncated[TRUNCATED_PAIRS], 0);
	CHECK_EQ_U64(truncated[TRUNCATED_TARGETS], 0);
	CHECK_EQ_INT(established(&scene, "other"), 2);
}

/* Each namespace has no more than the limit, both together have. */
TEST(connections_have_a_limit)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP "limits: {max_connections: 4}\n");
	add_app(&scene, 3);
	tree_process(&scene.tree, 101, 1, "app", 600);
	tree_netns(&scene.tree, 101, 77);
	for (unsigned i = 0; i < 3; i++)
		tree_socket(&scene.tree, 101, 3 + (int)i, 1000 + i);
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(0), CONNECTION(1), CONNECTION(2));
	SCENE_ROWS(&scene, 77, CONNECTION(0), CONNECTION(1), CONNECTION(2));
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 4);
	CHECK_EQ_U64(scene.snapshot->self.truncated[TRUNCATED_CONNECTIONS], 2);
}

TEST(a_table_that_is_too_long_is_cut_off)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP "limits: {max_connections: 2}\n");
	add_app(&scene, 3);
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(0), CONNECTION(1), CONNECTION(2));
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 2);
	CHECK_EQ_U64(scene.snapshot->self.truncated[TRUNCATED_CONNECTIONS], 1);
}

/* In whatever order the rows come: what is known stays, what ends makes room. */
TEST(a_table_that_stays_too_long_keeps_what_is_known)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP "limits: {max_connections: 2}\n");
	add_app(&scene, 6);
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(0), CONNECTION(1));
	scene_look(&scene, 5);
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(5), CONNECTION(4), CONNECTION(3),
		   CONNECTION(2), CONNECTION(1), CONNECTION(0));
	scene_look(&scene, 10);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:1"), 1);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:2"), 1);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 2);
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(5), CONNECTION(4), CONNECTION(3),
		   CONNECTION(1));
	scene_look(&scene, 15);
	scene_look(&scene, 20);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:1"), 0);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:2"), 1);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 2);
}

TEST(pairs_have_a_limit_over_all_targets)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP "limits: {max_pairs: 1}\n");
	add_app(&scene, 2);
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(0), CONNECTION(1),
		   { "10.0.0.1", 50000, "10.0.0.6", 1, TCP_STATE_TIME_WAIT });
	scene_look(&scene, 5);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:1"), 1);
	CHECK_EQ_INT(established(&scene, "other"), 1);
	CHECK_EQ_INT(scene_unowned(&scene, "host", "other", TCP_STATE_TIME_WAIT), 1);
	CHECK_EQ_U64(scene.snapshot->self.truncated[TRUNCATED_PAIRS], 2);
}

/* It has its place in each of them from its first look on. */
TEST(what_two_targets_share_is_cut_off_once)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, "targets:\n- {name: app, match: {comm: app}}\n"
			   "- {name: helper, match: {comm: helper}}\n"
			   "limits: {max_destinations: 1}\n");
	add_app(&scene, 1);
	tree_process(&scene.tree, 200, 1, "helper", 600);
	tree_socket(&scene.tree, 200, 3, 1000);
	tree_socket(&scene.tree, 200, 4, 1001);
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(1), CONNECTION(0));
	for (double now = 5; now < 25; now += 5)
		scene_look(&scene, now);
	CHECK_EQ_INT(scene_count(&scene, "helper", "other", TCP_STATE_ESTABLISHED), 1);
	CHECK_EQ_U64(scene.snapshot->self.truncated[TRUNCATED_DESTINATIONS], 1);
}

/* A folder in its place cannot be read: a failure, not "it is gone". */
static void break_table(struct scene *scene)
{
	tree_remove(&scene->tree, "netns/4026531840/tcp");
	tree_write(&scene->tree, "netns/4026531840/tcp/x", "");
}

TEST(a_namespace_that_cannot_be_read_keeps_what_is_known)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	add_app(&scene, 1);
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(0),
		   { "10.0.0.1", 50000, "10.0.0.6", 1, TCP_STATE_TIME_WAIT });
	scene_look(&scene, 5);
	break_table(&scene);
	scene_look(&scene, 10);
	/* Unknown is not zero: there are no rows at all. */
	CHECK_EQ_INT(scene.snapshot->pair_count, 0);
	CHECK_EQ_INT(scene.snapshot->netns_pair_count, 0);
	CHECK(!scene.snapshot->sources[2].up);
	REQUIRE(scene_target(&scene, "app") != NULL);
	CHECK_EQ_INT(scene_target(&scene, "app")->unreadable[UNREADABLE_ERROR], 1);
	CHECK_EQ_INT(scene_target(&scene, "app")->processes, 1);
	CHECK_EQ_DBL(scene_target(&scene, "app")->open_fds, 4);
	tree_remove(&scene.tree, "netns/4026531840/tcp");
	SCENE_ROWS(&scene, TREE_HOST, { "10.0.0.1", 40000, "10.0.0.5", 1, TCP_STATE_TIME_WAIT },
		   { "10.0.0.1", 50000, "10.0.0.6", 1, TCP_STATE_TIME_WAIT });
	scene_look(&scene, 15);
	CHECK(scene.snapshot->sources[2].up);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:1", TCP_STATE_TIME_WAIT), 1);
	CHECK_EQ_INT(scene_unowned(&scene, "host", "10.0.0.6:1", TCP_STATE_TIME_WAIT), 1);
}

/* Its descriptors cannot be read for once, while the table of the namespace can, by another. */
TEST(a_process_that_cannot_be_read_keeps_what_is_known)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, "targets:\n- {name: app, match: {comm: app}}\n"
			   "- {name: init, match: {pid: 1}}\n"
			   "limits: {max_destinations: 1, forget_after: 20s}\n");
	add_app(&scene, 2);
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(0), CONNECTION(1));
	scene_look(&scene, 100);
	CHECK_EQ_INT(established(&scene, "other"), 1);
	tree_remove(&scene.tree, "100/fd/4");
	tree_write(&scene.tree, "100/fd/4", "not a link");
	/* Whatever comes first: the place in "other" is kept. */
	SCENE_ROWS(&scene, TREE_HOST, CONNECTION(1), CONNECTION(0));
	scene_look(&scene, 105);
	REQUIRE(scene_target(&scene, "app") != NULL);
	CHECK_EQ_INT(scene_target(&scene, "app")->unreadable[UNREADABLE_ERROR], 1);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:1"), -1);
	scene_look(&scene, 140);
	tree_socket(&scene.tree, 100, 4, 1001);
	scene_look(&scene, 145);
	CHECK_EQ_INT(established(&scene, "10.0.0.5:1"), 1);
	CHECK_EQ_INT(established(&scene, "other"), 1);
}

/* The only process of its namespace ends between its descriptors and its table. */
TEST(a_process_that_ends_meanwhile_is_no_failure)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	add_app(&scene, 1);
	tree_netns(&scene.tree, 100, 77);
	scene_look(&scene, 5);
	CHECK(scene.snapshot->sources[2].up);
	REQUIRE(scene_target(&scene, "app") != NULL);
	CHECK_EQ_INT(scene_target(&scene, "app")->processes, 0);
	CHECK_EQ_INT(scene_target(&scene, "app")->unreadable[UNREADABLE_ERROR], 0);
	CHECK_EQ_U64(scene.snapshot->self.unreadable[UNREADABLE_ERROR], 0);
}

TEST(a_new_configuration_inherits_ports_and_counters)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP "limits: {max_destinations: 1}\n"
			       "process_names: [{name: 'x{{.PID}}', comm: [x]}]\n"
			       "discover: {max_targets: 1}\n");
	add_app(&scene, 3);
	tree_process(&scene.tree, 200, 1, "x", 600);
	tree_process(&scene.tree, 201, 1, "x", 600);
	SCENE_ROWS(&scene, TREE_HOST, { "0.0.0.0", 80, "0.0.0.0", 0, TCP_STATE_LISTEN, 1000 },
		   CONNECTION(1), CONNECTION(2));
	scene_look(&scene, 5);
	CHECK_EQ_U64(scene.snapshot->self.truncated[TRUNCATED_TARGETS], 1);
	scene_reload(&scene);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 80, "10.0.0.9", 50000, TCP_STATE_ESTABLISHED, 1000 },
		   CONNECTION(1));
	scene_look(&scene, 10);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 1);
	CHECK_EQ_U64(scene.snapshot->self.truncated[TRUNCATED_DESTINATIONS], 1);
	/* It decides anew, so that one process did not fit once more. */
	CHECK_EQ_U64(scene.snapshot->self.truncated[TRUNCATED_TARGETS], 2);
}

/* Its last watched process ends, another one comes: we can read the namespace meanwhile. */
TEST(our_own_namespace_is_not_forgotten_while_it_has_connections)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP "limits: {forget_after: 1s}\n");
	scene_set_self(&scene, 77);
	SCENE_ROWS(&scene, 77, { "10.0.0.1", 50000, "10.0.0.6", 1, TCP_STATE_TIME_WAIT });
	for (double now = 10; now < 70; now += 10) {
		bool is_there = now == 10 || now == 30 || now == 60;

		if (is_there) {
			add_app(&scene, 1);
			tree_netns(&scene.tree, 100, 77);
		} else if (process_table_find(&scene.sources.processes, 100)) {
			tree_remove(&scene.tree, "100");
		}
		scene_look(&scene, now);
		REQUIRE(scene_target(&scene, "app") != NULL);
		CHECK_EQ_INT(scene_target(&scene, "app")->processes, is_there);
		CHECK_EQ_INT(scene_unowned(&scene, "self", "10.0.0.6:1", TCP_STATE_TIME_WAIT),
			     1);
	}
}

TEST(a_new_configuration_inherits_what_is_known_about_connections)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	add_app(&scene, 3);
	SCENE_ROWS(&scene, TREE_HOST, { "0.0.0.0", 80, "0.0.0.0", 0, TCP_STATE_LISTEN, 1001 },
		   { "10.0.0.1", 80, "10.0.0.9", 50000, TCP_STATE_ESTABLISHED, 1002 });
	scene_look(&scene, 5);
	tree_remove(&scene.tree, "100/fd/4");
	/* For more than the hour in which the port is remembered. */
	for (double now = 600; now <= 4200; now += 600) {
		SCENE_ROWS(&scene, TREE_HOST,
			   { "10.0.0.1", 80, "10.0.0.9", 50000, TCP_STATE_ESTABLISHED, 1002 },
			   CONNECTION(0));
		scene_look(&scene, now);
		CHECK_EQ_INT(scene_sum(&scene, "app"), 1);
	}
	scene_reload(&scene);
	tree_remove(&scene.tree, "100/fd/3");
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 80, "10.0.0.9", 50000, TCP_STATE_ESTABLISHED, 1002 },
		   { "10.0.0.1", 40000, "10.0.0.5", 1, TCP_STATE_TIME_WAIT });
	for (double now = 4205; now < 4220; now += 5) {
		scene_look(&scene, now);
		CHECK_EQ_INT(scene_sum(&scene, "app"), 1);
		CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:1", TCP_STATE_TIME_WAIT), 1);
		CHECK_EQ_INT(scene.snapshot->netns_pair_count, 0);
	}
}

TEST_MAIN()
