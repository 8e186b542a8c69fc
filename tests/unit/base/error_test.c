#include "base/error.h"

#include <errno.h>

#include "test.h"

TEST(nothing_was_said)
{
	CLEANUP(error_deinit) struct error err = { 0 };

	CHECK_EQ_STR(error_string(&err), "");
}

TEST(one_line_for_each_problem)
{
	CLEANUP(error_deinit) struct error err = { 0 };

	CHECK_EQ_INT(error_set(&err, -EINVAL, "%s: %d", "first", 1), -EINVAL);
	CHECK_EQ_STR(error_string(&err), "first: 1");
	CHECK_EQ_INT(error_set(&err, -ENOENT, "second"), -ENOENT);
	CHECK_EQ_STR(error_string(&err), "first: 1\nsecond");
}

TEST(clear_forgets)
{
	CLEANUP(error_deinit) struct error err = { 0 };

	CHECK_EQ_INT(error_set(&err, -EINVAL, "first"), -EINVAL);
	error_clear(&err);
	CHECK_EQ_STR(error_string(&err), "");
	CHECK_EQ_INT(error_set(&err, -EINVAL, "second"), -EINVAL);
	CHECK_EQ_STR(error_string(&err), "second");
}

TEST_MAIN()
