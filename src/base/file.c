#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
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

/* glibc has no function for it. */
static int open_in_root(int root, const char *path, uint64_t flags)
{
	const struct open_how how = {
		.flags = flags | O_RDONLY | O_CLOEXEC | O_NOCTTY,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

int file_read_in_root(int root, const char *path, size_t max, struct text *into)
{
	/* Without O_NONBLOCK a FIFO would be waited for. */
	CLEANUP(file_close) int fd = open_in_root(root, path, O_NOFOLLOW | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	return S_ISREG(status.st_mode) ? read_whole(fd, max, into) : -EINVAL;
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
	return list(open_in_root(root, path, O_DIRECTORY));
}

void file_close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}
