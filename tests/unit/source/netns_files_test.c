#include "source/netns_files.h"

#include "test.h"
#include "visit.h"

static bool parse_range(const char *text, uint16_t *ret_first, uint16_t *ret_last)
{
	return netns_parse_port_range(bytes_from_string(text), ret_first, ret_last);
}

TEST(a_range_of_ports)
{
	uint16_t first, last;

	REQUIRE(parse_range("32768\t60999\n", &first, &last));
	CHECK_EQ_INT(first, 32768);
	CHECK_EQ_INT(last, 60999);
	REQUIRE(parse_range("1024 65535", &first, &last));
	CHECK_EQ_INT(last, 65535);
	REQUIRE(parse_range("5\t5\n", &first, &last));
	CHECK_EQ_INT(first, 5);
}

TEST(what_is_no_range)
{
	static const char *const wrong[] = {
		"",
		"\n",
		"32768\n",
		"32768\t\n",
		"1 2 3\n",
		"60999\t32768\n",
		"1\t65536\n",
		"-1\t5\n",
		"1\t2\n3\t4\n",
		"1-2\n",
		"x\t60999\n",
		"32768\t60999x",
		"32768\n60999\n",
	};
	uint16_t first = 7, last = 8;

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		if (parse_range(wrong[i], &first, &last))
			CHECK_EQ_STR(wrong[i], "refused");
	}
	CHECK_EQ_INT(first, 7);
	CHECK_EQ_INT(last, 8);
}

/* How many of 1000 to 1999; -1: refused. */
static int count_reserved(const char *text)
{
	unsigned reserved = 12345;

	if (netns_parse_reserved_ports(bytes_from_string(text), 1000, 1999, &reserved))
		return (int)reserved;
	CHECK_EQ_INT(reserved, 12345);
	return -1;
}

TEST(reserved_ports)
{
	CHECK_EQ_INT(count_reserved(""), 0);
	CHECK_EQ_INT(count_reserved("\n"), 0);
	CHECK_EQ_INT(count_reserved("1000\n"), 1);
	CHECK_EQ_INT(count_reserved("1999"), 1);
	CHECK_EQ_INT(count_reserved("999,2000\n"), 0);
	CHECK_EQ_INT(count_reserved("1500,1600-1609,1700\n"), 12);
	CHECK_EQ_INT(count_reserved("8,990-1009,1990-2100,9000\n"), 20);
	CHECK_EQ_INT(count_reserved("0-65535\n"), 1000);
	CHECK_EQ_INT(count_reserved("1000-1999\n"), 1000);
	CHECK_EQ_INT(count_reserved("1001-1001,1002\n"), 2);
}

TEST(what_are_no_reserved_ports)
{
	static const char *const wrong[] = {
		" ",
		",",
		"1000,",
		",1000",
		"1000,,1001",
		"1000 1001",
		"x",
		"1000-",
		"-1000",
		"1001-1000",
		"1-2-3",
		"65536",
		"1-65536",
		"1001,1000",
		"1000-1010,1010",
		"1000,1000",
		"1000\n1001\n",
		"\n1\n",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		if (count_reserved(wrong[i]) != -1)
			CHECK_EQ_STR(wrong[i], "refused");
	}
}

TEST(closed_files)
{
	struct netns_files files;
	uint16_t first, last;
	unsigned available;

	netns_files_init(&files);
	CHECK_EQ_INT(files.diag, -1);
	CHECK_EQ_INT(netns_files_read_ports(&files, &first, &last, &available), -EBADF);
	netns_files_close(&files);
	CHECK_EQ_INT(files.reserved_ports, -1);
}

/* The sysctls of a tree, as the kernel writes them. */
static int read_ports(const char *range, const struct text *reserved, unsigned *ret_available)
{
	CLEANUP(tree_deinit) struct tree tree;
	struct netns_files files;
	uint16_t first, last;
	int r;

	netns_files_init(&files);
	tree_init(&tree);
	tree_write(&tree, "range", range);
	files.port_range = openat(tree.directory, "range", O_RDONLY | O_CLOEXEC);
	if (reserved) {
		tree_write(&tree, "reserved", text_string(reserved));
		files.reserved_ports = openat(tree.directory, "reserved", O_RDONLY | O_CLOEXEC);
	}
	r = netns_files_read_ports(&files, &first, &last, ret_available);
	netns_files_close(&files);
	return r;
}

TEST(available_ports)
{
	CLEANUP(text_deinit) struct text reserved = { 0 };
	unsigned available = 0;

	CHECK_EQ_INT(read_ports("1000\t1999\n", NULL, &available), 0);
	CHECK_EQ_INT(available, 1000);
	CHECK_EQ_INT(read_ports("0\t65535\n", &reserved, &available), 0);
	CHECK_EQ_INT(available, 65536);
	text_append_string(&reserved, "0-1009,1999-3000\n");
	CHECK_EQ_INT(read_ports("1000\t1999\n", &reserved, &available), 0);
	CHECK_EQ_INT(available, 989);
	CHECK_EQ_INT(read_ports("1500\t1500\n", &reserved, &available), 0);
	CHECK_EQ_INT(available, 1);
	CHECK_EQ_INT(read_ports("2000\t2001\n", &reserved, &available), 0);
	CHECK_EQ_INT(available, 0);
	CHECK_EQ_INT(read_ports("garbage\n", &reserved, &available), -EBADMSG);
	text_append_string(&reserved, "garbage\n");
	CHECK_EQ_INT(read_ports("1000\t1999\n", &reserved, &available), -EBADMSG);
}

/* Every other port is the longest list there can be. */
TEST(the_longest_list_of_reserved_ports)
{
	CLEANUP(text_deinit) struct text reserved = { 0 };
	unsigned available = 0;

	for (unsigned port = 1; port <= UINT16_MAX; port += 2)
		text_printf(&reserved, port == 1 ? "%u" : ",%u", port);
	text_append_char(&reserved, '\n');
	CHECK_EQ_INT(read_ports("10000\t19999\n", &reserved, &available), 0);
	CHECK_EQ_INT(available, 5000);
	text_printf(&reserved, "%0100000d", 0);
	CHECK_EQ_INT(read_ports("10000\t19999\n", &reserved, &available), -EFBIG);
}

TEST(our_own_namespace)
{
	struct procfs procfs = visit_procfs();
	CLEANUP(file_close) int self = visit_open(&procfs, getpid());
	CLEANUP(text_deinit) struct text text = { 0 };
	CLEANUP(loopback_deinit) struct loopback loopback;
	CLEANUP(visit_release) struct socket_rows rows = { 0 };
	uint16_t first, last, is_first, is_last;
	struct netns_files files;
	unsigned available;

	loopback_init(&loopback, "127.0.0.1");
	REQUIRE(!netns_files_open(&procfs, self, visit_netns(self), &files));
	visit_read(&files, &rows);
	CHECK(loopback_find(&rows, loopback_inode(loopback.client)));
	REQUIRE(!file_read(AT_FDCWD, "/proc/sys/net/ipv4/ip_local_port_range", 100, &text));
	REQUIRE(parse_range(text_string(&text), &first, &last));
	CHECK_EQ_INT(netns_files_read_ports(&files, &is_first, &is_last, &available), 0);
	CHECK_EQ_INT(is_first, first);
	CHECK_EQ_INT(is_last, last);
	CHECK(available > 0 && available <= last - first + 1U);
	netns_files_close(&files);
	procfs_deinit(&procfs);
}

TEST(an_ended_process)
{
	struct procfs procfs = visit_procfs();
	CLEANUP(file_close) int directory = tree_open_ended_process();
	struct netns_files files;

	CHECK_EQ_INT(netns_files_open(&procfs, directory, 1, &files), PID_GONE);
	procfs_deinit(&procfs);
}

/* Its directory is there, and what it links to is not any more. */
TEST(a_zombie)
{
	struct procfs procfs = visit_procfs();
	CLEANUP(file_close) int directory = -1;
	struct netns_files files;
	siginfo_t how;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	REQUIRE(!waitid(P_PID, (id_t)pid, &how, WEXITED | WNOWAIT));
	directory = visit_open(&procfs, pid);
	CHECK_EQ_INT(netns_files_open(&procfs, directory, 1, &files), PID_GONE);
	CHECK_EQ_INT(waitpid(pid, NULL, 0), pid);
	procfs_deinit(&procfs);
}

/* The numbers in a recorded tree are not of this machine, even when it has the same ones. */
TEST(a_recorded_tree)
{
	CLEANUP(tree_deinit) struct tree tree;
	CLEANUP(text_deinit) struct text link = { 0 };
	CLEANUP(file_close) int directory = -1;
	struct procfs procfs = visit_procfs();
	CLEANUP(file_close) int self = visit_open(&procfs, getpid());
	uint64_t own = visit_netns(self);
	struct netns_files files;

	tree_init(&tree);
	text_printf(&link, "net:[%" PRIu64 "]", own);
	tree_link(&tree, "7/ns/net", text_string(&link));
	tree_link(&tree, "thread-self/ns/net", text_string(&link));
	procfs_deinit(&procfs);
	procfs.directory = tree.directory;
	directory = openat(tree.directory, "7", O_PATH | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(directory >= 0);
	CHECK_EQ_INT(netns_files_open(&procfs, directory, own, &files), PID_GONE);
}

/* Where /proc/sys is hidden, as in some sandboxes, there is still the table. */
TEST(without_sysctls)
{
	CLEANUP(tree_deinit) struct tree tree;
	struct procfs procfs = visit_procfs();
	CLEANUP(file_close) int self = visit_open(&procfs, getpid());
	CLEANUP(visit_release) struct socket_rows rows = { 0 };
	struct netns_files files;

	tree_init(&tree);
	tree_link(&tree, "thread-self", "/proc/self");
	procfs_deinit(&procfs);
	procfs.directory = tree.directory;
	REQUIRE(!netns_files_open(&procfs, self, visit_netns(self), &files));
	CHECK_EQ_INT(files.port_range, -1);
	CHECK_EQ_INT(files.reserved_ports, -1);
	visit_read(&files, &rows);
	netns_files_close(&files);
}

TEST_MAIN()
