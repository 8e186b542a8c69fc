/*
 * Where a probe asks from: the network namespace of a target, and the files that its programs
 * look names up by. A view is shared by reference, because a run may outlive the process that
 * it was taken from; its namespace lives as long.
 */
#pragma once

#include <stdint.h>

#include "base/compiler.h"

struct view;

/*
 * `netns` is an open network namespace, `root` the root directory of a process in it, both
 * descriptors taken over. One reference for the caller.
 */
struct view *view_new(int netns, int root);
struct view *view_acquire(struct view *view); /* takes NULL */
void view_release(struct view *view); /* takes NULL */

/* The directory that its resolv.conf and hosts are below, see file_read_in_root(). */
int view_root(const struct view *view);

/* The inode of its network namespace, by which namespaces are known. */
uint64_t view_netns(const struct view *view);

/*
 * socket(2), close-on-exec, in the namespace of the view, or in the calling thread's when it is
 * NULL. A descriptor, or -errno; -EPERM without CAP_SYS_ADMIN, unless the namespace is ours.
 */
int view_socket(const struct view *view, int family, int type) MUST_CHECK;
