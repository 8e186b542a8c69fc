/*
 * A netlink socket belongs for ever to the namespace in which it was opened, and keeps that
 * alive. /proc/sys/net shows the namespace of whoever looks a file up (net/sysctl_net.c,
 * net_ctl_header_lookup()); a file that is open stays with its namespace, and does not keep it:
 * afterwards it answers ENOENT (fs/proc/proc_sysctl.c, grab_header()).
 *
 * setns(2) changes the calling thread only. A process with the same directory may have moved to
 * another namespace since its inode was read, so what was opened is looked at, not its name.
 *
 * ip_local_reserved_ports (kernel/sysctl.c, proc_do_large_bitmap()) is told by one read at the
 * start of the file; what did not fit is lost, and the newline at its end with it.
 */
#include "source/netns_files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "source/sock_diag.h"

#define PORT_RANGE "sys/net/ipv4/ip_local_port_range"
#define RESERVED_PORTS "sys/net/ipv4/ip_local_reserved_ports"

#define READ_BYTES ((size_t)512)
/* Every other port by itself, which is the longest, takes some 190 kB. */
#define RESERVED_MAX ((size_t)256 * 1024)

/* What the thread that enters a namespace is told, and what it answers. */
struct visit {
	const struct procfs *procfs;
	int netns;
	struct netns_files files;
	int result;
};

void netns_files_init(struct netns_files *files)
{
	*files = (struct netns_files){ -1, -1, -1 };
}

void netns_files_close(struct netns_files *files)
{
	file_close(&files->diag);
	file_close(&files->port_range);
	file_close(&files->reserved_ports);
	netns_files_init(files);
}

/* Those of the namespace that the calling thread is in. */
static int open_here(const struct procfs *procfs, struct netns_files *ret_files)
{
	int diag = sock_diag_open();

	if (diag < 0)
		return diag;
	ret_files->diag = diag;
	ret_files->port_range = openat(procfs->directory, PORT_RANGE, O_RDONLY | O_CLOEXEC);
	ret_files->reserved_ports =
		openat(procfs->directory, RESERVED_PORTS, O_RDONLY | O_CLOEXEC);
	return 0;
}

static void *enter(void *context)
{
	struct visit *visit = context;

	if (setns(visit->netns, CLONE_NEWNET) < 0)
		visit->result = -errno;
	else
		visit->result = open_here(visit->procfs, &visit->files);
	return NULL;
}

/* All signals are blocked in the new thread: they are for those who wait for them. */
static int open_there(struct visit *visit)
{
	pthread_t thread;
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, NULL, enter, visit);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r)
		return -r;
	pthread_join(thread, NULL);
	return visit->result;
}

/* A recorded tree has no such file: its namespaces are not ours, whatever their numbers. */
static bool is_own(const struct procfs *procfs, uint64_t inode)
{
	struct stat own;

	return !fstatat(procfs->directory, "thread-self/ns/net", &own, 0) &&
	       own.st_ino == inode;
}

int netns_files_open(const struct procfs *procfs, int directory, uint64_t inode,
		     struct netns_files *ret_files)
{
	CLEANUP(file_close) int netns = -1;
	struct visit visit = { .procfs = procfs };
	struct stat status;
	int r;

	if (is_own(procfs, inode))
		return open_here(procfs, ret_files);
	netns = openat(directory, "ns/net", O_RDONLY | O_CLOEXEC);
	if (netns < 0 || fstat(netns, &status) < 0)
		return procfs_outcome(-errno);
	if (status.st_ino != inode)
		return PID_GONE;
	visit.netns = netns;
	r = open_there(&visit);
	if (!r)
		*ret_files = visit.files;
	return r;
}

/* The whole of a sysctl, read anew. */
static int read_sysctl(int fd, size_t max, struct text *into)
{
	for (size_t size = READ_BYTES; size <= max; size *= 2) {
		ssize_t got = pread(fd, text_reserve(into, size), size, 0);

		if (got < 0)
			return -errno;
		if ((size_t)got < size) {
			into->length = (size_t)got;
			return 0;
		}
	}
	return -EFBIG;
}

int netns_files_read_ports(const struct netns_files *files, uint16_t *ret_first,
			   uint16_t *ret_last, unsigned *ret_available)
{
	CLEANUP(text_deinit) struct text range = { 0 }, list = { 0 };
	unsigned reserved = 0;
	uint16_t first, last;
	int r = read_sysctl(files->port_range, READ_BYTES, &range);

	if (!r && files->reserved_ports >= 0)
		r = read_sysctl(files->reserved_ports, RESERVED_MAX, &list);
	if (r)
		return r;
	if (!netns_parse_port_range((struct bytes){ range.data, range.length }, &first,
				    &last) ||
	    !netns_parse_reserved_ports((struct bytes){ list.data, list.length }, first, last,
					&reserved))
		return -EBADMSG;
	*ret_first = first;
	*ret_last = last;
	*ret_available = last - first + 1U - reserved;
	return 0;
}

static bool parse_port(struct bytes digits, uint16_t *ret_port)
{
	uint64_t port;

	if (!bytes_parse_u64(digits, 10, &port) || port > UINT16_MAX)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

bool netns_parse_port_range(struct bytes text, uint16_t *ret_first, uint16_t *ret_last)
{
	struct bytes line, low, high, more;
	uint16_t first, last;

	if (!bytes_take_line(&text, &line) || text.length || !bytes_take_word(&line, &low) ||
	    !bytes_take_word(&line, &high) || bytes_take_word(&line, &more) ||
	    !parse_port(low, &first) || !parse_port(high, &last) || first > last)
		return false;
	*ret_first = first;
	*ret_last = last;
	return true;
}

/* "8080" or "9148-9150". */
static bool parse_ports(struct bytes item, uint16_t *ret_low, uint16_t *ret_high)
{
	struct bytes low;

	if (!bytes_take_until(&item, '-', &low))
		low = item;
	return parse_port(low, ret_low) && parse_port(item, ret_high) && *ret_low <= *ret_high;
}

static unsigned count_common(uint16_t low, uint16_t high, uint16_t first, uint16_t last)
{
	if (low < first)
		low = first;
	if (high > last)
		high = last;
	return low <= high ? high - low + 1U : 0;
}

/* In rising order, as the kernel prints its bitmap: nothing counts twice. */
bool netns_parse_reserved_ports(struct bytes text, uint16_t first, uint16_t last,
				unsigned *ret_reserved)
{
	unsigned reserved = 0, next = 0;
	struct bytes rest, item;
	uint16_t low, high;
	bool more;

	if (!bytes_take_line(&text, &rest))
		rest = text;
	more = rest.length > 0;
	while (more) {
		more = bytes_take_until(&rest, ',', &item);
		if (!more)
			item = rest;
		if (!parse_ports(item, &low, &high) || low < next)
			return false;
		reserved += count_common(low, high, first, last);
		next = high + 1U;
	}
	if (text.length)
		return false;
	*ret_reserved = reserved;
	return true;
}
