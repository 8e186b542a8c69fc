/* Other namespaces than our own, made for the purpose. Most of it needs CAP_SYS_ADMIN. */
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "source/net_tcp.h"
#include "test.h"
#include "visit.h"

/* How many descriptors this process has open. */
static unsigned count_fds(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* A process that does a thing in a namespace of its own, and then waits until it is freed. */
struct inmate {
	pid_t pid;
	int pipe[2];
};

static void raise_loopback(void)
{
	CLEANUP(file_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	tree_require(!ioctl(fd, SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
}

static void write_sysctl(const char *name, const char *value)
{
	CLEANUP(text_deinit) struct text path = { 0 };
	int fd;

	text_printf(&path, "/proc/sys/net/ipv4/%s", name);
	fd = open(text_string(&path), O_WRONLY | O_CLOEXEC);
	tree_require(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value),
		     name);
	file_close(&fd);
}

/* False without the right to. `act` runs in the new namespace; its sockets stay open. */
static bool inmate_init(struct inmate *inmate, void (*act)(void))
{
	char said;

	tree_require(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, inmate->pipe),
		     "socketpair");
	inmate->pid = fork();
	if (!inmate->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(inmate->pipe[0]);
		said = unshare(CLONE_NEWNET) ? 'n' : 'y';
		if (said == 'y')
			act();
		tree_require(write(inmate->pipe[1], &said, 1) == 1, "write");
		_exit(read(inmate->pipe[1], &said, 1) != 0);
	}
	close(inmate->pipe[1]);
	tree_require(read(inmate->pipe[0], &said, 1) == 1, "the inmate failed");
	return said == 'y';
}

static void inmate_deinit(struct inmate *inmate)
{
	close(inmate->pipe[0]);
	tree_require(waitpid(inmate->pid, NULL, 0) == inmate->pid, "waitpid");
}

static void do_nothing(void)
{
}

/* Sockets in most states, of both families. */
static void fill_namespace(void)
{
	static struct loopback open[20], shut[5], gone[3], ipv6[7], mapped[2];
	struct sockaddr_in6 full;

	raise_loopback();
	for (size_t i = 0; i < ARRAY_LENGTH(open); i++)
		loopback_init(&open[i], "127.0.0.1");
	for (size_t i = 0; i < ARRAY_LENGTH(shut); i++) {
		loopback_init(&shut[i], "127.0.0.1");
		shutdown(shut[i].client, SHUT_WR);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(gone); i++) {
		char byte;

		loopback_init(&gone[i], "127.0.0.1");
		shutdown(gone[i].client, SHUT_WR);
		tree_require(!recv(gone[i].server, &byte, 1, 0), "recv");
		loopback_deinit(&gone[i]);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(ipv6); i++)
		loopback_init(&ipv6[i], "::1");
	for (size_t i = 0; i < ARRAY_LENGTH(mapped); i++)
		loopback_init(&mapped[i], "::ffff:127.0.0.1");
	loopback_listen("127.0.0.1", 0, &full);
	loopback_connect(&full, 0);
	for (unsigned i = 0; i < 4; i++)
		loopback_connect(&full, SOCK_NONBLOCK);
}

/* By state, and of IPv4 or not: TCP_STATE_COUNT more for the latter. */
static void count_rows(const struct socket_rows *rows, unsigned counts[2 * TCP_STATE_COUNT])
{
	memset(counts, 0, 2 * TCP_STATE_COUNT * sizeof(*counts));
	for (size_t i = 0; i < rows->count; i++) {
		const struct socket_row *row = &rows->items[i];

		counts[row->state +
		       (address_is_ipv4(&row->local.address) ? 0 : TCP_STATE_COUNT)]++;
	}
}

/* Of sockets with an owner: they are the same ones, and in the same condition. */
static void compare_rows(const struct socket_rows *ours, const struct socket_rows *theirs)
{
	unsigned different = 0;

	for (size_t i = 0; i < theirs->count; i++) {
		const struct socket_row *a = &theirs->items[i];
		const struct socket_row *b = loopback_find(ours, a->inode);

		if (!a->inode)
			continue;
		different += !b || !endpoint_equal(&a->local, &b->local) ||
			     !endpoint_equal(&a->remote, &b->remote) || a->state != b->state ||
			     a->receive_queue != b->receive_queue ||
			     (a->state != TCP_STATE_LISTEN && a->send_queue != b->send_queue);
	}
	CHECK_EQ_INT(different, 0);
}

/* With a delayed acknowledgement FIN_WAIT1 may become FIN_WAIT2 between two looks. */
static void wait_for_acknowledgements(const struct netns_files *files)
{
	unsigned counts[2 * TCP_STATE_COUNT] = { [TCP_STATE_FIN_WAIT1] = 1 };

	for (unsigned i = 0; i < 10000 && counts[TCP_STATE_FIN_WAIT1]; i++) {
		CLEANUP(visit_release) struct socket_rows rows = { 0 };

		visit_read(files, &rows);
		count_rows(&rows, counts);
	}
}

TEST(equal_counts_of_both_sources)
{
	struct procfs procfs = visit_procfs();
	CLEANUP(inmate_deinit) struct inmate inmate;
	CLEANUP(visit_release) struct socket_rows ours = { 0 }, theirs = { 0 };
	unsigned our_counts[2 * TCP_STATE_COUNT], their_counts[2 * TCP_STATE_COUNT];
	struct socket_visitor visitor = loopback_visitor(&theirs);
	CLEANUP(file_close) int directory = -1;
	struct netns_files files;

	if (!inmate_init(&inmate, loopback_has_ipv6() ? fill_namespace : do_nothing))
		TEST_SKIP("needs CAP_SYS_ADMIN");
	if (!loopback_has_ipv6())
		TEST_SKIP("this machine has no ::1");
	directory = visit_open(&procfs, inmate.pid);
	REQUIRE(!netns_files_open(&procfs, directory, visit_netns(directory), &files));
	wait_for_acknowledgements(&files);
	visit_read(&files, &ours);
	CHECK_EQ_INT(net_tcp_read(directory, &visitor), 0);
	count_rows(&ours, our_counts);
	count_rows(&theirs, their_counts);
	/* Half-open ones are of the server's side, and not asked for. */
	theirs.count -= their_counts[TCP_STATE_SYN_RECV];
	their_counts[TCP_STATE_SYN_RECV] = 0;
	for (size_t i = 0; i < ARRAY_LENGTH(our_counts); i++)
		CHECK_EQ_INT(our_counts[i], their_counts[i]);
	CHECK_EQ_INT(ours.count, theirs.count);
	CHECK_EQ_INT(our_counts[TCP_STATE_LISTEN], 28);
	CHECK_EQ_INT(our_counts[TCP_STATE_ESTABLISHED], 46);
	CHECK_EQ_INT(our_counts[TCP_STATE_FIN_WAIT2], 5);
	CHECK_EQ_INT(our_counts[TCP_STATE_CLOSE_WAIT], 5);
	CHECK_EQ_INT(our_counts[TCP_STATE_TIME_WAIT], 3);
	CHECK_EQ_INT(our_counts[TCP_STATE_SYN_SENT], 4);
	CHECK_EQ_INT(our_counts[TCP_STATE_COUNT + TCP_STATE_ESTABLISHED], 14);
	compare_rows(&ours, &theirs);
	netns_files_close(&files);
	procfs_deinit(&procfs);
}

/* The thread that went there is no more; nobody else has moved, and nothing else is open. */
TEST(nothing_is_left_of_the_visit)
{
	struct procfs procfs = visit_procfs();
	CLEANUP(file_close) int self = visit_open(&procfs, getpid());
	uint64_t own = visit_netns(self);
	CLEANUP(inmate_deinit) struct inmate inmate;
	CLEANUP(file_close) int directory = -1;
	struct netns_files files;
	unsigned before;

	if (!inmate_init(&inmate, do_nothing))
		TEST_SKIP("needs CAP_SYS_ADMIN");
	directory = visit_open(&procfs, inmate.pid);
	before = count_fds();
	REQUIRE(visit_netns(directory) != own);
	REQUIRE(!netns_files_open(&procfs, directory, visit_netns(directory), &files));
	CHECK_EQ_INT(count_fds(), before + 3);
	CHECK_EQ_INT(fcntl(files.diag, F_GETFD), FD_CLOEXEC);
	CHECK_EQ_INT(fcntl(files.port_range, F_GETFD), FD_CLOEXEC);
	CHECK_EQ_INT(fcntl(files.reserved_ports, F_GETFD), FD_CLOEXEC);
	CHECK_EQ_U64(visit_netns(self), own);
	netns_files_close(&files);
	CHECK_EQ_INT(count_fds(), before);
	CHECK_EQ_INT(netns_files_open(&procfs, directory, own + 1, &files), PID_GONE);
	CHECK_EQ_INT(count_fds(), before);
	procfs_deinit(&procfs);
}

static void set_ports(void)
{
	write_sysctl("ip_local_port_range", "20000 20999");
	write_sysctl("ip_local_reserved_ports", "20010-20019,30000");
}

/* Runs `act` in the namespace of another process. */
static void act_in(int directory, void (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		int netns = openat(directory, "ns/net", O_RDONLY | O_CLOEXEC);

		tree_require(!setns(netns, CLONE_NEWNET), "setns");
		act();
		_exit(0);
	}
	tree_require(waitpid(pid, &status, 0) == pid && !status, "act_in");
}

static void check_ports(const struct netns_files *files, uint16_t first, uint16_t last,
			unsigned available)
{
	uint16_t is_first = 0, is_last = 0;
	unsigned is_available = 0;

	CHECK_EQ_INT(netns_files_read_ports(files, &is_first, &is_last, &is_available), 0);
	CHECK_EQ_INT(is_first, first);
	CHECK_EQ_INT(is_last, last);
	CHECK_EQ_INT(is_available, available);
}

static void set_other_ports(void)
{
	write_sysctl("ip_local_port_range", "1024 1033");
	write_sysctl("ip_local_reserved_ports", "1030");
}

/* As long as the kernel takes it at once, and longer than what is read at first. */
static void reserve_many_ports(void)
{
	CLEANUP(text_deinit) struct text list = { 0 };

	for (unsigned port = 20000; port < 21200; port += 2)
		text_printf(&list, port == 20000 ? "%u" : ",%u", port);
	write_sysctl("ip_local_port_range", "20000 21999");
	write_sysctl("ip_local_reserved_ports", text_string(&list));
}

TEST(ports_of_another_namespace)
{
	struct procfs procfs = visit_procfs();
	CLEANUP(inmate_deinit) struct inmate inmate;
	CLEANUP(file_close) int directory = -1;
	struct netns_files files;

	if (!inmate_init(&inmate, set_ports))
		TEST_SKIP("needs CAP_SYS_ADMIN");
	directory = visit_open(&procfs, inmate.pid);
	REQUIRE(!netns_files_open(&procfs, directory, visit_netns(directory), &files));
	check_ports(&files, 20000, 20999, 990);
	act_in(directory, set_other_ports);
	check_ports(&files, 1024, 1033, 9);
	act_in(directory, reserve_many_ports);
	check_ports(&files, 20000, 21999, 1400);
	netns_files_close(&files);
	procfs_deinit(&procfs);
}

/* Only the netlink socket keeps it, so a sysctl tells when it is gone. */
TEST(a_namespace_lives_until_it_is_closed)
{
	struct procfs procfs = visit_procfs();
	CLEANUP(file_close) int directory = -1;
	struct netns_files files;
	struct inmate inmate;
	uint16_t first, last;
	unsigned available;

	if (!inmate_init(&inmate, set_ports)) {
		inmate_deinit(&inmate);
		TEST_SKIP("needs CAP_SYS_ADMIN");
	}
	directory = visit_open(&procfs, inmate.pid);
	REQUIRE(!netns_files_open(&procfs, directory, visit_netns(directory), &files));
	inmate_deinit(&inmate);
	poll(NULL, 0, 200);
	check_ports(&files, 20000, 20999, 990);
	file_close(&files.diag);
	files.diag = -1;
	for (unsigned i = 0; i < 1000; i++) {
		if (netns_files_read_ports(&files, &first, &last, &available) == -ENOENT)
			break;
		poll(NULL, 0, 10);
	}
	CHECK_EQ_INT(netns_files_read_ports(&files, &first, &last, &available), -ENOENT);
	netns_files_close(&files);
	procfs_deinit(&procfs);
}

/* What a plain user gets of our namespace and, in *ret_other, of another one. */
static int try_as_nobody(const struct procfs *procfs, int other, uint64_t other_inode)
{
	CLEANUP(file_close) int self = visit_open(procfs, getpid());
	CLEANUP(visit_release) struct socket_rows rows = { 0 };
	struct socket_visitor visitor = loopback_visitor(&rows);
	struct netns_files files;
	uint16_t first, last;
	unsigned available;

	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 1;
	if (netns_files_open(procfs, self, visit_netns(self), &files))
		return 2;
	if (sock_diag_read(files.diag, &visitor) || !rows.count)
		return 3;
	if (netns_files_read_ports(&files, &first, &last, &available))
		return 4;
	netns_files_close(&files);
	return netns_files_open(procfs, other, other_inode, &files) == -EACCES ? 0 : 5;
}

TEST(a_plain_user)
{
	struct procfs procfs = visit_procfs();
	CLEANUP(inmate_deinit) struct inmate inmate;
	CLEANUP(loopback_deinit) struct loopback loopback;
	CLEANUP(file_close) int other = -1;
	bool entered = inmate_init(&inmate, do_nothing);
	int status;
	pid_t pid;

	loopback_init(&loopback, "127.0.0.1");
	if (!entered)
		TEST_SKIP("needs root");
	other = visit_open(&procfs, inmate.pid);
	pid = fork();
	if (!pid)
		_exit(try_as_nobody(&procfs, other, visit_netns(other)));
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ_INT(WEXITSTATUS(status), 0);
	procfs_deinit(&procfs);
}

TEST_MAIN()
