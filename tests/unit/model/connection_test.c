#include "model/connection.h"

#include "test.h"

TEST(every_reason_has_a_name)
{
	for (unsigned i = 0; i < CONNECT_FAILURE_COUNT; i++)
		CHECK(connect_failure_name(i) && *connect_failure_name(i));
	CHECK_EQ_STR(connect_failure_name(CONNECT_REFUSED), "refused");
	CHECK_EQ_STR(connect_failure_name(CONNECT_UNKNOWN), "unknown");
}

TEST(a_value_counts_in_the_first_bucket_it_fits)
{
	struct connection_histogram histogram = { 0 };

	connection_histogram_add(&histogram, connect_buckets, 0.001);
	connection_histogram_add(&histogram, connect_buckets, 1.02);
	connection_histogram_add(&histogram, connect_buckets, 100);
	CHECK_EQ_U64(histogram.counts[0], 1);
	CHECK_EQ_U64(histogram.counts[4], 1);
	CHECK_EQ_U64(histogram.counts[CONNECTION_BUCKET_COUNT], 1);
	CHECK(histogram.sum > 101.02 && histogram.sum < 101.03);
}

TEST_MAIN()
