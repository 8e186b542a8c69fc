#include "source/cgroup.h"

#include "test.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define UID "6f7a1c52-9d3e-4b8f-a0c1-2e3d4f5a6b7c"
#define UNDERSCORED "6f7a1c52_9d3e_4b8f_a0c1_2e3d4f5a6b7c"
#define BARE "6f7a1c529d3e4b8fa0c12e3d4f5a6b7c"

static void check_bytes(const char *cgroups, const char *what, struct bytes actual,
			const char *expected)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	text_append(&text, actual.data, actual.length);
	CHECK_EQ_STR(text_string(&text), expected);
	if (strcmp(text_string(&text), expected) != 0)
		printf("# that is the %s of %s\n", what, cgroups);
}

static void check_name(const char *cgroups, const char *expected)
{
	CLEANUP(text_deinit) struct text name = { 0 };
	bool found;

	text_append_string(&name, "of the one before");
	found = cgroup_parse_name(bytes_from_string(cgroups), &name);
	CHECK_EQ_INT(found, *expected != '\0');
	check_bytes(cgroups, "name", (struct bytes){ text_string(&name), name.length },
		    expected);
}

static void check_container(const char *cgroups, const char *id, const char *pod)
{
	struct cgroup cgroup;

	cgroup_parse(bytes_from_string(cgroups), &cgroup);
	check_bytes(cgroups, "id", cgroup.container, id);
	check_bytes(cgroups, "pod", cgroup.pod, pod);
}

static void check_path(const char *cgroups, const char *path)
{
	struct cgroup cgroup;

	cgroup_parse(bytes_from_string(cgroups), &cgroup);
	check_bytes(cgroups, "path", cgroup.path, path);
}

static bool is_in(const char *cgroups, const char *unit)
{
	struct cgroup cgroup;

	cgroup_parse(bytes_from_string(cgroups), &cgroup);
	return cgroup_is_in_unit(&cgroup, unit);
}

TEST(systemd_services)
{
	check_name("0::/system.slice/nginx.service\n", "nginx.service");
	check_name("0::/system.slice/system-postgresql.slice/postgresql@15-main.service\n",
		   "postgresql@15-main.service");
	check_name("0::/system.slice/nginx.service/worker\n", "nginx.service");
	check_name("0::/user.slice/user-1000.slice/user@1000.service/app.slice/"
		   "backup.service\n",
		   "backup.service");
	check_name("0::/system.slice/nginx.service (deleted)\n", "nginx.service");
}

TEST(containers)
{
	check_name("0::/system.slice/docker-" ID ".scope\n", "0123456789ab");
	check_name("0::/docker/" ID "\n", "0123456789ab");
	check_container("0::/system.slice/docker-" ID ".scope", ID, "");
	check_container("0::/system.slice/docker-" ID ".scope/init.scope", ID, "");
	check_container("0::/docker/" ID, ID, "");
	check_container("0::/system.slice/docker-" ID ".scope (deleted)", ID, "");
	check_container("0::/ecs/0123456789abcdef0123456789abcdef/" ID, ID, "");
	check_container("0::/user.slice/user-1000.slice/user@1000.service/app.slice/"
			"docker.service/docker/" ID,
			ID, "");
	check_container("0::/user.slice/user-1000.slice/user@1000.service/user.slice/"
			"nerdctl-" ID ".scope",
			ID, "");
	check_container("0::/machine.slice/libpod-" ID ".scope/container", ID, "");
	check_container("0::/libpod_parent/libpod-" ID, ID, "");
	check_container("0::/user.slice/user-1000.slice/user@1000.service/user.slice/"
			"libpod-" ID ".scope/container",
			ID, "");
	check_container("0::/system.slice/shop.service/libpod-payload-" ID, ID, "");
	check_container("0::/machine.slice/machine-libpod_pod_" OTHER ".slice/libpod-" ID
			".scope",
			ID, "");
}

TEST(pods)
{
	check_container("0::/kubepods/burstable/pod" UID "/" ID, ID, UID);
	check_container("0::/kubepods/besteffort/pod" UID "/crio-" ID, ID, UID);
	check_container("0::/kubepods.slice/kubepods-burstable.slice/"
			"kubepods-burstable-pod" UNDERSCORED ".slice/cri-containerd-" ID
			".scope",
			ID, UNDERSCORED);
	check_container("0::/kubepods.slice/kubepods-pod" UNDERSCORED ".slice/crio-" ID
			".scope/container",
			ID, UNDERSCORED);
	check_container(
		"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" BARE
		".slice/cri-containerd-" ID ".scope",
		ID, BARE);
	check_container(
		"0::/system.slice/containerd.service/kubepods-besteffort-pod" UNDERSCORED
		".slice:cri-containerd:" ID,
		ID, UNDERSCORED);
	/* kind: a node is a container itself */
	check_container("0::/system.slice/docker-" OTHER ".scope/kubelet.slice/"
			"kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
			"kubelet-kubepods-besteffort-pod" UNDERSCORED
			".slice/cri-containerd-" ID ".scope",
			ID, UNDERSCORED);
	check_container("0::/kubepods/pod" UID, "", UID);
	check_container("0::/kubepods/podium/pod" UID "0/pod0-1-2/" ID, ID, "");
	check_container("0::/kubepods/pod6f7a1c52-9d3e-4b8f-a0c1-2e3d4f5a6b7x", "", "");
	check_container("0::/kubepods/pod6f7a1c5209d3e-4b8f-a0c1-2e3d4f5a6b7c", "", "");
}

/* Their monitor is on the host, in its namespaces. */
TEST(a_monitor_is_no_container)
{
	check_container("0::/machine.slice/libpod-conmon-" ID ".scope", "", "");
	check_container("0::/system.slice/crio-conmon-" ID ".scope", "", "");
	check_container("0::/system.slice/conmon-" ID ".scope", "", "");
	check_container("0::/kubepods/besteffort/pod" UID "/crio-conmon-" ID, "", UID);
	check_name("0::/lxc.monitor.web\n", "");
}

TEST(the_innermost_container_wins)
{
	check_name("0::/system.slice/docker.service/docker/" ID "\n", "0123456789ab");
	check_name("0::/docker/" ID "/system.slice/nginx.service\n", "0123456789ab");
	check_name("0::/docker/" OTHER "/docker/" ID "\n", "0123456789ab");
	check_name("0::/lxc.payload.web/system.slice/docker-" ID ".scope\n", "0123456789ab");
	check_name("0::/docker/" ID "/lxc.payload.web\n", "web");
	check_container("0::/kubepods/pod" UID "/" OTHER "/docker/" ID, ID, UID);
}

TEST(containers_of_lxc)
{
	check_name("0::/lxc.payload.web/system.slice/nginx.service\n", "web");
	check_name("0::/lxc/101/ns/system.slice/nginx.service\n", "101");
	check_name("0::/lxc.payload.\n", "");
	check_name("0::/lxc\n", "");
}

TEST(containers_of_systemd)
{
	check_name("0::/machine.slice/systemd-nspawn@web.service/payload/system.slice/"
		   "nginx.service\n",
		   "systemd-nspawn@web.service");
	check_name("0::/machine.slice/machine-web.scope/payload/system.slice/nginx.service\n",
		   "");
	check_name("0::/system.slice/shop.service/payload/a.service\n", "a.service");
}

TEST(version_1)
{
	static const char docker[] = "12:pids:/docker/" ID "\n11:cpu,cpuacct:/docker/" ID
				     "\n1:name=systemd:/docker/" ID
				     "\n0::/system.slice/containerd.service\n";

	check_name(docker, "0123456789ab");
	check_path(docker, "/docker/" ID);
	check_name("4:memory:/system.slice/cron.service\n"
		   "1:name=systemd:/system.slice/cron.service\n",
		   "cron.service");
}

/* Which line counts, whatever their order. */
TEST(the_most_telling_hierarchy)
{
	check_path("0::/v2\n", "/v2");
	check_path("2:memory:/m\n1:name=systemd:/s\n0::/v2\n", "/v2");
	check_path("0::/v2\n1:name=systemd:/s\n", "/v2");
	check_path("2:memory:/m\n1:name=systemd:/s\n0::/\n", "/s");
	check_path("3:pids:/p\n2:net_cls,memory:/m\n0::/\n", "/m");
	check_path("3:cpu,cpuacct:/c\n2:pids:/p\n", "/p");
	check_path("1:net_cls:/excluded\n0::/v2\n", "/v2");
	check_path("1:net_cls:/excluded\n0::/\n", "/excluded");
	check_path("1:name=systemd:/\n0::/\n", "/");
	check_path("1:name=systemd:/system.slice/docker.service\n2:devices:/docker/" ID "\n",
		   "/docker/" ID);
	check_path("5:memoryx:/m\n4:pids:/p\n", "/p");
	check_path("0::/a:b:c\n", "/a:b:c");
	check_path("0::/gone (deleted)\n", "/gone");
	check_path("0::relative\n", "");
}

/* From inside of a cgroup namespace. */
TEST(relative_to_a_namespace)
{
	check_container("0::/../docker-" ID ".scope", ID, "");
	check_container("0::/../../" ID, ID, "");
	check_container("0::/../../kubepods-pod" UNDERSCORED ".slice/crio-" ID ".scope", ID,
			UNDERSCORED);
	check_name("0::/../nginx.service\n", "nginx.service");
	check_name("0::/..\n", "");
	CHECK(is_in("0::/../nginx.service\n", "nginx.service"));
}

TEST(neither)
{
	check_name("", "");
	check_name("\n", "");
	check_name("0::/\n", "");
	check_name("0::/user.slice/user-1000.slice/session-4.scope\n", "");
	check_name("0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope\n",
		   "");
	check_name("0::/init.scope\n", "");
	check_name("no colons /system.slice/nginx.service\n", "");
	check_name("0::/.service\n", "");
	/* One digit too few, too many, or none. */
	check_name("0::/docker/"
		   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n",
		   "");
	check_name("0::/docker/" ID "0\n", "");
	check_name("0::/docker/0" ID "\n", "");
	check_name("0::/docker/"
		   "X123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
		   "");
}

/* As `systemctl status` lists them. */
TEST(units)
{
	static const char user[] =
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/backup.service\n";

	CHECK(is_in("0::/system.slice/nginx.service/worker\n", "nginx.service"));
	CHECK(is_in("0::/system.slice/nginx.service\n", "system.slice"));
	CHECK(is_in("0::/system.slice/pg@15.service\n", "pg@*.service"));
	CHECK(!is_in("0::/system.slice/nginx.service\n", "nginx"));
	CHECK(!is_in("0::/system.slice/nginx.service\n", "inx.service"));
	CHECK(!is_in("0::/system.slice/nginx.service2\n", "nginx.service"));
	CHECK(is_in(user, "backup.service"));
	CHECK(is_in(user, "user@1000.service"));
	CHECK(is_in("0::/machine-a\\x2db.scope/payload\n", "machine-a\\x2db.scope"));
	CHECK(!is_in("", "nginx.service"));
	CHECK(!is_in("", "*.service"));
}

/* The nginx of a container is not the host's. */
TEST(units_inside_of_a_container)
{
	CHECK(is_in("0::/system.slice/docker-" ID ".scope/a.service\n", "docker-" ID ".scope"));
	CHECK(!is_in("0::/system.slice/docker-" ID ".scope/system.slice/nginx.service\n",
		     "nginx.service"));
	CHECK(!is_in("0::/lxc.payload.web/system.slice/nginx.service\n", "nginx.service"));
	CHECK(!is_in("0::/lxc/101/nginx.service/docker/" ID "\n", "nginx.service"));
	CHECK(!is_in("0::/machine.slice/machine-web.scope/payload/nginx.service\n",
		     "nginx.service"));
	CHECK(is_in("0::/machine.slice/systemd-nspawn@web.service/payload/nginx.service\n",
		    "systemd-nspawn@web.service"));
	CHECK(is_in("0::/system.slice/shop.service/libpod-payload-" ID "\n", "shop.service"));
}

TEST(references)
{
	CHECK(cgroup_is_reference("0123456789ab"));
	CHECK(cgroup_is_reference(ID));
	CHECK(cgroup_is_reference(UID));
	CHECK(cgroup_is_reference(BARE));
	CHECK(!cgroup_is_reference("0123456789a"));
	CHECK(!cgroup_is_reference("0123456789AB"));
	CHECK(!cgroup_is_reference("facade"));
	CHECK(!cgroup_is_reference("checkout-0123"));
	CHECK(!cgroup_is_reference(ID "0"));
}

static bool refers(const char *cgroups, const char *text)
{
	struct cgroup cgroup;

	cgroup_parse(bytes_from_string(cgroups), &cgroup);
	return cgroup_has_reference(&cgroup, text);
}

TEST(what_they_refer_to)
{
	static const char pod[] = "0::/kubepods.slice/kubepods-pod" UNDERSCORED
				  ".slice/crio-" ID ".scope\n";

	CHECK(refers(pod, "0123456789ab"));
	CHECK(refers(pod, ID));
	CHECK(refers(pod, UID));
	CHECK(refers(pod, UNDERSCORED));
	CHECK(!refers(pod, BARE));
	CHECK(!refers(pod, OTHER));
	CHECK(!refers(pod, "0123456789ac"));
	CHECK(!refers(pod, "0123"));
	CHECK(!refers("0::/\n", "0123456789ab"));
	CHECK(!refers("", UID));
	CHECK(refers("0::/kubepods/pod" BARE "/" ID, BARE));
}

TEST_MAIN()
