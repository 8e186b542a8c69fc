#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

int file_read(int directory, const char *path, size_t max, struct text *into)
{
	CLEANUP(file_close) int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t start = into->length;
	int r;

	if (fd < 0)
		return -errno;
	r = read_to_end(fd, max, into);
	if (r < 0)
		into->length = start;
	text_append(into, "", 0);
	return r;
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

DIR *file_open_directory(int directory, const char *path)
{
	int fd = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	int reason = errno;

	if (fd >= 0 && !list)
		close(fd);
	errno = reason;
	return list;
}

void file_close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}
