#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>

#include "test.h"

static bool is_zero(const unsigned char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i])
			return false;
	}
	return true;
}

TEST(memory_is_zeroed_and_aligned)
{
	struct arena arena = { 0 };

	for (size_t size = 1; size < 2000; size += 7) {
		unsigned char *memory = arena_alloc(&arena, 1, size);

		CHECK_EQ_U64((uintptr_t)memory % alignof(max_align_t), 0);
		CHECK(is_zero(memory, size));
		memset(memory, 0xff, size);
	}
	arena_deinit(&arena);
}

TEST(pieces_do_not_overlap)
{
	struct arena arena = { 0 };
	unsigned *pieces[3000];
	unsigned wrong = 0;

	for (unsigned i = 0; i < 3000; i++) {
		pieces[i] = arena_alloc(&arena, 5, sizeof(unsigned));
		for (unsigned j = 0; j < 5; j++)
			pieces[i][j] = i;
	}
	for (unsigned i = 0; i < 3000; i++) {
		for (unsigned j = 0; j < 5; j++)
			wrong += pieces[i][j] != i;
	}
	CHECK_EQ_INT(wrong, 0);
	arena_deinit(&arena);
}

TEST(a_piece_may_be_larger_than_a_block)
{
	struct arena arena = { 0 };
	char *small = arena_copy_string(&arena, "small"), *large, *after;

	large = arena_alloc(&arena, 1000, 1000);
	after = arena_copy_string(&arena, "after");
	memset(large, 'x', 1000 * 1000);
	CHECK_EQ_STR(small, "small");
	CHECK_EQ_STR(after, "after");
	CHECK(arena.used >= 1000 * 1000);
	arena_deinit(&arena);
}

TEST(nothing_is_a_piece_as_well)
{
	struct arena arena;

	arena_init(&arena);
	CHECK(arena_alloc(&arena, 0, 8) != NULL);
	CHECK(arena_alloc(&arena, 8, 0) != NULL);
	CHECK(arena_copy_array(&arena, NULL, 0, 8) != NULL);
	CHECK_EQ_STR(arena_copy(&arena, NULL, 0), "");
	arena_deinit(&arena);
}

TEST(copies_end_with_nul_and_may_hold_nuls)
{
	struct arena arena = { 0 };
	char source[] = "a\0b-and-more";
	char *copy = arena_copy(&arena, source, 3);

	source[0] = 'z';
	CHECK_EQ_MEM(copy, "a\0b", 4);
	arena_deinit(&arena);
}

TEST(copies_arrays)
{
	struct arena arena = { 0 };
	const uint16_t numbers[] = { 1, 2, 65535 };

	CHECK_EQ_MEM(arena_copy_array(&arena, numbers, 3, sizeof(*numbers)), numbers,
		     sizeof(numbers));
	arena_deinit(&arena);
}

TEST(prints)
{
	struct arena arena = { 0 };

	CHECK_EQ_STR(arena_printf(&arena, "%s:%d", "host", 80), "host:80");
	CHECK_EQ_STR(arena_printf(&arena, "%s", ""), "");
	CHECK_EQ_INT(strlen(arena_printf(&arena, "%050000d", 0)), 50000);
	arena_deinit(&arena);
}

TEST(deinit_makes_it_empty_again)
{
	struct arena arena = { 0 };

	arena_copy_string(&arena, "something");
	CHECK(arena.used > 0);
	arena_deinit(&arena);
	CHECK_EQ_INT(arena.used, 0);
	CHECK(arena.blocks == NULL);
	CHECK_EQ_STR(arena_copy_string(&arena, "again"), "again");
	arena_deinit(&arena);
}

TEST_MAIN()
