#include "model/probe_row.h"

#include <assert.h>

const double probe_buckets[PROBE_BUCKET_COUNT] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
						   0.5,	  1,	2.5,   5,    10 };

static const char *const phase_names[PROBE_PHASE_COUNT] = {
	[PROBE_PHASE_RESOLVE] = "resolve",   [PROBE_PHASE_CONNECT] = "connect",
	[PROBE_PHASE_TLS] = "tls",	     [PROBE_PHASE_PROCESSING] = "processing",
	[PROBE_PHASE_TRANSFER] = "transfer",
};

static const char *const reason_names[PROBE_REASON_COUNT] = {
	[PROBE_DNS_NOT_FOUND] = "dns_not_found",
	[PROBE_DNS_TIMEOUT] = "dns_timeout",
	[PROBE_DNS_FAILED] = "dns_failed",
	[PROBE_REFUSED] = "refused",
	[PROBE_RESET] = "reset",
	[PROBE_CONNECT_TIMEOUT] = "connect_timeout",
	[PROBE_UNREACHABLE] = "unreachable",
	[PROBE_TLS_HANDSHAKE] = "tls_handshake",
	[PROBE_TLS_CERTIFICATE] = "tls_certificate",
	[PROBE_TLS_EXPIRED] = "tls_expired",
	[PROBE_NO_ANSWER] = "no_answer",
	[PROBE_SLOW] = "slow",
	[PROBE_STATUS] = "status",
	[PROBE_HEADER] = "header",
	[PROBE_BODY] = "body",
	[PROBE_HTTP_VERSION] = "http_version",
	[PROBE_TLS_MISSING] = "tls_missing",
	[PROBE_TLS_UNWANTED] = "tls_unwanted",
	[PROBE_CLOSED_EARLY] = "closed_early",
	[PROBE_TOO_LARGE] = "too_large",
	[PROBE_REDIRECTS] = "redirects",
	[PROBE_PROTOCOL] = "protocol",
	[PROBE_PROXY] = "proxy",
	[PROBE_LOCAL_PORTS] = "local_ports",
	[PROBE_CANCELED] = "canceled",
	[PROBE_CONFIG] = "config",
	[PROBE_OTHER] = "other",
};

const char *probe_phase_name(enum probe_phase phase)
{
	assert(phase < PROBE_PHASE_COUNT);
	return phase_names[phase];
}

const char *probe_reason_name(enum probe_reason reason)
{
	assert(reason < PROBE_REASON_COUNT);
	return reason_names[reason];
}
