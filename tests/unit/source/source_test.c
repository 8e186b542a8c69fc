/* What one look brings, beyond connections: processes, targets, sources. */
#include "source/source.h"

#include <errno.h>

#include "scene.h"
#include "test.h"

#define APP "targets: [{name: app, match: {comm: app}}]\n"

TEST(the_sources_say_how_they_went)
{
	CLEANUP(scene_deinit) struct scene scene;
	const struct snapshot *now;

	scene_init(&scene, APP);
	scene_look(&scene, 5);
	now = scene.snapshot;
	REQUIRE(now->source_count == 3);
	CHECK_EQ_STR(now->sources[0].name, "processes");
	CHECK_EQ_STR(now->sources[1].name, "descriptors");
	CHECK_EQ_STR(now->sources[2].name, "net_tcp");
	for (size_t i = 0; i < 3; i++) {
		CHECK(now->sources[i].up);
		CHECK(now->sources[i].duration >= 0);
	}
}

TEST(no_procfs_no_sources)
{
	CLEANUP(scene_deinit) struct scene scene;
	CLEANUP(error_deinit) struct error err = { 0 };
	struct sources sources;

	scene_init(&scene, APP);
	CHECK_EQ_INT(sources_init(&sources, scene.config, "/nowhere", NULL, &err), -ENOENT);
	CHECK_EQ_STR(error_string(&err), "/nowhere: No such file or directory");
}

TEST(rows_of_processes)
{
	CLEANUP(scene_deinit) struct scene scene;
	const struct process_row *row;

	scene_init(&scene, APP);
	tree_process(&scene.tree, 300, 1, "app", 250);
	tree_process(&scene.tree, 200, 1, "app", 100);
	tree_socket(&scene.tree, 200, 3, 1000);
	tree_socket(&scene.tree, 200, 4, 1000);
	tree_write_pid(&scene.tree, 300, "limits",
		       "Max open files  unlimited  unlimited  files\n");
	scene_look(&scene, 5);
	REQUIRE(scene.snapshot->process_count == 2);
	row = scene.snapshot->processes;
	CHECK_EQ_INT(row[0].pid, 200);
	CHECK_EQ_INT(row[1].pid, 300);
	CHECK_EQ_INT(row[0].parent, 1);
	CHECK_EQ_STR(row[0].comm, "app");
	CHECK_EQ_INT(row[0].threads, 2);
	CHECK_EQ_DBL(row[0].start_time, 1700000001);
	CHECK_EQ_DBL(row[1].start_time, 1700000002.5);
	CHECK_EQ_DBL(row[0].open_fds, 5);
	CHECK_EQ_DBL(row[0].max_fds, 1024);
	CHECK_EQ_DBL(row[1].max_fds, INFINITY);
	CHECK_EQ_DBL(row[0].open_sockets, 1);
	CHECK_EQ_DBL(row[1].open_sockets, 0);
	CHECK_EQ_DBL(row[0].resident_bytes, 100.0 * (double)sysconf(_SC_PAGESIZE));
	CHECK_EQ_U64(row[0].netns, TREE_HOST);
	CHECK(row[0].readable && row[1].readable);
}

TEST(a_target_is_the_sum_of_its_processes)
{
	CLEANUP(scene_deinit) struct scene scene;
	const struct target_row *app;

	scene_init(&scene, APP);
	tree_process(&scene.tree, 200, 1, "app", 100);
	tree_process(&scene.tree, 201, 200, "app", 300);
	tree_process(&scene.tree, 202, 200, "app", 300);
	tree_socket(&scene.tree, 200, 3, 1000);
	tree_socket(&scene.tree, 201, 3, 1000);
	tree_socket(&scene.tree, 201, 4, 1001);
	tree_write(&scene.tree, "202/fd/9", "not a link");
	scene_look(&scene, 5);
	app = scene_target(&scene, "app");
	REQUIRE(app != NULL);
	CHECK_EQ_INT(app->processes, 3);
	CHECK_EQ_INT(app->threads, 6);
	CHECK_EQ_INT(app->unreadable[UNREADABLE_ERROR], 1);
	CHECK_EQ_INT(app->unreadable[UNREADABLE_PERMISSION], 0);
	CHECK_EQ_DBL(app->open_fds, 9);
	CHECK_EQ_DBL(app->max_fds, 3072);
	CHECK_EQ_DBL(app->worst_fd_ratio, 5.0 / 1024);
	CHECK_EQ_DBL(app->open_sockets, 2);
	CHECK_EQ_DBL(app->oldest_start_time, 1700000001);
	CHECK_EQ_U64(scene.snapshot->self.unreadable[UNREADABLE_ERROR], 1);
}

TEST(an_absent_target_is_zero)
{
	CLEANUP(scene_deinit) struct scene scene;
	const struct target_row *app;

	scene_init(&scene, APP "destinations: [{name: payments, address: 10.0.0.5}]\n");
	scene_look(&scene, 5);
	app = scene_target(&scene, "app");
	REQUIRE(app != NULL);
	CHECK_EQ_INT(app->processes, 0);
	CHECK_EQ_DBL(app->open_fds, 0);
	CHECK_EQ_DBL(app->max_fds, 0);
	CHECK_EQ_DBL(app->open_sockets, 0);
	CHECK_EQ_DBL(app->oldest_start_time, NAN);
	CHECK_EQ_INT(scene_count(&scene, "app", "payments", TCP_STATE_ESTABLISHED), 0);
}

/* What a kernel tells without privilege is told, the rest is unknown and not 0. */
TEST(without_permission)
{
	CLEANUP(scene_deinit) struct scene scene;
	const struct target_row *app;
	uid_t user = geteuid();

	scene_init(&scene, APP);
	if (user)
		TEST_SKIP("only root can give its permissions up for a while");
	tree_process(&scene.tree, 200, 1, "app", 100);
	tree_socket(&scene.tree, 200, 3, 1000);
	CHECK_EQ_INT(fchmodat(scene.tree.directory, "200/fd", 0500, 0), 0);
	CHECK_EQ_INT(fchmodat(scene.tree.directory, ".", 0755, 0), 0);
	CHECK_EQ_INT(seteuid(65534), 0);
	scene_look(&scene, 5);
	CHECK_EQ_INT(seteuid(user), 0);
	app = scene_target(&scene, "app");
	REQUIRE(app != NULL);
	CHECK_EQ_INT(app->processes, 1);
	CHECK_EQ_INT(app->unreadable[UNREADABLE_PERMISSION], 1);
	CHECK_EQ_INT(app->threads, 2);
	CHECK_EQ_DBL(app->max_fds, 1024);
	CHECK_EQ_DBL(app->open_fds, NAN);
	CHECK_EQ_DBL(app->worst_fd_ratio, NAN);
	CHECK_EQ_DBL(app->open_sockets, NAN);
	CHECK_EQ_INT(scene.snapshot->pair_count, 0);
	CHECK_EQ_U64(scene.snapshot->self.unreadable[UNREADABLE_PERMISSION], 1);
	CHECK(scene.snapshot->sources[1].up);
}

/* Those of the last look are looked at again: a target must not seem to be gone. */
TEST(when_processes_cannot_be_listed)
{
	CLEANUP(scene_deinit) struct scene scene;
	CLEANUP(file_close) int broken = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int directory;

	scene_init(&scene, "limits: {forget_after: 1s}\ndiscover: {enabled: true}\n");
	tree_process(&scene.tree, 200, 1, "app", 100);
	tree_socket(&scene.tree, 200, 3, 1000);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 1000 });
	scene_look(&scene, 10);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:443", TCP_STATE_ESTABLISHED), 1);
	directory = scene.sources.procfs.directory;
	for (double now = 20; now < 50; now += 10) {
		scene.sources.procfs.directory = broken;
		scene_look(&scene, now);
		CHECK(!scene.snapshot->sources[0].up);
		REQUIRE(scene_target(&scene, "app") != NULL);
	}
	scene.sources.procfs.directory = directory;
	scene_look(&scene, 50);
	CHECK(scene.snapshot->sources[0].up);
	CHECK_EQ_INT(scene_count(&scene, "app", "10.0.0.5:443", TCP_STATE_ESTABLISHED), 1);
}

TEST(discovers_who_has_an_outbound_connection)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, "{}");
	tree_process(&scene.tree, 200, 1, "client", 100);
	tree_link(&scene.tree, "200/exe", "/usr/bin/curl (deleted)");
	tree_socket(&scene.tree, 200, 3, 1000);
	tree_process(&scene.tree, 201, 1, "server", 100);
	tree_socket(&scene.tree, 201, 3, 2000);
	tree_socket(&scene.tree, 201, 4, 2001);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 1000 },
		   { "0.0.0.0", 80, "0.0.0.0", 0, TCP_STATE_LISTEN, 2000 },
		   { "10.0.0.1", 80, "10.0.0.9", 50000, TCP_STATE_ESTABLISHED, 2001 });
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene.snapshot->target_count, 1);
	CHECK_EQ_INT(scene_count(&scene, "curl", "10.0.0.5:443", TCP_STATE_ESTABLISHED), 1);
	/* It stays one without its connection, and goes an hour after its process. */
	tree_table(&scene.tree, TREE_HOST, NULL, 0);
	scene_look(&scene, 4000);
	CHECK_EQ_INT(scene.snapshot->target_count, 1);
	tree_remove(&scene.tree, "200");
	scene_look(&scene, 4005);
	REQUIRE(scene_target(&scene, "curl") != NULL);
	CHECK_EQ_INT(scene_target(&scene, "curl")->processes, 0);
	scene_look(&scene, 4000 + 3601);
	CHECK_EQ_INT(scene.snapshot->target_count, 0);
}

/* The names of configured targets are theirs alone. */
TEST(a_discovered_target_never_joins_a_configured_one)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, "discover: {enabled: true}\n"
			   "targets: [{name: curl, match: {pid: 300}}]\n");
	tree_process(&scene.tree, 200, 1, "client", 100);
	tree_link(&scene.tree, "200/exe", "/usr/bin/curl");
	tree_socket(&scene.tree, 200, 3, 1000);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 1000 });
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene_sum(&scene, "curl"), 0);
	CHECK_EQ_INT(scene_sum(&scene, "curl-discovered"), 1);
}

TEST(the_reference_names_every_source)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	sources_describe(&text);
	CHECK(strstr(text_string(&text), "| `processes` |") != NULL);
	CHECK(strstr(text_string(&text), "| `descriptors` |") != NULL);
	CHECK(strstr(text_string(&text), "| `net_tcp` |") != NULL);
}

/* Its ancestor is gone: what it belongs to is only known from before. */
TEST(a_process_whose_stat_cannot_be_read_keeps_its_target)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, "targets: [{name: app, match: {comm: app}, children: true}]\n");
	tree_process(&scene.tree, 200, 1, "app", 100);
	tree_process(&scene.tree, 201, 200, "worker", 101);
	scene_look(&scene, 5);
	tree_remove(&scene.tree, "200");
	tree_process(&scene.tree, 201, 1, "worker", 101);
	tree_write(&scene.tree, "201/stat", "no stat");
	scene_look(&scene, 10);
	CHECK(!scene.snapshot->sources[0].up);
	REQUIRE(scene_target(&scene, "app") != NULL);
	CHECK_EQ_INT(scene_target(&scene, "app")->processes, 1);
	CHECK_EQ_INT(scene_target(&scene, "app")->unreadable[UNREADABLE_ERROR], 1);
	tree_stat(&scene.tree, 201, 1, "worker", 101);
	scene_look(&scene, 15);
	CHECK(scene.snapshot->sources[0].up);
	CHECK_EQ_INT(scene_target(&scene, "app")->processes, 1);
	CHECK_EQ_INT(scene_target(&scene, "app")->unreadable[UNREADABLE_ERROR], 0);
}

static void write_zombie(struct scene *scene, int threads)
{
	CLEANUP(text_deinit) struct text stat = { 0 };

	text_printf(&stat,
		    "200 (app) Z 1 200 200 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 %d 0 100 0 0 "
		    "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n",
		    threads);
	tree_write_pid(&scene->tree, 200, "stat", text_string(&stat));
}

TEST(a_process_without_its_main_thread_is_unreadable_and_not_gone)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	tree_process(&scene.tree, 200, 1, "app", 100);
	tree_socket(&scene.tree, 200, 3, 1000);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_ESTABLISHED, 1000 });
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene_sum(&scene, "app"), 1);
	write_zombie(&scene, 2);
	/* As the kernel shows it: no descriptors, and no namespace. */
	for (char name[] = "200/fd/0"; name[7] <= '3'; name[7]++)
		tree_remove(&scene.tree, name);
	tree_remove(&scene.tree, "200/ns");
	scene_look(&scene, 10);
	REQUIRE(scene_target(&scene, "app") != NULL);
	CHECK_EQ_INT(scene_target(&scene, "app")->processes, 1);
	CHECK_EQ_INT(scene_target(&scene, "app")->unreadable[UNREADABLE_ERROR], 1);
	CHECK_EQ_DBL(scene_target(&scene, "app")->open_fds, NAN);
	CHECK_EQ_INT(scene.snapshot->pair_count, 0);
	CHECK(!scene.snapshot->processes[0].readable);
	write_zombie(&scene, 1);
	scene_look(&scene, 15);
	CHECK_EQ_INT(scene_target(&scene, "app")->processes, 0);
	CHECK_EQ_INT(scene_target(&scene, "app")->unreadable[UNREADABLE_ERROR], 0);
}

/* Without the right to see that of process 1, ours is not taken for the host's. */
TEST(our_own_namespace_is_called_self)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	tree_remove(&scene.tree, "1/ns");
	scene_set_self(&scene, 77);
	tree_process(&scene.tree, 200, 1, "app", 100);
	tree_netns(&scene.tree, 200, 77);
	SCENE_ROWS(&scene, 77, { "10.0.0.1", 40000, "10.0.0.5", 443, TCP_STATE_TIME_WAIT, 0 });
	scene_look(&scene, 5);
	CHECK_EQ_INT(scene_unowned(&scene, "self", "10.0.0.5:443", TCP_STATE_TIME_WAIT), 1);
	CHECK_EQ_INT(scene_unowned(&scene, "host", "10.0.0.5:443", TCP_STATE_TIME_WAIT), -1);
}

/* Another one says nothing: the process does not stay where its command line put it for now. */
TEST(a_listen_rule_asks_for_its_own_port_only)
{
	CLEANUP(scene_deinit) struct scene scene;
	static const double times[] = { 10, 60, 80, 130 };

	scene_init(&scene, "targets:\n- {name: web, match: {listen: 443}}\n"
			   "- {name: batch, match: {cmdline: batch}}\n");
	tree_process(&scene.tree, 200, 1, "app", 100);
	tree_socket(&scene.tree, 200, 3, 1000);
	SCENE_ROWS(&scene, TREE_HOST,
		   { "0.0.0.0", 8443, "0.0.0.0", 0, TCP_STATE_LISTEN, 1000 });
	for (size_t i = 0; i < ARRAY_LENGTH(times); i++) {
		tree_write_pid(&scene.tree, 200, "cmdline", times[i] == 80 ? "batch" : "x");
		scene_look(&scene, times[i]);
		CHECK_EQ_INT(scene_target(&scene, "web")->processes, 0);
		CHECK_EQ_INT(scene_target(&scene, "batch")->processes, 0);
	}
	SCENE_ROWS(&scene, TREE_HOST, { "0.0.0.0", 443, "0.0.0.0", 0, TCP_STATE_LISTEN, 1000 });
	scene_look(&scene, 135);
	CHECK_EQ_INT(scene_target(&scene, "web")->processes, 1);
}

TEST_MAIN()
