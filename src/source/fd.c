/*
 * readlinkat(2) per descriptor is the cheapest way without BPF: fstatat() and statx() give the
 * same inode at a higher price, and /proc/<pid>/fdinfo costs an open and a read. Both listing
 * and reading the links ask for the right to ptrace (fs/proc/fd.c, proc_fd_permission();
 * fs/proc/base.c, proc_pid_readlink()), and listing additionally for passing the directory's
 * mode 0500.
 */
#include "source/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "source/procfs.h"

void fd_inodes_deinit(struct fd_inodes *inodes)
{
	free(inodes->items);
	*inodes = (struct fd_inodes){ 0 };
}

static long size_of_own(void)
{
	struct stat status;

	return stat("/proc/self/fd", &status) < 0 ? -1 : (long)status.st_size;
}

/*
 * Whether the size of /proc/<pid>/fd is the number of entries, as it is since Linux 6.2
 * (fs/proc/fd.c, proc_readfd_count()): with one descriptor more it must be one more. Other
 * threads may open some, too, so it may be tried again.
 */
static bool kernel_counts(void)
{
	static enum { UNTRIED, COUNTS, DOES_NOT } result;

	for (int i = 0; result == UNTRIED && i < 10; i++) {
		long before = size_of_own();
		CLEANUP(file_close) int one = open("/proc/self", O_PATH | O_CLOEXEC);

		if (one >= 0 && before > 0 && size_of_own() == before + 1)
			result = COUNTS;
	}
	if (result == UNTRIED)
		result = DOES_NOT;
	return result == COUNTS;
}

/* On a recorded tree the size of a directory means something else. */
static long count_without_privilege(int directory)
{
	struct statfs filesystem;
	struct stat status;

	if (fstatfs(directory, &filesystem) < 0 || filesystem.f_type != PROC_SUPER_MAGIC)
		return -1;
	if (!kernel_counts() || fstatat(directory, "fd", &status, 0) < 0)
		return -1;
	return (long)status.st_size;
}

/* "socket:[4294967295]" is 19 bytes; longer links are paths, which are no sockets. */
static int read_descriptor(int directory, const char *name, struct fd_inodes *inodes)
{
	char link[64];
	ssize_t length = readlinkat(directory, name, link, sizeof(link));
	uint64_t inode;

	if (length < 0)
		return -errno;
	if (!procfs_parse_inode((struct bytes){ link, (size_t)length }, "socket", &inode))
		return 0;
	inodes->items = memory_grow(inodes->items, &inodes->capacity, inodes->count + 1,
				    sizeof(*inodes->items));
	inodes->items[inodes->count++] = inode;
	return 0;
}

/* A descriptor that is closed between the listing and the link was not open: not counted. */
static int read_all(DIR *directory, struct fd_inodes *inodes, long *ret_count)
{
	struct dirent *entry;
	long count = 0;
	int r;

	errno = 0;
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		r = read_descriptor(dirfd(directory), entry->d_name, inodes);
		if (r < 0 && r != -ENOENT)
			return r;
		count += !r;
		errno = 0;
	}
	if (errno)
		return -errno;
	*ret_count = count;
	return 0;
}

int fd_read(int directory, struct fd_inodes *inodes, long *ret_count)
{
	CLEANUP(file_close_directory) DIR *list = file_open_directory(directory, "fd");
	size_t before = inodes->count;
	int r = list ? read_all(list, inodes, ret_count) : -errno;

	if (r == -EPERM)
		r = -EACCES;
	if (r < 0)
		inodes->count = before;
	if (r == -EACCES)
		*ret_count = count_without_privilege(directory);
	return procfs_outcome(r);
}
