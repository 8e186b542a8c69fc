/* Rules about containers, units and cgroups, and processes that are moved. */
#include "source/process.h"

#include "stage.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

TEST(rules_ask_for_units_cgroups_and_containers)
{
	CLEANUP(stage_deinit) struct stage stage;

	stage_init(&stage, "targets:\n"
			   "- {name: unit, match: {unit: web}}\n"
			   "- {name: id, match: {container: 0123456789ab}}\n"
			   "- {name: lxc, match: {container: mail}}\n"
			   "- {name: cgroup, match: {cgroup: /user.slice/**}}\n");
	for (pid_t pid = 200; pid < 205; pid++)
		tree_stat(&stage.tree, pid, 1, "x", 1);
	tree_write(&stage.tree, "200/cgroup", "0::/system.slice/web.service\n");
	tree_write(&stage.tree, "201/cgroup", "0::/system.slice/docker-" ID ".scope\n");
	tree_write(&stage.tree, "202/cgroup", "0::/lxc.payload.mail-1/web.service\n");
	tree_write(&stage.tree, "203/cgroup", "0::/user.slice/user-0.slice/session-1.scope\n");
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "unit");
	CHECK_EQ_STR(target_of(&stage, 201), "id");
	CHECK_EQ_STR(target_of(&stage, 202), "lxc");
	CHECK_EQ_STR(target_of(&stage, 203), "cgroup");
	CHECK_EQ_STR(target_of(&stage, 204), "");
}

/* The name of a container may come after its process, which needs no other reason to be due. */
TEST(a_container_gets_its_name_later)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(stage_deinit) struct stage stage;
	struct container_table *containers = container_table_new();

	stage_init(&stage, "targets: [{name: shop, match: {container: web-}}]");
	REQUIRE(!container_table_open(containers, stage.tree.path, &err));
	stage.table.containers = containers;
	tree_stat(&stage.tree, 200, 1, "x", 1);
	tree_write(&stage.tree, "200/cgroup", "0::/kubepods.slice/crio-" ID ".scope\n");
	look_at(&stage, 100);
	CHECK_EQ_STR(target_of(&stage, 200), "");
	tree_link(&stage.tree, "var/log/containers/web-1_shop_app-" ID ".log", "nowhere");
	look_at(&stage, 105);
	CHECK_EQ_STR(target_of(&stage, 200), "shop");
	container_table_free(containers);
}

/* As by systemd-run or docker exec; each look in the first minute, then each minute. */
TEST(a_process_may_be_moved_to_another_cgroup)
{
	CLEANUP(stage_deinit) struct stage stage;

	stage_init(&stage, "targets:\n"
			   "- {name: a, match: {unit: a}}\n"
			   "- {name: b, match: {unit: b}}\n");
	tree_stat(&stage.tree, 200, 1, "x", 1);
	tree_write(&stage.tree, "200/cgroup", "0::/system.slice/a.service\n");
	look_at(&stage, 100);
	CHECK_EQ_STR(target_of(&stage, 200), "a");
	tree_write(&stage.tree, "200/cgroup", "0::/system.slice/b.service\n");
	look_at(&stage, 105);
	CHECK_EQ_STR(target_of(&stage, 200), "b");
	look_at(&stage, 161);
	look_at(&stage, 165);
	tree_write(&stage.tree, "200/cgroup", "0::/system.slice/c.service\n");
	look_at(&stage, 170);
	CHECK_EQ_STR(target_of(&stage, 200), "b");
	look_at(&stage, 230);
	CHECK_EQ_STR(target_of(&stage, 200), "");
}

/* What the number's new owner is in says nothing about the one that was listed. */
TEST(a_cgroup_is_of_this_very_process)
{
	CLEANUP(stage_deinit) struct stage stage;

	stage_init(&stage, "targets: [{name: a, match: {unit: a}}]");
	tree_stat(&stage.tree, 200, 1, "x", 777);
	tree_write(&stage.tree, "200/cgroup", "0::/\n");
	CHECK_EQ_INT(process_table_read(&stage.table, &stage.procfs, 1), 0);
	tree_stat(&stage.tree, 200, 1, "x", 778);
	tree_write(&stage.tree, "200/cgroup", "0::/system.slice/a.service\n");
	process_table_match(&stage.table, &stage.procfs, stage.config, &stage.targets, 1);
	CHECK_EQ_STR(target_of(&stage, 200), "");
	look(&stage);
	CHECK_EQ_STR(target_of(&stage, 200), "a");
}

TEST_MAIN()
