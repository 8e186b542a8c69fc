/* What looks alone count: each connection opened, closed and failed at most once. */
#include "base/memory.h"
#include "story.h"
#include "test.h"

TEST(the_first_look_opens_nothing)
{
	CLEANUP(scene_deinit) struct scene scene;

	story_init(&scene);
	TABLE(&scene, OPEN(40000, 1000), ROW(40001, TCP_STATE_CLOSE_WAIT, 1001),
	      ROW(40002, TCP_STATE_FIN_WAIT2, 1002), SYN(40003, 1003));
	scene_look(&scene, 10);
	CHECK_COUNTS(&scene, 0, 0, 0);
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 0, 0, 0);
	/* Their ends are seen, but that of the one that had ended before. */
	EMPTY_TABLE(&scene);
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 0, 2, 1);
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 0, 2, 1);
}

TEST(from_syn_sent_to_the_end)
{
	CLEANUP(scene_deinit) struct scene scene;

	story_init(&scene);
	scene_look(&scene, 10);
	TABLE(&scene, SYN(40000, 1000));
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 0, 0, 0);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 1, 0, 0);
	TABLE(&scene, ROW(40000, TCP_STATE_CLOSE_WAIT, 1000));
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 1, 0, 0);
	TABLE(&scene, ROW(40000, TCP_STATE_LAST_ACK, 0));
	scene_look(&scene, 30);
	CHECK_COUNTS(&scene, 1, 1, 0);
	CHECK_EQ_DBL(scene_pair(&scene, "app", "10.0.0.5:443")->counters.lifetime.sum, 10);
	EMPTY_TABLE(&scene);
	scene_look(&scene, 35);
	CHECK_COUNTS(&scene, 1, 1, 0);
}

TEST(a_look_that_sees_only_a_part)
{
	CLEANUP(scene_deinit) struct scene scene;

	story_init(&scene);
	scene_look(&scene, 10);
	/* Opened, and closed by the peer; opened and shut down; connecting. */
	TABLE(&scene, ROW(40000, TCP_STATE_CLOSE_WAIT, 1000),
	      ROW(40001, TCP_STATE_FIN_WAIT2, 1001), SYN(40002, 1002), SYN(40003, 1003));
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 2, 1, 0);
	/* Of what was connecting one is over, the other one never was there. */
	TABLE(&scene, GONE(40002));
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 3, 3, 1);
	CHECK_EQ_U64(
		scene_pair(&scene, "app", "10.0.0.5:443")->counters.failed[CONNECT_UNKNOWN], 1);
}

TEST(the_same_addresses_again)
{
	CLEANUP(scene_deinit) struct scene scene;

	story_init(&scene);
	scene_look(&scene, 10);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 15);
	/* Another socket, in the place of one that nobody saw to end. */
	TABLE(&scene, OPEN(40000, 1001));
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 2, 1, 0);
	TABLE(&scene, GONE(40000));
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 2, 2, 0);
	/* TIME_WAIT makes room for a new one (tcp_tw_reuse). */
	TABLE(&scene, SYN(40000, 1002));
	scene_look(&scene, 30);
	CHECK_COUNTS(&scene, 2, 2, 0);
	TABLE(&scene, OPEN(40000, 1002));
	scene_look(&scene, 35);
	CHECK_COUNTS(&scene, 3, 2, 0);
}

TEST(what_a_new_process_has_is_new)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	scene_look(&scene, 10);
	tree_process(&scene.tree, 100, 1, "app", 1200);
	tree_socket(&scene.tree, 100, 3, 1000);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 1, 0, 0);
}

/* It was there, and becomes the app: what it had is not new, what it opens is. */
TEST(what_a_new_member_has_is_old)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	story_add_app(&scene);
	tree_stat(&scene.tree, 100, 1, "sh", 500);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 10);
	tree_stat(&scene.tree, 100, 1, "app", 500);
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 0, 0, 0);
	TABLE(&scene, OPEN(40000, 1000), OPEN(40001, 1001));
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 1, 0, 0);
}

TEST(a_number_of_a_process_used_again)
{
	CLEANUP(scene_deinit) struct scene scene;

	story_init(&scene);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 10);
	tree_stat(&scene.tree, 100, 1, "app", 1200);
	TABLE(&scene, OPEN(40000, 1001));
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 1, 1, 0);
}

TEST(inbound_is_not_counted)
{
	CLEANUP(scene_deinit) struct scene scene;

	story_init(&scene);
	scene_look(&scene, 10);
	TABLE(&scene, { "0.0.0.0", 8080, "0.0.0.0", 0, TCP_STATE_LISTEN, 1000 },
	      OPEN(8080, 1001));
	scene_look(&scene, 15);
	TABLE(&scene, GONE(8080));
	scene_look(&scene, 20);
	CHECK_EQ_INT(scene.snapshot->pair_count, 0);
}

TEST(what_probes_have_is_not_counted)
{
	CLEANUP(scene_deinit) struct scene scene;

	story_init(&scene);
	scene_set_self(&scene, TREE_HOST);
	scene_look(&scene, 10);
	scene.own[0] = (struct own_connection){ story_endpoint("10.0.0.1", 40000),
						story_endpoint("10.0.0.5", 443) };
	scene.own_count = 1;
	tree_socket(&scene.tree, 50, 3, 2000);
	TABLE(&scene, OPEN(40000, 2000));
	scene_look(&scene, 15);
	TABLE(&scene, GONE(40000));
	scene_look(&scene, 20);
	EMPTY_TABLE(&scene);
	scene_look(&scene, 25);
	CHECK_EQ_INT(scene.snapshot->pair_count, 0);
	/* Its addresses, but the app's. */
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 30);
	CHECK_COUNTS(&scene, 1, 0, 0);
}

/* A probe that is asked from inside of the app's namespace, which is not ours. */
TEST(what_probes_have_elsewhere_is_not_counted_there)
{
	CLEANUP(scene_deinit) struct scene scene;
	const struct own_connection own = { story_endpoint("10.0.0.1", 40000),
					    story_endpoint("10.0.0.5", 443), TREE_HOST };

	story_init(&scene);
	scene_set_self(&scene, 4026532001U);
	tree_table(&scene.tree, 4026532001U, NULL, 0);
	scene_look(&scene, 10);
	scene.own[0] = own;
	scene.own_count = 1;
	TABLE(&scene, OPEN(40000, 2000));
	scene_look(&scene, 15);
	TABLE(&scene, GONE(40000));
	scene_look(&scene, 20);
	CHECK_EQ_INT(scene.snapshot->pair_count, 0);
	CHECK_EQ_INT(scene.snapshot->netns_pair_count, 0);
	/* One that is here is not what has the same addresses there. */
	scene.own[0] = (struct own_connection){ own.local, own.remote, 0 };
	scene.own[0].local.port = 40001;
	TABLE(&scene, GONE(40001));
	scene_look(&scene, 25);
	CHECK_EQ_INT(scene.snapshot->netns_pair_count, 1);
}

TEST(what_two_targets_share_is_opened_once)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, "targets:\n- {name: app, match: {comm: app}}\n"
			   "- {name: helper, match: {comm: helper}}\n");
	story_add_app(&scene);
	tree_process(&scene.tree, 200, 1, "helper", 600);
	tree_socket(&scene.tree, 200, 3, 1000);
	scene_look(&scene, 10);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 15);
	scene_look(&scene, 20);
	TABLE(&scene, GONE(40000));
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 1, 1, 0);
	story_check(TEST_HERE, &scene, "helper", 0, 0, 0);
}

/* Another one gets the socket, and would come first: the end counts where the beginning did. */
TEST(what_another_target_gets_stays_with_the_first)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, "targets:\n- {name: app, match: {comm: app}}\n"
			   "- {name: helper, match: {comm: helper}}\n");
	story_add_app(&scene);
	tree_process(&scene.tree, 50, 1, "helper", 600);
	scene_look(&scene, 10);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 15);
	tree_socket(&scene.tree, 50, 3, 1000);
	scene_look(&scene, 20);
	CHECK_EQ_INT(scene_count(&scene, "helper", "10.0.0.5:443", TCP_STATE_ESTABLISHED), 1);
	TABLE(&scene, GONE(40000));
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 1, 1, 0);
	story_check(TEST_HERE, &scene, "helper", 0, 0, 0);
}

/* A folder in its place cannot be read: a failure, not "it is gone". */
TEST(a_table_that_cannot_be_read_ends_nothing)
{
	CLEANUP(scene_deinit) struct scene scene;

	story_init(&scene);
	scene_look(&scene, 10);
	TABLE(&scene, OPEN(40000, 1000), SYN(40001, 1001));
	scene_look(&scene, 15);
	tree_remove(&scene.tree, "netns/4026531840/tcp");
	tree_write(&scene.tree, "netns/4026531840/tcp/x", "");
	scene_look(&scene, 20);
	tree_remove(&scene.tree, "netns/4026531840/tcp");
	TABLE(&scene, OPEN(40000, 1000), SYN(40001, 1001));
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 1, 0, 0);
}

/* The only one in its namespace, so that nobody tells what is there. */
TEST(a_process_that_cannot_be_read_ends_nothing)
{
	CLEANUP(scene_deinit) struct scene scene;

	story_init(&scene);
	scene_look(&scene, 10);
	TABLE(&scene, OPEN(40000, 1000), SYN(40001, 1001));
	scene_look(&scene, 15);
	tree_remove(&scene.tree, "100/fd/4");
	tree_write(&scene.tree, "100/fd/4", "not a link");
	scene_look(&scene, 20);
	scene_look(&scene, 25);
	tree_remove(&scene.tree, "100/fd/4");
	tree_socket(&scene.tree, 100, 4, 1001);
	scene_look(&scene, 30);
	CHECK_COUNTS(&scene, 1, 0, 0);
	/* Once it is gone for good, so are they. */
	tree_remove(&scene.tree, "100");
	EMPTY_TABLE(&scene);
	scene_look(&scene, 35);
	CHECK_COUNTS(&scene, 1, 1, 1);
}

TEST(a_full_ledger_says_so)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP "limits: {max_connections: 1}\n");
	story_add_app(&scene);
	scene_look(&scene, 10);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 15);
	TABLE(&scene, OPEN(40000, 1000), OPEN(40001, 1001));
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 1, 0, 0);
	CHECK_EQ_U64(scene.snapshot->self.truncated[TRUNCATED_CONNECTIONS], 1);
}

/* Each point has what was added since the one before. */
TEST(a_pair_has_a_history)
{
	CLEANUP(scene_deinit) struct scene scene;
	struct history_point points[HISTORY_POINTS];
	const struct pair_row *pair;
	size_t count;

	story_init(&scene);
	scene_look(&scene, 10);
	TABLE(&scene, OPEN(40000, 1000), SYN(40001, 1001));
	scene_look(&scene, 15);
	TABLE(&scene, OPEN(40000, 1000), OPEN(40002, 1002));
	scene_look(&scene, 20);
	pair = scene_pair(&scene, "app", "10.0.0.5:443");
	REQUIRE(pair != NULL && pair->history != NULL);
	count = history_read(pair->history, 20, points);
	REQUIRE(count > 0);
	double opened = 0, failed = 0;

	for (size_t i = 0; i < count; i++) {
		opened += (double)points[i].values[HISTORY_OPENED];
		failed += (double)points[i].values[HISTORY_FAILED];
	}
	CHECK_EQ_DBL(opened, 2);
	CHECK_EQ_DBL(failed, 1);
	CHECK_EQ_DBL((double)points[count - 1].values[HISTORY_ESTABLISHED], 2);
	/* By /proc/net/tcp alone nobody knows. */
	CHECK_EQ_DBL((double)points[count - 1].values[HISTORY_IDLE], NAN);
	CHECK(pair->gauges.lacks_info);
}

TEST(a_namespace_says_how_it_was_read)
{
	CLEANUP(scene_deinit) struct scene scene;

	story_init(&scene);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 10);
	REQUIRE(scene.snapshot->netns_count == 1);
	CHECK_EQ_STR(scene.snapshot->namespaces[0].name, "host");
	CHECK_EQ_STR(scene.snapshot->namespaces[0].source, "procfs");
	CHECK_EQ_DBL(scene.snapshot->namespaces[0].local_ports, NAN);
	CHECK(!scene.snapshot->has_events);
}

TEST_MAIN()
