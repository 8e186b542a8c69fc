/*
 * Pages of reports, beside those of blackbox_exporter 0.23 in the same cases, as it was tried:
 * what we have in addition is probe_timeout_seconds and probe_failure_reason_info.
 */
#include "expose/probe_page.h"

#include "base/bytes.h"
#include "base/utf8.h"
#include "page_checks.h"

static struct probe_report report;

/* HTTP, refused by a server whose address was known. */
static void set_up(void)
{
	probe_report_init(&report);
	report.is_http = true;
	report.reason = PROBE_REFUSED;
	report.timeout = 5;
	report.duration = 0.5;
	report.lookup = 0.25;
	report.phases[PROBE_PHASE_RESOLVE] = 0.25;
	report.has_host = true;
	report.has_address = true;
	report.ip_protocol = 4;
	report.address_hash = 3668918509U;
}

static void succeed(void)
{
	set_up();
	report.success = true;
	report.status = 200;
	report.version = 1.1;
	report.content_length = 5;
	report.body_bytes = 5;
	report.phases[PROBE_PHASE_CONNECT] = 0.125;
}

static void set_up_tcp(void)
{
	set_up();
	report.is_http = false;
	report.success = true;
}

static void use_tls(void)
{
	report.used_tls = true;
	report.tls = (struct probe_tls_report){ .version = "TLS 1.3",
						.earliest_expiry = 1798185007,
						.chain_expiry = NAN,
						.fingerprint = "d465",
						.subject = "CN=a,O=\"b\\",
						.issuer = "CN=c",
						.names = "localhost,*.example.org" };
}

/* The samples of the report's page, without the lines about families. */
static void check_page(const char *expected)
{
	CLEANUP(text_deinit) struct text page = { 0 }, samples = { 0 };
	struct bytes rest, line;

	probe_page_write(&report, &page);
	CHECK(utf8_is_valid(page.data, page.length));
	rest = (struct bytes){ page.data, page.length };
	while (bytes_take_line(&rest, &line)) {
		if (bytes_starts_with(line, "#"))
			continue;
		text_append(&samples, line.data, line.length);
		text_append_char(&samples, '\n');
	}
	CHECK_EQ_STR(text_string(&samples), expected);
	probe_report_deinit(&report);
}

TEST(shows_a_probe_that_was_refused)
{
	set_up();
	check_page("probe_dns_lookup_time_seconds 0.25\n"
		   "probe_duration_seconds 0.5\n"
		   "probe_failed_due_to_regex 0\n"
		   "probe_failure_reason_info{reason=\"refused\"} 1\n"
		   "probe_http_content_length 0\n"
		   "probe_http_duration_seconds{phase=\"resolve\"} 0.25\n"
		   "probe_http_duration_seconds{phase=\"connect\"} 0\n"
		   "probe_http_duration_seconds{phase=\"tls\"} 0\n"
		   "probe_http_duration_seconds{phase=\"processing\"} 0\n"
		   "probe_http_duration_seconds{phase=\"transfer\"} 0\n"
		   "probe_http_redirects 0\n"
		   "probe_http_ssl 0\n"
		   "probe_http_status_code 0\n"
		   "probe_http_uncompressed_body_length 0\n"
		   "probe_http_version 0\n"
		   "probe_ip_addr_hash 3668918509\n"
		   "probe_ip_protocol 4\n"
		   "probe_success 0\n"
		   "probe_timeout_seconds 5\n");
}

TEST(shows_an_answer)
{
	succeed();
	report.last_modified = 784903526;
	report.redirects = 1;
	report.content_length = -1;
	check_page("probe_dns_lookup_time_seconds 0.25\n"
		   "probe_duration_seconds 0.5\n"
		   "probe_failed_due_to_regex 0\n"
		   "probe_http_content_length -1\n"
		   "probe_http_duration_seconds{phase=\"resolve\"} 0.25\n"
		   "probe_http_duration_seconds{phase=\"connect\"} 0.125\n"
		   "probe_http_duration_seconds{phase=\"tls\"} 0\n"
		   "probe_http_duration_seconds{phase=\"processing\"} 0\n"
		   "probe_http_duration_seconds{phase=\"transfer\"} 0\n"
		   "probe_http_last_modified_timestamp_seconds 784903526\n"
		   "probe_http_redirects 1\n"
		   "probe_http_ssl 0\n"
		   "probe_http_status_code 200\n"
		   "probe_http_uncompressed_body_length 5\n"
		   "probe_http_version 1.1\n"
		   "probe_ip_addr_hash 3668918509\n"
		   "probe_ip_protocol 4\n"
		   "probe_success 1\n"
		   "probe_timeout_seconds 5\n");
}

#define HTTP_ZERO                                 \
	"probe_http_redirects 0\n"                \
	"probe_http_ssl 0\n"                      \
	"probe_http_status_code 0\n"              \
	"probe_http_uncompressed_body_length 0\n" \
	"probe_http_version 0\n"

TEST(shows_a_name_that_is_not_found)
{
	set_up();
	report.reason = PROBE_DNS_NOT_FOUND;
	report.has_address = false;
	report.ip_protocol = 0;
	report.address_hash = 0;
	check_page("probe_dns_lookup_time_seconds 0.25\n"
		   "probe_duration_seconds 0.5\n"
		   "probe_failed_due_to_regex 0\n"
		   "probe_failure_reason_info{reason=\"dns_not_found\"} 1\n"
		   "probe_http_content_length 0\n"
		   "probe_http_duration_seconds{phase=\"resolve\"} 0.25\n" HTTP_ZERO
		   "probe_ip_addr_hash 0\n"
		   "probe_ip_protocol 0\n"
		   "probe_success 0\n"
		   "probe_timeout_seconds 5\n");
}

TEST(shows_a_target_that_makes_no_sense)
{
	probe_report_init(&report);
	report.is_http = true;
	check_page("probe_duration_seconds 0\n"
		   "probe_failed_due_to_regex 0\n"
		   "probe_failure_reason_info{reason=\"other\"} 1\n"
		   "probe_http_content_length 0\n" HTTP_ZERO "probe_success 0\n"
		   "probe_timeout_seconds 0\n");
}

#define TCP                                    \
	"probe_dns_lookup_time_seconds 0.25\n" \
	"probe_duration_seconds 0.5\n"
#define ADDRESS                           \
	"probe_ip_addr_hash 3668918509\n" \
	"probe_ip_protocol 4\n"
#define TLS                                                                      \
	"probe_ssl_earliest_cert_expiry 1798185007\n"                            \
	"probe_ssl_last_chain_expiry_timestamp_seconds -62135596800\n"           \
	"probe_ssl_last_chain_info{fingerprint_sha256=\"d465\",issuer=\"CN=c\"," \
	"subject=\"CN=a,O=\\\"b\\\\\",subjectalternative=\"localhost,*.example.org\"} 1\n"

TEST(shows_a_connection)
{
	set_up_tcp();
	check_page(TCP "probe_failed_due_to_regex 0\n" ADDRESS "probe_success 1\n"
		       "probe_timeout_seconds 5\n");
}

TEST(shows_tls)
{
	set_up_tcp();
	use_tls();
	check_page(TCP "probe_failed_due_to_regex 0\n" ADDRESS TLS "probe_success 1\n"
		       "probe_timeout_seconds 5\n"
		       "probe_tls_version_info{version=\"TLS 1.3\"} 1\n");
}

static void check_line(const char *line)
{
	CLEANUP(text_deinit) struct text page = { 0 };

	probe_page_write(&report, &page);
	check_has(&page, line);
}

static void check_none(const char *what)
{
	CLEANUP(text_deinit) struct text page = { 0 };

	probe_page_write(&report, &page);
	check_lacks(&page, what);
}

TEST(shows_what_later_versions_know_of_tls)
{
	succeed();
	use_tls();
	report.tls.chain_expiry = 1798185008;
	report.tls.serial = "0a1b";
	report.tls.cipher = "TLS_AES_128_GCM_SHA256";
	check_line("probe_http_ssl 1");
	check_line("probe_ssl_last_chain_expiry_timestamp_seconds 1798185008");
	check_line("probe_ssl_last_chain_info{fingerprint_sha256=\"d465\",issuer=\"CN=c\","
		   "serialnumber=\"0a1b\",subject=\"CN=a,O=\\\"b\\\\\","
		   "subjectalternative=\"localhost,*.example.org\"} 1");
	check_line("probe_tls_cipher_info{cipher=\"TLS_AES_128_GCM_SHA256\"} 1");
	probe_report_deinit(&report);
}

/* A redirect to plain HTTP; no answer after the handshake; a handshake that failed. */
TEST(shows_tls_of_the_last_answer_only)
{
	succeed();
	use_tls();
	report.used_tls = false;
	check_none("probe_ssl");
	check_none("probe_tls");
	set_up();
	use_tls();
	check_none("probe_ssl");
	check_line("probe_http_ssl 0");
	succeed();
	use_tls();
	report.tls.version = NULL;
	check_none("probe_ssl");
	probe_report_deinit(&report);
}

TEST(says_that_an_expression_made_it_fail)
{
	succeed();
	report.success = false;
	report.failed_by_regex = true;
	report.reason = PROBE_BODY;
	check_line("probe_failed_due_to_regex 1");
	check_line("probe_failure_reason_info{reason=\"body\"} 1");
	check_none("probe_failed_due_to_bytes");
	set_up_tcp();
	report.expects_bytes = true;
	check_line("probe_failed_due_to_bytes 0");
	report.failed_by_bytes = true;
	check_line("probe_failed_due_to_bytes 1");
	probe_report_deinit(&report);
}

TEST(shows_what_a_module_reads)
{
	static const struct probe_label labels[] = {
		{ "version", "OpenSSH_9\xff \"x\"\n" },
		{ "os", "" },
	};

	set_up_tcp();
	report.expect_labels = labels;
	report.expect_label_count = ARRAY_LENGTH(labels);
	check_line("probe_expect_info{version=\"OpenSSH_9\xef\xbf\xbd \\\"x\\\"\\n\",os=\"\"} "
		   "1");
	check_line("# TYPE probe_expect_info gauge");
	probe_report_deinit(&report);
}

/* One bad label would cost the scrape. */
TEST(leaves_out_labels_that_cannot_be)
{
	static const struct probe_label labels[] = { { "", "1" },    { "9a", "2" },
						     { "a-b", "3" }, { "ok", "4" },
						     { "ok", "5" },  { "_9", "6" } };
	struct probe_label many[100];
	char names[100][16];

	set_up_tcp();
	report.expect_labels = labels;
	report.expect_label_count = ARRAY_LENGTH(labels);
	check_line("probe_expect_info{ok=\"4\",_9=\"6\"} 1");
	report.expect_label_count = 3;
	check_none("probe_expect_info");
	for (int i = 0; i < 100; i++) {
		snprintf(names[i], sizeof(names[i]), "l%d", i);
		many[i] = (struct probe_label){ names[i], "v" };
	}
	report.expect_labels = many;
	report.expect_label_count = 100;
	check_none("l16");
	probe_report_deinit(&report);
}

TEST(cuts_what_a_server_says_of_itself)
{
	CLEANUP(text_deinit) struct text page = { 0 };
	static char subject[1 << 20];

	memset(subject, '\xff', sizeof(subject) - 1);
	set_up_tcp();
	use_tls();
	report.tls.subject = report.tls.names = subject;
	probe_page_write(&report, &page);
	CHECK(page.length < 40000);
	CHECK(utf8_is_valid(page.data, page.length));
	memset(subject, 'x', sizeof(subject) - 1);
	memcpy(subject + 4095, "\xc3\xbc", 2);
	text_clear(&page);
	probe_page_write(&report, &page);
	CHECK(strstr(text_string(&page), "xx\",subjectalternative=") != NULL);
	probe_report_deinit(&report);
}

TEST(explains_itself)
{
	CLEANUP(text_deinit) struct text text = { 0 }, expected = { 0 };

	set_up_tcp();
	report.wants_log = true;
	probe_report_log(&report, "info", "Beginning probe", NULL);
	probe_page_write_debug(&report, "prober: tcp\n", &text);
	text_printf(&expected,
		    "Logs for the probe:\n%s\n\n\nMetrics that would have been returned:\n",
		    text_string(&report.log));
	probe_page_write(&report, &expected);
	text_append_string(&expected, "\n\n\nModule configuration:\nprober: tcp\n");
	CHECK_EQ_STR(text_string(&text), text_string(&expected));
	CHECK_EQ_STR(probe_page_content_type(), "text/plain; version=0.0.4; charset=utf-8");
	probe_report_deinit(&report);
}

TEST_MAIN()
