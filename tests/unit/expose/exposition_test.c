#include "expose/exposition.h"
#include "test.h"

static const struct family gauge = { "x_open_fds",
				     FAMILY_GAUGE,
				     NULL,
				     { "target", "state" },
				     "Open \"files\"\\ now.\nMore." };
static const struct family plain = { "x_up", FAMILY_GAUGE, NULL, { NULL }, "Up." };
static const struct family counter = { "x_spent_seconds_total",
				       FAMILY_COUNTER,
				       "seconds",
				       { NULL },
				       "Time." };
static const struct family info = { "x_build_info", FAMILY_INFO, NULL, { "version" }, "Is." };
static const struct family histogram = { "x_wait_seconds",
					 FAMILY_HISTOGRAM,
					 "seconds",
					 { "destination" },
					 "Waiting." };
static const struct family bare_histogram = { "x_wait_seconds",
					      FAMILY_HISTOGRAM,
					      "seconds",
					      { NULL },
					      "Waiting." };

static struct exposition roomy(void)
{
	return (struct exposition){ .left = 1000 };
}

static void check_page(struct exposition *exposition, const char *text, const char *openmetrics)
{
	exposition_finish(exposition);
	CHECK_EQ_STR(text_string(&exposition->text[PAGE_TEXT]), text);
	CHECK_EQ_STR(text_string(&exposition->text[PAGE_OPENMETRICS]), openmetrics);
	exposition_deinit(exposition);
}

TEST(writes_an_empty_page)
{
	struct exposition exposition = { 0 };

	check_page(&exposition, "", "# EOF\n");
}

TEST(writes_a_gauge_with_labels)
{
	struct exposition exposition = roomy();

	exposition_begin(&exposition, &gauge);
	exposition_sample(&exposition, (const char *[]){ "a", "b" }, 0.5);
	exposition_count(&exposition, (const char *[]){ "a", "" }, 18446744073709551615U);
	exposition_end(&exposition);
	check_page(&exposition,
		   "# HELP x_open_fds Open \"files\"\\\\ now.\\nMore.\n"
		   "# TYPE x_open_fds gauge\n"
		   "x_open_fds{target=\"a\",state=\"b\"} 0.5\n"
		   "x_open_fds{target=\"a\",state=\"\"} 18446744073709551615\n",
		   "# TYPE x_open_fds gauge\n"
		   "# HELP x_open_fds Open \\\"files\\\"\\\\ now.\\nMore.\n"
		   "x_open_fds{target=\"a\",state=\"b\"} 0.5\n"
		   "x_open_fds{target=\"a\",state=\"\"} 18446744073709551615\n"
		   "# EOF\n");
}

TEST(names_a_counter_as_each_format_does)
{
	struct exposition exposition = roomy();

	exposition_begin(&exposition, &counter);
	exposition_sample(&exposition, NULL, 1.25);
	exposition_end(&exposition);
	check_page(&exposition,
		   "# HELP x_spent_seconds_total Time.\n"
		   "# TYPE x_spent_seconds_total counter\n"
		   "x_spent_seconds_total 1.25\n",
		   "# TYPE x_spent_seconds counter\n"
		   "# UNIT x_spent_seconds seconds\n"
		   "# HELP x_spent_seconds Time.\n"
		   "x_spent_seconds_total 1.25\n"
		   "# EOF\n");
}

TEST(writes_an_info_as_a_gauge_in_the_text_format)
{
	struct exposition exposition = roomy();

	exposition_begin(&exposition, &info);
	exposition_count(&exposition, (const char *[]){ "1.0" }, 1);
	exposition_end(&exposition);
	check_page(&exposition,
		   "# HELP x_build_info Is.\n"
		   "# TYPE x_build_info gauge\n"
		   "x_build_info{version=\"1.0\"} 1\n",
		   "# TYPE x_build info\n"
		   "# HELP x_build Is.\n"
		   "x_build_info{version=\"1.0\"} 1\n"
		   "# EOF\n");
}

static const double bounds[] = { 0.005, 1, 2.5, 1e21 };
static const uint64_t counts[] = { 1, 0, 2, 0, 4 };

#define SAMPLES                                                     \
	"x_wait_seconds_bucket{destination=\"d\",le=\"0.005\"} 1\n" \
	"x_wait_seconds_bucket{destination=\"d\",le=\"1.0\"} 1\n"   \
	"x_wait_seconds_bucket{destination=\"d\",le=\"2.5\"} 3\n"   \
	"x_wait_seconds_bucket{destination=\"d\",le=\"1e+21\"} 3\n" \
	"x_wait_seconds_bucket{destination=\"d\",le=\"+Inf\"} 7\n"  \
	"x_wait_seconds_sum{destination=\"d\"} 9.75\n"              \
	"x_wait_seconds_count{destination=\"d\"} 7\n"

TEST(cumulates_a_histogram)
{
	struct exposition exposition = roomy();

	exposition_begin(&exposition, &histogram);
	exposition_histogram(&exposition, (const char *[]){ "d" }, bounds, counts, 4, 9.75);
	exposition_end(&exposition);
	check_page(&exposition,
		   "# HELP x_wait_seconds Waiting.\n"
		   "# TYPE x_wait_seconds histogram\n" SAMPLES,
		   "# TYPE x_wait_seconds histogram\n"
		   "# UNIT x_wait_seconds seconds\n"
		   "# HELP x_wait_seconds Waiting.\n" SAMPLES "# EOF\n");
}

TEST(writes_a_histogram_without_labels)
{
	struct exposition exposition = roomy();

	exposition_begin(&exposition, &bare_histogram);
	exposition_histogram(&exposition, NULL, bounds, counts, 1, 0);
	exposition_end(&exposition);
	CHECK_EQ_STR(text_string(&exposition.text[PAGE_TEXT]),
		     "# HELP x_wait_seconds Waiting.\n"
		     "# TYPE x_wait_seconds histogram\n"
		     "x_wait_seconds_bucket{le=\"0.005\"} 1\n"
		     "x_wait_seconds_bucket{le=\"+Inf\"} 1\n"
		     "x_wait_seconds_sum 0\n"
		     "x_wait_seconds_count 1\n");
	exposition_deinit(&exposition);
}

TEST(leaves_out_a_label_without_a_value)
{
	struct exposition exposition = roomy();

	exposition_begin(&exposition, &gauge);
	exposition_count(&exposition, (const char *[]){ "a", NULL }, 1);
	exposition_count(&exposition, (const char *[]){ NULL, "b" }, 2);
	exposition_count(&exposition, (const char *[]){ NULL, NULL }, 3);
	exposition_end(&exposition);
	CHECK_EQ_STR(strstr(text_string(&exposition.text[PAGE_TEXT]), "\nx_"),
		     "\nx_open_fds{target=\"a\"} 1\n"
		     "x_open_fds{state=\"b\"} 2\n"
		     "x_open_fds 3\n");
	exposition_deinit(&exposition);
	exposition = roomy();
	exposition_begin(&exposition, &histogram);
	exposition_histogram(&exposition, (const char *[]){ NULL }, bounds, counts, 1, 0);
	exposition_end(&exposition);
	CHECK_EQ_STR(strstr(text_string(&exposition.text[PAGE_TEXT]), "\nx_"),
		     "\nx_wait_seconds_bucket{le=\"0.005\"} 1\n"
		     "x_wait_seconds_bucket{le=\"+Inf\"} 1\n"
		     "x_wait_seconds_sum 0\n"
		     "x_wait_seconds_count 1\n");
	exposition_deinit(&exposition);
}

static void check_label(const char *value, const char *written)
{
	struct exposition exposition = roomy();
	CLEANUP(text_deinit) struct text expected = { 0 };

	exposition_begin(&exposition, &info);
	exposition_count(&exposition, &value, 1);
	exposition_end(&exposition);
	text_printf(&expected, "x_build_info{version=\"%s\"} 1\n", written);
	CHECK_EQ_STR(strstr(text_string(&exposition.text[PAGE_TEXT]), "x_build_info{"),
		     text_string(&expected));
	exposition_deinit(&exposition);
}

TEST(escapes_labels)
{
	check_label("a\\b", "a\\\\b");
	check_label("\"quoted\"", "\\\"quoted\\\"");
	check_label("two\nlines\n", "two\\nlines\\n");
	check_label("\\n", "\\\\n");
	check_label("{a=\"b\",c}", "{a=\\\"b\\\",c}");
	check_label("tab\tcr\resc\x1b", "tab\tcr\resc\x1b");
}

TEST(repairs_labels)
{
	check_label("Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80",
		    "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80");
	check_label("\xff", "\xef\xbf\xbd");
	check_label("\xff\xff\xff\xff", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	check_label("cut \xe2\x82", "cut \xef\xbf\xbd");
	check_label("\xc3\"", "\xef\xbf\xbd\\\"");
	check_label("\xc3\n", "\xef\xbf\xbd\\n");
}

static void check_value(double value, const char *written)
{
	struct exposition exposition = roomy();
	CLEANUP(text_deinit) struct text expected = { 0 };

	exposition_begin(&exposition, &plain);
	exposition_sample(&exposition, NULL, value);
	exposition_end(&exposition);
	text_printf(&expected, "# HELP x_up Up.\n# TYPE x_up gauge\nx_up %s\n", written);
	CHECK_EQ_STR(text_string(&exposition.text[PAGE_TEXT]), text_string(&expected));
	exposition_deinit(&exposition);
}

TEST(writes_values)
{
	check_value(0, "0");
	check_value(-1, "-1");
	check_value(0.1, "0.1");
	check_value(1795467533.3148494, "1795467533.3148494");
	check_value(INFINITY, "+Inf");
	check_value(-INFINITY, "-Inf");
}

TEST(leaves_out_what_is_not_known)
{
	struct exposition exposition = roomy();

	exposition_begin(&exposition, &plain);
	exposition_sample(&exposition, NULL, NAN);
	exposition_end(&exposition);
	exposition_begin(&exposition, &info);
	exposition_sample(&exposition, (const char *[]){ "a" }, NAN);
	exposition_sample(&exposition, (const char *[]){ "b" }, 1);
	exposition_end(&exposition);
	check_page(&exposition,
		   "# HELP x_build_info Is.\n"
		   "# TYPE x_build_info gauge\n"
		   "x_build_info{version=\"b\"} 1\n",
		   "# TYPE x_build info\n"
		   "# HELP x_build Is.\n"
		   "x_build_info{version=\"b\"} 1\n"
		   "# EOF\n");
}

TEST(leaves_out_a_family_that_does_not_fit)
{
	struct exposition exposition = { .left = 3 };
	const char *const labels[] = { "a", "b", "c", "d" };

	exposition_begin(&exposition, &info);
	for (size_t i = 0; i < 4; i++)
		exposition_count(&exposition, &labels[i], 1);
	exposition_end(&exposition);
	exposition_begin(&exposition, &plain);
	exposition_count(&exposition, NULL, 1);
	exposition_end(&exposition);
	CHECK_EQ_U64(exposition.dropped, 4);
	CHECK_EQ_U64(exposition.left, 2);
	check_page(&exposition, "# HELP x_up Up.\n# TYPE x_up gauge\nx_up 1\n",
		   "# TYPE x_up gauge\n# HELP x_up Up.\nx_up 1\n# EOF\n");
}

TEST(fills_the_limit_exactly)
{
	struct exposition exposition = { .left = 1 };

	exposition_begin(&exposition, &plain);
	exposition_count(&exposition, NULL, 1);
	exposition_end(&exposition);
	exposition_begin(&exposition, &plain);
	exposition_count(&exposition, NULL, 2);
	exposition_end(&exposition);
	CHECK_EQ_U64(exposition.dropped, 1);
	CHECK_EQ_STR(text_string(&exposition.text[PAGE_TEXT]),
		     "# HELP x_up Up.\n# TYPE x_up gauge\nx_up 1\n");
	exposition_deinit(&exposition);
}

TEST_MAIN()
