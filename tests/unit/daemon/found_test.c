#include "daemon/found.h"

#include "test.h"

#define OWN 7

TEST(configured_and_other_are_not_among_them)
{
	struct process_row processes[] = { { .target = 0, .netns = OWN } };
	struct pair_row pairs[] = { { .destination = "10.0.0.5:443" },
				    { .destination = "payments", .configured = true },
				    { .destination = "other" },
				    { .destination = "[fd00::1]:443" },
				    { .destination = "[fe80::1]:443" },
				    { .destination = "127.0.0.1:80" } };
	struct snapshot snapshot = { .pairs = pairs, .processes = processes };
	CLEANUP(text_deinit) struct text found = { 0 };

	snapshot.pair_count = ARRAY_LENGTH(pairs);
	snapshot.process_count = 1;
	found_collect(&snapshot, OWN, &found);
	CHECK_EQ_STR(text_string(&found), "10.0.0.5:443 [fd00::1]:443 127.0.0.1:80");
}

TEST(loopback_of_another_namespace_is_somebody_else)
{
	struct process_row processes[] = { { .target = 0, .netns = OWN },
					   { .target = 1, .netns = OWN },
					   { .target = 1, .netns = 8 } };
	struct pair_row pairs[] = { { .target = 0, .destination = "127.0.0.1:1" },
				    { .target = 1, .destination = "127.0.0.1:2" },
				    { .target = 1, .destination = "[::1]:3" },
				    { .target = 1, .destination = "10.0.0.5:443" } };
	struct snapshot snapshot = { .pairs = pairs, .processes = processes };
	CLEANUP(text_deinit) struct text found = { 0 };

	snapshot.pair_count = ARRAY_LENGTH(pairs);
	snapshot.process_count = ARRAY_LENGTH(processes);
	found_collect(&snapshot, OWN, &found);
	CHECK_EQ_STR(text_string(&found), "127.0.0.1:1 10.0.0.5:443");
}

TEST_MAIN()
