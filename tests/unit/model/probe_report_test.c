#include "model/probe_report.h"

#include "base/utf8.h"
#include "test.h"

static struct probe_report logging(void)
{
	struct probe_report report;

	probe_report_init(&report);
	report.wants_log = true;
	return report;
}

/* Behind the time: "ts=2026-11-23T18:11:59.661Z ". */
static const char *line_of(const struct probe_report *report)
{
	const char *log = text_string(&report->log);

	CHECK(strncmp(log, "ts=2", 4) == 0);
	return strlen(log) > 28 ? log + 28 : log;
}

TEST(knows_nothing_at_first)
{
	struct probe_report report;

	probe_report_init(&report);
	CHECK(!report.success && isnan(report.last_modified));
	CHECK(isnan(report.tls.earliest_expiry) && isnan(report.tls.chain_expiry));
	probe_report_deinit(&report);
}

TEST(logs_when_asked_to)
{
	struct probe_report report;

	probe_report_init(&report);
	probe_report_log(&report, "info", "Not wanted", NULL);
	CHECK_EQ_STR(text_string(&report.log), "");
	probe_report_deinit(&report);
	report = logging();
	probe_report_log(&report, "error", "Not as it should be", "status_code", "404", "line",
			 "say \"hi\"\r\n", NULL);
	CHECK_EQ_STR(line_of(&report),
		     "level=error msg=\"Not as it should be\" status_code=404 "
		     "line=\"say \\\"hi\\\"\\u000d\\n\"\n");
	probe_report_deinit(&report);
}

TEST(repairs_and_cuts_what_servers_say)
{
	struct probe_report report = logging();
	char value[1026];

	memset(value, 'x', sizeof(value) - 1);
	value[1025] = '\0';
	memcpy(value + 1023, "\xc3\xbc", 2);
	probe_report_log(&report, "info", "m", "a", "\xff", "b", value, NULL);
	CHECK(strncmp(line_of(&report), "level=info msg=m a=\"\xef\xbf\xbd\" b=x", 28) == 0);
	CHECK(strstr(text_string(&report.log), "xx...\n") != NULL);
	CHECK_EQ_U64(strlen(strstr(text_string(&report.log), "b=x")), 2 + 1023 + 3 + 1);
	CHECK(utf8_is_valid(report.log.data, report.log.length));
	probe_report_deinit(&report);
}

TEST(does_not_grow_for_ever)
{
	struct probe_report report = logging();
	size_t length;

	for (int i = 0; i < 10000; i++)
		probe_report_log(&report, "debug", "Read line", "line", "0123456789", NULL);
	length = report.log.length;
	CHECK(length > 60000 && length < 70000);
	CHECK(strstr(text_string(&report.log),
		     "\nlevel=info msg=\"The log is full; what follows is left out\"\n") !=
	      NULL);
	probe_report_log(&report, "info", "m", NULL);
	CHECK_EQ_U64(report.log.length, length);
	probe_report_deinit(&report);
}

TEST_MAIN()
