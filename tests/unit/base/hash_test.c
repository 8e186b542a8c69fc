#include "base/hash.h"

#include <stdlib.h>

#include "test.h"

TEST(the_seed_stays)
{
	uint64_t seed = hash_seed();

	CHECK(seed != 0);
	CHECK_EQ_U64(hash_seed(), seed);
}

TEST(depends_on_data_length_and_seed)
{
	CHECK_EQ_U64(hash_bytes("abc", 3, 1), hash_bytes("abc", 3, 1));
	CHECK(hash_bytes("abc", 3, 1) != hash_bytes("abd", 3, 1));
	CHECK(hash_bytes("abc", 3, 1) != hash_bytes("abc", 3, 2));
	CHECK(hash_bytes("a\0", 2, 1) != hash_bytes("a", 1, 1));
	CHECK(hash_bytes("12345678", 8, 1) != hash_bytes("12345678\0", 9, 1));
	CHECK(hash_bytes("", 0, 1) != hash_bytes("", 0, 2));
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

TEST(similar_keys_do_not_collide)
{
	static uint64_t hashes[1 << 16];
	unsigned char key[16] = { 0 };
	unsigned same = 0;

	for (unsigned i = 0; i < 1 << 16; i++) {
		key[14] = (unsigned char)(i >> 8);
		key[15] = (unsigned char)i;
		hashes[i] = hash_bytes(key, sizeof(key), 1);
	}
	qsort(hashes, 1 << 16, sizeof(*hashes), compare);
	for (unsigned i = 1; i < 1 << 16; i++)
		same += hashes[i] == hashes[i - 1];
	CHECK_EQ_INT(same, 0);
}

/* The ledger masks the lowest bits: each of them must depend on every byte of an address. */
TEST(the_low_bits_are_mixed)
{
	static unsigned buckets[256];
	unsigned char key[16] = { 0 };

	for (unsigned at = 0; at < sizeof(key); at++) {
		unsigned worst = 0;

		memset(buckets, 0, sizeof(buckets));
		for (unsigned value = 0; value < 256; value++) {
			key[at] = (unsigned char)value;
			worst = worst < ++buckets[hash_bytes(key, sizeof(key), 1) % 256] ?
					buckets[hash_bytes(key, sizeof(key), 1) % 256] :
					worst;
		}
		key[at] = 0;
		/* 256 keys thrown into 256 buckets: about 6 in the fullest one. */
		CHECK(worst < 16);
	}
}

TEST_MAIN()
