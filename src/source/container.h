/*
 * What containers are called. Their names are not in /proc: they are read from the files that a
 * kubelet or Docker keeps, below --path.rootfs, and never asked of a runtime.
 */
#pragma once

#include "base/error.h"
#include "source/cgroup.h"

/* Names by id, bounded in number, remembered until they make room for others. */
struct container_table;

/* An empty one, which knows no names. */
struct container_table *container_table_new(void);
void container_table_free(struct container_table *table); /* takes NULL */

/* Names are looked for below this directory from now on. 0, or -errno with the path in `err`.
 */
int container_table_open(struct container_table *table, const char *rootfs,
			 struct error *err) MUST_CHECK;

/*
 * Appends the name of the container with this id (64 digits), false when it is unknown:
 * "<pod>_<namespace>_<container>" of Kubernetes, else what Docker calls it. The files are
 * looked at for an id that is new; again after a second, two, four, and then each minute, while
 * no name is found; and never for a name that is known, so a container that is renamed keeps
 * it.
 */
bool container_table_write_name(struct container_table *table, struct bytes id, double now,
				struct text *name) MUST_CHECK;

/*
 * Pure: the parts of "<pod>_<namespace>_<container>-<id>.log", the name and the id, as a
 * kubelet names links in /var/log/containers.
 */
bool container_parse_log(struct bytes file, struct bytes *ret_name,
			 struct bytes *ret_id) MUST_CHECK;

/* Pure: replaces `name` by the one that Docker's config.v2.json gives, without its slash. */
bool container_parse_config(struct bytes json, struct text *name) MUST_CHECK;
