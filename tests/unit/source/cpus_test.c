#include "source/cpus.h"

#include "base/text.h"
#include "test.h"

static void check_list(const char *list, const char *expected)
{
	CLEANUP(cpus_deinit) struct cpus cpus = { 0 };
	CLEANUP(text_deinit) struct text text = { 0 };

	CHECK(cpus_parse(bytes_from_string(list), &cpus));
	for (size_t i = 0; i < cpus.count; i++)
		text_printf(&text, "%u ", cpus.items[i]);
	CHECK_EQ_STR(text_string(&text), expected);
}

TEST(lists)
{
	check_list("0", "0 ");
	check_list("0-3", "0 1 2 3 ");
	check_list("0,2-3,7", "0 2 3 7 ");
	check_list("65535", "65535 ");
}

TEST(refuses_what_is_no_list)
{
	static const char *const wrong[] = { "",      ",",	 "0,",	"-",   "1-",
					     "-1",    "3-2",	 "1,1", "2,1", "0-x",
					     "65536", "0-65536", "0 ",	"0\n" };
	CLEANUP(cpus_deinit) struct cpus cpus = { 0 };

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		if (cpus_parse(bytes_from_string(wrong[i]), &cpus))
			CHECK_EQ_STR(wrong[i], "refused");
	}
}

TEST(equality)
{
	CLEANUP(cpus_deinit) struct cpus a = { 0 };
	CLEANUP(cpus_deinit) struct cpus b = { 0 };

	CHECK(cpus_equal(&a, &b));
	REQUIRE(cpus_parse(bytes_from_string("0-1"), &a));
	CHECK(!cpus_equal(&a, &b));
	REQUIRE(cpus_parse(bytes_from_string("0,1"), &b));
	CHECK(cpus_equal(&a, &b));
	REQUIRE(cpus_parse(bytes_from_string("0,2"), &b));
	CHECK(!cpus_equal(&a, &b));
}

TEST(the_real_ones)
{
	CLEANUP(cpus_deinit) struct cpus cpus = { 0 };

	REQUIRE(!cpus_read(&cpus));
	CHECK(cpus.count > 0);
}

TEST_MAIN()
