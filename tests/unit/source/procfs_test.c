#include "source/procfs.h"

#include <errno.h>

#include "test.h"
#include "tree.h"

static bool inode(const char *link, const char *kind, uint64_t *ret_inode)
{
	return procfs_parse_inode(bytes_from_string(link), kind, ret_inode);
}

TEST(links_that_name_an_inode)
{
	uint64_t number;

	REQUIRE(inode("socket:[4711]", "socket", &number));
	CHECK_EQ_U64(number, 4711);
	REQUIRE(inode("net:[4026531840]", "net", &number));
	CHECK_EQ_U64(number, 4026531840);
	REQUIRE(inode("socket:[18446744073709551615]", "socket", &number));
	CHECK_EQ_U64(number, UINT64_MAX);
}

TEST(links_that_do_not)
{
	static const char *const wrong[] = { "",
					     "socket",
					     "socket:",
					     "socket:[",
					     "socket:[]",
					     "socket:]",
					     "socket:4711]",
					     "socket:[4711",
					     "socket:[47x]",
					     "socket:[-1]",
					     "socket:[18446744073709551616]",
					     "pipe:[4711]",
					     "sock:[4711]",
					     "sockets:[4711]",
					     "/dev/socket:[4711]",
					     "anon_inode:[eventpoll]" };
	uint64_t number = 77;

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		if (inode(wrong[i], "socket", &number))
			CHECK_EQ_STR(wrong[i], "refused");
	}
	CHECK_EQ_U64(number, 77);
}

TEST(no_longer_there_is_gone)
{
	CHECK_EQ_INT(procfs_outcome(0), 0);
	CHECK_EQ_INT(procfs_outcome(-ENOENT), PID_GONE);
	CHECK_EQ_INT(procfs_outcome(-ESRCH), PID_GONE);
	CHECK_EQ_INT(procfs_outcome(-EACCES), -EACCES);
	CHECK_EQ_INT(procfs_outcome(-EMFILE), -EMFILE);
}

TEST(knows_when_the_host_started_and_who_reads)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(tree_deinit) struct tree tree;
	struct procfs procfs;

	tree_init(&tree);
	tree_link(&tree, "self", "4711");
	REQUIRE(!procfs_init(&procfs, tree.path, &err));
	CHECK_EQ_DBL(procfs.boot_time, 1700000000);
	CHECK_EQ_INT(procfs.self, 4711);
	CHECK_EQ_DBL(procfs.ticks, 100);
	procfs_deinit(&procfs);
	tree_link(&tree, "self", "nobody");
	REQUIRE(!procfs_init(&procfs, tree.path, &err));
	CHECK_EQ_INT(procfs.self, 0);
	procfs_deinit(&procfs);
}

/* A mistaken mount point must not look like a host without processes. */
TEST(a_folder_that_is_no_procfs_is_refused)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(tree_deinit) struct tree tree;
	struct procfs procfs;

	tree_init(&tree);
	tree_remove(&tree, "stat");
	CHECK_EQ_INT(procfs_init(&procfs, tree.path, &err), -EINVAL);
	CHECK(strstr(error_string(&err), "no procfs") != NULL);
}

TEST(says_which_folder_is_not_there)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct procfs procfs;

	CHECK_EQ_INT(procfs_init(&procfs, "/nowhere/proc", &err), -ENOENT);
	CHECK_EQ_STR(error_string(&err), "/nowhere/proc: No such file or directory");
	error_clear(&err);
	CHECK_EQ_INT(procfs_init(&procfs, "/proc/version", &err), -ENOTDIR);
	CHECK_EQ_STR(error_string(&err), "/proc/version: Not a directory");
}

TEST(lists_pids_in_rising_order)
{
	static const char *const names[] = { "100/x",  "7/x",  "1/x",  "12345/x",     "0/x",
					     "self/x", "1a/x", "-5/x", "2147483648/x" };
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(tree_deinit) struct tree tree;
	struct procfs procfs;
	pid_t *pids = NULL;
	size_t capacity = 0, count = 0;

	tree_init(&tree);
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		tree_write(&tree, names[i], "");
	REQUIRE(!procfs_init(&procfs, tree.path, &err));
	REQUIRE(!procfs_list(&procfs, &pids, &capacity, &count));
	REQUIRE(count == 4);
	CHECK_EQ_INT(pids[0], 1);
	CHECK_EQ_INT(pids[1], 7);
	CHECK_EQ_INT(pids[2], 100);
	CHECK_EQ_INT(pids[3], 12345);
	/* Again: the directory is read from its beginning. */
	REQUIRE(!procfs_list(&procfs, &pids, &capacity, &count));
	CHECK_EQ_INT(count, 4);
	free(pids);
	procfs_deinit(&procfs);
}

TEST(opens_a_process_or_says_that_it_is_gone)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct procfs procfs;
	int directory = -1;

	REQUIRE(!procfs_init(&procfs, "/proc", &err));
	CHECK_EQ_INT(procfs.self, getpid());
	CHECK_EQ_INT(procfs_open(&procfs, getpid(), &directory), 0);
	CHECK(directory >= 0);
	file_close(&directory);
	/* Above the largest pid that Linux gives (PID_MAX_LIMIT). */
	CHECK_EQ_INT(procfs_open(&procfs, 1 << 30, &directory), PID_GONE);
	procfs_deinit(&procfs);
}

TEST_MAIN()
