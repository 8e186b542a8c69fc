#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static char folder[] = "/tmp/file_test-XXXXXX";
static int at = -1;

static bool write_file(const char *name, const char *data, size_t length)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool written = fd >= 0 && write(fd, data, length) == (ssize_t)length;

	file_close(&fd);
	return written;
}

TEST(opens_the_folder)
{
	REQUIRE(mkdtemp(folder) != NULL);
	at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(at >= 0);
}

TEST(reads_a_file_and_appends)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	REQUIRE(write_file("plain", "con\0tent\n", 9));
	text_append_string(&text, "before:");
	CHECK_EQ_INT(file_read(at, "plain", 100, &text), 0);
	CHECK_EQ_INT(text.length, 7 + 9);
	CHECK_EQ_MEM(text.data, "before:con\0tent\n", 17);
}

TEST(reads_an_empty_file)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	REQUIRE(write_file("empty", "", 0));
	CHECK_EQ_INT(file_read(at, "empty", 100, &text), 0);
	CHECK_EQ_STR(text_string(&text), "");
}

TEST(reads_many_pages)
{
	CLEANUP(text_deinit) struct text written = { 0 }, text = { 0 };

	for (unsigned i = 0; i < 5000; i++)
		text_printf(&written, "line %u\n", i);
	REQUIRE(write_file("long", written.data, written.length));
	CHECK_EQ_INT(file_read(at, "long", 1 << 20, &text), 0);
	CHECK_EQ_STR(text_string(&text), text_string(&written));
}

TEST(more_than_the_limit_is_refused)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	REQUIRE(write_file("ten", "0123456789", 10));
	text_append_string(&text, "kept");
	CHECK_EQ_INT(file_read(at, "ten", 9, &text), -EFBIG);
	CHECK_EQ_STR(text_string(&text), "kept");
	CHECK_EQ_INT(file_read(at, "ten", 10, &text), 0);
	CHECK_EQ_STR(text_string(&text), "kept0123456789");
}

TEST(says_why_not)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	text_append_string(&text, "kept");
	CHECK_EQ_INT(file_read(at, "missing", 100, &text), -ENOENT);
	CHECK_EQ_INT(file_read(at, ".", 100, &text), -EISDIR);
	CHECK_EQ_STR(text_string(&text), "kept");
}

/* The kernel gives at most a page at a time there, and no size. */
TEST(reads_procfs)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	CHECK_EQ_INT(file_read(AT_FDCWD, "/proc/self/limits", 1 << 16, &text), 0);
	CHECK(strstr(text_string(&text), "Max open files") != NULL);
}

TEST(reads_links)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	REQUIRE(!symlinkat("socket:[4711]", at, "link"));
	text_append_string(&text, "something long that must go");
	CHECK_EQ_INT(file_read_link(at, "link", &text), 0);
	CHECK_EQ_STR(text_string(&text), "socket:[4711]");
	CHECK_EQ_INT(file_read_link(at, "plain", &text), -EINVAL);
	CHECK_EQ_STR(text_string(&text), "");
	CHECK_EQ_INT(file_read_link(at, "missing", &text), -ENOENT);
}

/* ".." and links are as if the folder were the root. */
TEST(nothing_leads_out_of_a_root)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	CHECK_EQ_INT(file_read_in_root(at, "plain", 100, &text), 0);
	CHECK_EQ_INT(text.length, 9);
	CHECK_EQ_INT(file_read_in_root(at, "../plain", 100, &text), 0);
	CHECK_EQ_INT(file_read_in_root(at, "/plain", 100, &text), 0);
	CHECK_EQ_INT(text.length, 27);
	CHECK_EQ_INT(file_read_in_root(at, "/proc/self/limits", 1 << 16, &text), -ENOENT);
	REQUIRE(!symlinkat("/", at, "top"));
	CHECK_EQ_INT(file_read_in_root(at, "top/plain", 100, &text), 0);
	CHECK_EQ_INT(file_read_in_root(at, "plain", 8, &text), -EFBIG);
	CHECK_EQ_INT(text.length, 36);
}

TEST(only_regular_files_in_a_root)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	REQUIRE(!symlinkat("plain", at, "other"));
	REQUIRE(!mkfifoat(at, "pipe", 0600));
	CHECK_EQ_INT(file_read_in_root(at, "other", 100, &text), -ELOOP);
	CHECK_EQ_INT(file_read_in_root(at, "pipe", 100, &text), -EINVAL);
	CHECK_EQ_INT(file_read_in_root(at, ".", 100, &text), -EINVAL);
	CHECK_EQ_INT(file_read_in_root(at, "missing", 100, &text), -ENOENT);
	CHECK_EQ_STR(text_string(&text), "");
}

/* Nor is anything waited for. */
TEST(only_regular_files_where_they_are_asked_for)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	REQUIRE(!fchdir(at));
	CHECK_EQ_INT(file_read_regular("pipe", 100, &text), -EINVAL);
	CHECK_EQ_INT(file_read_regular(".", 100, &text), -EINVAL);
	CHECK_EQ_INT(file_read_regular("/dev/zero", 100, &text), -EINVAL);
	CHECK_EQ_INT(file_read_regular("missing", 100, &text), -ENOENT);
	CHECK_EQ_INT(file_read_regular("ten", 9, &text), -EFBIG);
	CHECK_EQ_STR(text_string(&text), "");
	CHECK_EQ_INT(file_read_regular("other", 100, &text), 0);
	CHECK_EQ_INT(text.length, 9);
}

TEST(links_are_followed_inside_of_a_root)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	REQUIRE(!symlinkat("../../top/plain", at, "inside"));
	REQUIRE(!symlinkat("/proc/self/limits", at, "outside"));
	REQUIRE(!symlinkat("around", at, "around"));
	REQUIRE(!symlinkat("pipe", at, "stuck"));
	CHECK_EQ_INT(file_follow_in_root(at, "plain", 100, &text), 0);
	CHECK_EQ_INT(file_follow_in_root(at, "inside", 100, &text), 0);
	CHECK_EQ_INT(text.length, 18);
	CHECK_EQ_INT(file_follow_in_root(at, "outside", 1 << 16, &text), -ENOENT);
	CHECK_EQ_INT(file_follow_in_root(at, "around", 100, &text), -ELOOP);
	CHECK_EQ_INT(file_follow_in_root(at, "stuck", 100, &text), -EINVAL);
	CHECK_EQ_INT(file_follow_in_root(at, "inside", 8, &text), -EFBIG);
	CHECK_EQ_INT(text.length, 18);
}

/* To read them may do something, and they are nobody's configuration. */
TEST(files_that_the_kernel_makes_up_are_none_in_a_root)
{
	static const char *const paths[] = { "proc/version", "sys/kernel/mm/ksm/run",
					     "sys/devices/system/cpu/online" };
	CLEANUP(text_deinit) struct text text = { 0 };
	CLEANUP(file_close) int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		if (faccessat(root, paths[i], R_OK, 0) < 0)
			continue;
		CHECK_EQ_INT(file_read(root, paths[i], 1 << 16, &text), 0);
		text_clear(&text);
		CHECK_EQ_INT(file_read_in_root(root, paths[i], 1 << 16, &text), -EINVAL);
		CHECK_EQ_INT(file_follow_in_root(root, paths[i], 1 << 16, &text), -EINVAL);
		CHECK_EQ_STR(text_string(&text), "");
	}
}

/* Links of procfs lead anywhere: RESOLVE_NO_MAGICLINKS. */
TEST(a_magic_link_is_not_followed)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	CLEANUP(file_close) int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(file_close) int plain = openat(at, "plain", O_RDONLY | O_CLOEXEC);
	char name[64];

	snprintf(name, sizeof(name), "self/fd/%d", plain);
	CHECK_EQ_INT(file_follow_in_root(proc, name, 100, &text), -ELOOP);
}

TEST(lists_a_directory_in_a_root)
{
	CLEANUP(file_close_directory) DIR *inside = file_open_directory_in_root(at, "top");
	CLEANUP(file_close_directory) DIR *outside = file_open_directory_in_root(at, "/proc");
	struct dirent *entry;
	bool found = false;

	REQUIRE(inside && !outside);
	while ((entry = readdir(inside)))
		found |= !strcmp(entry->d_name, "plain");
	CHECK(found);
	CHECK(!file_open_directory_in_root(at, "plain") && errno == ENOTDIR);
}

TEST(closes_what_is_open)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), none = -1;

	REQUIRE(fd >= 0);
	file_close(&fd);
	CHECK_EQ_INT(fcntl(fd, F_GETFD), -1);
	file_close(&none);
}

TEST(removes_the_folder)
{
	static const char *const names[] = { "plain",  "empty",	  "long",   "ten",
					     "link",   "top",	  "other",  "pipe",
					     "inside", "outside", "around", "stuck" };

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		CHECK_EQ_INT(unlinkat(at, names[i], 0), 0);
	file_close(&at);
	CHECK_EQ_INT(rmdir(folder), 0);
}

TEST_MAIN()
