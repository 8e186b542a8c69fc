/*
 * One request over one new connection, in our words instead of libcurl's: where it goes,
 * before, and how it went, after. A run is one leg, or several when it follows redirects.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"

/* Where a leg goes. Strings are libcurl's. */
struct leg_url {
	char *text; /* to be given to libcurl: without credentials, "http:" for "tcp:" */
	char *scheme, *host, *port; /* the host in ASCII, IPv6 in brackets */
	char *user, *password; /* NULL: none */
	bool tcp; /* connect, and ask nothing */
};

/*
 * Reads an http, https or tcp URL; any of them is for TCP alone when `tcp` is set. 0 or
 * -EINVAL, also for a host that is not ASCII: it is to be written as DNS has it, "xn--…".
 */
int leg_url_parse(const char *text, bool tcp, struct leg_url *ret_url) MUST_CHECK;

/* Likewise the URL of a proxy: http, https, or socks5, which looks names up itself. */
int leg_url_parse_proxy(const char *text, struct leg_url *ret_url) MUST_CHECK;
void leg_url_deinit(struct leg_url *url); /* an URL of all zeroes is valid */

/* The host is the same; scheme and port as well. */
bool leg_url_same_host(const struct leg_url *a, const struct leg_url *b);
bool leg_url_same_server(const struct leg_url *a, const struct leg_url *b);

/* The host name to look up; NULL when it is an address, or localhost. */
const char *leg_url_name(const struct leg_url *url);

/* Whether a host or name means the loopback addresses, whoever is asked (RFC 6761, 6.3). */
bool leg_is_localhost(const char *host);

/* The addresses that a host has without being looked up, localhost; NULL for any other. */
const char *leg_url_addresses(const struct leg_url *url);

enum leg_end {
	LEG_COMPLETE, /* answered to the end; with TCP alone, connected */
	LEG_NO_ADDRESS,
	LEG_NO_CONNECTION, /* why: os_error */
	LEG_TIMEOUT,
	LEG_NO_TLS,
	LEG_BAD_CERTIFICATE, /* why: verify_result */
	LEG_SEND_FAILED, /* of an established connection; why: os_error */
	LEG_RECEIVE_FAILED, /* likewise */
	LEG_CUT_SHORT, /* the peer closed before its answer was complete */
	LEG_MALFORMED, /* what came is not HTTP, or broken */
	LEG_CAPPED, /* ended by us: more came than is allowed */
	LEG_NO_FAMILY, /* the name has no address of the family that is wanted */
	LEG_PROXY, /* the proxy would not, or is not one */
	LEG_CONFIG, /* what the module names cannot be read, or is of no use */
	LEG_CANCELED,
	LEG_BROKEN, /* anything else */
};

/* A leg as it went. Times are seconds since libcurl took it up; 0: not reached. */
struct leg {
	enum leg_end end;
	int os_error; /* errno of the socket call that failed last; 0: none */
	long verify_result; /* X509_V_ERR_…, OpenSSL's verdict on the certificate */
	bool tls; /* TLS was asked for */
	bool no_source; /* of EADDRNOTAVAIL: no address of this machine leads there */
	double name_lookup, connected, tls_done, first_byte, total;
	bool in_proxy; /* it ended while a proxy was asked for a tunnel */
	unsigned http_status; /* 0: none; what follows is of that answer, as in probe_report */
	double http_version, content_length, last_modified;
};

/* Reads a libcurl easy handle that ended with `code`, a CURLcode. */
void leg_measure(void *easy, int code, struct leg *ret_leg);
