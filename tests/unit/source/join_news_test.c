/* What events told and what looks saw of the same connection: it counts once. */
#include "base/memory.h"
#include "source/join.h"
#include "story.h"
#include "test.h"

static const struct connection_counters *counters(const struct scene *scene)
{
	static const struct connection_counters none;
	const struct pair_row *pair = scene_pair(scene, "app", "10.0.0.5:443");

	return pair ? &pair->counters : &none;
}

static void begin(struct scene *scene)
{
	story_init(scene);
	story_follow(scene);
	scene_look(scene, 10);
}

TEST(an_event_before_the_look)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12.5);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 1, 0, 0);
	CHECK_EQ_DBL(counters(&scene)->connect.sum, 0.5);
	scene_look(&scene, 20);
	story_tell(&scene, NEWS_CLOSED, 40000, 12, 22);
	TABLE(&scene, GONE(40000));
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 1, 1, 0);
	CHECK_EQ_DBL(counters(&scene)->lifetime.sum, 10);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:443", TCP_STATE_TIME_WAIT), 1);
	scene_look(&scene, 30);
	EMPTY_TABLE(&scene);
	scene_look(&scene, 35);
	CHECK_COUNTS(&scene, 1, 1, 0);
}

TEST(no_look_sees_it_at_all)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	for (unsigned i = 0; i < 300; i++) {
		story_tell(&scene, NEWS_OPENED, 40000 + i, 12, 12.25);
		story_tell(&scene, NEWS_CLOSED, 40000 + i, 12, 13);
	}
	story_tell(&scene, NEWS_FAILED, 40500, 12, 13);
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 300, 300, 1);
	scene_look(&scene, 20);
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 300, 300, 1);
	CHECK_EQ_INT(scene.sources.ledger.count, 0);
}

/* Its TIME_WAIT would be nobody's if no event told whose it was. */
TEST(only_its_time_wait_is_seen)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	TABLE(&scene, GONE(40000));
	scene_look(&scene, 15);
	CHECK_EQ_INT(scene_unowned(&scene, "host", "10.0.0.5:443", TCP_STATE_TIME_WAIT), 1);
	story_tell(&scene, NEWS_OPENED, 40000, 15, 15);
	story_tell(&scene, NEWS_CLOSED, 40000, 15, 15);
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 1, 1, 0);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:443", TCP_STATE_TIME_WAIT), 1);
	CHECK_EQ_INT(scene_unowned(&scene, "host", "10.0.0.5:443", TCP_STATE_TIME_WAIT), 0);
}

/* Opened after the events were drained, and before the table was read. */
TEST(a_look_before_the_event)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 1, 0, 0);
	story_tell(&scene, NEWS_OPENED, 40000, 15.00001, 15.00002);
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 1, 0, 0);
	CHECK(counters(&scene)->connect.sum > 0);
	story_tell(&scene, NEWS_CLOSED, 40000, 15.00001, 22);
	EMPTY_TABLE(&scene);
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 1, 1, 0);
}

TEST(a_look_sees_the_end_before_the_events)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	TABLE(&scene, ROW(40000, TCP_STATE_FIN_WAIT2, 1000));
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 1, 1, 0);
	story_tell(&scene, NEWS_OPENED, 40000, 15.00001, 15.00002);
	story_tell(&scene, NEWS_CLOSED, 40000, 15.00001, 15.00003);
	scene_look(&scene, 20);
	EMPTY_TABLE(&scene);
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 1, 1, 0);
}

/* Taken for older than the program, until the events tell. */
TEST(the_first_look_sees_the_end_before_the_events)
{
	CLEANUP(story_deinit) struct scene scene;

	story_init(&scene);
	story_follow(&scene);
	TABLE(&scene, ROW(40000, TCP_STATE_FIN_WAIT2, 1000), OPEN(40001, 1001));
	scene_look(&scene, 10);
	CHECK_COUNTS(&scene, 0, 0, 0);
	story_tell(&scene, NEWS_OPENED, 40000, 10.00001, 10.00002);
	story_tell(&scene, NEWS_CLOSED, 40000, 10.00001, 10.00003);
	story_tell(&scene, NEWS_OPENED, 40001, 10.00001, 10.00002);
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 2, 1, 0);
	EMPTY_TABLE(&scene);
	story_tell(&scene, NEWS_CLOSED, 40001, 10.00001, 17);
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 2, 2, 0);
}

TEST(syn_sent_is_seen_and_opens)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	TABLE(&scene, SYN(40000, 1000), SYN(40001, 1001));
	scene_look(&scene, 15);
	story_tell(&scene, NEWS_OPENED, 40000, 14, 16);
	/* One that is over before the next look. */
	story_tell(&scene, NEWS_OPENED, 40001, 14, 16);
	story_tell(&scene, NEWS_CLOSED, 40001, 14, 17);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 2, 1, 0);
}

TEST(syn_sent_is_seen_and_fails)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	TABLE(&scene, SYN(40000, 1000));
	scene_look(&scene, 15);
	EMPTY_TABLE(&scene);
	story_tell(&scene, NEWS_FAILED, 40000, 14, 16);
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 0, 0, 1);
	CHECK_EQ_U64(counters(&scene)->failed[CONNECT_REFUSED], 1);
	scene_look(&scene, 25);
	scene_look(&scene, 30);
	CHECK_COUNTS(&scene, 0, 0, 1);
}

/* It vanishes in one tick, and its event comes in the next one. */
TEST(the_reason_of_a_failure_comes_late)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	TABLE(&scene, SYN(40000, 1000));
	scene_look(&scene, 15);
	EMPTY_TABLE(&scene);
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 0, 0, 0);
	story_tell(&scene, NEWS_FAILED, 40000, 14, 19.9999);
	scene_look(&scene, 25);
	scene_look(&scene, 30);
	CHECK_COUNTS(&scene, 0, 0, 1);
	CHECK_EQ_U64(counters(&scene)->failed[CONNECT_REFUSED], 1);
}

/* Begun while a table was read that has it, which is long ago when it ends. */
TEST(an_attempt_that_begins_in_a_look_and_takes_long)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	TABLE(&scene, SYN(40000, 1000), SYN(40001, 1001));
	for (double now = 15; now < 40; now += 5)
		scene_look(&scene, now);
	story_tell(&scene, NEWS_FAILED, 40000, 15.00001, 37);
	story_tell(&scene, NEWS_OPENED, 40001, 15.00001, 37);
	TABLE(&scene, OPEN(40001, 1001));
	for (double now = 40; now < 60; now += 5)
		scene_look(&scene, now);
	CHECK_COUNTS(&scene, 1, 0, 1);
	CHECK_EQ_U64(counters(&scene)->failed[CONNECT_REFUSED], 1);
}

TEST(an_attempt_right_after_one_that_failed)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	TABLE(&scene, SYN(40000, 1000));
	scene_look(&scene, 15);
	/* The row is that of the next one, of the same socket. */
	story_tell(&scene, NEWS_FAILED, 40000, 14, 16);
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 0, 0, 1);
	story_tell(&scene, NEWS_FAILED, 40000, 17, 22);
	EMPTY_TABLE(&scene);
	scene_look(&scene, 25);
	scene_look(&scene, 30);
	scene_look(&scene, 35);
	CHECK_COUNTS(&scene, 0, 0, 2);
}

TEST(the_same_addresses_at_once)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12);
	story_tell(&scene, NEWS_CLOSED, 40000, 12, 13);
	TABLE(&scene, GONE(40000));
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 1, 1, 0);
	story_tell(&scene, NEWS_OPENED, 40000, 16, 16);
	TABLE(&scene, OPEN(40000, 1001));
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 2, 1, 0);
	/* And three times between two looks. */
	story_tell(&scene, NEWS_CLOSED, 40000, 16, 21);
	story_tell(&scene, NEWS_OPENED, 40000, 21, 21);
	story_tell(&scene, NEWS_CLOSED, 40000, 21, 22);
	story_tell(&scene, NEWS_OPENED, 40000, 22, 22);
	TABLE(&scene, OPEN(40000, 1002));
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 4, 3, 0);
}

/* Nobody tells how it ended: two looks are waited for, and no more. */
TEST(lost_events_are_not_waited_for_forever)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12);
	TABLE(&scene, OPEN(40000, 1000), SYN(40001, 1001));
	scene_look(&scene, 15);
	TABLE(&scene, GONE(40000));
	scene_look(&scene, 20);
	EMPTY_TABLE(&scene);
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 1, 0, 0);
	scene_look(&scene, 30);
	CHECK_COUNTS(&scene, 1, 1, 1);
	CHECK_EQ_INT(scene.sources.ledger.count, 0);
	/* Too late. */
	story_tell(&scene, NEWS_CLOSED, 40000, 12, 19);
	scene_look(&scene, 35);
	CHECK_COUNTS(&scene, 1, 1, 1);
}

TEST(who_ended_since_the_last_look)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	tree_remove(&scene.tree, "100");
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12);
	story_tell(&scene, NEWS_CLOSED, 40000, 12, 13);
	story_tell(&scene, NEWS_FAILED, 40001, 12, 13);
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 1, 1, 1);
	CHECK_EQ_U64(scene.snapshot->self.unattributed_connects, 0);
	/* After one more tick nobody knows it any more. */
	scene_look(&scene, 20);
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12);
	story_tell(&scene, NEWS_CLOSED, 40000, 12, 13);
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 1, 1, 1);
	CHECK_EQ_U64(scene.snapshot->self.unattributed_connects, 1);
}

static void tell_of_200(struct scene *scene, enum news_kind kind, double started)
{
	struct news news = story_news(kind, 40000, started, started + 0.5);

	news.process = 200;
	story_tell_news(scene, news);
}

/* Born after the processes were listed, and before the events were drained. */
TEST(who_was_born_after_the_list)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	tell_of_200(&scene, NEWS_OPENED, 15.001);
	tell_of_200(&scene, NEWS_CLOSED, 15.001);
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 0, 0, 0);
	CHECK_EQ_U64(scene.snapshot->self.unattributed_connects, 0);
	tree_process(&scene.tree, 200, 1, "app", 1500);
	scene_look(&scene, 20);
	CHECK_COUNTS(&scene, 1, 1, 0);
	tree_remove(&scene.tree, "200");
	/* Another one that is never seen. */
	scene_look(&scene, 25);
	tell_of_200(&scene, NEWS_OPENED, 30.001);
	scene_look(&scene, 30);
	scene_look(&scene, 35);
	scene_look(&scene, 40);
	CHECK_COUNTS(&scene, 1, 1, 0);
	CHECK_EQ_U64(scene.snapshot->self.unattributed_connects, 1);
	CHECK_EQ_INT(attempts_news(scene.sources.events->attempts)->count, 0);
}

/* What the number's owner of before did is not the new one's. */
TEST(a_number_used_again)
{
	CLEANUP(story_deinit) struct scene scene;

	scene_init(&scene, "targets:\n- {name: app, match: {comm: app}}\n"
			   "- {name: next, match: {comm: next}}\n");
	story_add_app(&scene);
	story_follow(&scene);
	scene_look(&scene, 10);
	tree_stat(&scene.tree, 100, 1, "next", 1300);
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12);
	story_tell(&scene, NEWS_OPENED, 40001, 14, 14);
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 1, 0, 0);
	story_check(TEST_HERE, &scene, "next", 1, 0, 0);
}

TEST(who_has_no_target_counts_nowhere)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	tree_process(&scene.tree, 200, 1, "sh", 1100);
	tell_of_200(&scene, NEWS_OPENED, 12);
	tell_of_200(&scene, NEWS_CLOSED, 12);
	scene_look(&scene, 15);
	CHECK_EQ_INT(scene.snapshot->pair_count, 0);
	CHECK_EQ_U64(scene.snapshot->self.unattributed_connects, 0);
	CHECK_EQ_INT(scene.sources.ledger.count, 0);
}

/* Told under one target, looked at under another: the end is the new one's. */
TEST(another_target_after_exec)
{
	CLEANUP(story_deinit) struct scene scene;

	scene_init(&scene, "targets:\n- {name: app, match: {comm: app}}\n"
			   "- {name: next, match: {comm: next}}\n");
	story_add_app(&scene);
	story_follow(&scene);
	scene_look(&scene, 10);
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 15);
	tree_stat(&scene.tree, 100, 1, "next", 500);
	scene_look(&scene, 20);
	story_tell(&scene, NEWS_CLOSED, 40000, 12, 22);
	EMPTY_TABLE(&scene);
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 1, 0, 0);
	story_check(TEST_HERE, &scene, "next", 0, 1, 0);
}

/* Its namespace is still the one it was seen in. */
TEST(events_of_a_process_that_cannot_be_read)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	tree_write(&scene.tree, "100/fd/9", "not a link");
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 15);
	tree_remove(&scene.tree, "100/fd/9");
	for (double now = 20; now < 40; now += 5)
		scene_look(&scene, now);
	CHECK_COUNTS(&scene, 1, 0, 0);
	story_tell(&scene, NEWS_CLOSED, 40000, 12, 37);
	EMPTY_TABLE(&scene);
	for (double now = 40; now < 60; now += 5)
		scene_look(&scene, now);
	CHECK_COUNTS(&scene, 1, 1, 0);
}

TEST(a_port_that_nobody_had)
{
	CLEANUP(story_deinit) struct scene scene;
	struct news news = story_news(NEWS_FAILED, 0, 12, 12);

	begin(&scene);
	news.reason = CONNECT_LOCAL_PORTS;
	story_tell_news(&scene, news);
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 0, 0, 1);
	CHECK_EQ_U64(counters(&scene)->failed[CONNECT_LOCAL_PORTS], 1);
}

/* Told between two looks, for want of room. */
TEST(news_between_looks)
{
	CLEANUP(story_deinit) struct scene scene;

	begin(&scene);
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12);
	join_news(&scene.sources, 13);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 1, 0, 0);
}

TEST(no_room_in_the_ledger)
{
	CLEANUP(story_deinit) struct scene scene;

	scene_init(&scene, APP "limits: {max_connections: 1}\n");
	story_add_app(&scene);
	story_follow(&scene);
	scene_look(&scene, 10);
	story_tell(&scene, NEWS_OPENED, 40000, 12, 12);
	story_tell(&scene, NEWS_OPENED, 40001, 12, 12);
	TABLE(&scene, OPEN(40000, 1000));
	scene_look(&scene, 15);
	CHECK_COUNTS(&scene, 2, 0, 0);
	CHECK_EQ_U64(scene.snapshot->self.truncated[TRUNCATED_CONNECTIONS], 1);
	/* There is room for it now, and it was counted before. */
	story_tell(&scene, NEWS_CLOSED, 40000, 12, 17);
	TABLE(&scene, OPEN(40001, 1001));
	scene_look(&scene, 20);
	scene_look(&scene, 25);
	CHECK_COUNTS(&scene, 2, 1, 0);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 1);
}

TEST_MAIN()
