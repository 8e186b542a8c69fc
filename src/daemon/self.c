/* Always from /proc/self of this system: --path.procfs may be somebody else's. */
#include "daemon/self.h"

#include <fcntl.h>
#include <math.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "source/fd.h"
#include "source/pid.h"
#include "source/procfs.h"

#define STATM_MAX ((size_t)4096)

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double measure_cpu(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) < 0)
		return NAN;
	return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

static double measure_max_fds(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return NAN;
	return limit.rlim_cur == RLIM_INFINITY ? INFINITY : (double)limit.rlim_cur;
}

/* proc(5), statm: the first number is the size of the address space, in pages. */
static double read_virtual_bytes(int directory)
{
	CLEANUP(text_deinit) struct text statm = { 0 };
	struct bytes rest, word;
	uint64_t pages;

	if (file_read(directory, "statm", STATM_MAX, &statm) < 0)
		return NAN;
	rest = (struct bytes){ text_string(&statm), statm.length };
	if (!bytes_take_word(&rest, &word) || !bytes_parse_u64(word, 10, &pages))
		return NAN;
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double read_open_fds(int directory)
{
	struct fd_inodes inodes = { 0 };
	long count = -1;
	int r = fd_read(directory, &inodes, &count);

	fd_inodes_deinit(&inodes);
	/* Without the two that reading takes: this directory and its list. */
	return r || count < 0 ? NAN : (double)count - 2;
}

static void read_stat(int directory, struct self_row *self)
{
	struct pid_stat stat;

	if (pid_read_stat(directory, &stat))
		return;
	self->threads = stat.threads;
	self->resident_bytes = (double)stat.resident_pages * (double)sysconf(_SC_PAGESIZE);
	/* CLOCK_BOOTTIME would count suspends, which start times do as well; the clocks'
	 * difference is taken once, so that the start does not wander with it. */
	if (isnan(self->start_time))
		self->start_time = clock_wall() - clock_monotonic() +
				   (double)stat.start_ticks / (double)sysconf(_SC_CLK_TCK);
}

void self_measure(struct self_row *self)
{
	static double start_time = NAN;
	CLEANUP(file_close)
	int directory = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	self->cpu_seconds = measure_cpu();
	self->max_fds = measure_max_fds();
	self->resident_bytes = self->virtual_bytes = self->open_fds = self->threads = NAN;
	self->start_time = start_time;
	if (directory < 0)
		return;
	read_stat(directory, self);
	self->virtual_bytes = read_virtual_bytes(directory);
	self->open_fds = read_open_fds(directory);
	start_time = self->start_time;
}
