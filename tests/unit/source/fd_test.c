#include "source/fd.h"

#include <errno.h>
#include <sys/socket.h>

#include "source/procfs.h"
#include "test.h"
#include "tree.h"

static void release(struct fd_inodes *inodes)
{
	fd_inodes_deinit(inodes);
}

static bool has(const struct fd_inodes *inodes, uint64_t inode)
{
	for (size_t i = 0; i < inodes->count; i++) {
		if (inodes->items[i] == inode)
			return true;
	}
	return false;
}

TEST(counts_descriptors_and_finds_sockets)
{
	CLEANUP(tree_deinit) struct tree tree;
	CLEANUP(release) struct fd_inodes inodes = { 0 };
	long count = -7;

	tree_init(&tree);
	tree_link(&tree, "fd/0", "/dev/null");
	tree_link(&tree, "fd/1", "pipe:[11]");
	tree_link(&tree, "fd/3", "socket:[12]");
	tree_link(&tree, "fd/4", "socket:[13]");
	tree_link(&tree, "fd/5", "socket:[12]");
	tree_link(&tree, "fd/6",
		  "/a/path/that/is/longer/than/the/buffer/for/links/socket:[14]/xxx");
	REQUIRE(!fd_read(tree.directory, &inodes, &count));
	CHECK_EQ_INT(count, 6);
	CHECK_EQ_INT(inodes.count, 3);
	CHECK(has(&inodes, 12));
	CHECK(has(&inodes, 13));
	REQUIRE(!fd_read(tree.directory, &inodes, &count));
	CHECK_EQ_INT(inodes.count, 6);
}

TEST(no_descriptors)
{
	CLEANUP(tree_deinit) struct tree tree;
	CLEANUP(release) struct fd_inodes inodes = { 0 };
	long count = -7;

	tree_init(&tree);
	CHECK_EQ_INT(fd_read(tree.directory, &inodes, &count), PID_GONE);
	tree_make_folders(&tree, "fd/");
	CHECK_EQ_INT(fd_read(tree.directory, &inodes, &count), 0);
	CHECK_EQ_INT(count, 0);
	CHECK_EQ_INT(inodes.count, 0);
}

TEST(what_is_no_link_is_a_failure_and_adds_nothing)
{
	CLEANUP(tree_deinit) struct tree tree;
	CLEANUP(release) struct fd_inodes inodes = { 0 };
	long count = -7;

	tree_init(&tree);
	tree_link(&tree, "fd/3", "socket:[12]");
	tree_write(&tree, "fd/4", "a file");
	CHECK_EQ_INT(fd_read(tree.directory, &inodes, &count), -EINVAL);
	CHECK_EQ_INT(inodes.count, 0);
}

TEST(an_ended_process_has_none)
{
	CLEANUP(file_close) int directory = tree_open_ended_process();
	struct fd_inodes inodes = { 0 };
	long count = -7;

	CHECK_EQ_INT(fd_read(directory, &inodes, &count), PID_GONE);
}

TEST(this_process)
{
	CLEANUP(release) struct fd_inodes inodes = { 0 };
	CLEANUP(file_close) int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(file_close) int fd = -1;
	struct stat status;
	long before = 0, after = 0;

	REQUIRE(self >= 0 && !fd_read(self, &inodes, &before));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	REQUIRE(fd >= 0 && !fstat(fd, &status));
	CHECK(!has(&inodes, status.st_ino));
	REQUIRE(!fd_read(self, &inodes, &after));
	CHECK_EQ_INT(after - before, 1);
	CHECK(has(&inodes, status.st_ino));
}

TEST_MAIN()
