#include "source/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

/* /proc/stat has a line per CPU and one of all interrupts: some 100 kB on the largest hosts. */
#define STAT_MAX ((size_t)4 * 1024 * 1024)

static double read_boot_time(int directory)
{
	CLEANUP(text_deinit) struct text stat = { 0 };
	struct bytes rest, line, word;
	uint64_t seconds;

	if (file_read(directory, "stat", STAT_MAX, &stat) < 0)
		return 0;
	rest = (struct bytes){ text_string(&stat), stat.length };
	while (bytes_take_line(&rest, &line)) {
		if (bytes_take_word(&line, &word) && bytes_equal(word, "btime") &&
		    bytes_take_word(&line, &word) && bytes_parse_u64(word, 10, &seconds))
			return (double)seconds;
	}
	return 0;
}

/* "self" is resolved by the kernel in the numbering of the mount: right with any pid namespace.
 */
static pid_t read_self(int directory)
{
	CLEANUP(text_deinit) struct text link = { 0 };
	uint64_t pid;

	if (file_read_link(directory, "self", &link) < 0)
		return 0;
	if (!bytes_parse_u64((struct bytes){ text_string(&link), link.length }, 10, &pid))
		return 0;
	return (pid_t)pid;
}

static bool is_live(int directory)
{
	struct statfs filesystem;

	return !fstatfs(directory, &filesystem) && filesystem.f_type == PROC_SUPER_MAGIC;
}

int procfs_init(struct procfs *procfs, const char *path, struct error *err)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	*procfs = (struct procfs){
		.directory = directory,
		.boot_time = read_boot_time(directory),
		.self = read_self(directory),
		.ticks = (double)sysconf(_SC_CLK_TCK),
		.is_live = is_live(directory),
	};
	/* A wrong mount point must not look like a host without processes. */
	if (procfs->boot_time > 0)
		return 0;
	procfs_deinit(procfs);
	return error_set(err, -EINVAL, "%s: no procfs: it has no file stat with a line btime",
			 path);
}

void procfs_deinit(struct procfs *procfs)
{
	file_close(&procfs->directory);
	procfs->directory = -1;
}

static int compare_pids(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool parse_pid(const char *name, pid_t *ret_pid)
{
	uint64_t pid;

	if (!bytes_parse_u64(bytes_from_string(name), 10, &pid) || pid < 1 || pid > INT32_MAX)
		return false;
	*ret_pid = (pid_t)pid;
	return true;
}

int procfs_list(const struct procfs *procfs, pid_t **pids, size_t *capacity, size_t *ret_count)
{
	CLEANUP(file_close_directory)
	DIR *directory = file_open_directory(procfs->directory, ".");
	struct dirent *entry;
	size_t count = 0;
	pid_t pid;

	if (!directory)
		return -errno;
	while ((entry = readdir(directory))) {
		if (!parse_pid(entry->d_name, &pid))
			continue;
		*pids = memory_grow(*pids, capacity, count + 1, sizeof(**pids));
		(*pids)[count++] = pid;
	}
	if (count)
		qsort(*pids, count, sizeof(**pids), compare_pids);
	*ret_count = count;
	return 0;
}

int procfs_outcome(int r)
{
	return r == -ENOENT || r == -ESRCH ? PID_GONE : r;
}

int procfs_open(const struct procfs *procfs, pid_t pid, int *ret_directory)
{
	CLEANUP(text_deinit) struct text name = { 0 };
	int directory;

	text_append_u64(&name, (uint64_t)pid);
	directory = openat(procfs->directory, name.data, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return procfs_outcome(-errno);
	*ret_directory = directory;
	return 0;
}

bool procfs_parse_inode(struct bytes link, const char *kind, uint64_t *ret_inode)
{
	struct bytes head;

	return bytes_take_until(&link, ':', &head) && bytes_equal(head, kind) &&
	       bytes_starts_with(link, "[") && bytes_take_until(&link, ']', &head) &&
	       bytes_parse_u64((struct bytes){ head.data + 1, head.length - 1 }, 10, ret_inode);
}
