#include "base/memory.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

TEST(new_memory_is_zeroed)
{
	CLEANUP(memory_free_pointer) unsigned char *memory = memory_new(100, 3);
	unsigned sum = 0;

	for (size_t i = 0; i < 300; i++)
		sum += memory[i];
	CHECK_EQ_INT(sum, 0);
}

TEST(nothing_is_memory_too)
{
	CLEANUP(memory_free_pointer) void *memory = memory_new(0, 8);

	CHECK(memory != NULL);
}

TEST(copies_strings)
{
	char original[] = "original";
	CLEANUP(memory_free_pointer) char *copy = memory_copy_string(original);

	original[0] = 'x';
	CHECK_EQ_STR(copy, "original");
}

TEST(grows_by_half_and_keeps_what_is_there)
{
	CLEANUP(memory_free_pointer) int *array = NULL;
	size_t capacity = 0, moves = 0, before;
	unsigned wrong = 0;

	for (int i = 0; i < 10000; i++) {
		before = capacity;
		array = memory_grow(array, &capacity, (size_t)i + 1, sizeof(*array));
		moves += capacity != before;
		array[i] = i;
	}
	for (int i = 0; i < 10000; i++)
		wrong += array[i] != i;
	CHECK_EQ_INT(wrong, 0);
	CHECK(capacity <= 15000);
	CHECK(moves < 20);
}

TEST(grows_at_once_to_what_is_needed)
{
	CLEANUP(memory_free_pointer) char *array = NULL;
	size_t capacity = 0;

	array = memory_grow(array, &capacity, 1000, 1);
	CHECK_EQ_INT(capacity, 1000);
}

/* The allocator of a sanitizer has its own opinion of too much, and says it at length. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

TEST(out_of_memory_ends_the_program_with_one_line)
{
	char said[100] = "";
	int ends[2], status = 0;
	ssize_t length;
	pid_t child;

	if (SANITIZED)
		TEST_SKIP("a sanitizer's allocator answers in its own way");
	REQUIRE(!pipe(ends));
	child = fork();
	if (!child) {
		const struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		dup2(ends[1], STDERR_FILENO);
		free(memory_new(SIZE_MAX / 4, 2));
		_exit(0);
	}
	close(ends[1]);
	length = read(ends[0], said, sizeof(said) - 1);
	close(ends[0]);
	CHECK_EQ_INT(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CHECK(length > 0);
	CHECK_EQ_STR(said, "outbound_exporter: out of memory\n");
}

TEST_MAIN()
