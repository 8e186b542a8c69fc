#include "source/tracefs.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "source/formats.h"
#include "source/tree.h"
#include "test.h"

static void check_field(const char *format, const char *name, unsigned offset, unsigned size)
{
	struct tracefs_field field = { .name = name };

	CHECK(tracefs_parse_field(bytes_from_string(format), &field));
	CHECK_EQ_INT(field.offset, offset);
	CHECK_EQ_INT(field.size, size);
}

TEST(fields_have_their_places)
{
	check_field(format_change, "common_type", 0, 2);
	check_field(format_change, "skaddr", 8, 8);
	check_field(format_change, "daddr", 36, 4);
	check_field(format_change, "daddr_v6", 56, 16);
	check_field(format_error, "error", 8, 4);
	check_field(format_change_older, "daddr_v6", 55, 16);
}

TEST(without_a_newline_at_the_end)
{
	check_field("\tfield:int x;\toffset:65535;\tsize:65535;", "x", 65535, 65535);
}

TEST(refuses_what_is_no_such_field)
{
	static const char *const wrong[] = {
		"",
		"field:int x;\toffset:8;\tsize:4;\tsigned:1;",
		"\tfield:int x\toffset:8;\tsize:4;\tsigned:1;",
		"\tfield:int xx;\toffset:8;\tsize:4;\tsigned:1;",
		"\tfield:int x y;\toffset:8;\tsize:4;\tsigned:1;",
		"\tfield:;\toffset:8;\tsize:4;\tsigned:1;",
		"\tfield:int x;\toffset:8;",
		"\tfield:int x;\tsize:4;\toffset:8;",
		"\tfield:int x;\toffset:-8;\tsize:4;\tsigned:1;",
		"\tfield:int x;\toffset:65536;\tsize:4;\tsigned:1;",
		"\tfield:int x;\toffset:8;\tsize:65536;\tsigned:1;",
		"\tfield:int x;\toffset:;\tsize:4;\tsigned:1;",
		"\tfield:int x;\toffset:8;\tsize:4",
		"print fmt: \"field:int x;\toffset:8;\tsize:4;\"",
	};
	struct tracefs_field field = { .name = "x", .offset = 77 };

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		if (tracefs_parse_field(bytes_from_string(wrong[i]), &field))
			CHECK_EQ_STR(wrong[i], "refused");
	}
	CHECK_EQ_INT(field.offset, 77);
}

static int read_tree(const struct tree *tree, uint16_t *ret_number, struct text *format)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	int r = tracefs_read(tree->directory, "sock/x", ret_number, format, &err);

	CHECK_EQ_INT(err.text.length > 0, r < 0);
	return r;
}

TEST(reads_number_and_format)
{
	CLEANUP(tree_deinit) struct tree tree;
	CLEANUP(text_deinit) struct text format = { 0 };
	uint16_t number = 0;

	tree_init(&tree);
	CHECK_EQ_INT(read_tree(&tree, &number, &format), -ENOENT);
	tree_write(&tree, "events/sock/x/id", "2287\n");
	CHECK_EQ_INT(read_tree(&tree, &number, &format), -ENOENT);
	tree_write(&tree, "events/sock/x/format", format_change);
	CHECK_EQ_INT(read_tree(&tree, &number, &format), 0);
	CHECK_EQ_INT(number, 2287);
	CHECK_EQ_STR(text_string(&format), format_change);
	tree_write(&tree, "events/sock/x/id", "65536\n");
	CHECK_EQ_INT(read_tree(&tree, &number, &format), -EPROTO);
	CHECK_EQ_INT(number, 2287);
}

TEST(opens_the_real_one)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text format = { 0 };
	CLEANUP(file_close) int tracefs = tracefs_open(&err);
	uint16_t number;

	CHECK_EQ_INT(err.text.length > 0, tracefs < 0);
	if (tracefs < 0)
		TEST_SKIP("tracefs is not mounted, and may not be");
	if (geteuid())
		TEST_SKIP("not root");
	CHECK_EQ_INT(tracefs_read(tracefs, "sock/no_such_thing", &number, &format, &err),
		     -ENOENT);
	CHECK_EQ_STR(error_string(&err), "this kernel has no tracepoint sock/no_such_thing");
}

TEST_MAIN()
