#include "model/snapshot.h"

#include "test.h"

TEST(begins_empty)
{
	struct snapshot *snapshot = snapshot_new(1700000000.5, 17.25);

	CHECK_EQ_DBL(snapshot->wall, 1700000000.5);
	CHECK_EQ_DBL(snapshot->monotonic, 17.25);
	CHECK_EQ_INT(snapshot->process_count, 0);
	CHECK_EQ_INT(snapshot->target_count, 0);
	CHECK_EQ_INT(snapshot->pair_count, 0);
	CHECK_EQ_INT(snapshot->netns_pair_count, 0);
	CHECK_EQ_INT(snapshot->source_count, 0);
	CHECK_EQ_INT(snapshot->probe_count, 0);
	CHECK_EQ_INT(snapshot->own_count, 0);
	CHECK_EQ_INT(snapshot->arena.used, 0);
	snapshot_free(snapshot);
	snapshot_free(NULL);
}

/* What is in its arena goes with it: the leak checker of ASan says so if not. */
TEST(owns_what_is_in_it)
{
	struct snapshot *snapshot = snapshot_new(0, 0);

	snapshot->targets = arena_alloc(&snapshot->arena, 1000, sizeof(*snapshot->targets));
	snapshot->targets[999].name = arena_copy_string(&snapshot->arena, "last");
	CHECK_EQ_STR(snapshot->targets[999].name, "last");
	snapshot_free(snapshot);
}

TEST(limits_are_called_like_their_keys)
{
	CHECK_EQ_STR(truncated_name(TRUNCATED_TARGETS), "targets");
	CHECK_EQ_STR(truncated_name(TRUNCATED_DESTINATIONS), "destinations");
	CHECK_EQ_STR(truncated_name(TRUNCATED_PAIRS), "pairs");
	CHECK_EQ_STR(truncated_name(TRUNCATED_CONNECTIONS), "connections");
	CHECK_EQ_STR(truncated_name(TRUNCATED_SERIES), "series");
}

TEST_MAIN()
