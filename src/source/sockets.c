/*
 * Only rows that matter are kept: of watched processes, of nobody, and those that are in the
 * ledger. The rest is counted towards the use of local ports and forgotten, so that memory
 * grows with the targets and not with the host.
 *
 * A table that could not be read to its end is as good as unread: what was taken of it is given
 * back.
 */
#include "source/sockets.h"

#include <errno.h>
#include <math.h>

#include "base/file.h"
#include "source/net_tcp.h"
#include "source/sock_diag.h"

/* How often a table is read when it changed too much meanwhile. */
#define TRIES 3
/* How long a namespace that could not be entered is left alone. */
#define RETRY_SECONDS 60.0

/* The rows of one namespace as they are read. */
struct reading {
	struct sources *sources;
	struct netns *netns;
	struct socket_rows *rows;
	size_t max, fresh; /* rows of connections that are not in the ledger */
};

/* What is in the ledger has a place already: its row always fits. */
static bool is_known(const struct reading *reading, const struct socket_row *row)
{
	return ledger_find(&reading->sources->ledger, reading->netns->inode, &row->local,
			   &row->remote);
}

static bool is_of_interest(const struct reading *reading, const struct socket_row *row)
{
	return row->state == TCP_STATE_LISTEN || !row->inode || reading->netns->hides ||
	       owners_first(&reading->sources->owners, row->inode);
}

static void take_row(void *context, const struct socket_row *row)
{
	struct reading *reading = context;
	struct netns *netns = reading->netns;
	bool known;

	if (row->local.port >= netns->first_port && row->local.port <= netns->last_port &&
	    row->remote.port && tcp_state_is_outbound(row->state))
		port_use_add(&netns->port_use, &row->local.address, &row->remote);
	known = is_known(reading, row);
	if (!known && !is_of_interest(reading, row))
		return;
	reading->fresh += !known;
	if ((known || reading->fresh <= reading->max) &&
	    reading->rows->count - netns->first_row < 2 * reading->max)
		socket_rows_append(reading->rows, row);
	else
		netns->truncated = true;
}

static void begin_reading(struct reading *reading)
{
	size_t max = reading->sources->config->limits.max_connections;

	reading->netns->first_row = reading->sources->rows.count;
	reading->netns->truncated = false;
	reading->rows = &reading->sources->rows;
	reading->max = max;
	reading->fresh = 0;
	port_use_begin(&reading->netns->port_use, max);
}

static int end_reading(struct reading *reading, int r, enum netns_source source)
{
	struct netns *netns = reading->netns;

	if (r) {
		reading->sources->rows.count = netns->first_row;
		return r;
	}
	netns->row_count = reading->sources->rows.count - netns->first_row;
	netns->source = source;
	reading->sources->truncated_connections += netns->truncated;
	return 0;
}

/* Through a process that lives there; into our own by ourselves, which needs no right. */
static int open_files(struct sources *sources, struct netns *netns, struct watched *watched)
{
	CLEANUP(file_close) int directory = -1;
	bool own = netns->inode == sources->namespaces.own;
	int r = own ? procfs_open(&sources->procfs, sources->procfs.self, &directory) :
		      process_open(watched->process, &sources->procfs, &directory);

	if (r)
		return r;
	return netns_files_open(&sources->procfs, directory, netns->inode, &netns->files);
}

/* The range may change at any time; reading it anew costs two system calls. */
static void read_ports(struct netns *netns)
{
	unsigned available;

	if (netns_files_read_ports(&netns->files, &netns->first_port, &netns->last_port,
				   &available)) {
		netns->first_port = netns->last_port = 0;
		netns->local_ports = NAN;
	} else {
		netns->local_ports = available;
	}
}

/* After a failure the socket is of no use. 0, PID_GONE or -errno. */
static int read_once(struct sources *sources, struct netns *netns, struct watched *watched)
{
	struct reading reading = { .sources = sources, .netns = netns };
	int r = 0;

	if (netns->files.diag < 0)
		r = open_files(sources, netns, watched);
	if (r)
		return r;
	read_ports(netns);
	begin_reading(&reading);
	r = end_reading(&reading,
			sock_diag_read(netns->files.diag,
				       &(struct socket_visitor){ take_row, &reading }),
			NETNS_SOCK_DIAG);
	if (r)
		netns_files_close(&netns->files);
	return r;
}

static int read_sock_diag(struct sources *sources, struct netns *netns, struct watched *watched,
			  double now)
{
	int r = -EAGAIN;

	if (now < netns->retry_at)
		return netns->failure;
	for (int tries = 0; r == -EAGAIN && tries < TRIES; tries++)
		r = read_once(sources, netns, watched);
	if (r < 0 && r != -EAGAIN && netns->files.diag < 0) {
		netns->retry_at = now + RETRY_SECONDS;
		netns->failure = r;
	}
	return r;
}

static void index_owners(struct sources *sources)
{
	owners_begin(&sources->owners, sources->inodes.count);
	for (size_t i = sources->watched_count; i-- > 0;) {
		const struct watched *watched = &sources->watched[i];

		for (size_t j = 0; watched->readable && j < watched->inode_count; j++)
			owners_add(&sources->owners,
				   sources->inodes.items[watched->first_inode + j],
				   (uint32_t)i);
	}
}

/* Ours is read also when nobody is watched in it any more, for what they left behind. */
static struct netns *find_left_behind(struct sources *sources)
{
	struct netns *netns = netns_table_find(&sources->namespaces, sources->namespaces.own);

	if (!netns || netns->source || !sources->procfs.self)
		return NULL;
	netns->present = true;
	return netns;
}

/* With each namespace that is still unread, through each of its processes until it is. */
static int read_each(struct sources *sources, double now,
		     int (*read)(struct sources *, struct netns *, struct watched *, double))
{
	struct netns *left;
	int failed = 0;

	for (size_t i = 0; i < sources->watched_count; i++) {
		struct watched *watched = &sources->watched[i];
		int r;

		if (!watched->netns || watched->netns->source)
			continue;
		r = read(sources, watched->netns, watched, now);
		watched->gone = r == PID_GONE;
		failed = r < 0 ? r : failed;
	}
	left = find_left_behind(sources);
	if (left) {
		int r = read(sources, left, NULL, now);

		failed = r < 0 ? r : failed;
	}
	return failed;
}

int sockets_collect_sock_diag(struct sources *sources, double now)
{
	index_owners(sources);
	/* A recorded tree is not about this system. */
	if (!sources->procfs.is_live || sources->config->collect.sockets == SOCKETS_PROCFS)
		return SOURCE_UNUSED;
	return read_each(sources, now, read_sock_diag);
}

static int read_net_tcp(struct sources *sources, struct netns *netns, struct watched *watched,
			double now)
{
	CLEANUP(file_close) int directory = -1;
	struct reading reading = { .sources = sources, .netns = netns };
	int r = watched ? process_open(watched->process, &sources->procfs, &directory) :
			  procfs_open(&sources->procfs, sources->procfs.self, &directory);

	(void)now;
	if (r)
		return r;
	begin_reading(&reading);
	r = net_tcp_read(directory, &(struct socket_visitor){ take_row, &reading });
	return end_reading(&reading, r, NETNS_PROCFS);
}

/*
 * Without its namespace's table a process' connections are as unknown as without its fds. One
 * that took the namespace with it when it ended is left out.
 */
static int mark_unread(struct sources *sources)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < sources->watched_count; i++) {
		struct watched watched = sources->watched[i];

		if (watched.readable && watched.netns && !watched.netns->source) {
			if (watched.gone)
				continue;
			watched.readable = false;
			watched.unreadable = UNREADABLE_ERROR;
			watched.process->watched_since = 0;
			r = -EIO;
		}
		sources->watched[kept++] = watched;
	}
	sources->watched_count = kept;
	return r;
}

int sockets_collect_net_tcp(struct sources *sources, double now)
{
	bool used = sources->config->collect.sockets != SOCKETS_SOCK_DIAG;
	int r = used ? read_each(sources, now, read_net_tcp) : 0;
	int unread = mark_unread(sources);

	netns_table_close_left(&sources->namespaces);
	if (!used)
		return SOURCE_UNUSED;
	return unread ? unread : r;
}
