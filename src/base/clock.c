#include "base/clock.h"

#include <assert.h>
#include <time.h>

static double now(clockid_t id)
{
	struct timespec time;
	int r = clock_gettime(id, &time);

	assert(!r);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double clock_monotonic(void)
{
	return now(CLOCK_MONOTONIC);
}

double clock_boot(void)
{
	return now(CLOCK_BOOTTIME);
}

double clock_wall(void)
{
	return now(CLOCK_REALTIME);
}
