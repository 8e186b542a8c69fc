/* Processes by pid and start time, and the targets that rules put them in. */
#include "source/process.h"

#include <errno.h>

#include "stage.h"

TEST(reads_what_is_there)
{
	CLEANUP(stage_deinit) struct stage stage;
	const struct process *process;

	stage_init(&stage, "targets: [{name: app, match: {comm: app}}]");
	tree_stat(&stage.tree, 200, 100, "app", 777);
	tree_stat(&stage.tree, 100, 1, "init", 1);
	tree_write(&stage.tree, "400/status", "vanished");
	look(&stage);
	CHECK_EQ_INT(stage.table.count, 2);
	process = process_table_find(&stage.table, 200);
	REQUIRE(process != NULL);
	CHECK_EQ_INT(process->stat.parent, 100);
	CHECK_EQ_U64(process->stat.start_ticks, 777);
	CHECK_EQ_INT(process->stat.threads, 2);
	CHECK_EQ_STR(target_of(&stage, 200), "app");
	CHECK_EQ_STR(target_of(&stage, 100), "");
	tree_remove(&stage.tree, "200");
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), NULL);
}

TEST(a_pid_with_a_new_owner_is_another_process)
{
	CLEANUP(stage_deinit) struct stage stage;

	stage_init(&stage, "targets: [{name: app, match: {exe: app}}]");
	tree_stat(&stage.tree, 200, 1, "worker", 777);
	tree_link(&stage.tree, "200/exe", "/usr/bin/app");
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "app");
	tree_stat(&stage.tree, 200, 1, "worker", 778);
	tree_link(&stage.tree, "200/exe", "/usr/bin/other");
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "");
}

TEST(a_descriptor_is_of_this_very_process)
{
	CLEANUP(stage_deinit) struct stage stage;
	struct process *process;
	int directory = -1;

	stage_init(&stage, "targets: [{name: app, match: {comm: app}}]");
	tree_stat(&stage.tree, 200, 1, "app", 777);
	look(&stage);
	process = process_table_find(&stage.table, 200);
	REQUIRE(process != NULL);
	REQUIRE(!process_open(process, &stage.procfs, &directory));
	file_close(&directory);
	tree_stat(&stage.tree, 200, 1, "app", 778);
	CHECK_EQ_INT(process_open(process, &stage.procfs, &directory), PID_GONE);
	CHECK_EQ_U64(process->stat.start_ticks, 777);
	tree_remove(&stage.tree, "200");
	CHECK_EQ_INT(process_open(process, &stage.procfs, &directory), PID_GONE);
	tree_write(&stage.tree, "200/stat", "no stat");
	CHECK_EQ_INT(process_open(process, &stage.procfs, &directory), -EBADMSG);
}

TEST(exec_is_matched_again)
{
	CLEANUP(stage_deinit) struct stage stage;

	stage_init(&stage, "targets: [{name: app, match: {comm: app}}]");
	tree_stat(&stage.tree, 200, 1, "sh", 777);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "");
	tree_stat(&stage.tree, 200, 1, "app", 777);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "app");
	tree_stat(&stage.tree, 200, 1, "sh", 777);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "");
}

/* Between the list of processes and a closer look: not to be overlooked for ever. */
TEST(exec_within_a_look_is_matched_in_the_next)
{
	CLEANUP(stage_deinit) struct stage stage;
	struct process *process;
	int directory = -1;

	stage_init(&stage, "targets: [{name: app, match: {comm: app}}]");
	tree_stat(&stage.tree, 200, 1, "sh", 777);
	look(&stage);
	tree_stat(&stage.tree, 200, 1, "app", 777);
	process = process_table_find(&stage.table, 200);
	REQUIRE(process != NULL);
	REQUIRE(!process_open(process, &stage.procfs, &directory));
	file_close(&directory);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "app");
}

TEST(what_could_not_be_read_is_tried_again)
{
	CLEANUP(stage_deinit) struct stage stage;

	stage_init(&stage, "targets: [{name: app, match: {exe: app}}]");
	tree_stat(&stage.tree, 200, 1, "worker", 777);
	tree_link(&stage.tree, "200/exe", "/usr/bin/app");
	CHECK_EQ_INT(process_table_read(&stage.table, &stage.procfs, 1), 0);
	tree_write(&stage.tree, "200/stat", "no stat");
	process_table_match(&stage.table, &stage.procfs, stage.config, &stage.targets, 1);
	CHECK_EQ_STR(target_of(&stage, 200), "");
	tree_stat(&stage.tree, 200, 1, "worker", 777);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "app");
}

TEST(children_follow_when_asked_to)
{
	CLEANUP(stage_deinit) struct stage stage;

	stage_init(&stage, "targets:\n"
			   "- {name: own, match: {comm: own}}\n"
			   "- {name: app, match: {comm: app}, children: true}\n"
			   "- {name: alone, match: {comm: alone}}\n");
	tree_stat(&stage.tree, 1, 0, "init", 1);
	tree_stat(&stage.tree, 200, 1, "app", 777);
	tree_stat(&stage.tree, 150, 200, "sh", 778); /* a pid may be lower than its parent's */
	tree_stat(&stage.tree, 202, 150, "worker", 779);
	tree_stat(&stage.tree, 203, 202, "own", 780);
	tree_stat(&stage.tree, 204, 203, "helper", 781);
	tree_stat(&stage.tree, 300, 1, "alone", 782);
	tree_stat(&stage.tree, 301, 300, "worker", 783);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "app");
	CHECK_EQ_STR(target_of(&stage, 150), "app");
	CHECK_EQ_STR(target_of(&stage, 202), "app");
	CHECK_EQ_STR(target_of(&stage, 203), "own");
	CHECK_EQ_STR(target_of(&stage, 204), "app");
	CHECK_EQ_STR(target_of(&stage, 301), "");
	CHECK_EQ_STR(target_of(&stage, 1), "");
}

/* Their ancestor ends, they are given to init, and call themselves something else. */
TEST(descendants_stay_when_their_ancestor_ends)
{
	CLEANUP(stage_deinit) struct stage stage;

	stage_init(&stage, "targets: [{name: app, match: {comm: app}, children: true}]");
	tree_stat(&stage.tree, 1, 0, "init", 1);
	tree_stat(&stage.tree, 200, 1, "app", 777);
	tree_stat(&stage.tree, 201, 200, "sh", 778);
	look(&stage);
	tree_remove(&stage.tree, "200");
	tree_stat(&stage.tree, 201, 1, "sh", 778);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 201), "app");
	tree_stat(&stage.tree, 201, 1, "worker", 778);
	tree_stat(&stage.tree, 202, 201, "grandchild", 779);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 201), "app");
	CHECK_EQ_STR(target_of(&stage, 202), "app");
}

/* No kernel shows one; a recorded tree might. */
TEST(a_loop_of_parents_ends)
{
	CLEANUP(stage_deinit) struct stage stage;

	stage_init(&stage, "targets: [{name: app, match: {comm: app}, children: true}]");
	tree_stat(&stage.tree, 200, 201, "a", 777);
	tree_stat(&stage.tree, 201, 200, "b", 778);
	tree_stat(&stage.tree, 202, 202, "c", 779);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "");
	CHECK_EQ_STR(target_of(&stage, 202), "");
}

TEST(rules_ask_for_exe_cmdline_and_user)
{
	CLEANUP(stage_deinit) struct stage stage;

	stage_init(&stage, "targets:\n"
			   "- {name: exe, match: {exe: /opt/bin/app}}\n"
			   "- {name: cmdline, match: {cmdline: '--name=(a|b) -v$'}}\n"
			   "- {name: user, match: {user: '33'}}\n");
	tree_stat(&stage.tree, 200, 1, "x", 1);
	tree_link(&stage.tree, "200/exe", "/opt/bin/app (deleted)");
	tree_stat(&stage.tree, 201, 1, "x", 1);
	tree_write_bytes(&stage.tree, "201/cmdline", "java\0--name=b\0-v\0", 17);
	tree_stat(&stage.tree, 202, 1, "x", 1);
	tree_write(&stage.tree, "202/status", "Name:\tx\nUid:\t0\t33\t0\t0\n");
	tree_stat(&stage.tree, 203, 1, "x", 1);
	tree_write_bytes(&stage.tree, "203/cmdline", "/opt/bin/app\0", 13);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "exe");
	CHECK_EQ_STR(target_of(&stage, 201), "cmdline");
	CHECK_EQ_STR(target_of(&stage, 202), "user");
	CHECK_EQ_STR(target_of(&stage, 203), "exe");
}

TEST(a_pid_file_may_come_after_its_process)
{
	CLEANUP(stage_deinit) struct stage stage;
	CLEANUP(tree_deinit) struct tree run;
	CLEANUP(text_deinit) struct text yaml = { 0 };

	tree_init(&run);
	text_printf(&yaml, "targets: [{name: app, match: {pid_file: %s/app.pid}}]", run.path);
	stage_init(&stage, text_string(&yaml));
	tree_stat(&stage.tree, 200, 1, "app", 777);
	tree_stat(&stage.tree, 201, 1, "app", 778);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "");
	tree_write(&run, "app.pid", "200\n");
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "app");
	CHECK_EQ_STR(target_of(&stage, 201), "");
	tree_remove(&stage.tree, "200");
	tree_write(&run, "app.pid", " 201 and more");
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 201), "app");
	tree_write(&run, "app.pid", "no number\n");
	tree_stat(&stage.tree, 202, 1, "app", 779);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 202), "");
}

static void listen_on(struct stage *stage, pid_t pid, uint16_t port)
{
	struct process *process = process_table_find(&stage->table, pid);

	REQUIRE(process != NULL);
	if (process->may_listen)
		process_match_listening(process, &stage->procfs, &stage->table, stage->config,
					&port, 1, &stage->targets, 1);
}

TEST(the_owner_of_a_port)
{
	CLEANUP(stage_deinit) struct stage stage;

	stage_init(&stage, "targets:\n"
			   "- {name: web, match: {listen: 443}, children: true}\n"
			   "- {name: admin, match: {listen: 9100, comm: b}}\n"
			   "- {name: rest, match: {comm: b}}\n");
	tree_stat(&stage.tree, 200, 1, "a", 777);
	tree_stat(&stage.tree, 201, 1, "b", 778);
	tree_stat(&stage.tree, 202, 200, "child", 779);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "");
	CHECK_EQ_STR(target_of(&stage, 201), "rest");
	listen_on(&stage, 200, 443);
	listen_on(&stage, 201, 9100);
	CHECK_EQ_STR(target_of(&stage, 200), "web");
	CHECK_EQ_STR(target_of(&stage, 201), "admin");
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "web");
	CHECK_EQ_STR(target_of(&stage, 202), "web");
}

/* In whatever order the table has them, and ports that no rule asks for do not matter. */
TEST(the_owner_of_several_ports)
{
	static const uint16_t orders[][3] = { { 8080, 443, 9999 },
					      { 9999, 8080, 443 },
					      { 443, 9999, 8080 } };

	for (size_t i = 0; i < ARRAY_LENGTH(orders); i++) {
		CLEANUP(stage_deinit) struct stage stage;

		stage_init(&stage, "targets:\n"
				   "- {name: none, match: {listen: 1}}\n"
				   "- {name: web, match: {listen: 443}}\n"
				   "- {name: admin, match: {listen: 8080}}\n"
				   "- {name: rest, match: {comm: a}}\n");
		tree_stat(&stage.tree, 200, 1, "a", 777);
		for (unsigned tick = 0; tick < 2; tick++) {
			look(&stage);
			for (size_t j = 0; j < 3; j++)
				listen_on(&stage, 200, orders[i][j]);
			CHECK_EQ_STR(target_of(&stage, 200), "web");
		}
	}
}

TEST(process_exporters_templates_make_targets)
{
	CLEANUP(stage_deinit) struct stage stage;

	stage_init(&stage, "process_names:\n"
			   "- name: '{{.Comm}}-{{.Matches.Shard}}'\n"
			   "  cmdline: ['--shard (?P<Shard>\\d+)']\n"
			   "- name: '{{.ExeBase}}'\n"
			   "  exe: [/usr/sbin/nginx]\n");
	tree_stat(&stage.tree, 200, 1, "db", 777);
	tree_write_bytes(&stage.tree, "200/cmdline", "db\0--shard\0007\0", 13);
	tree_stat(&stage.tree, 201, 1, "nginx", 778);
	tree_write_bytes(&stage.tree, "201/cmdline", "/usr/sbin/nginx\0-g\0", 19);
	tree_stat(&stage.tree, 202, 201, "worker", 779);
	tree_write_bytes(&stage.tree, "202/cmdline", "nginx: worker\0", 14);
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "db-7");
	CHECK_EQ_STR(target_of(&stage, 201), "nginx");
	CHECK_EQ_STR(target_of(&stage, 202), "nginx");
}

/* Whoever may run programs may call them so; others are matched all the same. */
TEST(a_command_line_that_takes_expressions_too_long)
{
	CLEANUP(stage_deinit) struct stage stage;
	CLEANUP(text_deinit) struct text arguments = { 0 };

	stage_init(&stage, "targets:\n"
			   "- {name: one, match: {cmdline: '[a-z]+[0-9][xy]'}}\n"
			   "- {name: two, match: {cmdline: '[a-z]+[0-9]'}}\n"
			   "- {name: app, match: {comm: app}}\n");
	while (arguments.length < 100000)
		text_append_string(&arguments, "aaaaaaaaaa");
	text_append_string(&arguments, "0");
	tree_stat(&stage.tree, 200, 1, "bad", 777);
	tree_write(&stage.tree, "200/cmdline", text_string(&arguments));
	tree_stat(&stage.tree, 201, 1, "app", 777);
	tree_write(&stage.tree, "201/cmdline", text_string(&arguments));
	tree_stat(&stage.tree, 202, 1, "good", 777);
	tree_write(&stage.tree, "202/cmdline", "a0");
	look_at(&stage, 1);
	CHECK_EQ_STR(target_of(&stage, 200), "");
	CHECK_EQ_STR(target_of(&stage, 201), "app");
	CHECK_EQ_STR(target_of(&stage, 202), "two");
	CHECK_EQ_U64(stage.table.given_up, 2);
	look_at(&stage, 2);
	CHECK_EQ_U64(stage.table.given_up, 2);
	tree_write(&stage.tree, "200/cmdline", "a0");
	look_at(&stage, 62);
	CHECK_EQ_STR(target_of(&stage, 200), "two");
	CHECK_EQ_U64(stage.table.given_up, 3);
}

/* PostgreSQL's postmaster.pid says more than the pid; the next server writes its own. */
TEST(a_long_pid_file_that_changes)
{
	static const char rest[] =
		"/var/lib/postgresql/15/main\n1700000000\n5432\n"
		"/var/run/postgresql\nlocalhost\n  5432001    32768\nready\n";
	CLEANUP(stage_deinit) struct stage stage;
	CLEANUP(tree_deinit) struct tree run;
	CLEANUP(text_deinit) struct text yaml = { 0 };

	tree_init(&run);
	text_printf(&yaml, "targets: [{name: db, match: {pid_file: %s/postmaster.pid}}]",
		    run.path);
	stage_init(&stage, text_string(&yaml));
	tree_stat(&stage.tree, 200, 1, "postgres", 777);
	tree_stat(&stage.tree, 201, 1, "postgres", 778);
	for (pid_t pid = 200; pid < 202; pid++) {
		CLEANUP(text_deinit) struct text content = { 0 };

		text_printf(&content, "%d\n%s", pid, rest);
		CHECK(content.length > 100);
		tree_write(&run, "postmaster.pid", text_string(&content));
		look(&stage);
		CHECK_EQ_STR(target_of(&stage, pid), "db");
		CHECK_EQ_STR(target_of(&stage, 401 - pid), "");
	}
}

/* A failure of ours is not its end; what was never read is not there. */
TEST(a_process_that_cannot_be_read_stays_as_it_was)
{
	CLEANUP(stage_deinit) struct stage stage;

	stage_init(&stage, "targets: [{name: app, match: {comm: app}}]");
	tree_stat(&stage.tree, 200, 1, "app", 777);
	look(&stage);
	tree_write(&stage.tree, "200/stat", "no stat");
	tree_write(&stage.tree, "300/stat", "no stat");
	CHECK_EQ_INT(process_table_read(&stage.table, &stage.procfs, 2), -EBADMSG);
	CHECK_EQ_STR(target_of(&stage, 200), "app");
	CHECK_EQ_STR(target_of(&stage, 300), NULL);
}

/* In ticks of 1/100 s: the number 200 has one owner from 1 s on, and another from 3 s on. */
TEST(who_had_a_number_at_that_time)
{
	CLEANUP(stage_deinit) struct stage stage;
	const struct process *process;

	stage_init(&stage, "targets: [{name: app, match: {comm: app}}]\n");
	tree_process(&stage.tree, 200, 1, "app", 100);
	CHECK_EQ_INT(process_table_read(&stage.table, &stage.procfs, 2), 0);
	CHECK(process_table_find_at(&stage.table, 200, 1, 100) != NULL);
	/* Start times are rounded down, and events have another clock. */
	CHECK(process_table_find_at(&stage.table, 200, 0.99, 100) != NULL);
	CHECK(process_table_find_at(&stage.table, 200, 0.9, 100) == NULL);
	CHECK(process_table_find_at(&stage.table, 201, 2, 100) == NULL);
	tree_process(&stage.tree, 200, 1, "next", 300);
	CHECK_EQ_INT(process_table_read(&stage.table, &stage.procfs, 4), 0);
	process = process_table_find_at(&stage.table, 200, 2, 100);
	REQUIRE(process != NULL);
	CHECK_EQ_STR(process->stat.comm, "app");
	process = process_table_find_at(&stage.table, 200, 3.5, 100);
	REQUIRE(process != NULL);
	CHECK_EQ_STR(process->stat.comm, "next");
	tree_remove(&stage.tree, "200");
	CHECK_EQ_INT(process_table_read(&stage.table, &stage.procfs, 6), 0);
	process = process_table_find_at(&stage.table, 200, 5, 100);
	REQUIRE(process != NULL);
	CHECK_EQ_STR(process->stat.comm, "next");
	CHECK(process_table_find_at(&stage.table, 200, 2, 100) == NULL);
	CHECK_EQ_INT(process_table_read(&stage.table, &stage.procfs, 8), 0);
	CHECK(process_table_find_at(&stage.table, 200, 5, 100) == NULL);
}

/* What the rules of before said is forgotten; when it was first seen is not. */
TEST(another_configuration_matches_anew)
{
	static const char rules[] = "targets: [{name: app, match: {comm: app}}]\n";
	CLEANUP(stage_deinit) struct stage stage;
	CLEANUP(stage_deinit) struct stage next;
	const struct process *process;

	stage_init(&stage, rules);
	stage_init(&next, rules);
	tree_process(&stage.tree, 200, 1, "app", 100);
	CHECK_EQ_INT(process_table_read(&stage.table, &stage.procfs, 2), 0);
	process_table_match(&stage.table, &stage.procfs, stage.config, &stage.targets, 2);
	REQUIRE(stage.table.count == 1);
	CHECK(stage.table.items[0].target != NULL);
	stage.table.items[0].netns = 77;
	process_table_inherit(&next.table, &stage.table);
	process = process_table_find(&next.table, 200);
	REQUIRE(process != NULL);
	CHECK(!process->target && !process->rule && process->fresh);
	CHECK_EQ_DBL(process->first_seen, 2);
	CHECK_EQ_U64(process->netns, 77);
	CHECK_EQ_INT(process_table_read(&next.table, &stage.procfs, 4), 0);
	process_table_match(&next.table, &stage.procfs, next.config, &next.targets, 4);
	process = process_table_find(&next.table, 200);
	REQUIRE(process != NULL);
	CHECK(process->target == target_table_find(&next.targets, "app"));
}

TEST_MAIN()
