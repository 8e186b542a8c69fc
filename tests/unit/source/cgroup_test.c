#include "source/cgroup.h"

#include "test.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void check(const char *cgroups, const char *expected)
{
	CLEANUP(text_deinit) struct text name = { 0 };
	bool found;

	text_append_string(&name, "of the one before");
	found = cgroup_parse_name(bytes_from_string(cgroups), &name);
	CHECK_EQ_INT(found, *expected != '\0');
	CHECK_EQ_STR(text_string(&name), expected);
}

TEST(systemd_services)
{
	check("0::/system.slice/nginx.service\n", "nginx.service");
	check("0::/system.slice/system-postgresql.slice/postgresql@15-main.service\n",
	      "postgresql@15-main.service");
	check("0::/system.slice/nginx.service/worker\n", "nginx.service");
	check("0::/user.slice/user-1000.slice/user@1000.service/app.slice/backup.service\n",
	      "backup.service");
}

TEST(containers)
{
	check("0::/system.slice/docker-" ID ".scope\n", "0123456789ab");
	check("0::/docker/" ID "\n", "0123456789ab");
	check("0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/"
	      "cri-containerd-" ID ".scope\n",
	      "0123456789ab");
	check("0::/kubepods/burstable/pod0-1-2/" ID "\n", "0123456789ab");
	check("0::/machine.slice/libpod-" ID ".scope/container\n", "0123456789ab");
	check("0::/../../" ID, "0123456789ab");
}

TEST(a_container_wins_over_the_services_around_and_in_it)
{
	check("0::/system.slice/docker.service/docker/" ID "\n", "0123456789ab");
	check("0::/docker/" ID "/system.slice/nginx.service\n", "0123456789ab");
	check("0::/docker/" OTHER "/docker/" ID "\n", "0123456789ab");
}

TEST(version_1)
{
	check("12:pids:/docker/" ID "\n11:cpu,cpuacct:/docker/" ID
	      "\n1:name=systemd:/docker/" ID "\n0::/system.slice/containerd.service\n",
	      "0123456789ab");
	check("4:memory:/system.slice/cron.service\n"
	      "1:name=systemd:/system.slice/cron.service\n",
	      "cron.service");
}

TEST(neither)
{
	check("", "");
	check("\n", "");
	check("0::/\n", "");
	check("0::/user.slice/user-1000.slice/session-4.scope\n", "");
	check("0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope\n", "");
	check("0::/init.scope\n", "");
	check("no colons /system.slice/nginx.service\n", "");
	check("0::/.service\n", "");
	/* One digit too few, too many, or none. */
	check("0::/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n",
	      "");
	check("0::/docker/" ID "0\n", "");
	check("0::/docker/X123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
	      "");
}

TEST_MAIN()
