#include "config/describe.h"

#include "base/bytes.h"
#include "test.h"

TEST(the_reference_has_a_row_for_each_key)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	const char *reference;

	describe_config(&text);
	reference = text_string(&text);
	CHECK(strstr(reference, "| key | value | default | bounds | meaning |\n"
				"|---|---|---|---|---|\n") == reference);
	CHECK(strstr(reference, "\n| `collect` | a mapping | | | "));
	CHECK(strstr(reference,
		     "\n| `collect.interval` | a duration | `5s` | `100ms` to `1h` | "
		     "Time between two looks at the processes and their "
		     "connections. |\n"));
	CHECK(strstr(reference,
		     "\n| `discover.enabled` | `auto`, `true`, `false` | `auto` | | "));
	CHECK(strstr(reference, "\n| `targets[].name` | a name | required | | "));
	CHECK(strstr(reference, "\n| `targets[].match[].pid` | a process number | | `1` to "));
	CHECK(strstr(reference, "\n| `modules.<name>.http.tls_config.ca_file` | "));
	CHECK(strstr(reference, "\n| `destinations[].probe.timeout` | a duration | `5s` | "));
}

/* Markdown ends a cell at every bar that has no backslash before it. */
TEST(every_row_has_five_cells)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	struct bytes rest, line;
	unsigned rows = 0;

	describe_config(&text);
	rest = (struct bytes){ text.data, text.length };
	while (bytes_take_line(&rest, &line)) {
		unsigned bars = 0;

		for (size_t i = 0; i < line.length; i++)
			bars += line.data[i] == '|' && (!i || line.data[i - 1] != '\\');
		CHECK_EQ_U64(bars, 6);
		rows++;
	}
	CHECK(rows > 50);
}

TEST_MAIN()
