#include "daemon/self.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "test.h"

static struct self_row measure(void)
{
	struct self_row self = { .reload_successful = true, .start_time = NAN };

	self_measure(&self);
	return self;
}

TEST(everything_is_known)
{
	const struct self_row self = measure();
	double now = clock_wall();

	CHECK(self.cpu_seconds >= 0);
	CHECK(self.resident_bytes > 100000);
	CHECK(self.virtual_bytes > self.resident_bytes);
	CHECK(self.threads >= 1);
	CHECK(self.open_fds >= 3);
	/* A start time has the grain of a tick of the kernel, 10 ms. */
	CHECK(self.start_time <= now + 0.02);
	CHECK(self.start_time > now - 600);
	CHECK(self.reload_successful);
}

TEST(descriptors_are_counted_without_those_that_counting_takes)
{
	const struct self_row before = measure();
	CLEANUP(file_close) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct self_row after = measure();
	unsigned open_fds = 0;

	CHECK(fd >= 0);
	CHECK_EQ_DBL(after.open_fds, before.open_fds + 1);
	for (int i = 0; i < 1024; i++)
		open_fds += fcntl(i, F_GETFD) >= 0;
	CHECK_EQ_DBL(after.open_fds, open_fds);
}

TEST(the_limit_is_the_soft_one)
{
	struct rlimit limit;

	REQUIRE(!getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 512;
	REQUIRE(!setrlimit(RLIMIT_NOFILE, &limit));
	CHECK_EQ_DBL(measure().max_fds, 512);
}

/* It would wander with the difference of the two clocks. */
TEST(the_start_stays_where_it_is)
{
	const struct self_row first = measure();

	for (int i = 0; i < 100; i++)
		CHECK_EQ_DBL(measure().start_time, first.start_time);
}

TEST(cpu_time_rises)
{
	const struct self_row before = measure();
	volatile unsigned work = 0;

	while (measure().cpu_seconds <= before.cpu_seconds && work < 100000000)
		work++;
	CHECK(measure().cpu_seconds > before.cpu_seconds);
}

TEST_MAIN()
