/*
 * Fake /proc trees in a temporary directory, for what reads below --path.procfs. Whatever cannot
 * be written aborts: the test could only go wrong in a more confusing way.
 *
 * Rows of a TCP table are written as the kernel writes them (see src/source/net_tcp.c).
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/address.h"
#include "base/file.h"
#include "base/text.h"
#include "model/tcp.h"

#define TREE_HOST 4026531840U /* network namespace of the first process */

struct tree {
	char path[sizeof("/tmp/tree-XXXXXX")];
	int directory;
};

static inline void tree_require(bool done, const char *what)
{
	if (done)
		return;
	perror(what);
	abort();
}

static inline int tree_remove_one(const char *path, const struct stat *status, int kind,
				  struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(path);
}

/* Removes a file, a link, or a folder with all that is in it. */
static inline void tree_remove(const struct tree *tree, const char *name)
{
	CLEANUP(text_deinit) struct text path = { 0 };

	text_printf(&path, "%s/%s", tree->path, name);
	tree_require(!nftw(text_string(&path), tree_remove_one, 8, FTW_DEPTH | FTW_PHYS), name);
}

static inline void tree_deinit(struct tree *tree)
{
	tree_remove(tree, "");
	file_close(&tree->directory);
}

static inline void tree_make_folders(const struct tree *tree, const char *name)
{
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		CLEANUP(text_deinit) struct text folder = { 0 };

		text_append(&folder, name, (size_t)(slash - name));
		if (mkdirat(tree->directory, text_string(&folder), 0755) < 0)
			tree_require(errno == EEXIST, name);
	}
}

static inline void tree_write_bytes(const struct tree *tree, const char *name, const char *data,
				    size_t length)
{
	int fd;

	tree_make_folders(tree, name);
	fd = openat(tree->directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	tree_require(fd >= 0 && write(fd, data, length) == (ssize_t)length, name);
	file_close(&fd);
}

static inline void tree_write(const struct tree *tree, const char *name, const char *content)
{
	tree_write_bytes(tree, name, content, strlen(content));
}

static inline void tree_link(const struct tree *tree, const char *name, const char *to)
{
	tree_make_folders(tree, name);
	if (unlinkat(tree->directory, name, 0) < 0)
		tree_require(errno == ENOENT, name);
	tree_require(!symlinkat(to, tree->directory, name), name);
}

static inline void tree_init(struct tree *tree)
{
	strcpy(tree->path, "/tmp/tree-XXXXXX");
	tree_require(mkdtemp(tree->path) != NULL, "mkdtemp");
	tree->directory = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tree_require(tree->directory >= 0, tree->path);
	tree_write(tree, "stat", "cpu  1 2 3 4\nbtime 1700000000\nprocesses 5\n");
}

/* "<pid>/<name>" */
static inline char *tree_name(pid_t pid, const char *name)
{
	struct text text = { 0 };

	text_printf(&text, "%d/%s", pid, name);
	return text_release(&text);
}

static inline void tree_write_pid(const struct tree *tree, pid_t pid, const char *name,
				  const char *content)
{
	char *path = tree_name(pid, name);

	tree_write(tree, path, content);
	free(path);
}

static inline void tree_link_pid(const struct tree *tree, pid_t pid, const char *name,
				 const char *to)
{
	char *path = tree_name(pid, name);

	tree_link(tree, path, to);
	free(path);
}

/* Of 2 threads and 100 pages. */
static inline void tree_stat(const struct tree *tree, pid_t pid, pid_t parent, const char *comm,
			     unsigned start)
{
	CLEANUP(text_deinit) struct text stat = { 0 };

	text_printf(&stat,
		    "%d (%s) S %d %d %d 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 2 0 %u 1000000 100 "
		    "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n",
		    pid, comm, parent, pid, pid, start);
	tree_write_pid(tree, pid, "stat", text_string(&stat));
}

static inline void tree_netns(const struct tree *tree, pid_t pid, unsigned inode)
{
	CLEANUP(text_deinit) struct text link = { 0 };

	text_printf(&link, "net:[%u]", inode);
	tree_link_pid(tree, pid, "ns/net", text_string(&link));
}

/* A process with three descriptors, none of them a socket, in the host's namespace. */
static inline void tree_process(const struct tree *tree, pid_t pid, pid_t parent,
				const char *comm, unsigned start)
{
	tree_stat(tree, pid, parent, comm, start);
	tree_write_pid(
		tree, pid, "limits",
		"Limit                     Soft Limit           Hard Limit           Units\n"
		"Max open files            1024                 4096                 files\n");
	tree_link_pid(tree, pid, "fd/0", "/dev/null");
	tree_link_pid(tree, pid, "fd/1", "pipe:[77]");
	tree_link_pid(tree, pid, "fd/2", "anon_inode:[eventpoll]");
	tree_netns(tree, pid, TREE_HOST);
	tree_write_pid(tree, pid, "net/tcp", "  sl  local_address rem_address   st\n");
}

static inline void tree_socket(const struct tree *tree, pid_t pid, int fd, unsigned inode)
{
	CLEANUP(text_deinit) struct text name = { 0 }, link = { 0 };

	text_printf(&name, "fd/%d", fd);
	text_printf(&link, "socket:[%u]", inode);
	tree_link_pid(tree, pid, text_string(&name), text_string(&link));
}

static inline void tree_append_endpoint(struct text *row, const char *host, unsigned port)
{
	bool ipv6 = strchr(host, ':') != NULL;
	struct address address;
	uint32_t word;

	tree_require(!address_parse(host, &address), host);
	for (unsigned i = ipv6 ? 0 : 12; i < 16; i += 4) {
		memcpy(&word, address.byte + i, sizeof(word));
		text_printf(row, "%08X", word);
	}
	text_printf(row, ":%04X ", port);
}

struct tree_row {
	const char *local; /* with a colon: a row of tcp6 */
	unsigned local_port;
	const char *remote;
	unsigned remote_port;
	enum tcp_state state;
	unsigned inode, receive_queue, send_queue;
};

static inline void tree_append_row(struct text *table, const struct tree_row *row)
{
	text_append_string(table, "   0: ");
	tree_append_endpoint(table, row->local, row->local_port);
	tree_append_endpoint(table, row->remote, row->remote_port);
	text_printf(table,
		    "%02X %08X:%08X 00:00000000 00000000     0        0 %u 1 0000000000000000 "
		    "20 4 30 10 -1\n",
		    row->state, row->send_queue, row->receive_queue, row->inode);
}
