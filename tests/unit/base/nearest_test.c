#include "base/nearest.h"

#include "base/compiler.h"
#include "test.h"

static const char *nearest(const char *wanted)
{
	static const char *const known[] = { "interval", "timeout",  "host", "port",
					     "pid",	 "pid_file", "cidr", "name" };
	struct nearest nearest;

	nearest_init(&nearest, wanted);
	for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
		nearest_offer(&nearest, known[i]);
	return nearest.found;
}

TEST(finds_what_was_meant)
{
	CHECK_EQ_STR(nearest("intervall"), "interval");
	CHECK_EQ_STR(nearest("intreval"), "interval");
	CHECK_EQ_STR(nearest("inter"), NULL);
	CHECK_EQ_STR(nearest("hots"), "host");
	CHECK_EQ_STR(nearest("prt"), "port");
	CHECK_EQ_STR(nearest("pidfile"), "pid_file");
	CHECK_EQ_STR(nearest("port"), "port");
	CHECK_EQ_STR(nearest("time_out"), "timeout");
}

TEST(finds_nothing_in_something_else)
{
	CHECK_EQ_STR(nearest("kubernetes"), NULL);
	CHECK_EQ_STR(nearest("xy"), NULL);
	CHECK_EQ_STR(nearest(""), NULL);
}

TEST(the_first_of_equals_wins)
{
	struct nearest nearest;

	nearest_init(&nearest, "abcd");
	nearest_offer(&nearest, "abce");
	nearest_offer(&nearest, "abcf");
	CHECK_EQ_STR(nearest.found, "abce");
	CHECK_EQ_INT(nearest.distance, 1);
	nearest_offer(&nearest, "abcd");
	CHECK_EQ_STR(nearest.found, "abcd");
	CHECK_EQ_INT(nearest.distance, 0);
}

TEST(very_long_words_are_no_mistakes)
{
	char word[4096];
	struct nearest nearest;

	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	nearest_init(&nearest, word);
	nearest_offer(&nearest, word);
	CHECK_EQ_STR(nearest.found, NULL);
	nearest_init(&nearest, "host");
	nearest_offer(&nearest, word);
	CHECK_EQ_STR(nearest.found, NULL);
	word[64] = '\0';
	nearest_init(&nearest, word);
	nearest_offer(&nearest, word);
	CHECK_EQ_STR(nearest.found, word);
}

TEST_MAIN()
