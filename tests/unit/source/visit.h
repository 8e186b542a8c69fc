/* What tests of namespaces need: the real /proc, and the rows of opened files. */
#pragma once

#include "loopback.h"
#include "source/netns_files.h"
#include "source/pid.h"
#include "source/sock_diag.h"
#include "test.h"

static inline struct procfs visit_procfs(void)
{
	struct procfs procfs;
	struct error err;

	tree_require(!procfs_init(&procfs, "/proc", &err), "/proc");
	return procfs;
}

static inline uint64_t visit_netns(int directory)
{
	uint64_t inode = 0;

	tree_require(!pid_read_netns(directory, &inode), "ns/net");
	return inode;
}

static inline int visit_open(const struct procfs *procfs, pid_t pid)
{
	int directory = -1;

	tree_require(!procfs_open(procfs, pid, &directory), "/proc/<pid>");
	return directory;
}

static inline void visit_read(const struct netns_files *files, struct socket_rows *rows)
{
	struct socket_visitor visitor = loopback_visitor(rows);

	CHECK_EQ_INT(sock_diag_read(files->diag, &visitor), 0);
}

static inline void visit_release(struct socket_rows *rows)
{
	socket_rows_deinit(rows);
}
