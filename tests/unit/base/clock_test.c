#include "base/clock.h"

#include <time.h>

#include "test.h"

TEST(monotonic_never_goes_back)
{
	double before = clock_monotonic();

	for (int i = 0; i < 1000; i++) {
		double now = clock_monotonic();

		CHECK(now >= before);
		before = now;
	}
}

TEST(boot_is_never_behind_monotonic)
{
	double monotonic = clock_monotonic();

	CHECK(clock_boot() >= monotonic);
}

TEST(wall_is_the_time_of_day)
{
	time_t before = time(NULL);
	double now = clock_wall();

	/* time(2) may lag behind by a tick of the kernel's clock. */
	CHECK(now >= (double)before);
	CHECK(now < (double)time(NULL) + 2);
}

TEST_MAIN()
