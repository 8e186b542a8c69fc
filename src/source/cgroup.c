/*
 * A line is "number:controllers:path" (cgroups(7)). Version 2 has one, with number 0;
 * version 1 one a hierarchy, and container runtimes place processes in all of them alike.
 *
 * Containers are components of the path that are, or contain, 64 hexadecimal digits:
 *	/docker/<id>					docker, cgroupfs
 *	/system.slice/docker-<id>.scope			docker, systemd
 *	/kubepods/burstable/pod<uid>/<id>		kubernetes, cgroupfs
 *	/kubepods.slice/…/cri-containerd-<id>.scope	the same, systemd; also crio-<id>.scope
 *	/machine.slice/libpod-<id>.scope/container	podman
 */
#include "source/cgroup.h"

#include <string.h>

#define ID_LENGTH ((size_t)64)
#define SHORT_ID_LENGTH ((size_t)12)

static bool is_id(struct bytes bytes)
{
	if (bytes.length != ID_LENGTH)
		return false;
	for (size_t i = 0; i < bytes.length; i++) {
		if (!memchr("0123456789abcdef", bytes.data[i], 16))
			return false;
	}
	return true;
}

/* "docker-<id>.scope" → "<id>" */
static struct bytes strip_scope(struct bytes component)
{
	static const char suffix[] = ".scope";
	size_t length = sizeof(suffix) - 1;
	const char *dash;

	if (component.length <= length ||
	    memcmp(component.data + component.length - length, suffix, length) != 0)
		return component;
	component.length -= length;
	dash = memrchr(component.data, '-', component.length);
	if (!dash)
		return component;
	component.length -= (size_t)(dash + 1 - component.data);
	component.data = dash + 1;
	return component;
}

/* A user's service manager is not the service: what it runs is. */
static bool is_service(struct bytes component)
{
	static const char suffix[] = ".service";
	size_t length = sizeof(suffix) - 1;

	return component.length > length && !bytes_starts_with(component, "user@") &&
	       !memcmp(component.data + component.length - length, suffix, length);
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

/* The deepest container or service of the path; a container wins over the service around it. */
static void parse_path(struct bytes path, struct bytes *id, struct bytes *service)
{
	struct bytes component;

	while (take_component(&path, &component)) {
		struct bytes stripped = strip_scope(component);

		if (is_id(stripped))
			*id = stripped;
		else if (is_service(component))
			*service = component;
	}
}

bool cgroup_parse_name(struct bytes cgroups, struct text *name)
{
	struct bytes line, head, id = { 0 }, service = { 0 };

	while (bytes_take_line(&cgroups, &line)) {
		if (bytes_take_until(&line, ':', &head) && bytes_take_until(&line, ':', &head))
			parse_path(line, &id, &service);
	}
	text_clear(name);
	if (id.length)
		text_append(name, id.data, SHORT_ID_LENGTH);
	else
		text_append(name, service.data, service.length);
	return name->length > 0;
}
