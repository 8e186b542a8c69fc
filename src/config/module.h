/*
 * How to probe, in blackbox_exporter's words: a module. Plain data, filled through the rows of
 * schema_module.c and schema_http.c, whose help texts tell what each field means. Files named
 * here are read when a probe is made, so that a rotated secret is the new one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/list.h"

/* At most one of the first three is set. */
struct secret_config {
	const char *text, *file, *variable; /* itself; where it stands: file, environment */
	bool is_secret; /* of a header's value: its place or its name says so */
};

struct header_config {
	const char *name;
	struct secret_config value;
};

/* A header as http_headers and proxy_connect_header have it: with any number of values. */
struct header_values_config {
	const char *name;
	struct string_list values, secrets, files;
};

struct header_match_config {
	const char *header;
	struct regex *regexp;
	bool allow_missing;
};

enum tls_version {
	TLS_VERSION_ANY,
	TLS_VERSION_1_0,
	TLS_VERSION_1_1,
	TLS_VERSION_1_2,
	TLS_VERSION_1_3
};

struct tls_config {
	bool insecure_skip_verify;
	const char *ca_file, *cert_file, *key_file; /* NULL: the system's; none; none */
	const char *ca, *cert, *key; /* the same, PEM itself */
	const char *server_name; /* NULL: the host's name */
	enum tls_version min_version, max_version;
};

/* Which addresses of a name: all of them, as clients do, or one of the preferred family. */
enum ip_protocol { IP_PROTOCOL_ANY, IP_PROTOCOL_4, IP_PROTOCOL_6 };

struct address_choice {
	enum ip_protocol preferred;
	bool fallback; /* to the other family */
	const char *source; /* address to come from; NULL: any */
};

struct label_config {
	const char *name, *value;
};

/* A step of a conversation over TCP: wait for, then send, then begin TLS; each if it is set. */
struct query_config {
	struct regex *expect; /* a line */
	const char *expect_bytes; /* NULL: not set; may hold NULs */
	size_t expect_bytes_length;
	struct label_config *labels; /* of probe_expect_info; "${1}" is a group of `expect` */
	size_t label_count;
	const char *send; /* NULL: nothing; a newline is added; "${1}" as above */
	size_t send_length; /* it may hold NULs */
	bool starttls;
};

struct http_module {
	struct status_range *valid_status_codes; /* empty: 2xx */
	size_t valid_status_code_count;
	struct string_list valid_http_versions; /* "HTTP/1.1"; empty: any */
	const char *method; /* NULL: GET */
	struct header_config *headers; /* all there are, in order; a name may come again */
	size_t header_count;
	const char *body, *body_file; /* of the request; NULL: none */
	size_t body_length; /* it may hold NULs */
	uint64_t body_size_limit; /* bytes; 0: not set */
	const char *compression; /* content coding: "gzip"; NULL: none */
	bool follow_redirects, fail_if_ssl, fail_if_not_ssl;
	struct regex_list fail_if_body_matches, fail_if_body_not_matches;
	struct header_match_config *fail_if_header_matches, *fail_if_header_not_matches;
	size_t fail_if_header_matches_count, fail_if_header_not_matches_count;
	struct tls_config tls;
	struct {
		struct secret_config username, password;
	} basic_auth;
	struct {
		const char *type; /* "Bearer"; NULL when there are no credentials */
		struct secret_config credentials;
	} authorization;
	const char *proxy_url; /* NULL: none */
	const char *no_proxy; /* hosts, separated by commas; NULL: none */
	bool proxy_from_environment;
	bool skip_resolve_phase_with_proxy; /* the name of the server is for the proxy */
	struct header_config *proxy_connect_headers;
	size_t proxy_connect_header_count;
	bool enable_http2;
	struct address_choice address;
	struct { /* what the fields above are made of, for `dump` */
		struct header_config *headers;
		struct header_values_config *http_headers, *proxy_connect_headers;
		size_t header_count, http_header_count, proxy_connect_header_count;
		bool no_follow_redirects;
	} given;
};

struct tcp_module {
	bool tls_from_start;
	struct tls_config tls;
	struct query_config *queries;
	size_t query_count;
	struct address_choice address;
};

enum prober {
	PROBER_HTTP,
	PROBER_TCP,
	PROBER_ICMP,
	PROBER_DNS,
	PROBER_GRPC,
	PROBER_UNIX,
	PROBER_WEBSOCKET
};

struct module_config {
	const char *name;
	enum prober prober;
	double timeout; /* seconds; 0: not set */
	struct http_module http;
	struct tcp_module tcp;
	/* Why it cannot be used: "prober icmp is not supported"; NULL: it can. */
	const char *unsupported;
	/* With its defaults, as YAML, secrets as "<secret>": what /probe?debug=true shows. */
	const char *dump;
};

/* Once all rows are read: makes of `given` what probes go by. What it makes is in the arena. */
void module_complete(struct module_config *module, struct arena *arena);
