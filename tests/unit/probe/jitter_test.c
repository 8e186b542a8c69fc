#include "probe/jitter.h"

#include "test.h"

TEST(a_fraction_is_of_its_two_names)
{
	double a = jitter_fraction("payments", "http://a/");

	CHECK(a >= 0 && a < 1);
	CHECK_EQ_DBL(jitter_fraction("payments", "http://a/"), a);
	CHECK(jitter_fraction("payments", "http://b/") != a);
	CHECK(jitter_fraction("payment", "shttp://a/") != a);
}

TEST(a_fraction_does_not_change_with_the_process)
{
	CHECK_EQ_INT((int)(jitter_fraction("payments", "http://a/") * 1e6), 832188);
}

TEST(fractions_are_spread)
{
	unsigned tenth[10] = { 0 };

	for (unsigned i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "d%u", i);
		tenth[(int)(jitter_fraction(name, "http://a/") * 10)]++;
	}
	for (unsigned i = 0; i < 10; i++)
		CHECK(tenth[i] > 50 && tenth[i] < 150);
}

TEST(the_first_run_is_soon)
{
	CHECK_EQ_DBL(jitter_first(100, 0, 15), 100);
	CHECK_EQ_DBL(jitter_first(100, 0.5, 15), 101.5);
	CHECK_EQ_DBL(jitter_first(100, 0.5, 1), 100.5);
}

TEST(the_second_run_is_on_the_grid_and_not_too_soon)
{
	for (double fraction = 0; fraction < 1; fraction += 1.0 / 64) {
		for (double interval = 0.5; interval < 100; interval *= 2) {
			double first = jitter_first(7, fraction, interval);
			double second = jitter_second(7, fraction, interval);
			double grid = (second - 7) / interval - fraction;

			CHECK_EQ_DBL(grid, round(grid));
			CHECK(second - first >= interval / 2);
			CHECK(second - first < interval * 1.5);
		}
	}
}

TEST(the_next_run_is_an_interval_later_however_late_it_is)
{
	uint64_t skipped = 7;

	CHECK_EQ_DBL(jitter_next(10, 5, 10, &skipped), 15);
	CHECK_EQ_U64(skipped, 0);
	CHECK_EQ_DBL(jitter_next(10, 5, 14.9, &skipped), 15);
	CHECK_EQ_U64(skipped, 0);
}

TEST(what_nobody_can_be_in_time_for_is_skipped_and_counted)
{
	uint64_t skipped;

	CHECK_EQ_DBL(jitter_next(10, 5, 15, &skipped), 20);
	CHECK_EQ_U64(skipped, 1);
	CHECK_EQ_DBL(jitter_next(10, 0.5, 3611.2, &skipped), 3611.5);
	CHECK_EQ_U64(skipped, 7202);
}

TEST_MAIN()
