#include "config/url.h"

#include "base/memory.h"
#include "test.h"

static void check_url(const char *string, enum url_scheme scheme, const char *host,
		      uint16_t port)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct url url = { 0 };

	CHECK_EQ_INT(url_parse(string, &url, &err), 0);
	CHECK_EQ_STR(error_string(&err), "");
	CHECK_EQ_INT(url.scheme, scheme);
	CHECK(bytes_equal(url.host, host));
	CHECK_EQ_INT(url.port, port);
}

static void check_refused(const char *string, const char *expected)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct url url = { .port = 7 };

	CHECK(url_parse(string, &url, &err) < 0);
	CHECK_EQ_STR(error_string(&err), expected);
	CHECK_EQ_INT(url.port, 7);
}

TEST(urls)
{
	check_url("http://a", URL_HTTP, "a", 80);
	check_url("https://a.example.org/b?c#d", URL_HTTPS, "a.example.org", 443);
	check_url("http://10.0.0.1:8080?x", URL_HTTP, "10.0.0.1", 8080);
	check_url("https://[fd00::1]/", URL_HTTPS, "fd00::1", 443);
	check_url("tcp://[::1]:65535", URL_TCP, "::1", 65535);
	check_url("tcp://db_1:5432", URL_TCP, "db_1", 5432);
}

TEST(credentials_are_skipped)
{
	check_url("http://user:p%40ss@a:81/", URL_HTTP, "a", 81);
	check_url("http://user@b:pass@a/", URL_HTTP, "a", 80);
	check_url("http://a/path@b", URL_HTTP, "a", 80);
	check_url("http://a?q=x@b", URL_HTTP, "a", 80);
}

TEST(urls_that_are_none)
{
	static const char scheme[] = "the URL must begin with http://, https:// or tcp://";
	static const char port[] = "the URL's port is not 1 to 65535";
	static const char host[] = "the URL has no valid host";

	check_refused("", scheme);
	check_refused("a.example.org", scheme);
	check_refused("ftp://a", scheme);
	check_refused("HTTP://a", scheme);
	check_refused("http:/a", scheme);
	check_refused("http://", host);
	check_refused("http:///x", host);
	check_refused("http://:80", host);
	check_refused("http://a,b", host);
	check_refused("http://user:pw@", host);
	check_refused("http://::1/", host);
	check_refused("http://[::1", "the URL has [ without ]");
	check_refused("http://[::1]80", "the URL has no IPv6 address between [ and ]");
	check_refused("http://[10.0.0.1]", "the URL has no IPv6 address between [ and ]");
	check_refused("http://[]", "the URL has no IPv6 address between [ and ]");
	check_refused("http://a:", "the URL has : without a port");
	check_refused("http://a:0", port);
	check_refused("http://a:65536", port);
	check_refused("http://a:x", port);
	check_refused("http://a:99999999999999999999", port);
}

TEST(tcp_urls_are_host_and_port)
{
	check_refused("tcp://a", "the URL needs a port: tcp://host:port");
	check_refused("tcp://a:1/", "a tcp:// URL ends after the port");
	check_refused("tcp://a:1?x", "a tcp:// URL ends after the port");
}

TEST(tcp_urls_have_no_credentials)
{
	static const char credentials[] = "a tcp:// URL has no credentials";

	check_refused("tcp://u:hunter2@a:80", credentials);
	check_refused("tcp://u:hunter2@a:80/", credentials);
	check_refused("tcp://u:hunter/2@a:80", credentials);
}

TEST(odd_characters_are_refused)
{
	static const char odd[] = "the URL holds a character that must be written as %xx";

	check_refused("http://a/b c", odd);
	check_refused("http://a/\n", odd);
	check_refused("http://a/\x7f", odd);
	check_refused("http://a/ä", odd);
}

TEST(host_names_by_their_characters)
{
	CHECK(url_is_host(bytes_from_string("a-b.c_d.E9")));
	CHECK(!url_is_host(bytes_from_string("")));
	CHECK(!url_is_host(bytes_from_string("a/b")));
	CHECK(!url_is_host(bytes_from_string("-a")));
	CHECK(!url_is_host(bytes_from_string(".a")));
}

static bool is_authority(const char *text)
{
	return url_is_authority(bytes_from_string(text));
}

TEST(hosts_with_a_port_or_without)
{
	static const char *const bad[] = {
		"",	 ".",	  "[]",	    ":8443",  "a:",	 "a:0",	      "a:65536",
		"a b",	 "a/b",	  "u@a",    "a?b",    "a#b",	 "a\r\nX: y", "a\t",
		"a\x7f", "a\xc3", "[::1]x", "[a]:80", "[::1]:x", "a:80:80",   "http://a"
	};

	CHECK(is_authority("a.test") && is_authority("a.test.") && is_authority("a_b:8443"));
	CHECK(is_authority("10.0.0.1") && is_authority("10.0.0.1:80"));
	CHECK(is_authority("::1") && is_authority("[::1]") && is_authority("[fd00::1]:65535"));
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		CHECK(!is_authority(bad[i]));
	CHECK(!url_is_authority((struct bytes){ "::1\0x", 5 }));
}

TEST_MAIN()
