#include "config/module.h"

#include "parsing.h"

static const struct module_config *module_named(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->module_count; i++) {
		if (!strcmp(config->modules[i].name, name))
			return &config->modules[i];
	}
	return NULL;
}

/* Its section `http`, in one line. */
#define HTTP(keys) "modules: { m: { prober: http, http: { " keys " } } }\n"
#define TCP(keys) "modules: { m: { prober: tcp, tcp: { " keys " } } }\n"

TEST(a_request)
{
	PARSED(config, HTTP("valid_http_versions: [ HTTP/1.1, HTTP/2 ], method: POST, "
			    "body: '{}', compression: gzip, fail_if_ssl: true, "
			    "fail_if_not_ssl: true, follow_redirects: false, "
			    "body_size_limit: 0, enable_http2: false"));
	const struct http_module *http = &module_named(config, "m")->http;

	REQUIRE(http->valid_http_versions.count == 2);
	CHECK_EQ_STR(http->valid_http_versions.items[1], "HTTP/2.0");
	CHECK_EQ_STR(http->method, "POST");
	CHECK_EQ_STR(http->body, "{}");
	CHECK_EQ_U64(http->body_length, 2);
	CHECK_EQ_STR(http->compression, "gzip");
	CHECK(http->fail_if_ssl && http->fail_if_not_ssl);
	CHECK(!http->follow_redirects && !http->enable_http2);
	CHECK_EQ_U64(http->body_size_limit, 0);
}

TEST(a_request_by_default)
{
	PARSED(config, "modules: { m: { prober: http } }");
	const struct http_module *http = &module_named(config, "m")->http;

	CHECK_EQ_U64(http->valid_http_versions.count, 0);
	CHECK_EQ_U64(http->header_count, 0);
	CHECK_EQ_STR(http->body, NULL);
	CHECK_EQ_STR(http->body_file, NULL);
	CHECK_EQ_STR(http->compression, NULL);
	CHECK_EQ_STR(http->authorization.type, NULL);
	CHECK_EQ_STR(http->basic_auth.username.text, NULL);
	CHECK_EQ_STR(http->proxy_url, NULL);
	CHECK(!http->proxy_from_environment && !http->skip_resolve_phase_with_proxy);
	CHECK(http->follow_redirects && http->enable_http2);
	CHECK(!http->fail_if_ssl && !http->fail_if_not_ssl);
	CHECK_EQ_INT(http->address.preferred, IP_PROTOCOL_ANY);
	CHECK(http->address.fallback);
	CHECK_EQ_STR(http->address.source, NULL);
	CHECK_EQ_INT(http->tls.min_version, TLS_VERSION_ANY);
}

static void check_header(const struct header_config *header, const char *name, const char *text,
			 const char *file)
{
	CHECK_EQ_STR(header->name, name);
	CHECK_EQ_STR(header->value.text, text);
	CHECK_EQ_STR(header->value.file, file);
}

TEST(headers_in_the_order_of_blackbox_exporter)
{
	PARSED(config, HTTP("http_headers: { X-A: { values: [ a, '' ], secrets: b, "
			    "files: [ c, /d ] }, X-B: {} }, "
			    "headers: { Host: h, X-A: \"0\\t1\" }"));
	const struct http_module *http = &module_named(config, "m")->http;

	REQUIRE(http->header_count == 7);
	check_header(&http->headers[0], "Host", "h", NULL);
	check_header(&http->headers[1], "X-A", "0\t1", NULL);
	check_header(&http->headers[2], "X-A", "a", NULL);
	check_header(&http->headers[3], "X-A", "", NULL);
	check_header(&http->headers[4], "X-A", "b", NULL);
	check_header(&http->headers[5], "X-A", NULL, "c");
	check_header(&http->headers[6], "X-A", NULL, "/d");
}

TEST(headers_are_secrets_by_place_or_name)
{
	PARSED(config,
	       HTTP("http_headers: { X-Tenant: { values: a, secrets: b, files: c }, "
		    "x-vault-token: { values: d } }, "
		    "headers: { X-Tenant: e, X-Api-Key: f, X-Passwd: g, X-Signature: h }"));
	const struct http_module *http = &module_named(config, "m")->http;
	static const bool expected[] = { false, true, true, true, false, true, true, true };

	REQUIRE(http->header_count == ARRAY_LENGTH(expected));
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++)
		CHECK_EQ_INT(http->headers[i].value.is_secret, expected[i]);
}

TEST(headers_that_are_none)
{
	CHECK_COMPLAINTS(HTTP("headers: { 'a b': c }"),
			 "f:1:50: name: \"a b\" is not the name of a header");
	CHECK_COMPLAINTS(HTTP("headers: { X: \"hunter2\\r\\nY: z\" }"),
			 "f:1:53: value: the value holds a line end or another control "
			 "character");
	CHECK_COMPLAINTS(HTTP("http_headers: { X: { secrets: [ \"hunter2\\n\" ] } }"),
			 "f:1:71: secrets: the value holds a line end or another control "
			 "character");
	CHECK_COMPLAINTS(HTTP("headers: [ a ]"),
			 "f:1:48: headers: expected a mapping of names to values, found a "
			 "list");
	CHECK_COMPLAINTS(HTTP("headers: { X: [ a ] }"),
			 "f:1:53: value: expected text, found a list");
}

TEST(who_it_says_it_is)
{
	PARSED(config,
	       "modules:\n"
	       "  a: { prober: http, http: { basic_auth: { username: u, "
	       "password_env: P } } }\n"
	       "  b: { prober: http, http: { authorization: { type: Token, "
	       "credentials: c } } }\n"
	       "  c: { prober: http, http: { authorization: { credentials_env: C } } }\n"
	       "  d: { prober: http, http: { bearer_token: t } }\n"
	       "  e: { prober: http, http: { bearer_token_file: t } }\n");
	const struct http_module *http = &module_named(config, "a")->http;

	CHECK_EQ_STR(http->basic_auth.username.text, "u");
	CHECK_EQ_STR(http->basic_auth.password.variable, "P");
	http = &module_named(config, "b")->http;
	CHECK_EQ_STR(http->authorization.type, "Token");
	CHECK_EQ_STR(http->authorization.credentials.text, "c");
	http = &module_named(config, "c")->http;
	CHECK_EQ_STR(http->authorization.type, "Bearer");
	CHECK_EQ_STR(http->authorization.credentials.variable, "C");
	http = &module_named(config, "d")->http;
	CHECK_EQ_STR(http->authorization.type, "Bearer");
	CHECK_EQ_STR(http->authorization.credentials.text, "t");
	http = &module_named(config, "e")->http;
	CHECK_EQ_STR(http->authorization.type, "Bearer");
	CHECK_EQ_STR(http->authorization.credentials.file, "t");
}

TEST(a_proxy)
{
	PARSED(config, HTTP("proxy_url: 'http://u:p@proxy:3128', no_proxy: 'a,b', "
			    "proxy_connect_header: { X: [ a, b ], Y: c }, "
			    "skip_resolve_phase_with_proxy: true"));
	const struct http_module *http = &module_named(config, "m")->http;

	CHECK_EQ_STR(http->proxy_url, "http://u:p@proxy:3128");
	CHECK_EQ_STR(http->no_proxy, "a,b");
	CHECK(http->skip_resolve_phase_with_proxy);
	REQUIRE(http->proxy_connect_header_count == 3);
	check_header(&http->proxy_connect_headers[0], "X", "a", NULL);
	check_header(&http->proxy_connect_headers[1], "X", "b", NULL);
	check_header(&http->proxy_connect_headers[2], "Y", "c", NULL);
}

TEST(a_proxy_that_is_none)
{
	CHECK_COMPLAINTS(HTTP("proxy_url: 'user:hunter2@proxy'"),
			 "f:1:50: proxy_url: the value is not a URL that begins with http:// "
			 "or https://");
	CHECK_COMPLAINTS(HTTP("proxy_url: 'http://user:hunter2@a b'"),
			 "f:1:50: proxy_url: the value is not the URL of a host");
}

TEST(tls)
{
	PARSED(config, TCP("tls: true, tls_config: { insecure_skip_verify: true, ca: C, "
			   "cert_file: c.pem, key: k, server_name: s, min_version: TLS12, "
			   "max_version: TLS13 }"));
	const struct tcp_module *tcp = &module_named(config, "m")->tcp;

	CHECK(tcp->tls_from_start);
	CHECK(tcp->tls.insecure_skip_verify);
	CHECK_EQ_STR(tcp->tls.ca, "C");
	CHECK_EQ_STR(tcp->tls.ca_file, NULL);
	CHECK_EQ_STR(tcp->tls.cert_file, "c.pem");
	CHECK_EQ_STR(tcp->tls.key, "k");
	CHECK_EQ_STR(tcp->tls.server_name, "s");
	CHECK_EQ_INT(tcp->tls.min_version, TLS_VERSION_1_2);
	CHECK_EQ_INT(tcp->tls.max_version, TLS_VERSION_1_3);
	CHECK_COMPLAINTS(TCP("tls_config: { min_version: SSL3 }"),
			 "f:1:64: min_version: \"SSL3\" is not TLS10, TLS11, TLS12 or TLS13");
}

TEST(a_conversation)
{
	PARSED(config, TCP("query_response: [ { expect: '^(a+)$', labels: [ { name: n, "
			   "value: '${1}' } ], send: 'b ${1}' }, { expect_bytes: c }, "
			   "{ starttls: true }, { send: '' } ], source_ip_address: '::1', "
			   "preferred_ip_protocol: ip6, ip_protocol_fallback: false"));
	const struct tcp_module *tcp = &module_named(config, "m")->tcp;

	REQUIRE(tcp->query_count == 4);
	CHECK_EQ_INT(regex_match(tcp->queries[0].expect, bytes_from_string("aa"), NULL),
		     REGEX_MATCH);
	REQUIRE(tcp->queries[0].label_count == 1);
	CHECK_EQ_STR(tcp->queries[0].labels[0].name, "n");
	CHECK_EQ_STR(tcp->queries[0].labels[0].value, "${1}");
	CHECK_EQ_STR(tcp->queries[0].send, "b ${1}");
	CHECK_EQ_U64(tcp->queries[0].send_length, 6);
	CHECK_EQ_STR(tcp->queries[1].expect_bytes, "c");
	CHECK_EQ_U64(tcp->queries[1].expect_bytes_length, 1);
	CHECK(!tcp->queries[1].expect && !tcp->queries[1].starttls);
	CHECK(tcp->queries[2].starttls);
	CHECK_EQ_STR(tcp->queries[3].send, NULL);
	CHECK_EQ_STR(tcp->address.source, "::1");
	CHECK_EQ_INT(tcp->address.preferred, IP_PROTOCOL_6);
	CHECK(!tcp->address.fallback);
	CHECK_EQ_U64(config->regexes.count, 1);
}

/* PostgreSQL's request for TLS, as blackbox_exporter's example has it; and the other way. */
TEST(bytes_that_are_no_text)
{
	static const char request[] = "\0\0\0\x08\x04\xd2\x16\x2f";
	PARSED(config, TCP("query_response: [ { send: !!binary AAAACATSFi8= }, "
			   "{ expect_bytes: \"a\\0b\" } ]"));
	const struct query_config *queries = module_named(config, "m")->tcp.queries;

	REQUIRE(queries[0].send_length == 8);
	CHECK_EQ_MEM(queries[0].send, request, sizeof(request));
	REQUIRE(queries[1].expect_bytes_length == 3);
	CHECK_EQ_MEM(queries[1].expect_bytes, "a\0b", 4);
	CHECK_COMPLAINTS(TCP("query_response: [ { send: !!binary '?' } ]"),
			 "f:1:63: is not base64, which !!binary says");
	CHECK_COMPLAINTS(HTTP("method: !!binary /w=="),
			 "f:1:47: method: holds bytes that are no UTF-8");
	CHECK_COMPLAINTS("!!binary /w==: a\n", "f:1:1: holds bytes that are no UTF-8");
	CHECK_COMPLAINTS(TCP("query_response: [ { expect: \"a\\0\" } ]"),
			 "f:1:65: expect: holds a NUL character");
}

TEST(labels_that_are_none)
{
	CHECK_COMPLAINTS(TCP("query_response: [ { labels: [ { name: 1a }, { name: __a } ] } ]"),
			 "f:1:75: name: \"1a\" is not the name of a label\n"
			 "f:1:89: name: \"__a\" begins with __, as only Prometheus' own do");
}

TEST(sources_that_are_none)
{
	CHECK_COMPLAINTS(TCP("source_ip_address: localhost"),
			 "f:1:56: source_ip_address: \"localhost\" is not an address such as "
			 "10.0.0.5 or fd00::5");
}

TEST(header_matches)
{
	PARSED(config, HTTP("fail_if_header_matches: { header: a, regexp: b, "
			    "allow_missing: true }, fail_if_header_not_matches: "
			    "[ { header: c, regexp: d }, { header: e, regexp: f } ]"));
	const struct http_module *http = &module_named(config, "m")->http;

	REQUIRE(http->fail_if_header_matches_count == 1);
	CHECK_EQ_STR(http->fail_if_header_matches[0].header, "a");
	CHECK(http->fail_if_header_matches[0].allow_missing);
	REQUIRE(http->fail_if_header_not_matches_count == 2);
	CHECK(!http->fail_if_header_not_matches[0].allow_missing);
	CHECK_EQ_INT(regex_match(http->fail_if_header_not_matches[1].regexp,
				 bytes_from_string("f"), NULL),
		     REGEX_MATCH);
	CHECK_COMPLAINTS(HTTP("fail_if_header_matches: [ { header: a } ]"),
			 "f:1:65: a header match without \"regexp\"");
	CHECK_EQ_U64(config->regexes.count, 3);
}

TEST(names_from_before)
{
	PARSED(config, HTTP("no_follow_redirects: true, fail_if_matches_regexp: [ a ], "
			    "fail_if_not_matches_regexp: [ b, c ]"));
	const struct http_module *http = &module_named(config, "m")->http;

	CHECK(!http->follow_redirects);
	CHECK_EQ_U64(http->fail_if_body_matches.count, 1);
	CHECK_EQ_U64(http->fail_if_body_not_matches.count, 2);
}

TEST(files_are_beside_the_configuration)
{
	static const char yaml[] = HTTP("body_file: b, tls_config: { ca_file: ../c, "
					"cert_file: /d, key_file: e }, compression: ''");
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(free_config) struct config *config = NULL;
	const struct http_module *http;

	REQUIRE(!config_parse("/etc/x/a.yml", bytes_from_string(yaml), &config, &err));
	http = &module_named(config, "m")->http;
	CHECK_EQ_STR(http->body_file, "/etc/x/b");
	CHECK_EQ_STR(http->tls.ca_file, "/etc/x/../c");
	CHECK_EQ_STR(http->tls.cert_file, "/d");
	CHECK_EQ_STR(http->tls.key_file, "/etc/x/e");
}

static void check_unsupported(const char *yaml, const char *expected)
{
	PARSED(config, yaml);
	CHECK_EQ_STR(module_named(config, "m")->unsupported, expected);
}

TEST(what_is_not_supported_makes_the_module_unusable)
{
	static const char *const probers[] = { "icmp", "dns", "grpc", "unix", "websocket" };

	for (size_t i = 0; i < ARRAY_LENGTH(probers); i++) {
		CLEANUP(text_deinit) struct text yaml = { 0 }, expected = { 0 };

		text_printf(&yaml, "modules: { m: { prober: %s, %s: { a: [ b ] } } }",
			    probers[i], probers[i]);
		text_printf(&expected, "prober %s is not supported", probers[i]);
		check_unsupported(text_string(&yaml), text_string(&expected));
	}
	check_unsupported(HTTP("oauth2: { client_id: a }"), "http.oauth2 is not supported");
	check_unsupported(
		HTTP("fail_if_body_json_matches_cel: 'body.a == 1', oauth2: { a: b }, "
		     "enable_http3: true"),
		"http.fail_if_body_json_matches_cel is not supported; "
		"http.oauth2 is not supported; http.enable_http3 is not supported");
	check_unsupported(HTTP("fail_if_body_json_not_matches_cel: a"),
			  "http.fail_if_body_json_not_matches_cel is not supported");
	check_unsupported(HTTP("enable_http3: true, valid_http_versions: [ HTTP/3.0 ]"),
			  "http.enable_http3 is not supported");
	check_unsupported(HTTP("proxy_url: 'socks5://a:1'"),
			  "http.proxy_url of socks5:// is not supported");
}

TEST(what_is_not_used_does_no_harm)
{
	check_unsupported(HTTP("enable_http3: false, oauth2: ~"), NULL);
	check_unsupported("modules: { m: { prober: tcp, icmp: { ttl: 5 }, dns: , "
			  "http: { oauth2: { a: b } } } }",
			  NULL);
	check_unsupported("modules: { m: { prober: icmp, http: { oauth2: { a: b } } } }",
			  "prober icmp is not supported");
}

TEST(mistakes_stay_mistakes)
{
	CHECK_COMPLAINTS("modules: { m: { prober: icmpp } }",
			 "f:1:25: prober: \"icmpp\" is not http, tcp, icmp, dns, grpc, unix or "
			 "websocket, did you mean \"icmp\"?");
	CHECK_COMPLAINTS("modules: { m: { prober: icmp, icmpp: {} } }",
			 "f:1:31: unknown key \"icmpp\" in a module, did you mean \"icmp\"?");
	CHECK_COMPLAINTS(HTTP("oauth: {}"),
			 "f:1:39: unknown key \"oauth\" in http, did you mean \"oauth2\"?");
	CHECK_COMPLAINTS(HTTP("enable_http3: maybe"),
			 "f:1:53: enable_http3: \"maybe\" is neither true nor false");
}

TEST_MAIN()
