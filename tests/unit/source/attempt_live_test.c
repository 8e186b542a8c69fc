/*
 * What became of attempts, against the kernel that runs: each child does something for which
 * there is a reason of its own. What others on this machine do is ignored.
 */
#include <fcntl.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>

#include "base/memory.h"
#include "source/attempt.h"
#include "source/client.h"
#include "source/cpus.h"
#include "source/traced.h"

#define MANY 2000

struct tally {
	unsigned opened, closed, failed[CONNECT_FAILURE_COUNT], wrong;
};

static pid_t interesting;

static bool is_somebody_else(void *context, pid_t process)
{
	(void)context;
	return process != interesting;
}

static void add(struct tally *tally, const struct news *news)
{
	tally->wrong += news->process != interesting || news->time < news->started;
	if (news->kind == NEWS_OPENED)
		tally->opened++;
	if (news->kind == NEWS_CLOSED)
		tally->closed++;
	if (news->kind == NEWS_FAILED)
		tally->failed[news->reason]++;
}

/* What became of the child's attempts; false: skip. */
static bool take_tally(int (*scenario)(void), bool with_errors, struct tally *ret_tally)
{
	CLEANUP(traced_record_deinit) struct traced_record record = { 0 };
	struct attempts *attempts;
	struct news_list *news;

	*ret_tally = (struct tally){ 0 };
	if (!traced_record(scenario, &record))
		return false;
	traced_skip_reason = "this kernel does not report errors";
	if (with_errors && !record.has_errors)
		return false;
	interesting = record.process;
	attempts = attempts_new(10000, record.has_errors, is_somebody_else, NULL);
	attempts_feed(attempts, &record.events, INFINITY);
	news = attempts_news(attempts);
	for (size_t i = 0; i < news->count; i++)
		add(ret_tally, &news->items[i]);
	attempts_free(attempts);
	CHECK_EQ_INT(ret_tally->wrong, 0);
	return true;
}

static int many(void)
{
	return client_connect_many(MANY);
}

TEST(short_connections_are_counted_exactly)
{
	struct tally tally;

	if (!take_tally(many, false, &tally))
		TEST_SKIP(traced_skip_reason);
	CHECK_EQ_INT(tally.opened, MANY);
	CHECK_EQ_INT(tally.closed, MANY);
}

/* A listener whose queue is full: more SYNs are not answered. */
static int listen_full(struct sockaddr_storage *ret_address)
{
	int listener = client_listen_at("127.0.0.1", 0, ret_address);
	int fd = client_open_socket(ret_address, 0);

	return client_dial(fd, ret_address) < 0 ? -1 : listener;
}

static int start_unanswered(const struct sockaddr_storage *address)
{
	int fd = client_open_socket(address, SOCK_NONBLOCK);

	return client_dial(fd, address) < 0 && errno == EINPROGRESS ? fd : -1;
}

static int cancel(void)
{
	struct sockaddr_storage address;
	int fd;

	if (listen_full(&address) < 0)
		return 1;
	fd = start_unanswered(&address);
	if (fd < 0)
		return 2;
	close(fd);
	fd = start_unanswered(&address);
	client_abort_connection(fd);
	fd = start_unanswered(&address);
	return shutdown(fd, SHUT_RDWR);
}

TEST(given_up_by_the_program)
{
	struct tally tally;

	if (!take_tally(cancel, true, &tally))
		TEST_SKIP(traced_skip_reason);
	CHECK_EQ_INT(tally.failed[CONNECT_CANCELED], 3);
	CHECK_EQ_INT(tally.failed[CONNECT_RESET], 0);
	CHECK_EQ_INT(tally.opened, 1);
	CHECK_EQ_INT(tally.closed, 1);
}

TEST(refused_by_the_peer)
{
	struct tally tally;

	if (!take_tally(client_refused, true, &tally))
		TEST_SKIP(traced_skip_reason);
	CHECK_EQ_INT(tally.failed[CONNECT_REFUSED], 1);
	CHECK_EQ_INT(tally.opened, 0);
}

static int use_up_ports(void)
{
	static const char range[] = "50000 50001";
	struct sockaddr_storage address;
	CLEANUP(file_close) int setting = -1;
	int failed = 0;

	if (client_own_namespace() < 0)
		return 1;
	setting = open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC);
	if (client_listen_at("127.0.0.1", 8, &address) < 0 ||
	    write(setting, range, sizeof(range) - 1) < 0)
		return 2;
	for (int i = 0; i < 4; i++)
		failed += client_dial(client_open_socket(&address, 0), &address) < 0 &&
			  errno == EADDRNOTAVAIL;
	return failed == 2 ? 0 : 3;
}

TEST(no_local_port_is_left)
{
	struct tally tally;

	if (!take_tally(use_up_ports, false, &tally))
		TEST_SKIP(traced_skip_reason);
	CHECK_EQ_INT(tally.failed[CONNECT_LOCAL_PORTS], 2);
	CHECK_EQ_INT(tally.failed[CONNECT_CANCELED], 0);
	CHECK_EQ_INT(tally.opened, 2);
	CHECK_EQ_INT(tally.closed, 2);
}

/*
 * Keeps a CPU from being idle: a kernel may leave out what happens in its idle task. Not for
 * longer than a minute, should the test end early.
 */
static pid_t spin(unsigned cpu)
{
	double end = clock_monotonic() + 60;
	pid_t pid = fork();
	cpu_set_t set;

	if (pid)
		return pid;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	while (clock_monotonic() < end)
		;
	_exit(0);
}

/* The first SYN is sent again after a second, and that is too long. */
static int time_out(void)
{
	const unsigned milliseconds = 100;
	struct sockaddr_storage address;
	int fd;

	if (listen_full(&address) < 0)
		return 1;
	fd = client_open_socket(&address, 0);
	if (setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds)) <
	    0)
		return 2;
	return client_dial(fd, &address) < 0 && errno == ETIMEDOUT ? 0 : 3;
}

static int time_out_busy(void)
{
	CLEANUP(cpus_deinit) struct cpus cpus = { 0 };
	pid_t *spinning;
	int r = cpus_read(&cpus);

	if (r < 0)
		return 4;
	spinning = memory_new(cpus.count, sizeof(*spinning));
	for (size_t i = 0; i < cpus.count; i++)
		spinning[i] = spin(cpus.items[i]);
	r = time_out();
	for (size_t i = 0; i < cpus.count; i++) {
		kill(spinning[i], SIGKILL);
		waitpid(spinning[i], NULL, 0);
	}
	free(spinning);
	return r;
}

TEST(never_answered)
{
	struct tally tally;

	if (!take_tally(time_out_busy, true, &tally))
		TEST_SKIP(traced_skip_reason);
	CHECK_EQ_INT(tally.failed[CONNECT_TIMED_OUT], 1);
}

/* What a router would answer to the SYN that was just seen. */
static int answer_unreachable(int sniffer, const struct sockaddr_storage *to, uint8_t code)
{
	CLEANUP(file_close) int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	uint8_t packet[128] = { ICMP_DEST_UNREACH, code };
	uint32_t sum = 0;
	ssize_t length = recv(sniffer, packet + 8, 60, 0);

	if (length < 40)
		return -1;
	length = 8 + 20 + 8;
	for (ssize_t i = 0; i < length; i += 2)
		sum += (uint32_t)packet[i] << 8 | packet[i + 1];
	sum = (sum >> 16) + (sum & 0xffff);
	sum = ~(sum + (sum >> 16));
	packet[2] = (uint8_t)(sum >> 8);
	packet[3] = (uint8_t)sum;
	return sendto(raw, packet, (size_t)length, 0, (const struct sockaddr *)to,
		      sizeof(struct sockaddr_in)) == length ?
		       0 :
		       -1;
}

static int unreachable(void)
{
	struct sockaddr_storage address;
	int sniffer, fd, error = 0;
	socklen_t length = sizeof(error);

	if (client_own_namespace() < 0 || listen_full(&address) < 0)
		return 1;
	sniffer = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
	fd = start_unanswered(&address);
	if (sniffer < 0 || fd < 0 ||
	    answer_unreachable(sniffer, &address, ICMP_HOST_UNREACH) < 0)
		return 2;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return 3;
	return error == EHOSTUNREACH ? 0 : 4;
}

TEST(a_router_says_unreachable)
{
	struct tally tally;

	if (!take_tally(unreachable, true, &tally))
		TEST_SKIP(traced_skip_reason);
	CHECK_EQ_INT(tally.failed[CONNECT_UNREACHABLE], 1);
}

static int connect_to_itself(void)
{
	struct sockaddr_storage address = client_make_address("127.0.0.1", 0);
	socklen_t length = sizeof(address);
	CLEANUP(file_close) int fd = client_open_socket(&address, 0);

	if (bind(fd, (struct sockaddr *)&address, length) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return 1;
	return client_dial(fd, &address);
}

TEST(both_sides_at_once)
{
	struct tally tally;

	if (!take_tally(connect_to_itself, false, &tally))
		TEST_SKIP(traced_skip_reason);
	CHECK_EQ_INT(tally.opened, 1);
	CHECK_EQ_INT(tally.closed, 1);
}

TEST_MAIN()
