#include "parsing.h"

/* The keys of a section in one line; what is wrong, and in which column of it. */
static void check_section(const char *prober, const char *keys, const char *expected)
{
	CLEANUP(text_deinit) struct text yaml = { 0 }, place = { 0 };

	text_printf(&yaml, "modules: { m: { prober: %s, %s: {\n%s\n} } }", prober, prober,
		    keys);
	if (*expected)
		text_printf(&place, "f:2:%s", expected);
	CHECK_COMPLAINTS(text_string(&yaml), text_string(&place));
}

static void check_http(const char *keys, const char *expected)
{
	check_section("http", keys, expected);
}

static void check_tcp(const char *keys, const char *expected)
{
	check_section("tcp", keys, expected);
}

TEST(one_way_to_say_who_it_is)
{
	check_http("basic_auth: { username: u }, authorization: { credentials: c }",
		   "45: authorization: excludes basic_auth, which is given already");
	check_http("authorization: { credentials: c }, bearer_token: t",
		   "50: bearer_token: excludes authorization, which is given already");
	check_http("bearer_token: t, bearer_token_file: f",
		   "37: bearer_token_file: excludes bearer_token, which is given already");
	check_http("basic_auth: { username: u }, oauth2: { a: b }",
		   "38: oauth2: excludes basic_auth, which is given already");
	check_http("bearer_token: t, basic_auth: ~", "");
}

TEST(one_place_for_a_secret)
{
	check_http("basic_auth: { username: u, username_file: f }",
		   "43: username_file: excludes username, which is given already");
	check_http("basic_auth: { password_env: P, password_file: f }",
		   "29: password_env: excludes password_file, which is given already");
	check_http("authorization: { credentials: c, credentials_env: C }",
		   "51: credentials_env: excludes credentials, which is given already");
	check_http("basic_auth: { username: u, password: '', password_file: f }", "");
}

TEST(authorization_has_credentials_and_is_not_basic)
{
	check_http("authorization: { type: Token }",
		   "16: authorization: needs credentials, credentials_file or credentials_env");
	check_http("authorization: { type: Basic, credentials: c }",
		   "24: type: Basic has a key of its own, basic_auth");
	check_http("authorization: { credentials: [ c ] }",
		   "31: credentials: expected text, found a list");
	check_http("basic_auth: { password_env: 'A=B' }",
		   "29: password_env: \"A=B\" is not the name of a variable");
}

TEST(one_body)
{
	check_http("body: a, body_file: b",
		   "21: body_file: excludes body, which is given already");
	check_http("body: '', body_file: b", "");
}

TEST(names_of_now_and_before)
{
	check_http("fail_if_body_matches_regexp: a, fail_if_matches_regexp: b",
		   "57: fail_if_matches_regexp: excludes fail_if_body_matches_regexp, which is "
		   "given already");
}

TEST(proxies)
{
	check_http("proxy_url: 'http://a', proxy_from_environment: true",
		   "12: proxy_url: excludes proxy_from_environment, which is given");
	check_http("proxy_url: 'http://a', proxy_from_environment: false, no_proxy: b", "");
	check_http("no_proxy: b", "11: no_proxy: only with proxy_url");
	check_http("no_proxy: b, proxy_from_environment: true",
		   "11: no_proxy: only with proxy_url");
	check_http("proxy_connect_header: { A: b }",
		   "23: proxy_connect_header: only with proxy_url or proxy_from_environment");
	check_http("proxy_connect_header: { A: b }, proxy_from_environment: true", "");
}

TEST(headers_with_a_key_of_their_own)
{
	check_http("http_headers: { authorization: { secrets: a }, X-A: { values: b } }",
		   "17: http_headers: Authorization is not for here");
	check_http("headers: { authorization: a, Host: b }", "");
}

TEST(compression_is_accepted)
{
	check_http("compression: gzip, headers: { accept-encoding: 'br, identity' }",
		   "14: compression: the header Accept-Encoding does not accept gzip");
	check_http("compression: gzip, headers: { Accept-Encoding: 'gzip;q=0.000, br' }",
		   "14: compression: the header Accept-Encoding does not accept gzip");
	check_http("compression: gzip, headers: { Accept-Encoding: '*;q=0' }",
		   "14: compression: the header Accept-Encoding does not accept gzip");
	check_http("compression: gzip, headers: { Accept-Encoding: 'br, gzip ;q=0.1' }", "");
	check_http("compression: gzip, headers: { Accept-Encoding: '*' }", "");
	check_http("compression: gzip, headers: { Accept-Encoding: '' }", "");
	check_http("compression: gzip", "");
	check_http("headers: { Accept-Encoding: br }", "");
	check_http("compression: lzw",
		   "14: compression: \"lzw\" is not gzip, br, deflate or identity");
}

TEST(versions)
{
	check_http("valid_http_versions: [ HTTP/2.0, HTTP/1.2 ]",
		   "34: valid_http_versions: \"HTTP/1.2\" is not HTTP/1.0, HTTP/1.1, HTTP/2, "
		   "HTTP/2.0 or HTTP/3.0, did you mean \"HTTP/1.0\"?");
	check_http("valid_http_versions: HTTP/3.0",
		   "22: valid_http_versions: HTTP/3.0 is only for enable_http3");
}

static void check_tls(const char *keys, const char *expected)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	text_printf(&text, "tls_config: { %s }", keys);
	check_http(text_string(&text), expected);
	check_tcp(text_string(&text), expected);
}

TEST(certificates_and_keys_come_together)
{
	check_tls("ca: a, ca_file: b", "31: ca_file: excludes ca, which is given already");
	check_tls("cert: a, cert_file: b, key: c",
		  "35: cert_file: excludes cert, which is given already");
	check_tls("cert: a, key: b, key_file: c",
		  "42: key_file: excludes key, which is given already");
	check_tls("cert_file: a",
		  "13: tls_config: a certificate needs its key: key_file or key");
	check_tls("key: a", "13: tls_config: a key needs its certificate: cert_file or cert");
	check_tls("key: a, cert_file: b", "");
}

TEST(versions_of_tls)
{
	check_tls("min_version: TLS13, max_version: TLS12",
		  "28: min_version: TLS13 is newer than max_version");
	check_tls("min_version: TLS12, max_version: TLS12", "");
	check_tls("min_version: TLS13", "");
	check_tls("max_version: TLS10", "");
}

TEST(conversations)
{
	check_tcp("query_response: [ { expect: a, expect_bytes: b } ]",
		  "46: expect_bytes: excludes expect, which is given already");
	check_tcp("query_response: { expect: a, labels: [ { name: a }, { name: b }, { name: a "
		  "} ] }",
		  "74: name: \"a\" is taken");
}

TEST_MAIN()
