/* The oldest process of a target, in a tree and for real. */
#include "source/standpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "scene.h"

#define APP "targets: [{name: app, match: {comm: app}}]\n"

static void add_places(const struct scene *scene, pid_t pid)
{
	tree_link_pid(&scene->tree, pid, "ns/net", "../stat");
	tree_write_pid(&scene->tree, pid, "ns/mnt", "");
	tree_write_pid(&scene->tree, pid, "root/etc/hosts", "");
}

/* The pid of a target's standpoint; 0: it has none, or -errno. */
static int pid_of(const struct scene *scene, const char *target)
{
	struct standpoint standpoint;
	int r = standpoint_open(&scene->sources, target, &standpoint);

	if (r)
		return r == PID_GONE ? 0 : r;
	standpoint_close(&standpoint);
	return standpoint.pid;
}

TEST(the_oldest_one)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	CHECK_EQ_INT(pid_of(&scene, "app"), 0);
	tree_process(&scene.tree, 300, 1, "app", 700);
	tree_process(&scene.tree, 200, 1, "app", 800);
	tree_process(&scene.tree, 100, 1, "other", 600);
	for (pid_t pid = 100; pid <= 300; pid += 100)
		add_places(&scene, pid);
	scene_look(&scene, 10);
	CHECK_EQ_INT(pid_of(&scene, "app"), 300);
	CHECK_EQ_INT(pid_of(&scene, "other"), 0);
	CHECK_EQ_INT(pid_of(&scene, "nobody"), 0);
	/* Another one has its number since. */
	tree_stat(&scene.tree, 300, 1, "app", 900);
	CHECK_EQ_INT(pid_of(&scene, "app"), 0);
	scene_look(&scene, 15);
	CHECK_EQ_INT(pid_of(&scene, "app"), 200);
}

TEST(a_process_that_is_about_to_end)
{
	CLEANUP(scene_deinit) struct scene scene;

	scene_init(&scene, APP);
	tree_process(&scene.tree, 100, 1, "app", 500);
	scene_look(&scene, 10);
	CHECK_EQ_INT(pid_of(&scene, "app"), 0);
	add_places(&scene, 100);
	CHECK_EQ_INT(pid_of(&scene, "app"), 100);
	tree_remove(&scene.tree, "100/root");
	CHECK_EQ_INT(pid_of(&scene, "app"), 0);
}

/* A process of ours that changes its root when it is told to. */
struct child {
	pid_t pid;
	int pipe[2];
};

static void child_init(struct child *child)
{
	char c;

	tree_require(!pipe(child->pipe), "pipe");
	child->pid = fork();
	if (child->pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "standpoint");
	if (read(child->pipe[0], &c, 1) != 1 || chroot("/proc/self/fd") < 0)
		_exit(1);
	pause();
}

static void child_deinit(struct child *child)
{
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	close(child->pipe[0]);
	close(child->pipe[1]);
}

static struct sources *watch_child(const struct child *child, struct config **ret_config)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text yaml = { 0 };
	static struct sources sources;

	text_printf(&yaml, "targets: [{name: child, match: {pid: %d}}]\n", (int)child->pid);
	tree_require(!config_parse("test.yml", bytes_from_string(text_string(&yaml)),
				   ret_config, &err) &&
			     !sources_init(&sources, *ret_config, "/proc", NULL, &err),
		     "sources");
	return &sources;
}

static void look_at(struct sources *sources)
{
	struct snapshot *snapshot = snapshot_new(0, 1);

	sources_collect(sources, snapshot);
	snapshot_free(snapshot);
}

TEST(a_real_one)
{
	CLEANUP(child_deinit) struct child child;
	struct standpoint first, second;
	struct sources *sources;
	struct config *config;

	child_init(&child);
	sources = watch_child(&child, &config);
	look_at(sources);
	CHECK_EQ_INT(standpoint_open(sources, "child", &first), 0);
	CHECK_EQ_INT(standpoint_open(sources, "child", &second), 0);
	CHECK(standpoint_equal(&first, &second));
	CHECK_EQ_U64(first.netns_inode, sources->namespaces.own);
	CHECK(fcntl(first.netns, F_GETFD) >= 0 && fcntl(first.root, F_GETFD) >= 0);
	standpoint_close(&first);
	standpoint_close(&second);
	CHECK(fcntl(first.netns, F_GETFD) < 0 && fcntl(second.root, F_GETFD) < 0);
	kill(child.pid, SIGKILL);
	waitpid(child.pid, NULL, 0);
	CHECK_EQ_INT(standpoint_open(sources, "child", &second), PID_GONE);
	sources_deinit(sources);
	config_free(config);
}

TEST(another_root_is_another_standpoint)
{
	CLEANUP(child_deinit) struct child child;
	struct standpoint first, second;
	struct sources *sources;
	struct config *config;

	if (geteuid())
		TEST_SKIP("needs CAP_SYS_CHROOT");
	child_init(&child);
	sources = watch_child(&child, &config);
	look_at(sources);
	REQUIRE(!standpoint_open(sources, "child", &first));
	REQUIRE(write(child.pipe[1], "x", 1) == 1);
	do {
		REQUIRE(!standpoint_open(sources, "child", &second));
		standpoint_close(&second);
	} while (standpoint_equal(&first, &second));
	CHECK(first.root_inode != second.root_inode || first.root_device != second.root_device);
	standpoint_close(&first);
	sources_deinit(sources);
	config_free(config);
}

TEST_MAIN()
