/*
 * Whether probes keep their schedule beside others that misbehave: a thousand destinations, half
 * of which answer, and half of which do their worst; and what a probe costs.
 *
 *	probes [SECONDS [DESTINATIONS [INTERVAL]]]	default: 30, 1000, 5
 *
 * A process of its own serves. It takes down when each request of a good probe arrives: that
 * these keep their distances is the measure. The worst: names that hang, servers that say
 * nothing, drip, send 10 GB, stall in TLS, talk garbage, or close midway. As root it all happens
 * in a network namespace, where a name server that never answers can be had; else without names.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "probe/engine.h"

static double interval = 5;
#define DESTINATIONS_MAX 5000
#define ARRIVALS_MAX 120

enum manner { GOOD, SILENT, DRIP, FLOOD, GARBAGE, CUT, MANNER_COUNT };

static const char *const manners[MANNER_COUNT] = { "good",  "silent",  "drip",
						   "flood", "garbage", "cut" };

/* What the server tells: when requests of the n-th probe arrived. */
struct arrivals {
	unsigned count[DESTINATIONS_MAX];
	double at[DESTINATIONS_MAX][ARRIVALS_MAX];
};

struct client {
	int fd;
	enum manner manner;
	bool asked;
	struct client *next; /* of those that drip */
};

struct server {
	int listener, epoll;
	struct client *drips;
	struct arrivals *arrivals;
};

static void set_events(struct server *server, struct client *client, uint32_t events, int what)
{
	struct epoll_event event = { .events = events, .data.ptr = client };
	int r = epoll_ctl(server->epoll, what, client->fd, &event);

	assert(!r);
}

static void accept_all(struct server *server)
{
	int fd;

	while ((fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >=
	       0) {
		struct client *client = memory_new(1, sizeof(*client));

		client->fd = fd;
		set_events(server, client, EPOLLIN, EPOLL_CTL_ADD);
	}
}

static void forget(struct server *server, struct client *client)
{
	struct client **at = &server->drips;

	while (*at && *at != client)
		at = &(*at)->next;
	if (*at)
		*at = client->next;
	close(client->fd);
	free(client);
}

/* Whatever the other side has taken of it: nobody here depends on all of it arriving. */
static void say(const struct client *client, const char *text)
{
	if (send(client->fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		return;
}

static void note_arrival(struct server *server, unsigned number)
{
	struct arrivals *arrivals = server->arrivals;

	if (number < DESTINATIONS_MAX && arrivals->count[number] < ARRIVALS_MAX)
		arrivals->at[number][arrivals->count[number]++] = clock_monotonic();
}

static void answer(struct server *server, struct client *client, const char *request)
{
	char word[16] = "";
	unsigned number = 0;

	/* A TLS handshake is no request, and is left to wait. */
	if (sscanf(request, "GET /%15[a-z]/%u", word, &number) < 1)
		return;
	for (unsigned i = 0; i < MANNER_COUNT; i++) {
		if (!strcmp(word, manners[i]))
			client->manner = (enum manner)i;
	}
	switch (client->manner) {
	case GOOD:
		note_arrival(server, number);
		say(client, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
		break;
	case FLOOD:
		say(client, "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n");
		set_events(server, client, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
		break;
	case DRIP:
		say(client, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
		client->next = server->drips;
		server->drips = client;
		break;
	case GARBAGE:
		say(client, "\x16\x03\x01\x00 utter nonsense\r\n\r\n");
		break;
	case CUT:
		say(client, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello");
		shutdown(client->fd, SHUT_WR);
		break;
	default:
		break;
	}
}

static void serve_client(struct server *server, struct client *client, uint32_t events)
{
	static const char piece[256 * 1024];
	char request[4096];
	ssize_t got = -1;

	if (events & EPOLLOUT && client->manner == FLOOD &&
	    send(client->fd, piece, sizeof(piece), MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
		forget(server, client);
		return;
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	got = recv(client->fd, request, sizeof(request) - 1, 0);
	if (got <= 0) {
		forget(server, client);
		return;
	}
	request[got] = '\0';
	if (!client->asked)
		answer(server, client, request);
	client->asked = true;
}

static void serve(struct server *server)
{
	struct epoll_event events[256];
	double dripped = 0;

	while (getppid() != 1) {
		int count = epoll_wait(server->epoll, events, ARRAY_LENGTH(events), 20);

		for (int i = 0; i < count; i++) {
			if (!events[i].data.ptr)
				accept_all(server);
			else
				serve_client(server, events[i].data.ptr, events[i].events);
		}
		if (clock_monotonic() - dripped < 0.05)
			continue;
		dripped = clock_monotonic();
		for (struct client *client = server->drips; client; client = client->next)
			say(client, "x");
	}
}

static uint16_t listen_somewhere(int *ret_fd)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = bind(fd, (struct sockaddr *)&address, length);

	assert(!r);
	r = listen(fd, 4096);
	assert(!r);
	r = getsockname(fd, (struct sockaddr *)&address, &length);
	assert(!r);
	*ret_fd = fd;
	return ntohs(address.sin_port);
}

static pid_t start_server(struct arrivals *arrivals, uint16_t *ret_port)
{
	struct server server = { .arrivals = arrivals };
	struct epoll_event event = { .events = EPOLLIN };
	pid_t pid;

	*ret_port = listen_somewhere(&server.listener);
	pid = fork();
	assert(pid >= 0);
	if (pid) {
		close(server.listener);
		return pid;
	}
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.listener, &event) < 0)
		abort();
	serve(&server);
	_exit(0);
}

/* The first name server of resolv.conf(5), as an IPv4 address. */
static struct in_addr name_server(void)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	struct in_addr address = { htonl(INADDR_LOOPBACK) };
	struct bytes rest, line, word;

	if (file_read(AT_FDCWD, "/etc/resolv.conf", 65536, &text) < 0)
		return address;
	rest = (struct bytes){ text.data, text.length };
	while (bytes_take_line(&rest, &line)) {
		char copy[64] = "";

		if (!bytes_take_word(&line, &word) || !bytes_equal(word, "nameserver") ||
		    !bytes_take_word(&line, &word) || word.length >= sizeof(copy))
			continue;
		memcpy(copy, word.data, word.length);
		if (inet_pton(AF_INET, copy, &address) == 1)
			break;
	}
	return address;
}

/* A namespace of our own whose name server takes everything and says nothing. */
static bool enter_silence(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = name_server() };
	struct ifreq lo = { .ifr_name = "lo" }, alias = { .ifr_name = "lo:1" };
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	lo.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		abort();
	memcpy(&alias.ifr_addr, &address, sizeof(address));
	if (ioctl(fd, SIOCSIFADDR, &alias) < 0)
		perror("address of the name server");
	address.sin_port = htons(53);
	return !bind(fd, (struct sockaddr *)&address, sizeof(address));
}

struct plan {
	struct config config;
	struct destination_config destinations[DESTINATIONS_MAX];
	struct module_config module;
	struct text names[DESTINATIONS_MAX], urls[DESTINATIONS_MAX];
};

static void write_url(unsigned number, uint16_t port, bool has_names, struct text *url)
{
	static const enum manner bad[] = { SILENT, DRIP, FLOOD, GARBAGE, CUT };
	unsigned kind = number / 2 % 7;

	if (number % 2 == 0)
		text_printf(url, "http://127.0.0.1:%u/good/%u", port, number);
	else if (kind < ARRAY_LENGTH(bad))
		text_printf(url, "http://127.0.0.1:%u/%s/%u", port, manners[bad[kind]], number);
	else if (kind == ARRAY_LENGTH(bad) || !has_names)
		text_printf(url, "https://127.0.0.1:%u/stall", port);
	else
		text_printf(url, "http://hangs-%u.example/", number);
}

static struct plan *make_plan(unsigned count, uint16_t port, bool has_names)
{
	struct plan *plan = memory_new(1, sizeof(*plan));

	plan->module = (struct module_config){ .name = "m", .prober = PROBER_HTTP };
	plan->config.destinations = plan->destinations;
	plan->config.destination_count = count;
	for (unsigned i = 0; i < count; i++) {
		text_printf(&plan->names[i], "d%05u", i);
		write_url(i, port, has_names, &plan->urls[i]);
		plan->destinations[i] = (struct destination_config){
			.name = text_string(&plan->names[i]),
			.probe = { .url = text_string(&plan->urls[i]),
				   .interval = interval,
				   .timeout = interval,
				   .module = &plan->module,
				   .from_host = true },
		};
	}
	return plan;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * How late each arrival is beside the grid of its probe, whose points are not known here: the
 * earliest of all arrivals is taken to be in time. The first run is off the grid.
 */
static size_t measure_lateness(const struct arrivals *arrivals, unsigned number, double *into)
{
	const double *at = arrivals->at[number];
	double first = INFINITY;
	size_t count = arrivals->count[number];

	for (size_t i = 1; i < count; i++)
		first = fmin(first,
			     fmod(at[i] - at[1] + 1e6 * interval + interval / 2, interval));
	for (size_t i = 1; i < count; i++)
		into[i - 1] =
			fmod(at[i] - at[1] + 1e6 * interval + interval / 2, interval) - first;
	return count ? count - 1 : 0;
}

static void print_lateness(const struct arrivals *arrivals, unsigned count)
{
	double *late = memory_new((size_t)count * ARRIVALS_MAX, sizeof(double));
	size_t total = 0;

	for (unsigned i = 0; i < count; i += 2)
		total += measure_lateness(arrivals, i, late + total);
	qsort(late, total, sizeof(*late), compare);
	if (total)
		printf("late, of %zu good runs: half below %.1f ms, 99 %% below %.1f ms, all "
		       "below %.1f ms\n",
		       total, 1e3 * late[total / 2], 1e3 * late[total * 99 / 100],
		       1e3 * late[total - 1]);
	free(late);
}

static void print_counts(struct probe_engine *engine)
{
	struct snapshot *snapshot = snapshot_new(0, 0);
	uint64_t runs = 0, good = 0, failed = 0, missed = 0, missed_good = 0;

	probe_engine_copy(engine, snapshot);
	for (size_t i = 0; i < snapshot->probe_count; i++) {
		const struct probe_row *row = &snapshot->probes[i];

		runs += row->runs;
		missed += row->missed;
		if (i % 2)
			continue;
		good += row->runs;
		missed_good += row->missed;
		for (size_t j = 0; j < PROBE_REASON_COUNT; j++)
			failed += row->failures[j];
	}
	printf("runs %lu, missed %lu; of good ones %lu, failed %lu, missed %lu\n",
	       (unsigned long)runs, (unsigned long)missed, (unsigned long)good,
	       (unsigned long)failed, (unsigned long)missed_good);
	snapshot_free(snapshot);
}

static double used_cpu(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static void run(struct plan *plan, unsigned seconds)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct probe_engine *engine = probe_engine_new(&plan->config, NULL);
	struct timespec pause = { .tv_sec = (time_t)seconds };
	struct rusage usage;

	if (probe_engine_start(engine, &err) < 0) {
		fprintf(stderr, "%s\n", error_string(&err));
		exit(1);
	}
	nanosleep(&pause, NULL);
	print_counts(engine);
	getrusage(RUSAGE_SELF, &usage);
	printf("CPU %.1f %% of one core, resident memory at most %.1f MB\n",
	       100 * used_cpu(&usage) / seconds, (double)usage.ru_maxrss / 1024);
	probe_engine_free(engine);
}

int main(int argc, char **argv)
{
	unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 30;
	unsigned count = argc > 2 ? (unsigned)atoi(argv[2]) : 1000;
	struct arrivals *arrivals = mmap(NULL, sizeof(*arrivals), PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool has_names = enter_silence();
	uint16_t port;
	pid_t server;

	assert(arrivals != MAP_FAILED);
	if (argc > 3)
		interval = atof(argv[3]);
	signal(SIGPIPE, SIG_IGN);
	if (count > DESTINATIONS_MAX)
		count = DESTINATIONS_MAX;
	server = start_server(arrivals, &port);
	printf("%u destinations, every %.0f s, half of them ill%s\n", count, interval,
	       has_names ? "" : " (not root: without names that hang)");
	run(make_plan(count, port, has_names), seconds);
	print_lateness(arrivals, count);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return 0;
}
