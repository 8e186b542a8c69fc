#include "probe/reuse.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "probe/peer.h"
#include "probe/view.h"
#include "test.h"

/* A probe's first request, and what comes after it. */
struct stage {
	struct peer peer;
	struct module_config module;
	struct probe_config probe;
	char url[64];
	struct connections *connections;
	struct watch watch;
	struct transfers *transfers;
	struct transfer *transfer;
	struct reuse *reuse;
};

static void begin(struct stage *stage, double reuse_after)
{
	peer_start(&stage->peer);
	stage->module.prober = PROBER_HTTP;
	stage->module.http.follow_redirects = true;
	stage->probe.module = &stage->module;
	stage->probe.timeout = 5;
	stage->probe.reuse = true;
	stage->probe.reuse_after = reuse_after;
	stage->connections = connections_new(16);
	stage->transfers = transfers_new();
	CHECK(!watch_init(&stage->watch));
	stage->transfer = transfer_new(&stage->probe, NULL, stage->connections, stage);
}

static void end(struct stage *stage)
{
	if (stage->reuse)
		reuse_free(stage->reuse);
	else
		transfer_free(stage->transfer);
	transfers_free(stage->transfers);
	watch_deinit(&stage->watch);
	connections_free(stage->connections);
	peer_stop(&stage->peer);
}

/* One turn of a thread that sleeps until `deadline`; the transfer that ended. */
static struct transfer *turn(struct stage *stage, double deadline)
{
	struct transfer *transfer;

	transfers_perform(stage->transfers);
	connections_look(stage->connections);
	transfer = transfers_take(stage->transfers);
	if (!transfer)
		transfers_wait(stage->transfers, stage->watch.fd, deadline - clock_monotonic());
	return transfer;
}

static void ask(struct stage *stage, const char *path)
{
	struct leg leg;

	snprintf(stage->url, sizeof(stage->url), "http://127.0.0.1:%u%s", stage->peer.port,
		 path);
	CHECK(!transfer_aim(stage->transfer, stage->url));
	transfer_start(stage->transfer, stage->transfers, NULL, 5);
	while (!turn(stage, INFINITY))
		;
	transfer_measure(stage->transfer, &leg);
	CHECK_EQ_INT(leg.end, LEG_COMPLETE);
	CHECK(!transfer_is_again(stage->transfer));
}

static void leave_idle(struct stage *stage)
{
	stage->reuse = reuse_new(&stage->probe, stage->transfer, &stage->watch,
				 clock_monotonic(), stage);
}

static void advance(struct stage *stage)
{
	struct transfer *transfer;

	watch_look(&stage->watch);
	reuse_check(stage->reuse, clock_monotonic());
	if (reuse_state(stage->reuse) == REUSE_READY)
		reuse_start(stage->reuse, stage->transfers);
	if (reuse_state(stage->reuse) == REUSE_DONE)
		return;
	transfer = turn(stage, reuse_deadline(stage->reuse));
	if (!transfer)
		return;
	CHECK(transfer_is_again(transfer));
	CHECK(transfer_owner(transfer) == stage->reuse);
	reuse_finish_leg(transfer);
}

/* What is found out about a server that does what `path` says. */
static struct probe_row find_out(struct stage *stage, const char *path)
{
	struct probe_row row = { 0 };

	ask(stage, path);
	leave_idle(stage);
	CHECK(reuse_owner(stage->reuse) == stage);
	while (reuse_state(stage->reuse) != REUSE_DONE)
		advance(stage);
	reuse_record(stage->reuse, &row);
	CHECK(row.reuse_known);
	return row;
}

TEST(a_server_that_keeps_its_connections_is_asked_twice_on_one)
{
	static const double after[] = { 0, 0.03 };

	for (size_t i = 0; i < ARRAY_LENGTH(after); i++) {
		struct stage stage = { 0 };
		struct probe_row row;

		begin(&stage, after[i]);
		row = find_out(&stage, "/keep");
		CHECK(row.reusable);
		CHECK(isnan(row.idle_close));
		end(&stage);
		CHECK_EQ_U64(stage.peer.served, 1);
	}
}

/* Its hang-up wakes: nobody waits until the second request is due. */
TEST(a_server_that_closes_what_is_idle_is_seen_to)
{
	struct stage stage = { 0 };
	struct probe_row row;

	begin(&stage, 1000);
	row = find_out(&stage, "/keep_a_little");
	CHECK(!row.reusable);
	CHECK(row.idle_close > 0.01 && row.idle_close < 1000);
	end(&stage);
	CHECK_EQ_U64(stage.peer.served, 1);
}

TEST(a_server_that_says_it_closes_is_believed)
{
	static const char *const paths[] = { "/last", "/old" };

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		struct stage stage = { 0 };
		struct probe_row row = { 0 };

		begin(&stage, 1000);
		ask(&stage, paths[i]);
		leave_idle(&stage);
		CHECK_EQ_INT(reuse_state(stage.reuse), REUSE_DONE);
		CHECK(reuse_deadline(stage.reuse) <= clock_monotonic());
		reuse_record(stage.reuse, &row);
		CHECK(row.reuse_known && !row.reusable && isnan(row.idle_close));
		end(&stage);
	}
}

/* Of the silent one, the second request runs out of time. */
TEST(a_server_that_answers_once_allows_no_reuse_and_gets_no_other_connection)
{
	static const char *const paths[] = { "/keep_one", "/" };

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		struct stage stage = { 0 };
		struct probe_row row;

		begin(&stage, 0);
		stage.probe.timeout = 1;
		row = find_out(&stage, paths[i]);
		CHECK(!row.reusable);
		end(&stage);
		CHECK_EQ_U64(stage.peer.served, 1);
	}
}

TEST(a_second_answer_may_be_slow_or_large)
{
	static const char *const paths[] = { "/keep_then_drip", "/keep_then_flood" };

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		struct stage stage = { 0 };

		begin(&stage, 0);
		stage.probe.timeout = i ? 30 : 0.3;
		CHECK(find_out(&stage, paths[i]).reusable);
		end(&stage);
	}
}

/* What was known of the server is not unlearnt. */
TEST(a_second_request_that_cannot_be_made_says_nothing)
{
	struct probe_row row = { .reuse_known = true, .reusable = true };
	struct stage stage = { 0 };

	begin(&stage, 0);
	ask(&stage, "/keep");
	stage.module.http.body_file = "/does/not/exist";
	leave_idle(&stage);
	while (reuse_state(stage.reuse) != REUSE_DONE)
		advance(&stage);
	reuse_record(stage.reuse, &row);
	CHECK(row.reusable);
	row = (struct probe_row){ 0 };
	reuse_record(stage.reuse, &row);
	CHECK(!row.reuse_known);
	end(&stage);
}

static size_t count_own(struct stage *stage)
{
	struct snapshot *snapshot = snapshot_new(1e9, 1e9);
	size_t count;

	connections_copy(stage->connections, 1e9, snapshot);
	count = snapshot->own_count;
	snapshot_free(snapshot);
	return count;
}

TEST(the_idle_connection_is_ours)
{
	struct stage stage = { 0 };

	begin(&stage, 1000);
	ask(&stage, "/keep");
	leave_idle(&stage);
	reuse_check(stage.reuse, clock_monotonic());
	CHECK_EQ_INT(reuse_state(stage.reuse), REUSE_IDLE);
	CHECK_EQ_U64(count_own(&stage), 1);
	reuse_free(stage.reuse);
	stage.reuse = NULL;
	stage.transfer = NULL;
	CHECK_EQ_U64(count_own(&stage), 0);
	end(&stage);
}

TEST(the_second_request_may_be_given_up)
{
	struct stage stage = { 0 };

	begin(&stage, 0);
	ask(&stage, "/keep_one");
	leave_idle(&stage);
	while (reuse_state(stage.reuse) != REUSE_TRANSFER)
		advance(&stage);
	end(&stage);
}

/* Of two to the same server, the second request goes over the newer one. */
TEST(only_the_last_leg_is_kept)
{
	struct stage stage = { 0 };

	begin(&stage, 0.03);
	ask(&stage, "/keep");
	CHECK(find_out(&stage, "/keep").reusable);
	pthread_mutex_lock(&stage.peer.mutex);
	while (stage.peer.serving > 1)
		pthread_cond_wait(&stage.peer.changed, &stage.peer.mutex);
	pthread_mutex_unlock(&stage.peer.mutex);
	end(&stage);
	CHECK_EQ_U64(stage.peer.served, 2);
}

/* Not whatever else has got the number. */
static bool is_netns(int fd)
{
	struct stat status, own;

	return !fstat(fd, &status) && !stat("/proc/self/ns/net", &own) &&
	       status.st_dev == own.st_dev && status.st_ino == own.st_ino;
}

/* Where it asks from: it outlives the run, whose view goes with it. */
TEST(the_view_is_kept)
{
	int netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct view *view = view_new(netns, open("/", O_PATH | O_CLOEXEC));
	struct stage stage = { 0 };

	begin(&stage, 1000);
	transfer_free(stage.transfer);
	stage.transfer = transfer_new(&stage.probe, view, stage.connections, &stage);
	view_release(view);
	ask(&stage, "/keep");
	leave_idle(&stage);
	CHECK(is_netns(netns));
	end(&stage);
	CHECK(!is_netns(netns));
}

TEST(without_a_wish_for_it_nothing_is_kept)
{
	struct stage stage = { 0 };

	begin(&stage, 0);
	stage.probe.reuse = false;
	ask(&stage, "/keep");
	CHECK(transfer_socket(stage.transfer) < 0);
	CHECK_EQ_U64(count_own(&stage), 0);
	end(&stage);
}

TEST_MAIN()
