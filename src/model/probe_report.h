/*
 * All that one run of a probe found out. A row keeps the numbers of it; /probe shows the whole,
 * under blackbox_exporter's names.
 */
#pragma once

#include "base/arena.h"
#include "base/text.h"
#include "model/probe_row.h"

struct probe_label {
	const char *name, *value;
};

/* Of the connection that TLS was spoken on last. */
struct probe_tls_report {
	const char *version,
		*cipher; /* "TLS 1.3"; its IANA name; NULL: no handshake was done */
	double earliest_expiry; /* of the certificates shown; seconds since 1970; NAN: none */
	double chain_expiry; /* of the chain that was verified; NAN: it was not */
	/* Of the server's own certificate, in Go's notation; NULL: none was seen. */
	const char *fingerprint, *subject, *issuer, *names, *serial;
};

struct probe_report {
	struct arena arena; /* of all strings */
	bool is_http;
	bool success;
	enum probe_reason reason; /* unless success */
	double timeout, duration; /* seconds; allowed, and taken */
	double lookup; /* seconds that name lookups took; 0 without one */
	double phases[PROBE_PHASE_COUNT]; /* seconds, over all redirects */
	bool has_host; /* the target named one, be it by an address */
	bool has_address;
	unsigned ip_protocol; /* 4, 6; 0: no address was known */
	uint32_t address_hash; /* FNV-1a of its bytes */
	/* HTTP, of the last answer: */
	unsigned status; /* 0: none */
	double version; /* 1.0, 1.1, 2; 0: none */
	double content_length; /* bytes; -1: not said; 0 without an answer */
	double body_bytes; /* after decompression, as far as they were read */
	unsigned redirects;
	bool used_tls;
	double last_modified; /* seconds since 1970; NAN: not said */
	bool failed_by_regex;
	struct probe_tls_report tls;
	/* TCP: */
	bool expects_bytes, failed_by_bytes;
	const struct probe_label *expect_labels; /* of probe_expect_info */
	size_t expect_label_count;
	/* What happened, a line each, "level=… msg=… key=value": filled when `wants_log`. */
	bool wants_log;
	struct text log;
};

/* All unknown. */
void probe_report_init(struct probe_report *report);
void probe_report_deinit(struct probe_report *report);

/*
 * A line for the log: level ("info", "error"), message, then pairs of key and value, NULL.
 * Values may be what a server said: they are cut, repaired and quoted. A log that grows too
 * long ends early. Nothing while it is not wanted.
 */
void probe_report_log(struct probe_report *report, const char *level, const char *message, ...)
	__attribute__((sentinel));
