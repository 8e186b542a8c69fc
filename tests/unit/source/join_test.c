/*
 * What is remembered from look to look. 10.0.0.1 is this host; "app" is process 100, its
 * sockets have the inodes 1000 and following.
 */
#include "source/join.h"

#include "scene.h"
#include "test.h"

#define APP "targets: [{name: app, match: {comm: app}}]\n"
#define SECOND 5.0 /* between two looks */

static void add_app(struct scene *scene, unsigned sockets)
{
	tree_process(&scene->tree, 100, 1, "app", 500);
	for (unsigned i = 0; i < sockets; i++)
		tree_socket(&scene->tree, 100, 3 + (int)i, 1000 + i);
}

TEST(owned_becomes_time_wait_and_stays_its_targets)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	add_app(&scene, 1);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 1000, 0, 0 });
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:443", TCP_STATE_ESTABLISHED), 1);
	tree_remove(&scene.tree, "100/fd/3");
	for (double now = 10; now < 60; now += SECOND) {
		SCENE_ROWS(&scene, TREE_HOST,
			   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_TIME_WAIT, 0, 0,
			     0 });
		scene_look(&scene, now);
		CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:443", TCP_STATE_TIME_WAIT),
			     1);
		CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:443", TCP_STATE_ESTABLISHED),
			     0);
	}
	CHECK_EQ_INT(scene.snapshot->netns_pair_count, 0);
	tree_table(&scene.tree, TREE_HOST, NULL, 0);
	scene_look(&scene, 60);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:443", TCP_STATE_TIME_WAIT), 0);
}

/* The process is gone for good, its orphans are not. */
TEST(orphans_of_a_process_that_ended_are_still_its_targets)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, "targets:\n- {name: app, match: {comm: app}}\n"
			   "- {name: init, match: {pid: 1}}\n");
	add_app(&scene, 1);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 1000, 0, 0 });
	scene_look(&scene, 5);
	tree_remove(&scene.tree, "100");
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_FIN_WAIT1, 0, 0, 100 });
	scene_look(&scene, 10);
	REQUIRE(scene_target(&scene, "app") != NULL);
	CHECK_EQ_INT(scene_target(&scene, "app")->processes, 0);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:443", TCP_STATE_FIN_WAIT1), 1);
	/* Of 100 bytes that were not acknowledged one is our FIN. */
	CHECK_EQ_U64(scene_pair(&scene, "app", "10.0.0.5:443")->gauges.send_queue, 99);
	CHECK_EQ_INT(scene_target(&scene, "init")->processes, 1);
}

TEST(never_owned_is_unowned)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP "destinations: [{name: payments, address: 10.0.0.6}]\n");
	add_app(&scene, 0);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_TIME_WAIT, 0, 0, 0 },
		   { "10.0.0.1", 40001, "10.0.0.6", 443, TCP_STATE_FIN_WAIT2, 0, 0, 0 });
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene_unowned(&scene, "host", "10.0.0.5:443", TCP_STATE_TIME_WAIT), 1);
	CHECK_EQ_INT(scene_unowned(&scene, "host", "payments", TCP_STATE_FIN_WAIT2), 1);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 0);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_TIME_WAIT, 0, 0, 0 });
	scene_look(&scene, 10);
	CHECK_EQ_INT(scene_unowned(&scene, "host", "10.0.0.5:443", TCP_STATE_TIME_WAIT), 1);
	CHECK_EQ_INT(scene_unowned(&scene, "host", "payments", TCP_STATE_FIN_WAIT2), 0);
}

/* A connection that no watched process has open is none of our business. */
TEST(somebody_elses_is_nobodys)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	add_app(&scene, 1);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 4711, 0, 0 });
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene.snapshot->pair_count, 0);
	CHECK_EQ_INT(scene.snapshot->netns_pair_count, 0);
}

TEST(a_listener_that_closes_leaves_its_clients_inbound)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	add_app(&scene, 2);
	SCENE_ROWS(&scene, TREE_HOST, { "0.0.0.0", 80, "0.0.0.0", 0, TCP_STATE_LISTEN, 1000 },
		   { "10.0.0.1", 80, "10.0.0.9", 50000, TCP_STATE_ESTABLISHED, 1001 });
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 0);
	tree_remove(&scene.tree, "100/fd/3");
	/* Far longer than the hour for which the port is remembered. */
	for (double now = 10; now < 3 * 3600; now += 600) {
		SCENE_ROWS(&scene, TREE_HOST,
			   { "10.0.0.1", 80, "10.0.0.9", 50000, TCP_STATE_CLOSE_WAIT, 1001 });
		scene_look(&scene, now);
		CHECK_EQ_INT(scene_sum(&scene, "app"), 0);
	}
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 80, "10.0.0.9", 50000, TCP_STATE_TIME_WAIT, 0 });
	scene_look(&scene, 3 * 3600);
	CHECK_EQ_INT(scene.snapshot->netns_pair_count, 0);
}

TEST(a_port_counts_for_an_hour_and_no_longer)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	add_app(&scene, 2);
	SCENE_ROWS(&scene, TREE_HOST, { "0.0.0.0", 80, "0.0.0.0", 0, TCP_STATE_LISTEN, 4711 });
	scene_look(&scene, 100);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 80, "10.0.0.9", 50000, TCP_STATE_ESTABLISHED, 1000 });
	scene_look(&scene, 100 + 3600);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 0);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 80, "10.0.0.9", 50000, TCP_STATE_ESTABLISHED, 1000 },
		   { "10.0.0.1", 80, "10.0.0.9", 50001, TCP_STATE_ESTABLISHED, 1001 });
	scene_look(&scene, 100 + 3601);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 1);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.9:50001", TCP_STATE_ESTABLISHED), 1);
}

TEST(syn_sent_is_outbound_whoever_listens)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	add_app(&scene, 1);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "0.0.0.0", 40000, "0.0.0.0", 0, TCP_STATE_LISTEN, 4711 },
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_SYN_SENT, 1000, 0, 1 });
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:443", TCP_STATE_SYN_SENT), 1);
	CHECK_EQ_U64(scene_pair(&scene, "app", "10.0.0.5:443")->gauges.send_queue, 0);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "0.0.0.0", 40000, "0.0.0.0", 0, TCP_STATE_LISTEN, 4711 },
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 1000, 7, 9 });
	scene_look(&scene, 10);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:443", TCP_STATE_ESTABLISHED), 1);
	CHECK_EQ_U64(scene_pair(&scene, "app", "10.0.0.5:443")->gauges.receive_queue, 7);
	CHECK_EQ_U64(scene_pair(&scene, "app", "10.0.0.5:443")->gauges.send_queue, 9);
}

/* SYN_RECV and rows of listeners are not connections that anybody made. */
TEST(passive_states_never_count)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	add_app(&scene, 1);
	SCENE_ROWS(&scene, TREE_HOST, { "10.0.0.1", 80, "0.0.0.0", 0, TCP_STATE_LISTEN, 1000 },
		   { "10.0.0.1", 81, "10.0.0.9", 50000, TCP_STATE_SYN_RECV, 0 },
		   { "10.0.0.1", 82, "10.0.0.9", 50001, TCP_STATE_NEW_SYN_RECV, 0 },
		   { "10.0.0.1", 83, "0.0.0.0", 0, TCP_STATE_CLOSE, 1000 });
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene.snapshot->pair_count, 0);
	CHECK_EQ_INT(scene.snapshot->netns_pair_count, 0);
}

TEST(fin_and_syn_are_no_payload)
{
	static const struct {
		enum tcp_state state;
		unsigned receive_queue, send_queue;
	} cases[] = {
		{ TCP_STATE_ESTABLISHED, 10, 10 }, { TCP_STATE_SYN_SENT, 10, 9 },
		{ TCP_STATE_FIN_WAIT1, 10, 9 },	   { TCP_STATE_FIN_WAIT2, 10, 10 },
		{ TCP_STATE_CLOSE_WAIT, 9, 10 },   { TCP_STATE_LAST_ACK, 9, 9 },
		{ TCP_STATE_CLOSING, 9, 9 },
	};
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	add_app(&scene, 1);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct pair_row *pair;

		SCENE_ROWS(&scene, TREE_HOST,
			   { "10.0.0.1", 40000, "10.0.0.5", 443, cases[i].state, 1000, 10,
			     10 });
		scene_look(&scene, 5 + (double)i);
		pair = scene_pair(&scene, "app", "10.0.0.5:443");
		REQUIRE(pair != NULL);
		CHECK_EQ_U64(pair->gauges.receive_queue, cases[i].receive_queue);
		CHECK_EQ_U64(pair->gauges.send_queue, cases[i].send_queue);
	}
}

TEST(rows_that_come_twice_count_once)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	add_app(&scene, 1);
	for (double now = 5; now < 20; now += SECOND) {
		SCENE_ROWS(&scene, TREE_HOST,
			   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 1000 },
			   { "10.0.0.1", 40001, "10.0.0.5", 443, TCP_STATE_TIME_WAIT, 0 },
			   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 1000 },
			   { "::ffff:10.0.0.1", 40000, "::ffff:10.0.0.5", 443,
			     TCP_STATE_ESTABLISHED, 1000 },
			   { "10.0.0.1", 40001, "10.0.0.5", 443, TCP_STATE_TIME_WAIT, 0 });
		scene_look(&scene, now);
		CHECK_EQ_INT(scene_sum(&scene, "app"), 1);
		CHECK_EQ_INT(scene_unowned(&scene, "host", "10.0.0.5:443", TCP_STATE_TIME_WAIT),
			     1);
	}
}

/* Look after look, and each in a row of its own. */
TEST(a_socket_of_two_targets_counts_for_both)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, "targets:\n- {name: app, match: {comm: app}}\n"
			   "- {name: heir, match: {comm: heir}}\n");
	add_app(&scene, 1);
	tree_process(&scene.tree, 101, 100, "heir", 600);
	tree_socket(&scene.tree, 101, 3, 1000);
	for (double now = 5; now < 20; now += SECOND) {
		SCENE_ROWS(&scene, TREE_HOST,
			   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 1000 });
		scene_look(&scene, now);
		CHECK_EQ_INT(scene_sum(&scene, "app"), 1);
		CHECK_EQ_INT(scene_sum(&scene, "heir"), 1);
	}
	/* Nobody has it any more: it is remembered for the first of them. */
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_TIME_WAIT, 0 });
	scene_look(&scene, 20);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 1);
	CHECK_EQ_INT(scene_sum(&scene, "heir"), 0);
}

TEST(connections_of_probes_are_nobodys)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	tree_link(&scene.tree, "self", "1");
	sources_deinit(&scene.sources);
	scene.own_count = 1;
	CHECK_EQ_INT(address_parse("10.0.0.1", &scene.own[0].local.address), 0);
	CHECK_EQ_INT(address_parse("10.0.0.5", &scene.own[0].remote.address), 0);
	scene.own[0].local.port = 40000;
	scene.own[0].remote.port = 443;
	REQUIRE(!sources_init(&scene.sources, scene.config, scene.tree.path, NULL,
			      &(struct error){ 0 }));
	add_app(&scene, 1);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_TIME_WAIT, 0 },
		   { "10.0.0.1", 40001, "10.0.0.5", 443, TCP_STATE_TIME_WAIT, 0 });
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene_unowned(&scene, "host", "10.0.0.5:443", TCP_STATE_TIME_WAIT), 1);
	/* The engine does not mention it any more, the row is still there. */
	scene.own_count = 0;
	scene_look(&scene, 10);
	CHECK_EQ_INT(scene_unowned(&scene, "host", "10.0.0.5:443", TCP_STATE_TIME_WAIT), 1);
	/* A port may be used again; what a process has open is its own, and stays so. */
	scene.own_count = 1;
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 1000 });
	scene_look(&scene, 15);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:443", TCP_STATE_ESTABLISHED), 1);
	scene.own_count = 0;
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_TIME_WAIT, 0 });
	scene_look(&scene, 20);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:443", TCP_STATE_TIME_WAIT), 1);
}

/* Two workers with many descriptors of one socket, and somebody else's in between. */
TEST(a_socket_counts_once_for_each_target)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, "targets:\n- {name: app, match: {comm: app}}\n"
			   "- {name: heir, match: {comm: heir}}\n");
	for (pid_t pid = 100; pid < 103; pid++) {
		tree_process(&scene.tree, pid, 1, pid == 101 ? "heir" : "app", 600);
		for (unsigned i = 0; i < 20; i++)
			tree_socket(&scene.tree, pid, 3 + (int)i, 1000 + i % 2);
	}
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 1000, 5 },
		   { "10.0.0.1", 40001, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 1001, 5 });
	for (double now = 5; now < 20; now += SECOND) {
		scene_look(&scene, now);
		CHECK_EQ_INT(scene_sum(&scene, "app"), 2);
		CHECK_EQ_INT(scene_sum(&scene, "heir"), 2);
		REQUIRE(scene_pair(&scene, "app", "10.0.0.5:443") != NULL);
		CHECK_EQ_U64(scene_pair(&scene, "app", "10.0.0.5:443")->gauges.receive_queue,
			     10);
	}
}

/* They wait for accept(2) of a listener that was not seen, and stay inbound once closed. */
TEST(connections_that_were_not_accepted_are_nobodys)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	add_app(&scene, 1);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 80, "10.0.0.9", 50000, TCP_STATE_ESTABLISHED, 0 },
		   { "10.0.0.1", 80, "10.0.0.9", 50001, TCP_STATE_CLOSE_WAIT, 0, 1 });
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene.snapshot->netns_pair_count, 0);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 80, "10.0.0.9", 50000, TCP_STATE_ESTABLISHED, 1000 },
		   { "10.0.0.1", 80, "10.0.0.9", 50001, TCP_STATE_LAST_ACK, 0, 1 });
	scene_look(&scene, 10);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 0);
	CHECK_EQ_INT(scene.snapshot->netns_pair_count, 0);
}

TEST_MAIN()
