/*
 * A line is "number:controllers:path" (cgroups(7)); the path may hold colons. Version 2 has
 * one, with number 0 and no controllers; version 1 one a hierarchy. A line that tells of a
 * container is better than any other: runc leaves that of version 2 as it finds it, at the
 * service of containerd, when it works with version 1. Then version 2 and systemd's own
 * hierarchy ("name=systemd"), which say the same where there are both; then those that services
 * and containers are limited by. The rest comes last: programs use net_cls, on hosts of version
 * 2 as well, to mark traffic. A hierarchy that nobody uses has everything in "/".
 *
 * Containers are components of the path that end in 64 hexadecimal digits (the runtimes'
 * sources; "Cgroup drivers" of the Kubernetes documentation):
 *	/docker/<id>					docker, cgroupfs; also below /ecs/<task>
 *	/system.slice/docker-<id>.scope			docker, systemd
 *	/kubepods/burstable/pod<uid>/<id>		kubernetes, cgroupfs; also crio-<id>
 *	/kubepods.slice/…/kubepods-…-pod<uid>.slice/cri-containerd-<id>.scope
 *							the same, systemd; also crio-<id>.scope
 *	/…/kubepods-…-pod<uid>.slice:cri-containerd:<id>
 *							kubelet with systemd, containerd without
 *	/machine.slice/libpod-<id>.scope/container	podman
 *	/system.slice/web.service/libpod-payload-<id>	podman --cgroups=split
 * A pod's uid has underscores in the name of a slice, where a dash means a level
 * (systemd.slice(5)); that of a static pod is 32 digits without any.
 *
 * "libpod-conmon-<id>.scope" and "crio-conmon-<id>.scope" hold the monitor of a container,
 * which lives in the host's namespaces, and are none.
 *
 * LXC calls its containers by name: /lxc.payload.<name>, before version 4 and on Proxmox
 * /lxc/<name>. systemd-nspawn's are units of the host's systemd, systemd-nspawn@<name>.service
 * or machine-<name>.scope, and run below "payload" in there.
 *
 * A path begins with "/.." once for each level that it leaves the exporter's cgroup namespace
 * by (cgroup_namespaces(7)). " (deleted)" stands behind that of a process whose cgroup was
 * removed (proc_cgroup_show() in kernel/cgroup/cgroup.c); a newline is never in it
 * (cgroup_mkdir()).
 */
#include "source/cgroup.h"

#include <fnmatch.h>
#include <limits.h>
#include <string.h>

#define SHORT_ID_LENGTH ((size_t)12)
#define UID_LENGTH ((size_t)36)
#define BARE_UID_LENGTH ((size_t)32)

static bool is_hexadecimal(struct bytes bytes)
{
	for (size_t i = 0; i < bytes.length; i++) {
		if (!memchr("0123456789abcdef", bytes.data[i], 16))
			return false;
	}
	return true;
}

bool cgroup_is_id(struct bytes bytes)
{
	return bytes.length == CGROUP_ID_LENGTH && is_hexadecimal(bytes);
}

/* 8-4-4-4-12 digits (RFC 9562), or 32 */
static bool is_uid(struct bytes bytes)
{
	static const size_t ends[] = { 8, 13, 18, 23, UID_LENGTH };
	size_t start = 0;

	if (bytes.length == BARE_UID_LENGTH)
		return is_hexadecimal(bytes);
	if (bytes.length != UID_LENGTH)
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
		struct bytes digits = { bytes.data + start, ends[i] - start };

		if (!is_hexadecimal(digits) ||
		    (ends[i] < UID_LENGTH && !memchr("-_", bytes.data[ends[i]], 2)))
			return false;
		start = ends[i] + 1;
	}
	return true;
}

static bool ends_with(struct bytes bytes, const char *suffix)
{
	size_t length = strlen(suffix);

	return bytes.length >= length &&
	       !memcmp(bytes.data + bytes.length - length, suffix, length);
}

static struct bytes without(struct bytes bytes, const char *suffix)
{
	if (ends_with(bytes, suffix))
		bytes.length -= strlen(suffix);
	return bytes;
}

/* "docker-<id>.scope" → "<id>" */
static bool find_id(struct bytes component, struct bytes *ret_id)
{
	struct bytes kind = without(component, ".scope"), id;

	if (kind.length < CGROUP_ID_LENGTH)
		return false;
	kind.length -= CGROUP_ID_LENGTH;
	id = (struct bytes){ kind.data + kind.length, CGROUP_ID_LENGTH };
	if (!cgroup_is_id(id))
		return false;
	if (kind.length && !ends_with(kind, "-") && !ends_with(kind, ":"))
		return false;
	if (ends_with(kind, "conmon-"))
		return false;
	*ret_id = id;
	return true;
}

/* "kubepods-burstable-pod<uid>.slice" → "<uid>" */
static bool find_pod(struct bytes component, struct bytes *ret_pod)
{
	static const char mark[] = "pod";
	struct bytes slice;

	if (!bytes_take_until(&component, ':', &slice))
		slice = component;
	slice = without(slice, ".slice");
	for (size_t i = 0; i + sizeof(mark) - 1 <= slice.length; i++) {
		struct bytes uid = { slice.data + i + sizeof(mark) - 1,
				     slice.length - i - (sizeof(mark) - 1) };

		if (memcmp(slice.data + i, mark, sizeof(mark) - 1) != 0 ||
		    (i && slice.data[i - 1] != '-') || !is_uid(uid))
			continue;
		*ret_pod = uid;
		return true;
	}
	return false;
}

static bool find_lxc(struct bytes component, struct bytes before, struct bytes *ret_name)
{
	static const char payload[] = "lxc.payload.";

	if (bytes_equal(before, "lxc") && component.length) {
		*ret_name = component;
		return true;
	}
	if (!bytes_starts_with(component, payload) || component.length == sizeof(payload) - 1)
		return false;
	ret_name->data = component.data + (sizeof(payload) - 1);
	ret_name->length = component.length - (sizeof(payload) - 1);
	return true;
}

static bool is_machine(struct bytes component, struct bytes before)
{
	return bytes_equal(component, "payload") &&
	       (bytes_starts_with(before, "systemd-nspawn@") ||
		bytes_starts_with(before, "machine-"));
}

/* A user's service manager is not the service: what it runs is. */
static bool is_service(struct bytes component)
{
	static const char suffix[] = ".service";

	return component.length > sizeof(suffix) - 1 && ends_with(component, suffix) &&
	       !bytes_starts_with(component, "user@");
}

static bool take_component(struct bytes *path, struct bytes *ret_component)
{
	if (!path->length)
		return false;
	if (bytes_take_until(path, '/', ret_component))
		return true;
	*ret_component = *path;
	path->length = 0;
	return true;
}

/* Whether what is below this component is a container's. */
static bool enter_container(struct cgroup *cgroup, struct bytes component, struct bytes before)
{
	struct bytes found;

	if (find_id(component, &found)) {
		cgroup->container = found;
		cgroup->container_name.length = 0;
		return true;
	}
	if (find_lxc(component, before, &found)) {
		cgroup->container_name = found;
		cgroup->container.length = 0;
		return true;
	}
	return is_machine(component, before);
}

/* The innermost container, and the units around the outermost one. */
static struct cgroup parse_path(struct bytes path)
{
	struct cgroup cgroup = { .path = path, .host_path = path };
	struct bytes rest = path, component, before = { 0 }, pod;
	bool inside = false;

	while (take_component(&rest, &component)) {
		if (find_pod(component, &pod))
			cgroup.pod = pod;
		if (!inside && is_service(component))
			cgroup.service = component;
		if (enter_container(&cgroup, component, before) && !inside) {
			inside = true;
			cgroup.host_path.length =
				(size_t)(component.data + component.length - path.data);
		}
		before = component;
	}
	return cgroup;
}

static bool has_controller(struct bytes controllers, const char *wanted)
{
	struct bytes name;

	while (bytes_take_until(&controllers, ',', &name)) {
		if (bytes_equal(name, wanted))
			return true;
	}
	return bytes_equal(controllers, wanted);
}

/* How little a hierarchy tells. */
static unsigned rank_hierarchy(struct bytes number, struct bytes controllers)
{
	if (bytes_equal(number, "0"))
		return 0;
	if (bytes_equal(controllers, "name=systemd"))
		return 1;
	if (has_controller(controllers, "memory"))
		return 2;
	return has_controller(controllers, "pids") ? 3 : 4;
}

static bool is_container(const struct cgroup *cgroup)
{
	return cgroup->container.length || cgroup->container_name.length;
}

/* What tells of a container is better than what does not, and the root says nothing. */
static unsigned rank_path(const struct cgroup *cgroup)
{
	if (is_container(cgroup))
		return 0;
	return bytes_equal(cgroup->path, "/") ? 20 : 10;
}

void cgroup_parse(struct bytes cgroups, struct cgroup *ret_cgroup)
{
	struct bytes line, number, controllers;
	unsigned best = UINT_MAX;

	*ret_cgroup = (struct cgroup){ 0 };
	while (bytes_take_line(&cgroups, &line)) {
		struct cgroup cgroup;
		unsigned rank;

		if (!bytes_take_until(&line, ':', &number) ||
		    !bytes_take_until(&line, ':', &controllers) ||
		    !bytes_starts_with(line, "/"))
			continue;
		cgroup = parse_path(without(line, " (deleted)"));
		rank = rank_path(&cgroup) + rank_hierarchy(number, controllers);
		if (rank >= best)
			continue;
		best = rank;
		*ret_cgroup = cgroup;
	}
}

bool cgroup_is_reference(const char *text)
{
	struct bytes bytes = bytes_from_string(text);

	return is_uid(bytes) || (bytes.length >= SHORT_ID_LENGTH &&
				 bytes.length <= CGROUP_ID_LENGTH && is_hexadecimal(bytes));
}

static bool equals_uid(struct bytes pod, const char *text)
{
	if (!pod.length || pod.length != strlen(text))
		return false;
	for (size_t i = 0; i < pod.length; i++) {
		if ((pod.data[i] == '_' ? '-' : pod.data[i]) !=
		    (text[i] == '_' ? '-' : text[i]))
			return false;
	}
	return true;
}

bool cgroup_has_reference(const struct cgroup *cgroup, const char *text)
{
	return cgroup_is_reference(text) &&
	       (bytes_starts_with(cgroup->container, text) || equals_uid(cgroup->pod, text));
}

bool cgroup_is_in_unit(const struct cgroup *cgroup, const char *unit)
{
	CLEANUP(text_deinit) struct text name = { 0 };
	struct bytes rest = cgroup->host_path, component;

	while (take_component(&rest, &component)) {
		text_clear(&name);
		text_append(&name, component.data, component.length);
		if (!fnmatch(unit, text_string(&name), FNM_NOESCAPE))
			return true;
	}
	return false;
}

bool cgroup_parse_name(struct bytes cgroups, struct text *name)
{
	struct cgroup cgroup;

	cgroup_parse(cgroups, &cgroup);
	text_clear(name);
	if (cgroup.container.length)
		text_append(name, cgroup.container.data, SHORT_ID_LENGTH);
	else if (cgroup.container_name.length)
		text_append(name, cgroup.container_name.data, cgroup.container_name.length);
	else
		text_append(name, cgroup.service.data, cgroup.service.length);
	return name->length > 0;
}
