#include "probe/outcome.h"

#include <errno.h>
#include <stdlib.h>

#include "test.h"

static const char *name(enum probe_reason reason)
{
	return reason == PROBE_REASON_COUNT ? "none" : probe_reason_name(reason);
}

static const char *reason(struct leg leg)
{
	return name(outcome_leg_reason(&leg));
}

#define REASON(...) reason((struct leg){ __VA_ARGS__ })

TEST(an_answered_leg_has_no_reason)
{
	CHECK_EQ_STR(REASON(.end = LEG_COMPLETE, .os_error = ECONNREFUSED), "none");
}

TEST(connecting_fails_as_the_kernel_says)
{
	CHECK_EQ_STR(REASON(.end = LEG_NO_CONNECTION, .os_error = ECONNREFUSED), "refused");
	CHECK_EQ_STR(REASON(.end = LEG_NO_CONNECTION, .os_error = ECONNRESET), "reset");
	CHECK_EQ_STR(REASON(.end = LEG_NO_CONNECTION, .os_error = ETIMEDOUT),
		     "connect_timeout");
	CHECK_EQ_STR(REASON(.end = LEG_NO_CONNECTION, .os_error = EHOSTUNREACH), "unreachable");
	CHECK_EQ_STR(REASON(.end = LEG_NO_CONNECTION, .os_error = ENETUNREACH), "unreachable");
	CHECK_EQ_STR(REASON(.end = LEG_NO_CONNECTION, .os_error = EPERM), "unreachable");
	CHECK_EQ_STR(REASON(.end = LEG_NO_CONNECTION, .os_error = EADDRNOTAVAIL),
		     "local_ports");
	CHECK_EQ_STR(REASON(.end = LEG_NO_CONNECTION, .os_error = EADDRNOTAVAIL,
			    .no_source = true),
		     "unreachable");
	CHECK_EQ_STR(REASON(.end = LEG_NO_CONNECTION, .os_error = EMFILE), "other");
	CHECK_EQ_STR(REASON(.end = LEG_NO_CONNECTION), "other");
}

TEST(a_timeout_is_of_the_phase_it_came_in)
{
	CHECK_EQ_STR(REASON(.end = LEG_TIMEOUT, .total = 1), "dns_timeout");
	CHECK_EQ_STR(REASON(.end = LEG_TIMEOUT, .name_lookup = .1, .total = 1),
		     "connect_timeout");
	CHECK_EQ_STR(REASON(.end = LEG_TIMEOUT, .name_lookup = .1, .connected = .2, .tls = true,
			    .total = 1),
		     "tls_handshake");
	CHECK_EQ_STR(REASON(.end = LEG_TIMEOUT, .name_lookup = .1, .connected = .2, .total = 1),
		     "no_answer");
	CHECK_EQ_STR(REASON(.end = LEG_TIMEOUT, .name_lookup = .1, .connected = .2, .tls = true,
			    .tls_done = .3, .total = 1),
		     "no_answer");
	CHECK_EQ_STR(REASON(.end = LEG_TIMEOUT, .name_lookup = .1, .connected = .2,
			    .first_byte = .4, .total = 1),
		     "slow");
}

TEST(certificates_are_bad_or_out_of_date)
{
	CHECK_EQ_STR(REASON(.end = LEG_BAD_CERTIFICATE, .verify_result = 10), "tls_expired");
	CHECK_EQ_STR(REASON(.end = LEG_BAD_CERTIFICATE, .verify_result = 9), "tls_expired");
	CHECK_EQ_STR(REASON(.end = LEG_BAD_CERTIFICATE, .verify_result = 18),
		     "tls_certificate");
	CHECK_EQ_STR(REASON(.end = LEG_BAD_CERTIFICATE), "tls_certificate");
}

TEST(a_handshake_fails_or_is_reset)
{
	CHECK_EQ_STR(REASON(.end = LEG_NO_TLS, .tls = true), "tls_handshake");
	CHECK_EQ_STR(REASON(.end = LEG_NO_TLS, .tls = true, .os_error = ECONNRESET), "reset");
	CHECK_EQ_STR(REASON(.end = LEG_NO_TLS, .tls = true, .os_error = ECONNREFUSED),
		     "tls_handshake");
}

TEST(an_exchange_fails_as_the_kernel_says)
{
	CHECK_EQ_STR(REASON(.end = LEG_SEND_FAILED, .os_error = EPIPE), "reset");
	CHECK_EQ_STR(REASON(.end = LEG_RECEIVE_FAILED, .os_error = ECONNRESET), "reset");
	CHECK_EQ_STR(REASON(.end = LEG_RECEIVE_FAILED, .os_error = ETIMEDOUT, .name_lookup = .1,
			    .connected = .2, .total = 900),
		     "no_answer");
}

TEST(an_address_that_was_refused_before_does_not_count)
{
	CHECK_EQ_STR(REASON(.end = LEG_RECEIVE_FAILED, .os_error = ECONNREFUSED), "protocol");
	CHECK_EQ_STR(REASON(.end = LEG_RECEIVE_FAILED, .os_error = ENETUNREACH, .tls = true),
		     "closed_early");
	CHECK_EQ_STR(REASON(.end = LEG_SEND_FAILED, .os_error = ECONNREFUSED), "closed_early");
}

TEST(the_rest_is_what_it_is_called)
{
	CHECK_EQ_STR(REASON(.end = LEG_NO_ADDRESS), "dns_failed");
	CHECK_EQ_STR(REASON(.end = LEG_CUT_SHORT), "closed_early");
	CHECK_EQ_STR(REASON(.end = LEG_MALFORMED), "protocol");
	CHECK_EQ_STR(REASON(.end = LEG_CAPPED), "too_large");
	CHECK_EQ_STR(REASON(.end = LEG_CANCELED), "canceled");
	CHECK_EQ_STR(REASON(.end = LEG_NO_FAMILY), "dns_not_found");
	CHECK_EQ_STR(REASON(.end = LEG_PROXY), "proxy");
	CHECK_EQ_STR(REASON(.end = LEG_CONFIG), "config");
	CHECK_EQ_STR(REASON(.end = LEG_TIMEOUT, .in_proxy = true, .total = 1), "no_answer");
	CHECK_EQ_STR(REASON(.end = LEG_BROKEN), "other");
}

static void check_phases(const struct probe_report *outcome, double resolve, double connect,
			 double tls, double processing, double transfer)
{
	const double expected[] = { resolve, connect, tls, processing, transfer };

	for (size_t i = 0; i < PROBE_PHASE_COUNT; i++)
		CHECK_EQ_DBL(outcome->phases[i], expected[i]);
}

static struct probe_report add(struct leg leg)
{
	struct probe_report outcome;

	probe_report_init(&outcome);
	outcome_add_leg(&outcome, &leg);
	return outcome;
}

#define ADD(...) add((struct leg){ __VA_ARGS__ })

TEST(phases_add_up_to_the_whole)
{
	struct probe_report outcome = ADD(.tls = true, .name_lookup = 1, .connected = 3,
					  .tls_done = 6, .first_byte = 10, .total = 15,
					  .http_status = 200, .http_version = 2,
					  .content_length = -1, .last_modified = 7);

	check_phases(&outcome, 1, 2, 3, 4, 5);
	CHECK_EQ_DBL(outcome_duration(&outcome), 15);
	CHECK_EQ_INT(outcome.status, 200);
	CHECK_EQ_DBL(outcome.version, 2);
	CHECK_EQ_DBL(outcome.content_length, -1);
	CHECK_EQ_DBL(outcome.last_modified, 7);
	CHECK(outcome.used_tls);
}

TEST(without_tls_its_phase_is_0)
{
	struct probe_report outcome =
		ADD(.name_lookup = 1, .connected = 3, .first_byte = 10, .total = 15);

	check_phases(&outcome, 1, 2, 0, 7, 5);
}

TEST(the_phase_that_a_leg_ended_in_gets_the_rest)
{
	struct probe_report outcome = ADD(.total = 2);

	check_phases(&outcome, 2, 0, 0, 0, 0);
	outcome = ADD(.name_lookup = 1, .total = 5);
	check_phases(&outcome, 1, 4, 0, 0, 0);
	outcome = ADD(.tls = true, .name_lookup = 1, .connected = 2, .total = 5);
	check_phases(&outcome, 1, 1, 3, 0, 0);
	outcome = ADD(.name_lookup = 1, .connected = 2, .total = 5);
	check_phases(&outcome, 1, 1, 0, 3, 0);
}

TEST(a_clock_that_stumbles_makes_no_phase_negative)
{
	struct probe_report outcome =
		ADD(.name_lookup = 2, .connected = 1, .first_byte = 1.5, .total = 3);

	check_phases(&outcome, 2, 0, 0, 0, 1);
}

TEST(legs_are_summed_and_the_last_one_counts)
{
	struct leg leg = { .name_lookup = 1, .connected = 2, .first_byte = 3, .total = 4 };
	struct probe_report outcome;

	probe_report_init(&outcome);
	leg.http_status = 302;
	outcome_add_leg(&outcome, &leg);
	leg.http_status = 200;
	outcome_add_leg(&outcome, &leg);
	check_phases(&outcome, 2, 2, 0, 2, 2);
	CHECK_EQ_INT(outcome.status, 200);
	CHECK(!outcome.used_tls);
}

TEST(an_answer_is_forgotten_and_the_time_it_took_is_not)
{
	const struct leg leg = { .tls = true,
				 .name_lookup = 1,
				 .connected = 2,
				 .tls_done = 3,
				 .first_byte = 4,
				 .total = 5,
				 .http_status = 302,
				 .http_version = 1.1,
				 .content_length = 9,
				 .last_modified = 9 };
	struct probe_report outcome;

	probe_report_init(&outcome);
	outcome_add_leg(&outcome, &leg);
	CHECK(outcome.used_tls);
	outcome_forget_answer(&outcome);
	CHECK_EQ_INT(outcome.status, 0);
	CHECK(!outcome.used_tls && isnan(outcome.last_modified));
	CHECK(fabs(outcome.version) + fabs(outcome.content_length) <= 0);
	check_phases(&outcome, 1, 1, 1, 1, 1);
}

static const char *answer(const struct module_config *module, unsigned status, const char *body)
{
	struct answer answer = { .body_max = 1U << 30, .keeps_body = true };
	struct probe_report report;
	enum probe_reason found;

	probe_report_init(&report);
	answer.status = status;
	if (!answer_take_body(&answer, bytes_from_string(body)))
		abort();
	found = outcome_answer_reason(module, &answer, &report);
	CHECK_EQ_INT(report.failed_by_regex, found == PROBE_BODY);
	answer_deinit(&answer);
	return name(found);
}

TEST(any_2xx_is_valid_without_a_list)
{
	const struct module_config module = { .prober = PROBER_HTTP };

	CHECK_EQ_STR(answer(&module, 199, ""), "status");
	CHECK_EQ_STR(answer(&module, 200, ""), "none");
	CHECK_EQ_STR(answer(&module, 299, ""), "none");
	CHECK_EQ_STR(answer(&module, 300, ""), "status");
	CHECK(!outcome_needs_body(&module));
}

TEST(a_list_of_statuses_replaces_that)
{
	struct status_range ranges[] = { { 401, 401 }, { 500, 599 } };
	struct module_config module = { .prober = PROBER_HTTP };

	module.http.valid_status_codes = ranges;
	module.http.valid_status_code_count = 2;
	CHECK_EQ_STR(answer(&module, 200, ""), "status");
	CHECK_EQ_STR(answer(&module, 401, ""), "none");
	CHECK_EQ_STR(answer(&module, 503, ""), "none");
}

TEST(bodies_match_all_of_one_list_and_none_of_the_other)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct module_config module = { .prober = PROBER_HTTP };
	struct regex *good[2], *bad[1];

	REQUIRE(!regex_new("ok", &good[0], &err));
	REQUIRE(!regex_new("db: \\w+", &good[1], &err));
	REQUIRE(!regex_new("error", &bad[0], &err));
	module.http.fail_if_body_not_matches = (struct regex_list){ good, 2 };
	CHECK(outcome_needs_body(&module));
	CHECK_EQ_STR(answer(&module, 200, "ok db: up"), "none");
	CHECK_EQ_STR(answer(&module, 200, "ok"), "body");
	CHECK_EQ_STR(answer(&module, 200, ""), "body");
	CHECK_EQ_STR(answer(&module, 404, "ok"), "status");
	module.http.fail_if_body_matches = (struct regex_list){ bad, 1 };
	CHECK_EQ_STR(answer(&module, 200, "ok db: error"), "body");
	regex_free(good[0]);
	regex_free(good[1]);
	regex_free(bad[0]);
}

/* What becomes of the body when the first list has this expression, or the second one. */
static void check_body(const char *pattern, const char *body, const char *if_bad,
		       const char *if_good)
{
	struct module_config module = { .prober = PROBER_HTTP };
	struct regex *regex = NULL;

	REQUIRE(!regex_new(pattern, &regex, NULL));
	module.http.fail_if_body_matches = (struct regex_list){ &regex, 1 };
	CHECK_EQ_STR(answer(&module, 200, body), if_bad);
	module.http.fail_if_body_matches = (struct regex_list){ 0 };
	module.http.fail_if_body_not_matches = (struct regex_list){ &regex, 1 };
	CHECK_EQ_STR(answer(&module, 200, body), if_good);
	regex_free(regex);
}

/* Neither list may take it for its own: it is not known. */
TEST(a_body_may_take_an_expression_too_long)
{
	CLEANUP(text_deinit) struct text body = { 0 };

	while (body.length < 60000)
		text_append_string(&body, "aaaaaaaaaa");
	check_body("[a-z]+[0-9]", text_string(&body), "config", "config");
	check_body("[0-9]", text_string(&body), "none", "body");
}

TEST(what_stands_after_the_first_megabyte_is_not_known)
{
	CLEANUP(text_deinit) struct text body = { 0 };

	text_append_string(&body, "begin");
	while (body.length < 1024 * 1024)
		text_append_string(&body, "          ");
	check_body("begin", text_string(&body), "body", "none");
	check_body("end", text_string(&body), "too_large", "too_large");
	text_append_string(&body, "end");
	check_body("end", text_string(&body), "too_large", "too_large");
}

static const char *judge_header(const char *pattern, const char *line, bool wanted)
{
	struct header_match_config match = { .header = "X-State" };
	struct module_config module = { .prober = PROBER_HTTP };
	struct answer answer = { .status = 200, .keeps_head = true };
	enum probe_reason found;
	struct probe_report report;

	CHECK(!regex_new(pattern, &match.regexp, NULL));
	probe_report_init(&report);
	module.http.fail_if_header_matches = &match;
	module.http.fail_if_header_matches_count = !wanted;
	module.http.fail_if_header_not_matches = &match;
	module.http.fail_if_header_not_matches_count = wanted;
	CHECK(answer_take_line(&answer, bytes_from_string("HTTP/1.1 200 OK\r\n")));
	for (unsigned i = 0; i < 100; i++)
		CHECK(answer_take_line(&answer, bytes_from_string(line)));
	found = outcome_answer_reason(&module, &answer, &report);
	CHECK_EQ_INT(report.failed_by_regex, found == PROBE_HEADER);
	answer_deinit(&answer);
	regex_free(match.regexp);
	return name(found);
}

/* Each of many values takes but a moment. */
TEST(headers_may_take_an_expression_too_long)
{
	static const char line[] = "X-State: aaaaaaaaaaaaaaaaaaaab\r\n";

	CHECK_EQ_STR(judge_header("^(a+)+$", line, true), "config");
	CHECK_EQ_STR(judge_header("^(a+)+$", line, false), "config");
	CHECK_EQ_STR(judge_header("^a+b", line, true), "none");
	CHECK_EQ_STR(judge_header("^a+b", line, false), "header");
	CHECK_EQ_STR(judge_header("^a+$", line, true), "header");
	CHECK_EQ_STR(judge_header("^a+$", line, false), "none");
}

static struct probe_report lasted(double seconds)
{
	struct probe_report outcome;

	probe_report_init(&outcome);
	outcome.phases[PROBE_PHASE_CONNECT] = seconds;
	return outcome;
}

TEST(a_canceled_run_says_nothing)
{
	struct probe_report good = lasted(0.25), canceled = lasted(0.5);
	struct probe_row row = { .tls_expiry = NAN };

	good.success = true;
	canceled.reason = PROBE_CANCELED;
	outcome_record(&canceled, 999, &row);
	CHECK_EQ_DBL(row.timestamp, 0);
	outcome_record(&good, 1000, &row);
	outcome_record(&canceled, 1001, &row);
	CHECK(row.success);
	CHECK_EQ_DBL(row.timestamp, 1000);
	CHECK_EQ_DBL(row.duration, 0.25);
	CHECK_EQ_U64(row.runs, 3);
	CHECK_EQ_U64(row.failures[PROBE_CANCELED], 2);
}

TEST(every_run_is_counted_once)
{
	struct probe_report good = lasted(0.25), bad = lasted(20);
	struct probe_row row = { .tls_expiry = NAN };

	good.success = true;
	good.status = 204;
	bad.reason = PROBE_SLOW;
	outcome_record(&good, 1000, &row);
	CHECK(row.success);
	CHECK_EQ_INT(row.http_status, 204);
	outcome_record(&bad, 1001, &row);
	CHECK(!row.success);
	CHECK_EQ_U64(row.runs, 2);
	CHECK_EQ_U64(row.failures[PROBE_SLOW], 1);
	CHECK_EQ_U64(row.failures[PROBE_OTHER], 0);
	CHECK_EQ_U64(row.buckets[5], 1);
	CHECK_EQ_U64(row.buckets[PROBE_BUCKET_COUNT], 1);
	CHECK_EQ_DBL(row.duration_sum, 20.25);
	CHECK_EQ_DBL(row.duration, 20);
	CHECK_EQ_DBL(row.timestamp, 1001);
	CHECK_EQ_DBL(row.phases[PROBE_PHASE_CONNECT], 20);
	CHECK_EQ_INT(row.http_status, 0);
}

TEST(a_bucket_has_its_upper_bound)
{
	struct probe_row row = { 0 };
	struct probe_report outcome = lasted(0.005);

	outcome_record(&outcome, 1, &row);
	outcome = lasted(0.0051);
	outcome_record(&outcome, 1, &row);
	outcome = lasted(10);
	outcome_record(&outcome, 1, &row);
	CHECK_EQ_U64(row.buckets[0], 1);
	CHECK_EQ_U64(row.buckets[1], 1);
	CHECK_EQ_U64(row.buckets[PROBE_BUCKET_COUNT - 1], 1);
}

TEST_MAIN()
