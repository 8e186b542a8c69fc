#include "model/rows.h"

#include "test.h"

static bool is_label(const char *name)
{
	return name && *name && strspn(name, "abcdefghijklmnopqrstuvwxyz_") == strlen(name);
}

/* Labels: lower case, each its own. */
static void check_names(const char *(*name)(unsigned), unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		CHECK(is_label(name(i)));
		for (unsigned j = 0; j < i; j++)
			CHECK(strcmp(name(i), name(j)) != 0);
	}
}

static const char *phase(unsigned i)
{
	return probe_phase_name(i);
}

static const char *probe_reason(unsigned i)
{
	return probe_reason_name(i);
}

static const char *unreadable(unsigned i)
{
	return unreadable_name(i);
}

TEST(every_value_has_a_name_of_its_own)
{
	check_names(phase, PROBE_PHASE_COUNT);
	check_names(probe_reason, PROBE_REASON_COUNT);
	check_names(unreadable, UNREADABLE_COUNT);
}

/* The blackbox_exporter's words, so that its dashboards can be used. */
TEST(phases_are_called_as_elsewhere)
{
	CHECK_EQ_STR(probe_phase_name(PROBE_PHASE_RESOLVE), "resolve");
	CHECK_EQ_STR(probe_phase_name(PROBE_PHASE_CONNECT), "connect");
	CHECK_EQ_STR(probe_phase_name(PROBE_PHASE_TLS), "tls");
	CHECK_EQ_STR(probe_phase_name(PROBE_PHASE_PROCESSING), "processing");
	CHECK_EQ_STR(probe_phase_name(PROBE_PHASE_TRANSFER), "transfer");
}

TEST(buckets_rise)
{
	for (unsigned i = 1; i < PROBE_BUCKET_COUNT; i++)
		CHECK(probe_buckets[i] > probe_buckets[i - 1]);
	CHECK(probe_buckets[0] > 0);
	CHECK(isfinite(probe_buckets[PROBE_BUCKET_COUNT - 1]));
}

TEST_MAIN()
