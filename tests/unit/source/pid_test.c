#include "source/pid.h"

#include <errno.h>
#include <math.h>

#include "source/procfs.h"
#include "test.h"
#include "tree.h"

/* What comes behind the name in /proc/<pid>/stat. */
#define REST                                                                                 \
	" S 4 100 100 34816 100 4194560 9120 4711 12 0 31 8 2 1 20 0 17 0 123456 8421376 "   \
	"1234 18446744073709551615 1 1 0 0 0 0 0 4096 134433283 0 0 0 17 1 0 0 0 0 0 0 0 0 " \
	"0 0 0 0 0\n"

static bool parse(const char *stat, struct pid_stat *ret_stat)
{
	return pid_parse_stat(bytes_from_string(stat), ret_stat);
}

TEST(a_stat)
{
	struct pid_stat stat;

	REQUIRE(parse("100 (checkout)" REST, &stat));
	CHECK_EQ_STR(stat.comm, "checkout");
	CHECK_EQ_INT(stat.parent, 4);
	CHECK_EQ_INT(stat.threads, 17);
	CHECK_EQ_U64(stat.start_ticks, 123456);
	CHECK_EQ_U64(stat.resident_pages, 1234);
	CHECK(!stat.kernel_thread);
}

TEST(names_may_hold_anything)
{
	struct pid_stat stat;

	REQUIRE(parse("100 (tmux: server)" REST, &stat));
	CHECK_EQ_STR(stat.comm, "tmux: server");
	REQUIRE(parse("100 (a) S 1 (b)" REST, &stat));
	CHECK_EQ_STR(stat.comm, "a) S 1 (b");
	CHECK_EQ_INT(stat.parent, 4);
	REQUIRE(parse("100 (())" REST, &stat));
	CHECK_EQ_STR(stat.comm, "()");
	REQUIRE(parse("100 (one\ntwo\ttab)" REST, &stat));
	CHECK_EQ_STR(stat.comm, "one\ntwo\ttab");
	REQUIRE(parse("100 ()" REST, &stat));
	CHECK_EQ_STR(stat.comm, "");
	REQUIRE(parse("100 (\xff\x80)" REST, &stat));
	CHECK_EQ_STR(stat.comm, "\xff\x80");
}

TEST(names_of_63_bytes_and_not_more)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	struct pid_stat stat;

	text_printf(&text, "100 (%063d)" REST, 7);
	REQUIRE(parse(text_string(&text), &stat));
	CHECK_EQ_INT(strlen(stat.comm), 63);
	text_clear(&text);
	text_printf(&text, "100 (%064d)" REST, 7);
	CHECK(!parse(text_string(&text), &stat));
}

TEST(kernel_threads)
{
	struct pid_stat stat;

	REQUIRE(parse("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 2 0 0 0",
		      &stat));
	CHECK(stat.kernel_thread);
	CHECK_EQ_INT(stat.parent, 0);
	CHECK_EQ_U64(stat.resident_pages, 0);
}

TEST(refuses_what_is_no_stat)
{
	static const char *const wrong[] = {
		"",
		"100",
		"100 (cut",
		"100 cut)",
		"100 )(" REST,
		"100 (cut)",
		"100 (cut) S 4 100 100 34816",
		"100 (cut) S 4 1 1 0 1 4194560 9120 4711 12 0 31 8 2 1 20 0 17 0 123456 99",
	};
	struct pid_stat stat = { .parent = 77 };

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		if (parse(wrong[i], &stat))
			CHECK_EQ_STR(wrong[i], "refused");
	}
	CHECK_EQ_INT(stat.parent, 77);
}

TEST(limits)
{
	CHECK_EQ_DBL(
		pid_parse_max_fds(bytes_from_string(
			"Limit                     Soft Limit           Hard Limit\n"
			"Max processes             unlimited            unlimited\n"
			"Max open files            1024                 524288    files\n"
			"Max locked memory         8388608              8388608   bytes\n")),
		1024);
	CHECK_EQ_DBL(
		pid_parse_max_fds(bytes_from_string(
			"Max open files            unlimited            unlimited files\n")),
		INFINITY);
}

TEST(limits_that_are_none)
{
	CHECK_EQ_DBL(pid_parse_max_fds(bytes_from_string("")), NAN);
	CHECK_EQ_DBL(pid_parse_max_fds(bytes_from_string("Max open files")), NAN);
	CHECK_EQ_DBL(pid_parse_max_fds(bytes_from_string("Max open files   many")), NAN);
	CHECK_EQ_DBL(pid_parse_max_fds(bytes_from_string("xMax open files  1024")), NAN);
	CHECK_EQ_DBL(pid_parse_max_fds(bytes_from_string("Max processes  1024\n")), NAN);
}

TEST(the_effective_user)
{
	uid_t user = 77;

	REQUIRE(pid_parse_user(bytes_from_string(
				       "Name:\tx\nUmask:\t0022\nState:\tS (sleeping)\n"
				       "Uid:\t1000\t33\t1000\t1000\nGid:\t5\t6\t7\t8\n"),
			       &user));
	CHECK_EQ_INT(user, 33);
	REQUIRE(pid_parse_user(bytes_from_string("Uid:\t0\t4294967294\t0\t0"), &user));
	CHECK_EQ_U64(user, 4294967294);
}

/* A process chooses its name, and may choose one that looks like the line. */
TEST(a_name_is_no_user)
{
	uid_t user = 77;

	CHECK(!pid_parse_user(bytes_from_string("Name:\tUid:\t1\t2\n"), &user));
	CHECK(!pid_parse_user(bytes_from_string("Name:\tx\nUid:\t1\n"), &user));
	CHECK(!pid_parse_user(bytes_from_string("Uid:\t1\tx\t1\t1\n"), &user));
	CHECK(!pid_parse_user(bytes_from_string("Uid:\t1\t4294967296\t1\t1\n"), &user));
	CHECK(!pid_parse_user(bytes_from_string(""), &user));
	CHECK_EQ_INT(user, 77);
}

TEST(reads_below_the_directory_of_a_process)
{
	CLEANUP(tree_deinit) struct tree tree;
	struct pid_stat stat;
	uint64_t netns;
	double max_fds;
	uid_t user;

	tree_init(&tree);
	tree_write(&tree, "stat", "100 (checkout)" REST);
	tree_write(&tree, "limits", "Max open files   512   4096   files\n");
	tree_write(&tree, "status", "Name:\tx\nUid:\t1\t2\t3\t4\n");
	tree_link(&tree, "ns/net", "net:[4026531840]");
	REQUIRE(!pid_read_stat(tree.directory, &stat));
	CHECK_EQ_INT(stat.threads, 17);
	REQUIRE(!pid_read_max_fds(tree.directory, &max_fds));
	CHECK_EQ_DBL(max_fds, 512);
	REQUIRE(!pid_read_user(tree.directory, &user));
	CHECK_EQ_INT(user, 2);
	REQUIRE(!pid_read_netns(tree.directory, &netns));
	CHECK_EQ_U64(netns, 4026531840);
}

TEST(gone_is_no_failure)
{
	CLEANUP(tree_deinit) struct tree tree;
	CLEANUP(text_deinit) struct text text = { 0 };
	struct pid_stat stat;
	uint64_t netns;
	double max_fds;
	uid_t user;

	tree_init(&tree);
	tree_remove(&tree, "stat");
	CHECK_EQ_INT(pid_read_stat(tree.directory, &stat), PID_GONE);
	CHECK_EQ_INT(pid_read_max_fds(tree.directory, &max_fds), PID_GONE);
	CHECK_EQ_INT(pid_read_user(tree.directory, &user), PID_GONE);
	CHECK_EQ_INT(pid_read_netns(tree.directory, &netns), PID_GONE);
	CHECK_EQ_INT(pid_read_exe(tree.directory, &text), PID_GONE);
	CHECK_EQ_INT(pid_read_cmdline(tree.directory, &text), PID_GONE);
}

/* Files say so; what is behind a link is refused instead (see read_watched() in source.c). */
TEST(an_ended_process_is_gone)
{
	CLEANUP(file_close) int directory = tree_open_ended_process();
	CLEANUP(text_deinit) struct text text = { 0 };
	struct pid_stat stat;
	uint64_t netns;
	double max_fds;
	uid_t user;
	int r;

	CHECK_EQ_INT(pid_read_stat(directory, &stat), PID_GONE);
	CHECK_EQ_INT(pid_read_max_fds(directory, &max_fds), PID_GONE);
	CHECK_EQ_INT(pid_read_user(directory, &user), PID_GONE);
	CHECK_EQ_INT(pid_read_cmdline(directory, &text), PID_GONE);
	r = pid_read_netns(directory, &netns);
	CHECK(r == PID_GONE || r == -EACCES);
}

TEST(ill_formed_is_a_failure)
{
	CLEANUP(tree_deinit) struct tree tree;
	struct pid_stat stat;
	uint64_t netns;
	uid_t user;

	tree_init(&tree);
	tree_write(&tree, "status", "Uid:\n");
	tree_link(&tree, "ns/net", "mnt:[4026531840]");
	CHECK_EQ_INT(pid_read_stat(tree.directory, &stat), -EBADMSG);
	CHECK_EQ_INT(pid_read_user(tree.directory, &user), -EBADMSG);
	CHECK_EQ_INT(pid_read_netns(tree.directory, &netns), -EBADMSG);
}

TEST(the_executable)
{
	CLEANUP(tree_deinit) struct tree tree;
	CLEANUP(text_deinit) struct text exe = { 0 };

	tree_init(&tree);
	tree_link(&tree, "exe", "/usr/local/bin/checkout");
	REQUIRE(!pid_read_exe(tree.directory, &exe));
	CHECK_EQ_STR(text_string(&exe), "/usr/local/bin/checkout");
	tree_link(&tree, "exe", "/opt/app v1 (deleted)");
	REQUIRE(!pid_read_exe(tree.directory, &exe));
	CHECK_EQ_STR(text_string(&exe), "/opt/app v1");
	tree_link(&tree, "exe", " (deleted)");
	REQUIRE(!pid_read_exe(tree.directory, &exe));
	CHECK_EQ_STR(text_string(&exe), " (deleted)");
}

TEST(the_command_line)
{
	CLEANUP(tree_deinit) struct tree tree;
	CLEANUP(text_deinit) struct text cmdline = { 0 }, long_one = { 0 };

	tree_init(&tree);
	tree_write_bytes(&tree, "cmdline", "java\0-jar\0a b.jar\0", 18);
	text_append_string(&cmdline, "of the one before");
	REQUIRE(!pid_read_cmdline(tree.directory, &cmdline));
	CHECK_EQ_INT(cmdline.length, 18);
	CHECK_EQ_MEM(cmdline.data, "java\0-jar\0a b.jar\0", 18);
	memset(text_reserve(&long_one, 2097153), 'x', 2097153);
	tree_write_bytes(&tree, "cmdline", long_one.data, 2097153);
	CHECK_EQ_INT(pid_read_cmdline(tree.directory, &cmdline), -EFBIG);
	CHECK_EQ_INT(cmdline.length, 0);
}

TEST(reads_this_process)
{
	CLEANUP(file_close) int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(text_deinit) struct text exe = { 0 };
	struct pid_stat stat;
	uint64_t netns = 0;
	uid_t user;

	REQUIRE(self >= 0);
	REQUIRE(!pid_read_stat(self, &stat));
	CHECK_EQ_INT(stat.parent, getppid());
	CHECK_EQ_STR(stat.comm, "pid_test");
	CHECK(stat.threads >= 1);
	REQUIRE(!pid_read_user(self, &user));
	CHECK_EQ_INT(user, geteuid());
	REQUIRE(!pid_read_netns(self, &netns));
	CHECK(netns != 0);
	REQUIRE(!pid_read_exe(self, &exe));
	CHECK(strstr(text_string(&exe), "/pid_test") != NULL);
}

TEST_MAIN()
