#include "source/pid.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "source/procfs.h"

#define FILE_MAX ((size_t)64 * 1024)

/* execve(2): arguments may take a quarter of the stack limit, which is 8 MiB by default. */
#define CMDLINE_MAX ((size_t)2 * 1024 * 1024)

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */

/* Fields of /proc/<pid>/stat, numbered as in proc(5). */
enum stat_field {
	STAT_STATE = 3,
	STAT_PARENT = 4,
	STAT_FLAGS = 9,
	STAT_THREADS = 20,
	STAT_START = 22,
	STAT_RESIDENT = 24,
};

/* The name is between the first "(" and the last ")": it may contain both. */
static bool take_comm(struct bytes *stat, struct pid_stat *to)
{
	const char *open = memchr(stat->data, '(', stat->length);
	const char *close = memrchr(stat->data, ')', stat->length);
	size_t length;

	if (!open || !close || close < open)
		return false;
	length = (size_t)(close - open - 1);
	if (length >= sizeof(to->comm))
		return false;
	memcpy(to->comm, open + 1, length);
	to->comm[length] = '\0';
	stat->length -= (size_t)(close + 1 - stat->data);
	stat->data = close + 1;
	return true;
}

static void set_field(struct pid_stat *stat, unsigned field, uint64_t value)
{
	if (field == STAT_PARENT)
		stat->parent = (pid_t)value;
	else if (field == STAT_FLAGS)
		stat->kernel_thread = value & PF_KTHREAD;
	else if (field == STAT_THREADS)
		stat->threads = (uint32_t)value;
	else if (field == STAT_START)
		stat->start_ticks = value;
	else if (field == STAT_RESIDENT)
		stat->resident_pages = value;
}

bool pid_parse_stat(struct bytes rest, struct pid_stat *ret_stat)
{
	struct pid_stat stat = { 0 };
	struct bytes word;
	unsigned field = STAT_STATE;
	uint64_t value;

	if (!take_comm(&rest, &stat))
		return false;
	for (; field <= STAT_RESIDENT && bytes_take_word(&rest, &word); field++) {
		if (field == STAT_STATE)
			stat.zombie = bytes_equal(word, "Z");
		/* Some fields may be negative: none that we use. */
		if (bytes_parse_u64(word, 10, &value))
			set_field(&stat, field, value);
	}
	if (field <= STAT_RESIDENT)
		return false;
	*ret_stat = stat;
	return true;
}

double pid_parse_max_fds(struct bytes limits)
{
	static const char label[] = "Max open files";
	struct bytes line, word;
	uint64_t value;

	while (bytes_take_line(&limits, &line)) {
		if (!bytes_starts_with(line, label))
			continue;
		line.data += sizeof(label) - 1;
		line.length -= sizeof(label) - 1;
		if (!bytes_take_word(&line, &word))
			return NAN;
		if (bytes_equal(word, "unlimited"))
			return INFINITY;
		return bytes_parse_u64(word, 10, &value) ? (double)value : NAN;
	}
	return NAN;
}

bool pid_parse_user(struct bytes status, uid_t *ret_user)
{
	struct bytes line, word;
	uint64_t value;

	while (bytes_take_line(&status, &line)) {
		if (!bytes_take_word(&line, &word) || !bytes_equal(word, "Uid:"))
			continue;
		if (!bytes_take_word(&line, &word) || !bytes_take_word(&line, &word) ||
		    !bytes_parse_u64(word, 10, &value) || value > UINT32_MAX)
			return false;
		*ret_user = (uid_t)value;
		return true;
	}
	return false;
}

static struct bytes content(const struct text *text)
{
	return (struct bytes){ text_string(text), text->length };
}

int pid_read_stat(int directory, struct pid_stat *ret_stat)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	int r = procfs_outcome(file_read(directory, "stat", FILE_MAX, &text));

	if (r)
		return r;
	return pid_parse_stat(content(&text), ret_stat) ? 0 : -EBADMSG;
}

int pid_read_max_fds(int directory, double *ret_max)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	int r = procfs_outcome(file_read(directory, "limits", FILE_MAX, &text));

	if (r)
		return r;
	*ret_max = pid_parse_max_fds(content(&text));
	return 0;
}

int pid_read_user(int directory, uid_t *ret_user)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	int r = procfs_outcome(file_read(directory, "status", FILE_MAX, &text));

	if (r)
		return r;
	return pid_parse_user(content(&text), ret_user) ? 0 : -EBADMSG;
}

int pid_read_netns(int directory, uint64_t *ret_inode)
{
	CLEANUP(text_deinit) struct text link = { 0 };
	int r = procfs_outcome(file_read_link(directory, "ns/net", &link));

	if (r)
		return r;
	return procfs_parse_inode(content(&link), "net", ret_inode) ? 0 : -EBADMSG;
}

int pid_read_exe(int directory, struct text *into)
{
	static const char deleted[] = " (deleted)";
	int r = procfs_outcome(file_read_link(directory, "exe", into));
	size_t length = sizeof(deleted) - 1;

	if (r)
		return r;
	if (into->length > length &&
	    !memcmp(into->data + into->length - length, deleted, length)) {
		into->length -= length;
		into->data[into->length] = '\0';
	}
	return 0;
}

int pid_read_cmdline(int directory, struct text *into)
{
	text_clear(into);
	return procfs_outcome(file_read(directory, "cmdline", CMDLINE_MAX, into));
}

int pid_read_netns_table(int directory, uint64_t *ret_inode)
{
	struct stat status;

	if (fstatat(directory, "net/tcp", &status, 0) < 0)
		return errno == EINVAL ? PID_GONE : procfs_outcome(-errno);
	*ret_inode = status.st_ino;
	return 0;
}
