#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_BYTES ((size_t)4096)

void file_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int read_to_end(int fd, size_t max, struct text *into)
{
	size_t start = into->length;

	for (;;) {
		ssize_t got = read(fd, text_reserve(into, READ_BYTES), READ_BYTES);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return 0;
		into->length += (size_t)got;
		if (into->length - start > max)
			return -EFBIG;
	}
}

/* All of it or nothing. */
static int read_whole(int fd, size_t max, struct text *into)
{
	size_t start = into->length;
	int r = read_to_end(fd, max, into);

	if (r < 0)
		into->length = start;
	text_append(into, "", 0);
	return r;
}

int file_read(int directory, const char *path, size_t max, struct text *into)
{
	CLEANUP(file_close) int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : read_whole(fd, max, into);
}

int file_read_regular(const char *path, size_t max, struct text *into)
{
	CLEANUP(file_close) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	return S_ISREG(status.st_mode) ? read_whole(fd, max, into) : -EINVAL;
}

/* glibc has no function for it. */
static int open_in_root(int root, const char *path, uint64_t flags)
{
	const struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/*
 * A file that was looked at without opening it. The link in procfs leads to this very file,
 * whatever its name is by now. O_NONBLOCK: somebody may hold a lease on it (fcntl(2)).
 */
static int open_place(int place)
{
	CLEANUP(text_deinit) struct text link = { 0 };
	int fd;

	text_printf(&link, "/proc/self/fd/%d", place);
	fd = open(text_string(&link), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

/*
 * Where the kernel makes files up, which to open or to read may do something: trace_pipe and
 * kmsg are gone once they are read.
 */
static bool is_made_up(int fd)
{
	static const uint32_t types[] = {
		PROC_SUPER_MAGIC,     SYSFS_MAGIC,	    TRACEFS_MAGIC,
		DEBUGFS_MAGIC,	      SECURITYFS_MAGIC,	    CGROUP_SUPER_MAGIC,
		CGROUP2_SUPER_MAGIC,  BPF_FS_MAGIC,	    SELINUX_MAGIC,
		SMACK_MAGIC,	      AAFS_MAGIC,	    PSTOREFS_MAGIC,
		EFIVARFS_MAGIC,	      BINFMTFS_MAGIC,	    XENFS_SUPER_MAGIC,
		RDTGROUP_SUPER_MAGIC, BINDERFS_SUPER_MAGIC, NSFS_MAGIC
	};
	struct statfs status;

	if (fstatfs(fd, &status) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		if ((uint32_t)status.f_type == types[i])
			return true;
	}
	return false;
}

/* To open a device may start something, to open a FIFO wakes who waits for its reader. */
static int open_regular(int root, const char *path, uint64_t flags)
{
	CLEANUP(file_close) int place = open_in_root(root, path, flags | O_PATH);
	struct stat status;

	if (place < 0 || fstat(place, &status) < 0)
		return -errno;
	if (S_ISLNK(status.st_mode))
		return -ELOOP;
	return S_ISREG(status.st_mode) && !is_made_up(place) ? open_place(place) : -EINVAL;
}

int file_read_in_root(int root, const char *path, size_t max, struct text *into)
{
	CLEANUP(file_close) int fd = open_regular(root, path, O_NOFOLLOW);

	return fd < 0 ? fd : read_whole(fd, max, into);
}

int file_follow_in_root(int root, const char *path, size_t max, struct text *into)
{
	CLEANUP(file_close) int fd = open_regular(root, path, 0);

	return fd < 0 ? fd : read_whole(fd, max, into);
}

int file_read_link(int directory, const char *path, struct text *into)
{
	ssize_t length;

	text_clear(into);
	length = readlinkat(directory, path, text_reserve(into, PATH_MAX), PATH_MAX);
	if (length < 0)
		return -errno;
	into->length = (size_t)length;
	text_append(into, "", 0);
	return 0;
}

/* Takes the descriptor over. */
static DIR *list(int fd)
{
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	int reason = errno;

	if (fd >= 0 && !directory)
		close(fd);
	errno = reason;
	return directory;
}

DIR *file_open_directory(int directory, const char *path)
{
	return list(openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

DIR *file_open_directory_in_root(int root, const char *path)
{
	return list(open_in_root(root, path, O_RDONLY | O_DIRECTORY));
}

void file_close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}
