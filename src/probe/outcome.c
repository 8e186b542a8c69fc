/*
 * os_error is that of the last socket call that failed: of the addresses of a name, one may
 * have been refused before the other was taken. So once the connection stands, only those
 * values count that a refused connection cannot leave.
 */
#include "probe/outcome.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

/* x509_vfy.h of OpenSSL; part of its ABI. */
#define X509_NOT_YET_VALID 9
#define X509_HAS_EXPIRED 10

#define NO_REASON PROBE_REASON_COUNT

/* A thread that has to wait for a processor wakes some milliseconds late, and who would have
 * answered within the last tenth is as good as late. */
#define TOLERANCE_MIN 0.01
#define TOLERANCE_SHARE 0.1

/* How far into a leg the phase that ended last reached. */
static double mark(const struct leg *leg, enum probe_phase phase)
{
	switch (phase) {
	case PROBE_PHASE_RESOLVE:
		return leg->name_lookup;
	case PROBE_PHASE_CONNECT:
		return leg->connected;
	case PROBE_PHASE_TLS:
		return leg->tls ? leg->tls_done : leg->connected;
	case PROBE_PHASE_PROCESSING:
		return leg->first_byte;
	default:
		return leg->total;
	}
}

void outcome_add_leg(struct probe_report *report, const struct leg *leg)
{
	double before = 0;

	for (unsigned phase = 0; phase < PROBE_PHASE_COUNT; phase++) {
		double until = mark(leg, phase);
		bool ended = until > 0;

		if (!ended)
			until = leg->total;
		report->phases[phase] += fmax(0, until - before);
		before = fmax(before, until);
		if (!ended)
			break;
	}
	report->status = leg->http_status;
	report->version = leg->http_version;
	report->content_length = leg->content_length;
	report->last_modified = leg->last_modified;
	report->used_tls = leg->tls && leg->http_status;
}

void outcome_forget_answer(struct probe_report *report)
{
	report->status = 0;
	report->version = 0;
	report->content_length = 0;
	report->body_bytes = 0;
	report->last_modified = NAN;
	report->used_tls = false;
}

double outcome_duration(const struct probe_report *report)
{
	double duration = 0;

	for (size_t i = 0; i < PROBE_PHASE_COUNT; i++)
		duration += report->phases[i];
	return duration;
}

double outcome_tolerance(double timeout)
{
	return fmax(TOLERANCE_MIN, TOLERANCE_SHARE * timeout);
}

static enum probe_reason connect_reason(const struct leg *leg)
{
	switch (leg->os_error) {
	case ECONNREFUSED:
		return PROBE_REFUSED;
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
		return PROBE_RESET;
	case ETIMEDOUT:
		return PROBE_CONNECT_TIMEOUT;
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENETUNREACH:
	case ENETDOWN:
	case EAFNOSUPPORT:
	case EACCES: /* a "prohibit" route, or a filter of this machine */
	case EPERM:
		return PROBE_UNREACHABLE;
	case EADDRNOTAVAIL:
		return leg->no_source ? PROBE_UNREACHABLE : PROBE_LOCAL_PORTS;
	default:
		return PROBE_OTHER;
	}
}

static enum probe_reason timeout_reason(const struct leg *leg)
{
	if (leg->in_proxy)
		return PROBE_NO_ANSWER;
	if (leg->name_lookup <= 0)
		return PROBE_DNS_TIMEOUT;
	if (leg->connected <= 0)
		return PROBE_CONNECT_TIMEOUT;
	if (leg->tls && leg->tls_done <= 0)
		return PROBE_TLS_HANDSHAKE;
	return leg->first_byte > 0 ? PROBE_SLOW : PROBE_NO_ANSWER;
}

static enum probe_reason certificate_reason(const struct leg *leg)
{
	return leg->verify_result == X509_HAS_EXPIRED ||
			       leg->verify_result == X509_NOT_YET_VALID ?
		       PROBE_TLS_EXPIRED :
		       PROBE_TLS_CERTIFICATE;
}

/* Of an established connection. `otherwise` is for when the socket itself did not fail. */
static enum probe_reason exchange_reason(const struct leg *leg, enum probe_reason otherwise)
{
	switch (leg->os_error) {
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
		return PROBE_RESET;
	case ETIMEDOUT:
		return timeout_reason(leg);
	default:
		return otherwise;
	}
}

static enum probe_reason receive_reason(const struct leg *leg)
{
	/* OpenSSL makes an error of an end without close_notify; in the clear, an end is
	 * another code, and this one is left for chunks that are none. */
	return exchange_reason(leg, leg->tls ? PROBE_CLOSED_EARLY : PROBE_PROTOCOL);
}

enum probe_reason outcome_leg_reason(const struct leg *leg)
{
	switch (leg->end) {
	case LEG_COMPLETE:
		return NO_REASON;
	case LEG_NO_ADDRESS:
		return PROBE_DNS_FAILED;
	case LEG_NO_CONNECTION:
		return connect_reason(leg);
	case LEG_TIMEOUT:
		return timeout_reason(leg);
	case LEG_NO_TLS:
		return exchange_reason(leg, PROBE_TLS_HANDSHAKE);
	case LEG_BAD_CERTIFICATE:
		return certificate_reason(leg);
	case LEG_SEND_FAILED:
		return exchange_reason(leg, PROBE_CLOSED_EARLY);
	case LEG_RECEIVE_FAILED:
		return receive_reason(leg);
	case LEG_CUT_SHORT:
		return PROBE_CLOSED_EARLY;
	case LEG_MALFORMED:
		return PROBE_PROTOCOL;
	case LEG_CAPPED:
		return PROBE_TOO_LARGE;
	case LEG_NO_FAMILY:
		return PROBE_DNS_NOT_FOUND;
	case LEG_PROXY:
		return PROBE_PROXY;
	case LEG_CONFIG:
		return PROBE_CONFIG;
	case LEG_CANCELED:
		return PROBE_CANCELED;
	case LEG_BROKEN:
		break;
	}
	return PROBE_OTHER;
}

static bool status_is_valid(const struct http_module *http, const struct answer *answer)
{
	unsigned status = answer->status;

	if (!http->valid_status_code_count)
		return status >= 200 && status <= 299;
	for (size_t i = 0; i < http->valid_status_code_count; i++) {
		const struct status_range *range = &http->valid_status_codes[i];

		if (status >= range->first && status <= range->last)
			return true;
	}
	return false;
}

static bool wants_coding(const struct http_module *http)
{
	return http->compression && *http->compression &&
	       strcasecmp(http->compression, "identity") != 0;
}

bool outcome_needs_body(const struct module_config *module)
{
	return module->http.fail_if_body_matches.count ||
	       module->http.fail_if_body_not_matches.count;
}

bool outcome_needs_head(const struct module_config *module)
{
	return module->http.fail_if_header_matches_count ||
	       module->http.fail_if_header_not_matches_count || wants_coding(&module->http);
}

static enum probe_reason give_up(struct probe_report *report)
{
	probe_report_log(report, "error", "expression takes too long on this answer", NULL);
	return PROBE_CONFIG;
}

/* Whether any value of the header matches; without one, `missing`. */
static enum regex_result match_header(const struct header_match_config *match,
				      const struct answer *answer, bool missing)
{
	enum regex_result result = missing ? REGEX_MATCH : REGEX_MISMATCH;
	struct bytes rest = { 0 }, value;
	uint64_t steps = REGEX_STEPS_MAX;

	while (answer_next_value(answer, match->header, &rest, &value)) {
		result = regex_match(match->regexp, value, &steps);
		if (result != REGEX_MISMATCH)
			break;
	}
	return result;
}

static enum probe_reason judge_header(const struct header_match_config *match,
				      const struct answer *answer, bool wanted,
				      struct probe_report *report)
{
	bool missing = wanted == match->allow_missing;
	enum regex_result result = match_header(match, answer, missing);

	if (result == REGEX_TOO_EXPENSIVE)
		return give_up(report);
	if ((result == REGEX_MATCH) == wanted)
		return NO_REASON;
	probe_report_log(report, "error",
			 wanted ? "Header is missing or did not match" :
				  "Header is missing or matched",
			 "header", match->header, NULL);
	report->failed_by_regex = true;
	return PROBE_HEADER;
}

static enum probe_reason judge_headers(const struct http_module *http,
				       const struct answer *answer, struct probe_report *report)
{
	enum probe_reason reason = NO_REASON;

	for (size_t i = 0; i < http->fail_if_header_matches_count && reason == NO_REASON; i++)
		reason = judge_header(&http->fail_if_header_matches[i], answer, false, report);
	for (size_t i = 0; i < http->fail_if_header_not_matches_count && reason == NO_REASON;
	     i++)
		reason = judge_header(&http->fail_if_header_not_matches[i], answer, true,
				      report);
	return reason;
}

/* As blackbox_exporter has it: what was to be compressed and is not is as good as damaged. */
static bool coding_is_valid(const struct http_module *http, const struct answer *answer,
			    struct probe_report *report)
{
	struct bytes rest = { 0 }, value;

	if (!wants_coding(http) || !answer->body_bytes)
		return true;
	while (answer_next_value(answer, "Content-Encoding", &rest, &value)) {
		if (value.length == strlen(http->compression) &&
		    !strncasecmp(value.data, http->compression, value.length))
			return true;
	}
	probe_report_log(report, "error", "Body is not compressed as configured", "compression",
			 http->compression, NULL);
	return false;
}

/* What an expression that matches would have found may stand where the body was cut off. */
static enum probe_reason judge_body(const struct regex *regex, const struct answer *answer,
				    bool wanted, struct probe_report *report)
{
	struct bytes body = { text_string(&answer->body), answer->body.length };
	enum regex_result result = regex_match(regex, body, NULL);

	if (result == REGEX_TOO_EXPENSIVE)
		return give_up(report);
	if (result == REGEX_MISMATCH && answer->body_bytes > body.length) {
		probe_report_log(report, "error", "expressions see the first MB of a body",
				 NULL);
		return PROBE_TOO_LARGE;
	}
	if ((result == REGEX_MATCH) == wanted)
		return NO_REASON;
	probe_report_log(report, "error",
			 wanted ? "Body did not match regular expression" :
				  "Body matched regular expression",
			 NULL);
	report->failed_by_regex = true;
	return PROBE_BODY;
}

static enum probe_reason judge_bodies(const struct http_module *http,
				      const struct answer *answer, struct probe_report *report)
{
	const struct regex_list *bad = &http->fail_if_body_matches;
	const struct regex_list *good = &http->fail_if_body_not_matches;
	enum probe_reason reason = NO_REASON;

	for (size_t i = 0; i < bad->count && reason == NO_REASON; i++)
		reason = judge_body(bad->items[i], answer, false, report);
	for (size_t i = 0; i < good->count && reason == NO_REASON; i++)
		reason = judge_body(good->items[i], answer, true, report);
	return reason;
}

/* Go calls it "HTTP/2.0"; so do blackbox_exporter's configurations. */
static const char *version_name(double version)
{
	if (version >= 2)
		return "HTTP/2.0";
	return version > 1 ? "HTTP/1.1" : "HTTP/1.0";
}

static bool version_is_valid(const struct http_module *http, const struct answer *answer,
			     struct probe_report *report)
{
	const char *name = version_name(answer->version);

	for (size_t i = 0; i < http->valid_http_versions.count; i++) {
		const char *valid = http->valid_http_versions.items[i];

		if (!strcmp(valid, name) || (answer->version >= 2 && !strcmp(valid, "HTTP/2")))
			return true;
	}
	if (!http->valid_http_versions.count)
		return true;
	probe_report_log(report, "error", "Invalid HTTP version number", "version", name, NULL);
	return false;
}

static enum probe_reason tls_reason(const struct http_module *http, const struct answer *answer,
				    struct probe_report *report)
{
	if (answer->is_tls && http->fail_if_ssl) {
		probe_report_log(report, "error", "Final request was over SSL", NULL);
		return PROBE_TLS_UNWANTED;
	}
	if (!answer->is_tls && http->fail_if_not_ssl) {
		probe_report_log(report, "error", "Final request was not over SSL", NULL);
		return PROBE_TLS_MISSING;
	}
	return NO_REASON;
}

enum probe_reason outcome_answer_reason(const struct module_config *module,
					const struct answer *answer,
					struct probe_report *report)
{
	const struct http_module *http = &module->http;
	enum probe_reason reason;

	if (module->prober == PROBER_TCP)
		return NO_REASON;
	if (!status_is_valid(http, answer)) {
		probe_report_log(report, "error", "Invalid HTTP response status code", NULL);
		return PROBE_STATUS;
	}
	reason = judge_headers(http, answer, report);
	if (reason != NO_REASON)
		return reason;
	if (!coding_is_valid(http, answer, report))
		return PROBE_BODY;
	reason = judge_bodies(http, answer, report);
	if (reason != NO_REASON)
		return reason;
	if (!version_is_valid(http, answer, report))
		return PROBE_HTTP_VERSION;
	return tls_reason(http, answer, report);
}

/* FNV-1a of 32 bits (RFC draft-eastlake-fnv), of 4 or 16 bytes. */
uint32_t outcome_address_hash(const struct address *address)
{
	uint32_t hash = 2166136261U;

	for (size_t i = address_is_ipv4(address) ? 12 : 0; i < sizeof(address->byte); i++)
		hash = (hash ^ address->byte[i]) * 16777619U;
	return hash;
}

/* As fine as libcurl's clock, which spares the page the noise of subtraction. */
static double microseconds(double seconds)
{
	return round(seconds * 1e6) / 1e6;
}

void outcome_record(const struct probe_report *report, double wall, struct probe_row *row)
{
	double duration = microseconds(outcome_duration(report));
	size_t bucket = 0;

	while (bucket < PROBE_BUCKET_COUNT && duration > probe_buckets[bucket])
		bucket++;
	row->buckets[bucket]++;
	row->runs++;
	if (!report->success)
		row->failures[report->reason]++;
	row->duration_sum += duration;
	/* Nothing was found out: what was before still holds. */
	if (!report->success && report->reason == PROBE_CANCELED)
		return;
	row->success = report->success;
	row->duration = duration;
	row->timestamp = wall;
	for (size_t i = 0; i < PROBE_PHASE_COUNT; i++)
		row->phases[i] = microseconds(report->phases[i]);
	row->http_status = report->status;
	row->tls_expiry = report->tls.earliest_expiry;
}
