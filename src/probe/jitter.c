#include "probe/jitter.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/hash.h"

/* Not the seed of this process: a restart must not move everybody's probes. */
#define SEED UINT64_C(0x70726f6265)

double jitter_fraction(const char *destination, const char *url)
{
	uint64_t hash = hash_bytes(destination, strlen(destination), SEED);

	hash = hash_bytes(url, strlen(url), hash);
	return (double)(hash >> 11) * 0x1p-53;
}

double jitter_first(double start, double fraction, double interval)
{
	return start + fraction * fmin(interval, JITTER_FIRST_WITHIN);
}

double jitter_second(double start, double fraction, double interval)
{
	double second = start + fraction * interval;
	double earliest = jitter_first(start, fraction, interval) + interval / 2;

	return second < earliest ? second + interval : second;
}

double jitter_next(double due, double interval, double now, uint64_t *ret_skipped)
{
	double passed;

	assert(interval > 0 && due <= now);
	passed = floor((now - due) / interval);
	*ret_skipped = (uint64_t)passed;
	return due + (passed + 1) * interval;
}
