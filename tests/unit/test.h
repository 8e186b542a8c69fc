/*
 * The frame of the unit tests. A test file defines tests and ends with TEST_MAIN():
 *
 *	TEST(adds)
 *	{
 *		CHECK_EQ_INT(1 + 1, 2);
 *	}
 *
 *	TEST_MAIN()
 *
 * A failed CHECK is reported and the test goes on; a failed REQUIRE ends the test, for what the
 * lines below it cannot live without. Prints one TAP line a test; exits 1 when any failed.
 */
#pragma once

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

static struct test *test_first, **test_end = &test_first;
static unsigned test_failures; /* of the test that runs */
static const char *test_skip_reason;

/* Tests register themselves before main() and run in the order of the file. */
#define TEST(test_name)                                                           \
	static void test_##test_name(void);                                       \
	__attribute__((constructor)) static void test_register_##test_name(void)  \
	{                                                                         \
		static struct test test = { #test_name, test_##test_name, NULL }; \
		*test_end = &test;                                                \
		test_end = &test.next;                                            \
	}                                                                         \
	static void test_##test_name(void)

/* CHECK_EQ_x(what it is, what it should be) prints both. Doubles: exactly; NaN equals NaN. */
#define CHECK(condition) ((void)test_true(TEST_HERE, #condition, condition))
#define CHECK_EQ_INT(actual, expected) \
	test_int(TEST_HERE, #actual, (intmax_t)(actual), (intmax_t)(expected))
#define CHECK_EQ_U64(actual, expected) \
	test_u64(TEST_HERE, #actual, (uint64_t)(actual), (uint64_t)(expected))
#define CHECK_EQ_DBL(actual, expected) test_double(TEST_HERE, #actual, actual, expected)
#define CHECK_EQ_STR(actual, expected) test_string(TEST_HERE, #actual, actual, expected)
#define CHECK_EQ_MEM(actual, expected, size) \
	test_memory(TEST_HERE, #actual, actual, expected, size)

#define REQUIRE(condition)                                        \
	do {                                                      \
		if (!test_true(TEST_HERE, #condition, condition)) \
			return;                                   \
	} while (0)

/* Leaves the test, which then counts as skipped, with the reason. */
#define TEST_SKIP(reason)                    \
	do {                                 \
		test_skip_reason = (reason); \
		return;                      \
	} while (0)

#define TEST_HERE __FILE__, __LINE__
#define TEST_REPORT(failed, format, ...)                                                   \
	do {                                                                               \
		if (failed) {                                                              \
			test_failures++;                                                   \
			printf("# %s:%d: %s " format "\n", file, line, what, __VA_ARGS__); \
		}                                                                          \
	} while (0)

static inline bool test_true(const char *file, int line, const char *what, bool holds)
{
	TEST_REPORT(!holds, "is %s", "not true");
	return holds;
}

static inline void test_int(const char *file, int line, const char *what, intmax_t a,
			    intmax_t b)
{
	TEST_REPORT(a != b, "is %jd, not %jd", a, b);
}

static inline void test_u64(const char *file, int line, const char *what, uint64_t a,
			    uint64_t b)
{
	TEST_REPORT(a != b, "is %" PRIu64 ", not %" PRIu64, a, b);
}

static inline void test_double(const char *file, int line, const char *what, double a, double b)
{
	TEST_REPORT(a != b && !(isnan(a) && isnan(b)), "is %.17g, not %.17g", a, b);
}

static inline void test_string(const char *file, int line, const char *what, const char *a,
			       const char *b)
{
	const char *shown_a = a ? a : "(null)", *shown_b = b ? b : "(null)";

	TEST_REPORT(!a != !b || strcmp(shown_a, shown_b) != 0, "is \"%s\", not \"%s\"", shown_a,
		    shown_b);
}

static inline void test_memory(const char *file, int line, const char *what, const void *a,
			       const void *b, size_t size)
{
	const unsigned char *x = a, *y = b;
	size_t i = 0;

	while (i < size && x[i] == y[i])
		i++;
	if (i < size)
		TEST_REPORT(true, "has 0x%02x, not 0x%02x, at offset %zu", x[i], y[i], i);
}

static inline bool test_run(const struct test *test, unsigned number)
{
	test_failures = 0;
	test_skip_reason = NULL;
	test->run();
	printf("%s %u - %s", test_failures ? "not ok" : "ok", number, test->name);
	if (test_skip_reason && !test_failures)
		printf(" # SKIP %s", test_skip_reason);
	putchar('\n');
	fflush(stdout);
	return test_failures == 0;
}

static inline int test_main(void)
{
	unsigned count = 0, failed = 0;

	for (const struct test *test = test_first; test; test = test->next)
		failed += !test_run(test, ++count);
	printf("1..%u\n", count);
	return failed > 0 || count == 0;
}

#define TEST_MAIN()                 \
	int main(void)              \
	{                           \
		return test_main(); \
	}
