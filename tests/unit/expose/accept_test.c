#include "expose/accept.h"

#include "test.h"

#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define TEXT "text/plain; version=0.0.4; charset=utf-8"

static void check_type(const char *header, const char *type)
{
	const char *answer = accept_content_type(accept_parse(header));

	if (strcmp(answer, type) != 0)
		printf("# %s\n", header ? header : "(absent)");
	CHECK_EQ_STR(answer, type);
}

/* As captured, or as in its source. */
TEST(understands_every_prometheus)
{
	/* 2.42 */
	check_type("application/openmetrics-text;version=1.0.0,"
		   "application/openmetrics-text;version=0.0.1;q=0.75,"
		   "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		   OPENMETRICS);
	/* 2.53 */
	check_type("application/openmetrics-text;version=1.0.0;q=0.5,"
		   "application/openmetrics-text;version=0.0.1;q=0.4,"
		   "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		   OPENMETRICS);
	/* 3.0 */
	check_type("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
		   "application/openmetrics-text;version=0.0.1;escaping=allow-utf-8;q=0.4,"
		   "text/plain;version=1.0.0;escaping=allow-utf-8;escaping=allow-utf-8;q=0.3,"
		   "text/plain;version=0.0.4;escaping=allow-utf-8;q=0.2,*/*;q=0.1",
		   OPENMETRICS "; escaping=allow-utf-8");
	/* 3.5 to 3.14 */
	check_type("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
		   "application/openmetrics-text;version=0.0.1;q=0.5,"
		   "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
		   "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		   OPENMETRICS "; escaping=allow-utf-8");
	/* 3.x with native histograms */
	check_type("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
		   "encoding=delimited;q=0.6,"
		   "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
		   "application/openmetrics-text;version=0.0.1;q=0.4,"
		   "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
		   "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
		   OPENMETRICS "; escaping=allow-utf-8");
}

TEST(speaks_text_to_everybody_else)
{
	check_type(NULL, TEXT);
	check_type("", TEXT);
	check_type("*/*", TEXT);
	check_type("text/*", TEXT);
	check_type("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT);
	check_type("application/json", TEXT);
	check_type("text/plain", TEXT);
	check_type("text/plain;version=0.0.4", TEXT);
	check_type("text/plain;version=1.0.0", TEXT);
	check_type("text/plain;version=0.0.4;escaping=underscores",
		   TEXT "; escaping=underscores");
}

TEST(does_not_speak_old_openmetrics)
{
	check_type("application/openmetrics-text", TEXT);
	check_type("application/openmetrics-text;version=0.0.1", TEXT);
	check_type("application/openmetrics-text;version=2.0.0", TEXT);
}

TEST(ranks_by_quality)
{
	check_type("text/plain;q=0.5,application/openmetrics-text;version=1.0.0;q=0.6",
		   OPENMETRICS);
	check_type("text/plain;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5", TEXT);
	check_type("text/plain;q=0.512,application/openmetrics-text;version=1.0.0;q=0.513",
		   OPENMETRICS);
	check_type("text/plain,application/openmetrics-text;version=1.0.0", TEXT);
	check_type("application/openmetrics-text;version=1.0.0,text/plain", OPENMETRICS);
	check_type("application/openmetrics-text;version=1.0.0;q=0", TEXT);
	check_type("application/openmetrics-text;version=1.0.0;q=0.000,*/*;q=0.001", TEXT);
	check_type("application/openmetrics-text;q=0.9;version=1.0.0,text/plain;q=0.8",
		   OPENMETRICS);
}

TEST(takes_a_broken_quality_for_one)
{
	check_type("text/plain;q=0.9,application/openmetrics-text;version=1.0.0;q=x",
		   OPENMETRICS);
	check_type("text/plain;q=0.9,application/openmetrics-text;version=1.0.0;q=",
		   OPENMETRICS);
	check_type("text/plain;q=0.9,application/openmetrics-text;version=1.0.0;q=7",
		   OPENMETRICS);
	check_type("text/plain;q=0.9,application/openmetrics-text;version=1.0.0;q=1.5",
		   OPENMETRICS);
}

TEST(takes_blanks_cases_and_quotes_as_they_come)
{
	check_type("Application/OpenMetrics-Text ; Version=1.0.0 ; Q=1", OPENMETRICS);
	check_type("\t application/openmetrics-text;version=\"1.0.0\" \t", OPENMETRICS);
	check_type("text/plain;a=\"b,application/openmetrics-text;version=1.0.0;\";q=0.1,"
		   "application/openmetrics-text;version=1.0.0;q=0.2",
		   OPENMETRICS);
	check_type("x/y;a=\"\\\"\",application/openmetrics-text;version=1.0.0", OPENMETRICS);
}

TEST(echoes_only_escapings_it_knows)
{
	check_type("application/openmetrics-text;version=1.0.0;escaping=dots",
		   OPENMETRICS "; escaping=dots");
	check_type("application/openmetrics-text;version=1.0.0;escaping=values",
		   OPENMETRICS "; escaping=values");
	check_type("application/openmetrics-text;version=1.0.0;escaping=evil\r\nSet-Cookie: x",
		   OPENMETRICS);
}

TEST(survives_garbage)
{
	static const char *const headers[] = { ",",	  ";",	  "=",	      ",,,;;;===",
					       "\"",	  "\"\\", ";q",	      ";q=;q",
					       "a;\"=\"", " ",	  "*/*;q=\"0" };

	for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
		check_type(headers[i], TEXT);
		CHECK(!accept_gzip(headers[i]));
	}
}

TEST(compresses_when_asked)
{
	CHECK(accept_gzip("gzip"));
	CHECK(accept_gzip("gzip, deflate, br"));
	CHECK(accept_gzip("deflate;q=0.9, GZIP;q=0.1"));
	CHECK(accept_gzip("x-gzip"));
	CHECK(accept_gzip("*"));
	CHECK(accept_gzip("br, *;q=0.1"));
	CHECK(accept_gzip("gzip;q=0.001"));
	CHECK(accept_gzip("identity;q=0.5, gzip;q=1.0"));
}

TEST(does_not_compress_when_not)
{
	CHECK(!accept_gzip(NULL));
	CHECK(!accept_gzip(""));
	CHECK(!accept_gzip("identity"));
	CHECK(!accept_gzip("deflate, br"));
	CHECK(!accept_gzip("gzip;q=0"));
	CHECK(!accept_gzip("gzip;q=0.0, *;q=1"));
	CHECK(!accept_gzip("*;q=0"));
	CHECK(!accept_gzip("gzip;q=0.2, identity;q=0.8"));
	CHECK(!accept_gzip("gzipped"));
}

TEST_MAIN()
