/*
 * The folded 64x64 -> 128 bit multiplication is the mixing step known from wyhash: two words a
 * multiplication, every output bit depends on every input bit.
 */
#include "base/hash.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

#define ODD_1 UINT64_C(0xa0761d6478bd642f)
#define ODD_2 UINT64_C(0xe7037ed1a0b428db)

static uint64_t fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load(const unsigned char *from, size_t length)
{
	uint64_t word = 0;

	memcpy(&word, from, length < sizeof(word) ? length : sizeof(word));
	return word;
}

uint64_t hash_seed(void)
{
	static uint64_t seed;

	if (!seed && getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uint64_t)(clock_monotonic() * 1e9);
	seed |= 1;
	return seed;
}

uint64_t hash_bytes(const void *data, size_t length, uint64_t seed)
{
	const unsigned char *at = data;
	uint64_t hash = seed ^ length;

	for (; length > sizeof(hash); at += sizeof(hash), length -= sizeof(hash))
		hash = fold(hash ^ load(at, sizeof(hash)), ODD_1);
	return fold(hash ^ load(at, length), ODD_2);
}
