/*
 * os_error is that of the last socket call that failed: of the addresses of a name, one may
 * have been refused before the other was taken. So once the connection stands, only those
 * values count that a refused connection cannot leave.
 */
#include "probe/outcome.h"

#include <errno.h>
#include <math.h>

/* x509_vfy.h of OpenSSL; part of its ABI. */
#define X509_NOT_YET_VALID 9
#define X509_HAS_EXPIRED 10

#define NO_REASON PROBE_REASON_COUNT

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
	report->tls.earliest_expiry = leg->tls_expiry;
}

double outcome_duration(const struct probe_report *report)
{
	double duration = 0;

	for (size_t i = 0; i < PROBE_PHASE_COUNT; i++)
		duration += report->phases[i];
	return duration;
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
	case LEG_CANCELED:
		return PROBE_CANCELED;
	case LEG_BROKEN:
		break;
	}
	return PROBE_OTHER;
}

static bool status_is_valid(const struct module_config *module, unsigned status)
{
	const struct status_range *ranges = module->http.valid_status_codes;

	if (!module->http.valid_status_code_count)
		return status >= 200 && status <= 299;
	for (size_t i = 0; i < module->http.valid_status_code_count; i++) {
		if (status >= ranges[i].first && status <= ranges[i].last)
			return true;
	}
	return false;
}

bool outcome_needs_body(const struct module_config *module)
{
	return module->http.fail_if_body_matches.count ||
	       module->http.fail_if_body_not_matches.count;
}

static bool body_is_valid(const struct module_config *module, struct bytes body)
{
	const struct regex_list *bad = &module->http.fail_if_body_matches;
	const struct regex_list *good = &module->http.fail_if_body_not_matches;

	for (size_t i = 0; i < bad->count; i++) {
		if (regex_match(bad->items[i], body))
			return false;
	}
	for (size_t i = 0; i < good->count; i++) {
		if (!regex_match(good->items[i], body))
			return false;
	}
	return true;
}

enum probe_reason outcome_answer_reason(const struct module_config *module, unsigned status,
					struct bytes body)
{
	if (module->prober == PROBER_TCP)
		return NO_REASON;
	if (!status_is_valid(module, status))
		return PROBE_STATUS;
	return body_is_valid(module, body) ? NO_REASON : PROBE_BODY;
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
	row->success = report->success;
	row->duration = duration;
	row->timestamp = wall;
	for (size_t i = 0; i < PROBE_PHASE_COUNT; i++)
		row->phases[i] = microseconds(report->phases[i]);
	row->http_status = report->status;
	row->tls_expiry = report->tls.earliest_expiry;
}
