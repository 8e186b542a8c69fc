/*
 * What one tick costs, beside its floor: the system calls that no reader of /proc can avoid, and
 * nothing else. Both alternate in one run, so that a noisy machine is noisy for both.
 *
 *	collect [PROCESSES [CONNECTIONS]]	default: 10 processes of 200 connections
 *
 * The floor, for each process: stat, limits, the link of its namespace, and its fd directory with
 * a readlink a descriptor; and once a sock_diag dump of each family with tcp_info, received and not
 * looked at. The two tables of /proc/net are shown beside it, also received and not looked at.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "config/load.h"
#include "source/join.h"
#include "source/sock_diag.h"

#define ROUNDS 41
#define PROCESSES_MAX 200
/* The queue of a listener is no longer than somaxconn, 4096. */
#define SERVER_CONNECTIONS 2000
#define SERVERS_MAX 100
#define DIAG_BYTES (32 * 1024)
#define STATES 0xff7 /* all but SYN_RECV */

static double cpu_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int listen_anywhere(struct sockaddr_in *ret_address)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address));
	assert(!r);
	r = listen(fd, 4096);
	assert(!r);
	r = getsockname(fd, (struct sockaddr *)&address, &length);
	assert(!r);
	*ret_address = address;
	return fd;
}

/* A process that holds connections, some to each server, until it is killed. */
static pid_t start_client(const struct sockaddr_in *servers, int connections, int ready)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (int i = 0; i < connections; i++) {
		const struct sockaddr_in *server = &servers[i / SERVER_CONNECTIONS];
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (fd < 0 || connect(fd, (const struct sockaddr *)server, sizeof(*server)) < 0)
			_exit(1);
	}
	if (write(ready, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void read_file(const char *path)
{
	char buffer[32 * 1024];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	close(fd);
}

static void read_links(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	char link[64];

	while (directory && (entry = readdir(directory))) {
		if (readlinkat(dirfd(directory), entry->d_name, link, sizeof(link)) < 0)
			continue;
	}
	if (directory)
		closedir(directory);
}

static void floor_process(pid_t pid)
{
	char path[64], link[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	read_file(path);
	snprintf(path, sizeof(path), "/proc/%d/limits", pid);
	read_file(path);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	if (readlink(path, link, sizeof(link)) < 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	read_links(path);
}

static void dump(int fd, uint8_t family)
{
	static char buffer[DIAG_BYTES];
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = { .nlmsg_len = sizeof(message),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_family = family,
			     .sdiag_protocol = IPPROTO_TCP,
			     .idiag_ext = 1 << (INET_DIAG_INFO - 1),
			     .idiag_states = STATES },
	};
	const struct nlmsghdr *first = (const struct nlmsghdr *)buffer;

	if (send(fd, &message, sizeof(message), 0) < 0)
		return;
	do {
		if (recv(fd, buffer, sizeof(buffer), 0) < 0)
			return;
	} while (first->nlmsg_type != NLMSG_DONE && first->nlmsg_type != NLMSG_ERROR);
}

static double measure_floor(const pid_t *pids, int count, int diag)
{
	double start = cpu_ms();

	for (int i = 0; i < count; i++)
		floor_process(pids[i]);
	dump(diag, AF_INET);
	dump(diag, AF_INET6);
	return cpu_ms() - start;
}

static double measure_tables(const pid_t *pids)
{
	double start = cpu_ms();
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/net/tcp", pids[0]);
	read_file(path);
	snprintf(path, sizeof(path), "/proc/%d/net/tcp6", pids[0]);
	read_file(path);
	return cpu_ms() - start;
}

static double measure_tick(struct sources *sources, uint64_t *ret_connections)
{
	struct snapshot *now = snapshot_new(clock_wall(), clock_monotonic());
	double start = cpu_ms(), took;

	sources_collect(sources, now);
	join(sources, now);
	took = cpu_ms() - start;
	*ret_connections = 0;
	for (size_t i = 0; i < now->pair_count; i++)
		*ret_connections += now->pairs[i].gauges.connections[TCP_STATE_ESTABLISHED];
	snapshot_free(now);
	return took;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

static struct config *configure(void)
{
	static const char yaml[] = "targets: [{name: bench, match: {comm: collect}}]\n";
	struct error err = { 0 };
	struct config *config;
	int r = config_parse("bench", bytes_from_string(yaml), &config, &err);

	assert(!r);
	return config;
}

static void run(const pid_t *pids, int count)
{
	double floors[ROUNDS], tables[ROUNDS], ticks[ROUNDS], floor_ms, tick_ms;
	struct config *config = configure();
	struct sources sources;
	struct error err = { 0 };
	uint64_t connections;
	int r = sources_init(&sources, config, "/proc", NULL, &err);
	int diag = sock_diag_open();

	assert(!r && diag >= 0);
	measure_tick(&sources, &connections);
	for (int i = 0; i < ROUNDS; i++) {
		floors[i] = measure_floor(pids, count, diag);
		tables[i] = measure_tables(pids);
		ticks[i] = measure_tick(&sources, &connections);
	}
	floor_ms = median(floors);
	tick_ms = median(ticks);
	printf("processes=%d connections=%llu host_processes=%zu floor_ms=%.2f tick_ms=%.2f "
	       "ratio=%.2f net_tcp_ms=%.2f\n",
	       count, (unsigned long long)connections, sources.processes.count, floor_ms,
	       tick_ms, tick_ms / floor_ms, median(tables));
	close(diag);
	sources_deinit(&sources);
	config_free(config);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 10, connections = argc > 2 ? atoi(argv[2]) : 200;
	int per_client = (connections + SERVER_CONNECTIONS - 1) / SERVER_CONNECTIONS;
	struct sockaddr_in addresses[SERVERS_MAX];
	int ready[2], servers[SERVERS_MAX], server_count = 0;
	pid_t pids[PROCESSES_MAX];
	char byte;

	if (count < 1 || count > PROCESSES_MAX || connections < 1 ||
	    count * per_client > SERVERS_MAX || pipe(ready) < 0)
		return 64;
	for (int i = 0; i < count; i++) {
		for (int j = 0; j < per_client; j++)
			servers[server_count + j] =
				listen_anywhere(&addresses[server_count + j]);
		pids[i] = start_client(&addresses[server_count], connections, ready[1]);
		server_count += per_client;
		if (read(ready[0], &byte, 1) != 1)
			return 1;
	}
	run(pids, count);
	for (int i = 0; i < count; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	for (int i = 0; i < server_count; i++)
		close(servers[i]);
	return 0;
}
