/*
 * What the control group of a process says about who runs it: systemd unit, container, pod.
 * The one thing to know: it is only as true as the path that it was read from, which is seen
 * from the exporter's cgroup namespace (cgroup_namespaces(7)).
 */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/text.h"

#define CGROUP_ID_LENGTH ((size_t)64)

/* Pieces of the text that was parsed; empty: there is none. */
struct cgroup {
	struct bytes path;
	struct bytes host_path; /* what the host's systemd knows of it: up to a container */
	struct bytes container; /* 64 hexadecimal digits: the id of the innermost one */
	struct bytes container_name; /* instead of the id, of a container of LXC */
	struct bytes pod; /* uid of the Kubernetes pod, with dashes or underscores */
	struct bytes service; /* the innermost systemd service of host_path */
};

/* Pure: the text of /proc/<pid>/cgroup (cgroups(7)). What has no path is all empty. */
void cgroup_parse(struct bytes cgroups, struct cgroup *ret_cgroup);

/* Whether these are 64 lower-case hexadecimal digits, as the ids of containers are. */
bool cgroup_is_id(struct bytes bytes);

/*
 * Whether `text` can be nothing but an id, so that nobody needs to know names: 12 or more
 * hexadecimal digits, or the uid of a pod.
 */
bool cgroup_is_reference(const char *text);

/* Whether such a text is the beginning of the container's id, or its pod's uid. */
bool cgroup_has_reference(const struct cgroup *cgroup, const char *text);

/* Whether it is the cgroup of a systemd unit, or below; `unit` is a fnmatch(3) pattern. */
bool cgroup_is_in_unit(const struct cgroup *cgroup, const char *unit);

/*
 * Replaces `name` by what the text of /proc/<pid>/cgroup calls the service that a process
 * belongs to: the short id (12 digits) or LXC name of its container, else its systemd service,
 * such as "nginx.service". False when it is in neither, as a process of a login session.
 */
bool cgroup_parse_name(struct bytes cgroups, struct text *name) MUST_CHECK;
