/*
 * It is CPU time, so that nobody pays for a machine that has other things to do. In one go
 * libcurl reads at most 100 times 16 kB of a body (readwrite_data() in lib/transfer.c), which
 * takes two milliseconds to decrypt.
 */
#include "probe/turn.h"

#include <time.h>

static _Thread_local uint64_t current = 1;

static double cpu_seconds(void)
{
	struct timespec used = { 0 };

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

void turn_begin(void)
{
	current++;
}

bool turn_is_over(struct turn *turn, double share)
{
	double now = cpu_seconds();

	if (turn->number != current)
		*turn = (struct turn){ current, now };
	return now - turn->began > share;
}
