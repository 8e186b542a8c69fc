/* Probes from inside targets, and of destinations that were found. */
#include <fcntl.h>

#include "probe/peer.h"
#include "probe/plan.h"
#include "probe/view.h"
#include "test.h"

static const char *const names[] = { "checkout", "search" };

static void from_targets(struct plan *plan, bool from_host)
{
	struct probe_config *probe = &plan->destinations[0].probe;

	plan->config.target_count = 2;
	probe->from_host = from_host;
	probe->from_target = true;
	probe->targets = (struct string_list){ (const char **)(uintptr_t)names, 2 };
}

/* What this process sees: entering one's own namespace takes the same right as any other. */
static struct view *own_view(void)
{
	return view_new(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC),
			open("/", O_PATH | O_CLOEXEC));
}

static const struct probe_row *find(const struct snapshot *snapshot, const char *target)
{
	for (size_t i = 0; i < snapshot->probe_count; i++) {
		const char *found = snapshot->probes[i].target;

		if (target ? found && !strcmp(found, target) : !found)
			return &snapshot->probes[i];
	}
	return NULL;
}

/* A look at which the row is as wanted; the caller's. */
static struct snapshot *wait_row(struct probe_engine *engine, const char *target,
				 bool (*wanted)(const struct probe_row *row))
{
	double start = clock_monotonic();

	while (clock_monotonic() - start < 60) {
		struct snapshot *snapshot = look(engine);
		const struct probe_row *row = find(snapshot, target);

		if (row && wanted(row))
			return snapshot;
		snapshot_free(snapshot);
		pause_a_little();
	}
	return NULL;
}

static unsigned serving(struct peer *peer)
{
	unsigned count;

	pthread_mutex_lock(&peer->mutex);
	count = peer->serving;
	pthread_mutex_unlock(&peer->mutex);
	return count;
}

static bool was_missed(const struct probe_row *row)
{
	return row->missed >= 2;
}

static bool has_run(const struct probe_row *row)
{
	return row->runs >= 2;
}

static bool was_canceled(const struct probe_row *row)
{
	return row->failures[PROBE_CANCELED] == 1;
}

TEST(without_a_view_it_is_left_out_and_said_so)
{
	struct plan *plan = plan_new();
	struct probe_engine *engine;
	struct snapshot *snapshot;
	struct peer peer;

	peer_start(&peer);
	plan_add(plan, 0.1, 0.1, "http://127.0.0.1:%u/", peer.port);
	from_targets(plan, true);
	engine = begin(plan, NULL);
	snapshot = wait_row(engine, "search", was_missed);
	REQUIRE(snapshot);
	CHECK_EQ_U64(snapshot->probe_count, 3);
	CHECK_EQ_INT(find(snapshot, NULL)->view, PROBE_VIEW_OWN);
	CHECK_EQ_INT(find(snapshot, "search")->view, PROBE_VIEW_MISSING);
	CHECK_EQ_U64(find(snapshot, "search")->runs, 0);
	snapshot_free(snapshot);
	snapshot = wait_row(engine, NULL, has_run);
	CHECK(snapshot != NULL);
	snapshot_free(snapshot);
	probe_engine_free(engine);
	peer_stop(&peer);
	free(plan);
}

TEST(with_a_view_it_is_asked_from_there)
{
	struct plan *plan = plan_new();
	struct view *view = own_view();
	struct probe_engine *engine;
	struct snapshot *snapshot;
	struct peer peer;

	peer_start(&peer);
	plan_add(plan, 0.1, 5, "http://127.0.0.1:%u/", peer.port);
	from_targets(plan, false);
	engine = begin(plan, NULL);
	probe_engine_set_view(engine, "checkout", view);
	probe_engine_set_view(engine, "nobody", view);
	view_release(view);
	snapshot = wait_row(engine, "checkout", has_run);
	REQUIRE(snapshot);
	CHECK_EQ_U64(snapshot->probe_count, 2);
	CHECK_EQ_INT(find(snapshot, "checkout")->view, PROBE_VIEW_TAKEN);
	CHECK_EQ_INT(find(snapshot, "search")->view, PROBE_VIEW_MISSING);
	snapshot_free(snapshot);
	probe_engine_free(engine);
	peer_stop(&peer);
	free(plan);
}

TEST(what_is_under_way_from_a_view_that_goes_is_canceled)
{
	struct plan *plan = plan_new();
	struct view *view = own_view();
	struct probe_engine *engine;
	struct snapshot *snapshot;
	struct peer peer;

	peer_start(&peer);
	plan_add(plan, 60, 60, "http://127.0.0.1:%u/silent", peer.port);
	from_targets(plan, false);
	engine = begin(plan, NULL);
	probe_engine_set_view(engine, "checkout", view);
	while (!serving(&peer))
		pause_a_little();
	probe_engine_set_view(engine, "checkout", NULL);
	snapshot = wait_row(engine, "checkout", was_canceled);
	REQUIRE(snapshot);
	CHECK_EQ_U64(find(snapshot, "checkout")->runs, 1);
	CHECK(!find(snapshot, "checkout")->success);
	snapshot_free(snapshot);
	view_release(view);
	probe_engine_free(engine);
	peer_stop(&peer);
	free(plan);
}

TEST(what_was_found_is_connected_to_until_it_is_lost)
{
	CLEANUP(text_deinit) struct text endpoints = { 0 };
	struct plan *plan = plan_new();
	struct probe_engine *engine;
	struct snapshot *snapshot;
	struct peer peer;

	peer_start(&peer);
	plan->config.discover.probe = true;
	engine = begin(plan, NULL);
	text_printf(&endpoints, "127.0.0.1:%u [::1]:9", peer.port);
	probe_engine_set_found(engine, text_string(&endpoints));
	snapshot = wait_runs(engine, 1);
	while (snapshot && snapshot->probe_count < 2) {
		snapshot_free(snapshot);
		snapshot = wait_runs(engine, 1);
	}
	REQUIRE(snapshot);
	CHECK_EQ_STR(snapshot->probes[1].destination, "[::1]:9");
	CHECK(!snapshot->probes[1].success);
	CHECK(snapshot->probes[0].success);
	CHECK_EQ_U64(snapshot->probes[0].http_status, 0);
	snapshot_free(snapshot);
	probe_engine_set_found(engine, "");
	snapshot = look(engine);
	while (snapshot->probe_count) {
		snapshot_free(snapshot);
		pause_a_little();
		snapshot = look(engine);
	}
	snapshot_free(snapshot);
	probe_engine_free(engine);
	peer_stop(&peer);
	free(plan);
}

TEST(what_was_found_goes_on_in_the_next_engine_if_it_is_wanted)
{
	CLEANUP(text_deinit) struct text endpoints = { 0 };
	struct plan *plan = plan_new();
	struct probe_engine *engine, *next;
	struct snapshot *snapshot;
	struct peer peer;

	peer_start(&peer);
	plan->config.discover.probe = true;
	engine = begin(plan, NULL);
	text_printf(&endpoints, "127.0.0.1:%u", peer.port);
	probe_engine_set_found(engine, text_string(&endpoints));
	snapshot = wait_runs(engine, 1);
	while (snapshot && !snapshot->probe_count) {
		snapshot_free(snapshot);
		snapshot = wait_runs(engine, 1);
	}
	snapshot_free(snapshot);
	probe_engine_stop(engine);
	next = probe_engine_new(&plan->config, engine);
	snapshot = look(next);
	REQUIRE(snapshot->probe_count == 1);
	CHECK_EQ_U64(snapshot->probes[0].runs, 1);
	snapshot_free(snapshot);
	probe_engine_free(next);
	plan->config.discover.probe = false;
	next = probe_engine_new(&plan->config, engine);
	snapshot = look(next);
	CHECK_EQ_U64(snapshot->probe_count, 0);
	snapshot_free(snapshot);
	probe_engine_free(next);
	probe_engine_free(engine);
	peer_stop(&peer);
	free(plan);
}

TEST_MAIN()
