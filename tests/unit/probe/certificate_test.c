#include "probe/certificate.h"

#include "test.h"

static double parsed(const char *text)
{
	double time;

	return certificate_parse_time(bytes_from_string(text), &time) ? time : NAN;
}

TEST(dates_are_read)
{
	CHECK_EQ_DBL(parsed("Jan  1 00:00:00 1970 GMT"), 0);
	CHECK_EQ_DBL(parsed("Nov 25 18:15:29 2026 GMT"), 1795630529);
	CHECK_EQ_DBL(parsed("Feb 29 12:00:00 2024 GMT"), 1709208000);
	CHECK_EQ_DBL(parsed("Dec 31 23:59:59 9999 GMT"), 253402300799);
	CHECK_EQ_DBL(parsed("Jul  4 12:30 2031 GMT"), 1940934600);
	CHECK_EQ_DBL(parsed("Jan  1 00:00:00 1960 GMT"), -315619200);
}

TEST(anything_else_is_not_a_date)
{
	static const char *const texts[] = {
		"",
		"Bad time value",
		"Nov 25 18:15:29 2026",
		"Nov 25 18:15:29 2026 CET",
		"Nov 25 18:15:29 2026 GMT more",
		"nov 25 18:15:29 2026 GMT",
		"Nov 0 18:15:29 2026 GMT",
		"Nov 32 18:15:29 2026 GMT",
		"Nov 25 24:15:29 2026 GMT",
		"Nov 25 18:60:29 2026 GMT",
		"Nov 25 18:15:61 2026 GMT",
		"Nov 25 18 2026 GMT",
		"Nov 25 18:15:29 10000 GMT",
		"Nov 25 18:15:29 -1 GMT",
		"Nov 99999999999999999999 18:15:29 2026 GMT",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
		CHECK(isnan(parsed(texts[i])));
}

TEST_MAIN()
