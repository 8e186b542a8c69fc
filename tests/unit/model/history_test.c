#include "model/history.h"

#include "test.h"

#define START 5000.25
#define GAUGE HISTORY_ESTABLISHED
#define OPENED HISTORY_OPENED

/* A history, all that was added, and what the last reading gave. */
struct script {
	struct history history;
	double now, added;
	struct history_point points[HISTORY_POINTS];
	size_t count;
};

static void add_at(struct script *script, double now, double gauge, double opened)
{
	double values[HISTORY_VALUES] = { 0 };

	values[GAUGE] = gauge;
	values[OPENED] = opened;
	script->now = now;
	script->added += isnan(opened) ? 0 : opened;
	history_add(&script->history, now, values, HISTORY_OPENED);
}

/* Ticks from START on, one `every` so many seconds; the gauge numbers them. */
static void run(struct script *script, double every, double seconds)
{
	for (int i = 0; i * every <= seconds; i++)
		add_at(script, START + i * every, i % 4096, 1 + i % 3);
}

static void read_at(struct script *script, double now)
{
	script->count = history_read(&script->history, now, script->points);
}

static const struct history_point *point_at(const struct script *script, size_t from_newest)
{
	return &script->points[script->count - 1 - from_newest];
}

static double sum(const struct script *script, unsigned value)
{
	double total = 0;

	for (size_t i = 0; i < script->count; i++)
		total += (double)script->points[i].values[value];
	return total;
}

/* The least and most time between points that are `from` to `to` seconds old. */
static void measure_gaps(const struct script *script, double from, double to,
			 double *ret_shortest, double *ret_longest)
{
	*ret_shortest = INFINITY;
	*ret_longest = 0;
	for (size_t i = 1; i < script->count; i++) {
		double gap = script->points[i - 1].age - script->points[i].age;

		if (script->points[i - 1].age > to || script->points[i].age < from)
			continue;
		*ret_shortest = fmin(*ret_shortest, gap);
		*ret_longest = fmax(*ret_longest, gap);
	}
}

static bool is_near(double a, double b)
{
	return fabs(a - b) < 0.0015;
}

/* Oldest first, and each with the number of the tick of its time. */
static void check_times(const struct script *script, double every)
{
	for (size_t i = 0; i < script->count; i++) {
		double time = script->now - script->points[i].age;
		long tick = lround((time - START) / every);

		if (!is_near(time, START + (double)tick * every))
			CHECK_EQ_DBL(time, START + (double)tick * every);
		if ((long)script->points[i].values[GAUGE] != tick % 4096)
			CHECK_EQ_INT((long)script->points[i].values[GAUGE], tick % 4096);
		if (i && script->points[i].age >= script->points[i - 1].age)
			CHECK_EQ_DBL(script->points[i].age, script->points[i - 1].age);
	}
}

static double round_trip(double value)
{
	return history_decode(history_encode(value));
}

TEST(exact_up_to_4095)
{
	for (int i = 0; i <= 4095; i++) {
		if (round_trip(i) != i)
			CHECK_EQ_DBL(round_trip(i), i);
	}
	CHECK_EQ_DBL(round_trip(4096), 4096);
	CHECK_EQ_DBL(round_trip(4097), 4098);
}

TEST(near_above)
{
	double worst = 0;

	for (double value = 4096; value < 134e6; value *= 1.0001)
		worst = fmax(worst, fabs(round_trip(value) - value) / value);
	CHECK(worst <= 1 / 4096.0);
	CHECK(worst > 1 / 5000.0);
}

TEST(codes_grow_with_numbers)
{
	uint16_t before = 0;

	for (double value = 0; value < 134e6; value = value * 1.0001 + 0.1) {
		uint16_t code = history_encode(value);

		if (code < before)
			CHECK_EQ_INT(code, before);
		before = code;
	}
	CHECK_EQ_INT(before >> 12, 15);
}

TEST(each_code_that_is_used_comes_back)
{
	unsigned used = 0;

	for (unsigned code = 0; code <= UINT16_MAX; code++) {
		bool is_used = code >> 12 == 0 || (code & 0xfff) >= 0x800;

		used += is_used && history_encode(history_decode((uint16_t)code)) == code;
	}
	CHECK_EQ_INT(used, 4096 + 15 * 2048);
}

TEST(numbers_out_of_range)
{
	CHECK_EQ_DBL(round_trip(4095.0 * 32768), 4095.0 * 32768);
	CHECK_EQ_DBL(round_trip(4095.0 * 32768 + 1), 4095.0 * 32768);
	CHECK_EQ_DBL(round_trip(1e30), 4095.0 * 32768);
	CHECK_EQ_DBL(round_trip(INFINITY), 4095.0 * 32768);
	CHECK_EQ_DBL(round_trip(-1), 0);
	CHECK_EQ_DBL(round_trip(-INFINITY), 0);
}

TEST(fractions_are_rounded)
{
	CHECK_EQ_DBL(round_trip(0.4), 0);
	CHECK_EQ_DBL(round_trip(0.6), 1);
	CHECK_EQ_DBL(round_trip(4095.4), 4095);
	CHECK_EQ_DBL(round_trip(4095.6), 4096);
	CHECK_EQ_DBL(round_trip(8191.9), 8192);
}

TEST(unknown_is_not_zero)
{
	CHECK_EQ_DBL(round_trip(NAN), NAN);
	CHECK_EQ_DBL(round_trip(-NAN), NAN);
	CHECK(history_encode(NAN) != history_encode(0));
}

TEST(empty)
{
	struct script script = { 0 };

	read_at(&script, START);
	CHECK_EQ_INT(script.count, 0);
}

TEST(one_tick)
{
	struct script script = { 0 };

	add_at(&script, START, 7, 3);
	read_at(&script, START + 2);
	REQUIRE(script.count == 1);
	CHECK(is_near(script.points[0].age, 2));
	CHECK_EQ_DBL((double)script.points[0].values[GAUGE], 7);
	CHECK_EQ_DBL((double)script.points[0].values[OPENED], 3);
	CHECK_EQ_DBL((double)script.points[0].values[HISTORY_FAILED], 0);
}

TEST(more_than_an_hour_of_5_s)
{
	struct script script = { 0 };
	double shortest, longest;

	run(&script, 5, 8000);
	read_at(&script, script.now);
	check_times(&script, 5);
	CHECK(script.points[0].age > 3569);
	CHECK(script.points[0].age <= 3600);
	CHECK(is_near(point_at(&script, 0)->age, 0));
	measure_gaps(&script, 0, 100, &shortest, &longest);
	CHECK(is_near(shortest, 5));
	CHECK(is_near(longest, 5));
	measure_gaps(&script, 140, 3600, &shortest, &longest);
	CHECK(is_near(shortest, 30));
	CHECK(is_near(longest, 30));
}

/* Each increment is in one point: in what is kept, and so in any part of it. */
TEST(sums_of_5_s_are_exact)
{
	struct script script = { 0 };

	for (int i = 0; i < 720; i++) {
		add_at(&script, START + i * 5, i, i % 7);
		read_at(&script, script.now);
		if (sum(&script, OPENED) != script.added)
			CHECK_EQ_DBL(sum(&script, OPENED), script.added);
	}
	CHECK(script.points[0].age > 3590);
}

TEST(sums_of_100_ms_are_exact)
{
	struct script script = { 0 };

	for (int i = 0; i < 35000; i++) {
		add_at(&script, START + i * 0.1, i, i % 7);
		if (i % 97)
			continue;
		read_at(&script, script.now);
		if (sum(&script, OPENED) != script.added)
			CHECK_EQ_DBL(sum(&script, OPENED), script.added);
	}
}

TEST(more_than_an_hour_of_100_ms)
{
	struct script script = { 0 };
	double shortest, longest;

	run(&script, 0.1, 8001.3);
	read_at(&script, script.now);
	check_times(&script, 0.1);
	CHECK(script.points[0].age > 3568);
	CHECK(is_near(point_at(&script, 0)->age, 0));
	measure_gaps(&script, 5, 100, &shortest, &longest);
	CHECK(shortest > 4.4);
	CHECK(longest < 5.6);
	measure_gaps(&script, 140, 3600, &shortest, &longest);
	CHECK(shortest > 24);
	CHECK(longest < 36);
}

TEST(more_than_an_hour_of_60_s)
{
	struct script script = { 0 };

	run(&script, 60, 30000);
	read_at(&script, script.now);
	check_times(&script, 60);
	CHECK_EQ_INT(script.count, 61);
	for (size_t i = 0; i < script.count; i++) {
		int tick = (int)script.points[i].values[GAUGE];

		CHECK_EQ_DBL((double)script.points[i].values[OPENED], 1 + tick % 3);
	}
}

/* A timer is late by some milliseconds, and then the next tick seems early. */
TEST(ticks_that_jitter_have_a_point_each)
{
	struct script script = { 0 };
	double shortest, longest;

	for (int i = 0; i < 600; i++)
		add_at(&script, START + i * 5 + (i * 7 + 10) % 11 * 0.02, i, 1);
	read_at(&script, script.now);
	for (size_t i = 0; i < HISTORY_FINE; i++)
		CHECK_EQ_INT((int)point_at(&script, i)->values[GAUGE], 599 - (int)i);
	measure_gaps(&script, 140, 2900, &shortest, &longest);
	CHECK(shortest > 29.7);
	CHECK(longest < 30.3);
}

/* On average there are as many points as planned, whatever the ticks are. */
TEST(an_hour_fits_at_any_pace)
{
	for (double every = 0.3; every < 45; every = every * 1.07 + 0.01) {
		struct script script = { 0 };

		run(&script, every, 8000);
		read_at(&script, script.now);
		if (script.points[0].age < 3540)
			CHECK_EQ_DBL(every, script.points[0].age);
		check_times(&script, every);
	}
}

TEST(large_numbers_stay_near)
{
	struct script script = { 0 };

	for (int i = 0; i < 700; i++)
		add_at(&script, START + i * 5, 1234567, 24999 + i);
	read_at(&script, script.now);
	CHECK(fabs(sum(&script, OPENED) / script.added - 1) < 1e-3);
	for (size_t i = 0; i < script.count; i++) {
		double gauge = (double)script.points[i].values[GAUGE];

		if (fabs(gauge / 1234567 - 1) > 1e-3)
			CHECK_EQ_DBL(gauge, 1234567);
	}
}

TEST(a_gauge_is_that_of_the_newest_tick)
{
	struct script script = { 0 };

	add_at(&script, START, 1, 1);
	add_at(&script, START + 1, 100, 1);
	add_at(&script, START + 2, 3, NAN);
	read_at(&script, START + 2);
	REQUIRE(script.count == 2);
	CHECK_EQ_DBL((double)script.points[1].values[GAUGE], 3);
	CHECK_EQ_DBL((double)script.points[1].values[OPENED], 1);
	add_at(&script, START + 3, NAN, 1);
	read_at(&script, START + 3);
	CHECK_EQ_DBL((double)script.points[1].values[GAUGE], NAN);
	CHECK_EQ_DBL((double)script.points[1].values[OPENED], 2);
}

TEST(without_increments_nothing_is_summed)
{
	struct history history = { 0 };
	struct history_point points[HISTORY_POINTS];
	double values[HISTORY_VALUES];
	size_t count;

	for (unsigned i = 0; i < HISTORY_VALUES; i++)
		values[i] = 10 + i;
	for (int i = 0; i < 1000; i++)
		history_add(&history, START + i, values, HISTORY_VALUES);
	count = history_read(&history, START + 1000, points);
	CHECK(count > 40);
	for (size_t i = 0; i < count; i++)
		CHECK_EQ_DBL((double)points[i].values[HISTORY_FAILED], 10 + HISTORY_FAILED);
}

TEST(all_unknown_stays_unknown)
{
	struct script script = { 0 };

	for (int i = 0; i < 400; i++)
		add_at(&script, START + i * 2, NAN, NAN);
	read_at(&script, script.now);
	CHECK(script.count > 40);
	for (size_t i = 0; i < script.count; i++) {
		CHECK_EQ_DBL((double)script.points[i].values[GAUGE], NAN);
		CHECK_EQ_DBL((double)script.points[i].values[OPENED], NAN);
		CHECK_EQ_DBL((double)script.points[i].values[HISTORY_CLOSED], 0);
	}
}

/* The machine was stopped for ten minutes: nothing is drawn there, and nothing moves. */
TEST(a_gap_stays_a_gap)
{
	struct script script = { 0 };
	double shortest, longest;

	for (int i = 0; i <= 101; i++)
		add_at(&script, START + i * 2, i, 1);
	for (int i = 0; i <= 100; i++)
		add_at(&script, START + 802 + i * 2, 401 + i, 1);
	read_at(&script, script.now);
	check_times(&script, 2);
	CHECK_EQ_DBL(sum(&script, OPENED), 203);
	measure_gaps(&script, 0, 3600, &shortest, &longest);
	CHECK(is_near(longest, 600));
	measure_gaps(&script, 3, 200.01, &shortest, &longest);
	CHECK(shortest > 3.9);
	for (size_t i = 0; i < script.count; i++)
		CHECK(script.points[i].age <= 200.01 || script.points[i].age >= 799.99);
}

TEST(old_points_are_not_read)
{
	struct script script = { 0 };

	run(&script, 5, 600);
	read_at(&script, script.now + 3500);
	CHECK(script.count > 15);
	CHECK(script.points[0].age <= 3600);
	CHECK(is_near(point_at(&script, 0)->age, 3500));
	read_at(&script, script.now + 3601);
	CHECK_EQ_INT(script.count, 0);
	read_at(&script, script.now + 4294967);
	CHECK_EQ_INT(script.count, 0);
}

TEST(after_more_than_an_hour_it_starts_anew)
{
	struct script script = { 0 };

	run(&script, 5, 600);
	add_at(&script, script.now + 4294967.296, 77, 5);
	read_at(&script, script.now);
	REQUIRE(script.count == 1);
	CHECK_EQ_DBL((double)script.points[0].values[GAUGE], 77);
	CHECK_EQ_DBL((double)script.points[0].values[OPENED], 5);
}

/* An hour between ticks is still one history. */
TEST(ticks_of_an_hour)
{
	struct script script = { 0 };

	run(&script, 3600, 3600 * 300);
	read_at(&script, script.now);
	REQUIRE(script.count == 2);
	CHECK_EQ_DBL((double)script.points[1].values[GAUGE], 300);
	CHECK_EQ_DBL((double)script.points[0].values[GAUGE], 299);
}

/* Milliseconds of 32 bits end after 49 days; half of them after 24. */
static void check_across(double turn)
{
	struct script script = { 0 };

	for (int i = 0; i < 500; i++)
		add_at(&script, turn - 1234.5 + i * 5, i, 1);
	read_at(&script, script.now);
	CHECK_EQ_DBL(sum(&script, OPENED), 500);
	CHECK_EQ_INT(script.count, 21 + 81);
	for (size_t i = 0; i < script.count; i++) {
		double age = (499 - (double)script.points[i].values[GAUGE]) * 5;

		if (!is_near(script.points[i].age, age))
			CHECK_EQ_DBL(script.points[i].age, age);
	}
}

TEST(long_uptimes)
{
	check_across(4294967.296 / 2);
	check_across(4294967.296);
	check_across(4294967.296 * 1.5);
	check_across(4294967.296 * 20);
}

TEST(a_clock_that_goes_back_loses_nothing)
{
	struct script script = { 0 };

	run(&script, 5, 100);
	add_at(&script, START + 50, 3, 9);
	read_at(&script, START + 50);
	CHECK_EQ_DBL(sum(&script, OPENED), script.added);
	CHECK_EQ_DBL(point_at(&script, 0)->age, 0);
	CHECK_EQ_DBL(point_at(&script, 1)->age, 0);
	CHECK(is_near(point_at(&script, 2)->age, 5));
	CHECK_EQ_DBL((double)point_at(&script, 0)->values[GAUGE], 3);
}

TEST(a_copy_goes_on)
{
	struct script script = { 0 }, copy;

	run(&script, 0.7, 3000);
	memcpy(&copy, &script, sizeof(copy));
	for (int i = 1; i < 500; i++) {
		add_at(&script, START + 3000 + i, i, 1);
		add_at(&copy, START + 3000 + i, i, 1);
	}
	read_at(&script, script.now);
	read_at(&copy, script.now);
	CHECK_EQ_INT(copy.count, script.count);
	CHECK_EQ_DBL(sum(&copy, OPENED), script.added);
	CHECK_EQ_MEM(copy.points, script.points, script.count * sizeof(script.points[0]));
}

/* As many as can be: both rings full, and both open points begun. */
TEST(no_more_points_than_promised)
{
	size_t most = 0;

	for (double every = 0.9; every < 27; every += 0.4) {
		struct script script = { 0 };

		for (int i = 0; i * every < 6000; i++) {
			add_at(&script, START + i * every, i, 1);
			read_at(&script, script.now);
			most = script.count > most ? script.count : most;
		}
	}
	CHECK(most <= HISTORY_POINTS);
	CHECK(most >= HISTORY_POINTS - 4);
}

TEST_MAIN()
