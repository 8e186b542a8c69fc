#include "source/owners.h"

#include "base/memory.h"
#include "test.h"

TEST(nothing_before_the_first_time)
{
	CLEANUP(owners_deinit) struct owners owners = { 0 };

	CHECK(!owners_first(&owners, 1));
	owners_begin(&owners, 0);
	CHECK(!owners_first(&owners, 1));
}

TEST(all_owners_of_an_inode_in_reverse)
{
	CLEANUP(owners_deinit) struct owners owners = { 0 };
	const struct owner *owner;

	owners_begin(&owners, 4);
	owners_add(&owners, 1000, 9);
	owners_add(&owners, 1001, 8);
	owners_add(&owners, 1000, 5);
	owners_add(&owners, 1000, 5);
	owner = owners_first(&owners, 1000);
	REQUIRE(owner != NULL);
	CHECK_EQ_INT(owner->watched, 5);
	owner = owners_next(&owners, owner);
	REQUIRE(owner != NULL);
	CHECK_EQ_INT(owner->watched, 5);
	owner = owners_next(&owners, owner);
	REQUIRE(owner != NULL);
	CHECK_EQ_INT(owner->watched, 9);
	CHECK(!owners_next(&owners, owner));
	owner = owners_first(&owners, 1001);
	REQUIRE(owner != NULL);
	CHECK_EQ_INT(owner->watched, 8);
	CHECK(!owners_next(&owners, owner));
	CHECK(!owners_first(&owners, 1002));
}

/* Larger, smaller, and as large as before: nothing of the time before stays. */
TEST(each_time_begins_with_nothing)
{
	static const uint32_t counts[] = { 10, 10, 5000, 20, 20, 0, 300 };
	CLEANUP(owners_deinit) struct owners owners = { 0 };
	uint64_t first = 1;

	for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
		bool found = true, old = false;

		owners_begin(&owners, counts[i]);
		for (uint32_t j = 0; j < counts[i]; j++)
			owners_add(&owners, first + j, j);
		for (uint32_t j = 0; j < counts[i]; j++) {
			const struct owner *owner = owners_first(&owners, first + j);

			found &= owner && owner->watched == j && !owner->next;
		}
		for (uint64_t inode = first > 6000 ? first - 6000 : 1; inode < first; inode++)
			old |= owners_first(&owners, inode) != NULL;
		CHECK(found);
		CHECK(!old);
		first += counts[i];
	}
}

/* Inodes are 32 bits wide, or more, and one apart or any power of two. */
TEST(inodes_of_any_pattern)
{
	for (unsigned shift = 0; shift < 64; shift += 7) {
		CLEANUP(owners_deinit) struct owners owners = { 0 };
		bool found = true;

		owners_begin(&owners, 64);
		for (uint32_t i = 1; i <= 64; i++)
			owners_add(&owners, (uint64_t)i << shift, i);
		for (uint32_t i = 1; i <= 64; i++) {
			const struct owner *owner = owners_first(&owners, (uint64_t)i << shift);

			found &= owner && owner->inode == (uint64_t)i << shift;
		}
		CHECK(found);
	}
}

TEST_MAIN()
