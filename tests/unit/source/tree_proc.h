/*
 * Fake processes and TCP tables in a tree. Rows are written as the kernel writes them (see
 * src/source/net_tcp.c).
 */
#pragma once

#include "base/address.h"
#include "model/tcp.h"
#include "tree.h"

#define TREE_HOST 4026531840U /* network namespace of the first process */

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

/* Puts a process into a network namespace, whose tables are netns/<inode>/tcp and tcp6. */
static inline void tree_netns(const struct tree *tree, pid_t pid, unsigned inode)
{
	CLEANUP(text_deinit) struct text link = { 0 }, tables = { 0 };

	text_printf(&link, "net:[%u]", inode);
	text_printf(&tables, "../netns/%u", inode);
	tree_link_pid(tree, pid, "ns/net", text_string(&link));
	tree_link_pid(tree, pid, "net", text_string(&tables));
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

/* In initialisers, what is not said is 0. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

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

/* The tables of a namespace. */
static inline void tree_table(const struct tree *tree, unsigned netns,
			      const struct tree_row *rows, size_t count)
{
	CLEANUP(text_deinit) struct text tcp = { 0 }, tcp6 = { 0 }, name = { 0 };

	text_append_string(&tcp, "  sl  local_address rem_address   st tx_queue rx_queue\n");
	text_append_string(&tcp6, text_string(&tcp));
	for (size_t i = 0; i < count; i++)
		tree_append_row(strchr(rows[i].local, ':') ? &tcp6 : &tcp, &rows[i]);
	text_printf(&name, "netns/%u/tcp", netns);
	tree_write(tree, text_string(&name), text_string(&tcp));
	text_append_char(&name, '6');
	tree_write(tree, text_string(&name), text_string(&tcp6));
}
