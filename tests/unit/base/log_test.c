#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "capture.h"
#include "test.h"

static bool is_timestamp(const char *text)
{
	static const char form[] = "2026-11-23T18:11:59.661Z";

	for (size_t i = 0; form[i]; i++) {
		bool digit = form[i] >= '0' && form[i] <= '9';

		if (digit ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	}
	return true;
}

TEST(logfmt)
{
	char line[1000];

	log_init(LOG_INFO, LOG_LOGFMT);
	capture_begin();
	log_line(LOG_INFO, "Listening on", "address", "127.0.0.1:10063", "empty", "", NULL);
	capture_end(line, sizeof(line));
	CHECK(!strncmp(line, "ts=", 3) && is_timestamp(line + 3));
	REQUIRE(strlen(line) > 27);
	CHECK_EQ_STR(line + 27,
		     " level=info msg=\"Listening on\" address=127.0.0.1:10063 empty=\"\"\n");
}

TEST(logfmt_quotes_what_would_confuse)
{
	char line[1000];

	capture_begin();
	log_line(LOG_ERROR, "x", "a", "two words", "b", "k=v", "c", "say \"hi\"", "d", "a\\b",
		 "e", "one\ntwo\tthree\x01", "f", "gr\xc3\xbc\xc3\x9f", NULL);
	capture_end(line, sizeof(line));
	REQUIRE(strlen(line) > 27);
	CHECK_EQ_STR(
		line + 27,
		" level=error msg=x a=\"two words\" b=\"k=v\" c=\"say \\\"hi\\\"\" "
		"d=\"a\\\\b\" e=\"one\\ntwo\\u0009three\\u0001\" f=\"gr\xc3\xbc\xc3\x9f\"\n");
}

TEST(json)
{
	char line[1000];

	log_init(LOG_INFO, LOG_JSON);
	capture_begin();
	log_line(LOG_WARN, "Could \"not\"", "file", "a\\b\n\x1f", NULL);
	capture_end(line, sizeof(line));
	log_init(LOG_INFO, LOG_LOGFMT);
	CHECK(!strncmp(line, "{\"ts\":\"", 7) && is_timestamp(line + 7));
	REQUIRE(strlen(line) > 31);
	CHECK_EQ_STR(line + 31, "\",\"level\":\"warn\",\"msg\":\"Could \\\"not\\\"\","
				"\"file\":\"a\\\\b\\n\\u001f\"}\n");
}

TEST(levels_below_the_least_are_silent)
{
	char line[1000];

	log_init(LOG_WARN, LOG_LOGFMT);
	capture_begin();
	log_line(LOG_DEBUG, "no", NULL);
	log_line(LOG_INFO, "no", NULL);
	log_line(LOG_WARN, "yes", NULL);
	log_line(LOG_ERROR, "yes", NULL);
	capture_end(line, sizeof(line));
	log_init(LOG_INFO, LOG_LOGFMT);
	CHECK(!strstr(line, "msg=no"));
	CHECK(strstr(line, "level=warn msg=yes\n") != NULL);
	CHECK(strstr(line, "level=error msg=yes\n") != NULL);
}

TEST(parses_levels_and_formats)
{
	enum log_level level = LOG_DEBUG;
	enum log_format format = LOG_LOGFMT;

	CHECK_EQ_INT(log_level_parse("debug", &level), 0);
	CHECK_EQ_INT(level, LOG_DEBUG);
	CHECK_EQ_INT(log_level_parse("error", &level), 0);
	CHECK_EQ_INT(level, LOG_ERROR);
	CHECK_EQ_INT(log_level_parse("Error", &level), -EINVAL);
	CHECK_EQ_INT(log_level_parse("", &level), -EINVAL);
	CHECK_EQ_INT(level, LOG_ERROR);
	CHECK_EQ_INT(log_format_parse("json", &format), 0);
	CHECK_EQ_INT(format, LOG_JSON);
	CHECK_EQ_INT(log_format_parse("xml", &format), -EINVAL);
	CHECK_EQ_INT(format, LOG_JSON);
}

TEST(a_log_that_cannot_be_written_is_no_failure)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), saved = dup(STDERR_FILENO);

	REQUIRE(full >= 0 && saved >= 0);
	dup2(full, STDERR_FILENO);
	log_line(LOG_ERROR, "lost", NULL);
	CHECK_EQ_INT(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	file_close(&full);
	file_close(&saved);
}

TEST_MAIN()
